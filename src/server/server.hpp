#pragma once  // The whole: listeners and signals on the main thread, sessions on the loops.
#include "config/config.hpp"
#include "log/log.hpp"

namespace wsinetd::server {

/// Serves until SIGTERM or SIGINT. Returns the program's exit status: 0 after a clean stop. Throws SetupError when the
/// system refuses something at the start.
int serve(const config::Config& config, log::Log& log);

/// What could not be set up, in words for the user.
class SetupError : public std::runtime_error {
    using std::runtime_error::runtime_error;
};

}  // namespace wsinetd::server
