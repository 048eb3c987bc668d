#include "http/address.hpp"

#include <algorithm>
#include <charconv>

#include "http/authority.hpp"

namespace wsinetd::http {
namespace {

constexpr std::array<std::uint8_t, 12> mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr unsigned mapped_bits = 96;

/// The same with all bits behind the first `count` cleared.
Address masked(Address address, unsigned count) {
    for (unsigned i = 0; i < address.bytes.size(); ++i) {
        const unsigned kept = std::min(8U, count - std::min(count, 8 * i));
        address.bytes[i] = static_cast<std::uint8_t>(address.bytes[i] & (0xff00U >> kept));
    }
    return address;
}

/// RFC 5952, 4.2.3: the first of the longest runs of two zero groups or more, as its beginning and end.
std::pair<std::size_t, std::size_t> longest_zeros(const std::array<unsigned, 8>& groups) {
    std::pair<std::size_t, std::size_t> longest{0, 1};
    for (std::size_t begin = 0; begin < groups.size(); ++begin) {
        std::size_t end = begin;
        while (end < groups.size() && groups[end] == 0) ++end;
        if (end > begin + (longest.second - longest.first)) longest = {begin, end};
    }
    return longest.second - longest.first > 1 ? longest : std::pair<std::size_t, std::size_t>{8, 8};
}

}  // namespace

bool Address::is_ipv4() const { return std::ranges::equal(std::span(bytes).first(12), mapped); }

std::optional<Address> address_from(std::span<const std::uint8_t> bytes) {
    Address address;
    if (bytes.size() == 4) {
        std::ranges::copy(mapped, address.bytes.begin());
        std::ranges::copy(bytes, address.bytes.begin() + mapped.size());
    } else if (bytes.size() == 16) {
        std::ranges::copy(bytes, address.bytes.begin());
    } else {
        return std::nullopt;
    }
    return address;
}

std::optional<Address> parse_address(std::string_view text) {
    if (const auto ipv4 = parse_ipv4(text)) return address_from(*ipv4);
    if (const auto ipv6 = parse_ipv6(text)) return address_from(*ipv6);
    return std::nullopt;
}

std::string format(const Address& address) {
    std::string text;
    if (address.is_ipv4()) {
        for (const std::uint8_t byte : std::span(address.bytes).last(4))
            text.append(text.empty() ? "" : ".").append(std::to_string(byte));
        return text;
    }
    std::array<unsigned, 8> groups{};
    for (std::size_t i = 0; i < groups.size(); ++i)
        groups[i] = static_cast<unsigned>(address.bytes[2 * i] << 8 | address.bytes[2 * i + 1]);
    const auto [begin, end] = longest_zeros(groups);
    for (std::size_t i = 0; i < groups.size(); ++i) {
        if (i == begin) text += "::";
        if (i >= begin && i < end) continue;
        if (i > 0 && i != end) text += ':';
        std::array<char, 4> digits{};
        text.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), groups[i], 16).ptr);
    }
    return text;
}

bool Network::contains(const Address& address) const { return masked(address, prefix) == first; }

std::variant<Network, std::string> parse_network(std::string_view text) {
    const std::string quoted = '"' + std::string(text) + '"';
    const auto slash = text.find('/');
    std::string_view host = text.substr(0, slash);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    const auto address = parse_address(host);
    if (!address) return quoted + " is not an address or a network (192.0.2.0/24, 2001:db8::/32)";
    const bool ipv4 = parse_ipv4(host).has_value();
    unsigned prefix = ipv4 ? 32 : 128;
    if (slash != std::string_view::npos) {
        const std::string_view digits = text.substr(slash + 1);
        const auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), prefix);
        if (error != std::errc{} || stop != digits.data() + digits.size() || prefix > (ipv4 ? 32U : 128U))
            return quoted + ": behind the slash stands a number of bits, 0 to " + (ipv4 ? "32" : "128");
    }
    const Network network{*address, ipv4 ? prefix + mapped_bits : prefix};
    const Address first = masked(*address, network.prefix);
    if (first != *address)
        return quoted + " has bits behind its prefix; the network is " + format(first) + "/" + std::to_string(prefix);
    return network;
}

bool TrustedProxies::contain(const Address& address) const {
    return std::ranges::any_of(networks, [&](const Network& network) { return network.contains(address); });
}

}  // namespace wsinetd::http
