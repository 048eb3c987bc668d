#pragma once  // All that is read before anything is served, at the start and again at each reload.
#include <span>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "net/tls_context.hpp"

namespace wsinetd::server {

/// A configuration, and what its files hold.
struct Prepared {
    config::Config config;
    std::shared_ptr<const net::TlsContext> tls;  ///< nullptr without TLS
    std::string printed;                         ///< with --print-config or --print-asyncapi: what it prints
    std::vector<std::string> errors;             ///< every mistake; where there are any, nothing else is of use
};

/// Reads command line, configuration file and certificates, and looks for what they name. `arguments` with the
/// program's name in front.
[[nodiscard]] Prepared prepare(std::span<const char* const> arguments);

}  // namespace wsinetd::server
