#pragma once  // From http to https, and from a CGI program to another path of the server.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http/message.hpp"

namespace wsinetd::http {

/// 301 to GET and HEAD, 308 to all others (RFC 9110, 15.4.2 and 15.4.9), with the https URL of what `request` asks for
/// as Location: on `host` (an IPv6 address in brackets), which is the caller's to choose, for what the request names
/// may be anybody's; and `port`, the TLS listener's. The path begins with one slash.
[[nodiscard]] Refusal redirect_to_https(const Request& request, std::string_view host, std::uint16_t port);

/// What a request becomes that a CGI program has redirected to another path and query of the server (RFC 3875, 6.2.2):
/// GET or HEAD, without a body. Nothing for a path that is none.
[[nodiscard]] std::optional<Request> redirected(const Request& request, const std::string& to);

}  // namespace wsinetd::http
