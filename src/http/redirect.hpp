#pragma once  // From http to https, path and query kept (RFC 9110, 15.4.2 and 15.4.9).
#include <cstdint>
#include <string_view>

#include "http/message.hpp"

namespace wsinetd::http {

/// 301 to GET and HEAD, 308 to all others, with the https URL of what `request` asks for as Location: on `host` (an
/// IPv6 address in brackets), which is the caller's to choose, for what the request names may be anybody's; and `port`,
/// the TLS listener's. The path begins with one slash.
[[nodiscard]] Refusal redirect_to_https(const Request& request, std::string_view host, std::uint16_t port);

}  // namespace wsinetd::http
