#pragma once  // IP addresses as values, and networks of them in CIDR notation (RFC 4632, RFC 4291 2.3).
#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace wsinetd::http {

/// Of either family: an IPv4 address is the IPv6 address that it is mapped to (RFC 4291, 2.5.5.2), so that
/// `::ffff:192.0.2.1` and `192.0.2.1` are one.
struct Address {
    std::array<std::uint8_t, 16> bytes{};

    [[nodiscard]] bool is_ipv4() const;
    friend auto operator<=>(const Address&, const Address&) = default;
};

/// 4 or 16 bytes in network order; nothing for any other length.
[[nodiscard]] std::optional<Address> address_from(std::span<const std::uint8_t> bytes);

/// Numeric, without brackets and without a zone.
[[nodiscard]] std::optional<Address> parse_address(std::string_view text);

/// `192.0.2.1`, `2001:db8::1` (RFC 5952).
[[nodiscard]] std::string format(const Address& address);

struct Network {
    Address first;
    unsigned prefix = 128;  ///< bits, of 128

    [[nodiscard]] bool contains(const Address& address) const;
    friend bool operator==(const Network&, const Network&) = default;
};

/// `192.0.2.0/24`, `2001:db8::/32`, or one address; or what is wrong with it and what would be right.
[[nodiscard]] std::variant<Network, std::string> parse_network(std::string_view text);

/// Who is believed about where a request comes from (`--trusted-proxy`).
struct TrustedProxies {
    bool unix_socket = false;
    std::vector<Network> networks;

    [[nodiscard]] bool contain(const Address& address) const;
    [[nodiscard]] bool empty() const { return !unix_socket && networks.empty(); }
    friend bool operator==(const TrustedProxies&, const TrustedProxies&) = default;
};

}  // namespace wsinetd::http
