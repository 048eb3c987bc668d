#pragma once  // The whole: listeners and signals on the main thread, sessions on the loops.
#include "config/config.hpp"
#include "log/log.hpp"
#include "net/tls_context.hpp"
#include "server/service_manager.hpp"

namespace wsinetd::server {

/// Reads the files that `config` names; neither context nor errors where it wants no TLS.
[[nodiscard]] net::TlsContext::Loaded load_tls(const config::Config& config);

/// What came from whoever started the server.
struct Inheritance {
    ServiceManager manager;
    int connection = -1;  ///< for --accept-fd
};

/// Serves until SIGTERM or SIGINT, with `tls` as `load_tls` gives it, or with --accept-fd to the end of its connection.
/// Returns the program's exit status: 0 after a clean stop. Throws SetupError when the system refuses something at the
/// start.
int serve(const config::Config& config, log::Log& log, const Inheritance& inherited,
          std::shared_ptr<const net::TlsContext> tls);

/// What could not be set up, in words for the user.
class SetupError : public std::runtime_error {
    using std::runtime_error::runtime_error;
};

}  // namespace wsinetd::server
