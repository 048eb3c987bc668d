#pragma once  // host[:port] as Host, Origin and absolute targets have it: RFC 3986, 3.2.2 and 3.2.3.
#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace wsinetd::http {

struct Authority {
    std::string_view host;  ///< never empty; an IPv6 address keeps its brackets. A view into what was parsed
    std::optional<std::uint16_t> port;  ///< nothing when missing or empty ("host:")
};

/// Nothing when `text` is no host[:port]: userinfo, blanks, a bare IPv6 address, a port above 65535, an empty host.
[[nodiscard]] std::optional<Authority> parse_authority(std::string_view text);

/// Four decimal numbers, none above 255 or with a leading zero: no octal, no hexadecimal, no short forms.
[[nodiscard]] std::optional<std::array<std::uint8_t, 4>> parse_ipv4(std::string_view text);

/// RFC 4291, 2.2, without brackets and without a zone; network byte order.
[[nodiscard]] std::optional<std::array<std::uint8_t, 16>> parse_ipv6(std::string_view text);

/// Whether `host` is an address instead of a name: an IPv4 address, or an IPv6 address in brackets.
[[nodiscard]] bool is_ip_literal(std::string_view host);

/// Whether two hosts are the same: names without case, IPv6 addresses by value.
[[nodiscard]] bool same_host(std::string_view a, std::string_view b);

/// Whether a certificate with `name` is one for `host`: they are the same, or the first label of `name` is `*`, which
/// stands for one label of a name (RFC 6125, 6.4.3).
[[nodiscard]] bool is_certified(std::string_view name, std::string_view host);

/// 80 for http and ws, 443 for https and wss, nothing for any other scheme; without case.
[[nodiscard]] std::optional<std::uint16_t> default_port(std::string_view scheme);

}  // namespace wsinetd::http
