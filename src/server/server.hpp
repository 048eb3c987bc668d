#pragma once  // The whole: listeners and signals on the main thread, sessions on the loops.
#include <functional>
#include <stdexcept>

#include "log/log.hpp"
#include "server/prepare.hpp"
#include "server/service_manager.hpp"

namespace wsinetd::server {

/// What came from whoever started the server.
struct Inheritance {
    ServiceManager manager;
    int connection = -1;  ///< for --accept-fd
};

/// Serves until SIGTERM or SIGINT, or with --accept-fd to the end of its connection. `prepared` has no errors;
/// `prepare_again` is called at SIGHUP. Returns the program's exit status: 0 after a clean stop. Throws SetupError when
/// the system refuses something at the start.
int serve(Prepared prepared, log::Log& log, const Inheritance& inherited, std::function<Prepared()> prepare_again);

/// What could not be set up, in words for the user.
class SetupError : public std::runtime_error {
    using std::runtime_error::runtime_error;
};

}  // namespace wsinetd::server
