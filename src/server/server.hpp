#pragma once  // The whole: listeners and signals on the main thread, sessions on the loops.
#include "config/config.hpp"
#include "log/log.hpp"
#include "net/tls_context.hpp"

namespace wsinetd::server {

/// Reads the files that `config` names; neither context nor errors where it wants no TLS.
[[nodiscard]] net::TlsContext::Loaded load_tls(const config::Config& config);

/// Serves until SIGTERM or SIGINT, with `tls` as `load_tls` gives it. Returns the program's exit status: 0 after a
/// clean stop. Throws SetupError when the system refuses something at the start.
int serve(const config::Config& config, log::Log& log, std::shared_ptr<const net::TlsContext> tls);

/// What could not be set up, in words for the user.
class SetupError : public std::runtime_error {
    using std::runtime_error::runtime_error;
};

}  // namespace wsinetd::server
