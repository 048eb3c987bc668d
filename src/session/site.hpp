#pragma once  // What is served, and how: a configuration, and what of the system stands behind it.
#include <memory>
#include <vector>

#include "config/config.hpp"
#include "endpoint/origin.hpp"
#include "endpoint/router.hpp"
#include "net/tls_context.hpp"
#include "session/slots.hpp"
#include "session/static_file.hpp"
#include "session/tree.hpp"

namespace wsinetd::session {

/// An endpoint, and what it takes to serve it.
struct Served {
    const config::Endpoint* endpoint;
    std::vector<std::string> passed_environment;  ///< NAME=VALUE, what `pass-env` lets through
    endpoint::Origins origins;                    ///< its own, or the server's
    std::unique_ptr<Tree> programs;               ///< of its directory; nullptr: it has none
    std::shared_ptr<Slots> processes;             ///< its own, besides the server's
};

/// Built whole and never changed: a new configuration makes a new one, and what was begun under the old one keeps it.
/// From any thread.
class Site {
public:
    /// `config` has been checked, and `tls` is what its files hold. `slots` has what still runs under other sites.
    /// Throws std::system_error.
    Site(config::Config checked, std::shared_ptr<const net::TlsContext> certificates, SlotsByPath& slots);
    Site(const Site&) = delete;
    Site& operator=(const Site&) = delete;

    /// From here on its limits count, also for what began under another site.
    void set_limits() const;

    [[nodiscard]] const Served& of(const config::Endpoint& endpoint) const;
    [[nodiscard]] std::optional<endpoint::Match> match(const http::Request& request, Found& program) const;

    const config::Config config;
    const std::shared_ptr<const net::TlsContext> tls;  ///< nullptr without TLS
    const endpoint::Origins origins;                   ///< the server's
    std::unique_ptr<const Tree> cgi;                   ///< of --cgi-dir; nullptr: none
    std::unique_ptr<const StaticFiles> files;          ///< of --static-dir; nullptr: none
    const bool asks;           ///< something must be found out about who sends a request before it is answered
    const bool authenticates;  ///< some endpoint asks for a secret
    const bool has_tokens;     ///< among them those of --auth-token-file

private:
    [[nodiscard]] Served serve(const config::Endpoint& endpoint, SlotsByPath& slots) const;

    std::vector<Served> served_;  ///< the configuration's endpoints, in their order, then what they have in common
    endpoint::Router router_;
};

}  // namespace wsinetd::session
