#include "http/authority.hpp"

#include <algorithm>
#include <charconv>

#include "http/message.hpp"

namespace wsinetd::http {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

/// RFC 3986, 3.2.2: reg-name = *( unreserved / pct-encoded / sub-delims ); here not empty (RFC 9110, 4.2.1).
bool is_name(std::string_view text) {
    constexpr std::string_view others = "-._~!$&'()*+,;=";
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '%') {
            if (i + 2 >= text.size() || !is_hex(text[i + 1]) || !is_hex(text[i + 2])) return false;
            i += 2;
        } else if (!is_digit(c) && !(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') &&
                   others.find(c) == std::string_view::npos) {
            return false;
        }
    }
    return !text.empty();
}

/// The address between brackets; nothing when `host` has none.
std::optional<std::array<std::uint8_t, 16>> bracketed(std::string_view host) {
    if (host.size() < 2 || host.front() != '[' || host.back() != ']') return std::nullopt;
    return parse_ipv6(host.substr(1, host.size() - 2));
}

/// The whole of `text` as a number in `base`, of at most `max_digits` digits and at most `max`.
std::optional<std::uint16_t> number(std::string_view text, int base, std::size_t max_digits, unsigned max) {
    unsigned value = 0;
    const char* end = text.data() + text.size();
    if (text.empty() || text.size() > max_digits || !is_hex(text.front())) return std::nullopt;
    const auto [stop, error] = std::from_chars(text.data(), end, value, base);
    if (error != std::errc{} || stop != end || value > max) return std::nullopt;
    return static_cast<std::uint16_t>(value);
}

/// The eight groups of an IPv6 address while they are read: those before "::" and those after it.
struct Groups {
    std::array<std::uint16_t, 8> values{};
    std::size_t count = 0;
    std::optional<std::size_t> gap;  // how many stand before "::"

    bool add(std::uint16_t value) {
        if (count == values.size()) return false;
        values[count++] = value;
        return true;
    }

    bool add_ipv4(std::string_view text) {
        const auto quad = parse_ipv4(text);
        return quad && add(static_cast<std::uint16_t>((*quad)[0] << 8 | (*quad)[1])) &&
               add(static_cast<std::uint16_t>((*quad)[2] << 8 | (*quad)[3]));
    }

    [[nodiscard]] std::optional<std::array<std::uint8_t, 16>> address() const {
        if (gap ? count > 7 : count != 8) return std::nullopt;
        std::array<std::uint8_t, 16> bytes{};
        for (std::size_t i = 0; i < count; ++i) {
            const std::size_t place = gap && i >= *gap ? i + values.size() - count : i;
            bytes[2 * place] = static_cast<std::uint8_t>(values[i] >> 8);
            bytes[2 * place + 1] = static_cast<std::uint8_t>(values[i] & 0xff);
        }
        return bytes;
    }
};

}  // namespace

std::optional<Authority> parse_authority(std::string_view text) {
    const bool brackets = text.starts_with('[');
    const auto host_end = brackets ? text.find(']') : text.find(':');
    if (brackets && host_end == std::string_view::npos) return std::nullopt;
    const std::string_view host = text.substr(0, brackets ? host_end + 1 : host_end);
    if (brackets ? !bracketed(host) : !is_name(host)) return std::nullopt;

    std::string_view rest = text.substr(host.size());
    if (rest.empty() || rest == ":") return Authority{host, std::nullopt};
    if (rest.front() != ':' || !std::ranges::all_of(rest.substr(1), is_digit)) return std::nullopt;
    const auto port = number(rest.substr(1), 10, 5, 65535);
    if (!port) return std::nullopt;
    return Authority{host, port};
}

std::optional<std::array<std::uint8_t, 4>> parse_ipv4(std::string_view text) {
    std::array<std::uint8_t, 4> bytes{};
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        const auto dot = i < 3 ? text.find('.') : text.size();
        if (dot == std::string_view::npos) return std::nullopt;
        const std::string_view part = text.substr(0, dot);
        const auto value = number(part, 10, 3, 255);
        if (!value || (part.size() > 1 && part.front() == '0')) return std::nullopt;
        bytes[i] = static_cast<std::uint8_t>(*value);
        text.remove_prefix(std::min(dot + 1, text.size()));
    }
    return bytes;
}

std::optional<std::array<std::uint8_t, 16>> parse_ipv6(std::string_view text) {
    Groups groups;
    if (text.starts_with("::")) {
        groups.gap = 0;
        text.remove_prefix(2);
    }
    while (!text.empty()) {
        const auto colon = text.find(':');
        const std::string_view part = text.substr(0, colon);
        if (part.find('.') != std::string_view::npos) {  // 2.2, form 3: the last 32 bits as an IPv4 address
            if (colon != std::string_view::npos || !groups.add_ipv4(part)) return std::nullopt;
            break;
        }
        const auto value = number(part, 16, 4, 0xffff);
        if (!value || !groups.add(*value)) return std::nullopt;
        if (colon == std::string_view::npos) break;
        text.remove_prefix(colon + 1);
        if (text.empty()) return std::nullopt;
        if (text.front() == ':') {
            if (groups.gap) return std::nullopt;
            groups.gap = groups.count;
            text.remove_prefix(1);
        }
    }
    return groups.address();
}

bool is_ip_literal(std::string_view host) { return parse_ipv4(host) || bracketed(host); }

bool same_host(std::string_view a, std::string_view b) {
    if (same_token(a, b)) return true;
    const auto address = bracketed(a);
    return address && address == bracketed(b);
}

bool is_certified(std::string_view name, std::string_view host) {
    if (!name.starts_with("*.")) return !host.empty() && same_host(name, host);
    const auto dot = host.find('.');
    if (dot == 0 || dot == std::string_view::npos || is_ip_literal(host)) return false;
    return same_token(name.substr(2), host.substr(dot + 1));
}

std::optional<std::uint16_t> default_port(std::string_view scheme) {
    struct Row {
        std::string_view scheme;
        std::uint16_t port;
    };
    static constexpr Row table[] = {{"http", 80}, {"ws", 80}, {"https", 443}, {"wss", 443}};
    for (const Row& row : table)
        if (same_token(scheme, row.scheme)) return row.port;
    return std::nullopt;
}

}  // namespace wsinetd::http
