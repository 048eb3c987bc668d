#pragma once  // From a request's path to the endpoint that serves it (spec section 1; RFC 3875, 4.1.5 and 4.1.13).
#include <optional>
#include <string>

#include "http/message.hpp"

namespace wsinetd::config {
struct Endpoint;
}

namespace wsinetd::endpoint {

/// Who serves a request, and how its path falls in two: what named the endpoint, and what is left for the command.
struct Match {
    const config::Endpoint* endpoint;  ///< the configuration's
    std::string script_name;
    std::string path_info;
};

class Router {
public:
    /// One command on every path. `endpoint` outlives the router and its matches.
    explicit Router(const config::Endpoint& endpoint) : endpoint_(&endpoint) {}

    /// Nothing when no endpoint has that path; `OPTIONS *` asks about the server and none has it.
    [[nodiscard]] std::optional<Match> match(const http::Request& request) const;

private:
    const config::Endpoint* endpoint_;
};

}  // namespace wsinetd::endpoint
