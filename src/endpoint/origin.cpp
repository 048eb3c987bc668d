#include "endpoint/origin.hpp"

#include <algorithm>
#include <array>

#include "http/authority.hpp"
#include "http/reply.hpp"

namespace wsinetd::endpoint {
namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// A page's origin (RFC 6454, 6.2): views into the field.
struct Origin {
    std::string_view scheme;
    http::Authority authority;

    [[nodiscard]] std::optional<std::uint16_t> port() const {
        return authority.port ? authority.port : http::default_port(scheme);
    }
};

/// Nothing for `null`, and for whatever no browser sends.
std::optional<Origin> parse_origin(std::string_view value) {
    const auto colon = value.find("://");
    if (colon == std::string_view::npos || !config::is_scheme(value.substr(0, colon))) return std::nullopt;
    const auto authority = http::parse_authority(value.substr(colon + 3));
    if (!authority) return std::nullopt;
    return Origin{value.substr(0, colon), *authority};
}

/// A proxy that ends TLS forwards Host as it was, and the page says https: its scheme decides both ports.
bool is_own(const Origin& origin, const http::Request& request) {
    const auto host = http::parse_authority(request.host);
    const auto standard = http::default_port(origin.scheme);
    if (!host || !standard) return false;
    return http::same_host(origin.authority.host, host->host) && origin.port() == host->port.value_or(*standard);
}

bool matches(const OriginRule& rule, const Origin& origin) {
    return (!rule.scheme || http::same_token(*rule.scheme, origin.scheme)) &&
           http::same_host(rule.host, origin.authority.host) && (!rule.port || rule.port == origin.port());
}

/// What to give an option to let `host` in. It comes from a stranger and may be pasted into a shell: only what is
/// harmless there is repeated.
std::string suggestion(std::string_view host) {
    auto harmless = [](char c) { return is_letter(c) || is_digit(c) || c == '-' || c == '.' || c == ':' || c == '_'; };
    if (!host.empty() && host.front() != '-' && std::ranges::all_of(host, harmless)) return std::string(host);
    if (http::is_ip_literal(host)) return "'" + std::string(host) + "'";
    return "'*'";
}

/// Whether it may stand in a URL: a common name may be "Ada's server", and a wildcard is no host.
bool is_whole_name(std::string_view name) {
    if (http::parse_ipv6(name)) return true;
    const auto authority = http::parse_authority(name);
    return authority && authority->host == name && name.find('*') == std::string_view::npos;
}

/// As a URL has it: an IPv6 address in brackets.
std::string in_brackets(std::string_view host) {
    return http::parse_ipv6(host) ? "[" + std::string(host) + "]" : std::string(host);
}

http::Refusal refuse_origin(std::string_view value, const std::optional<Origin>& origin) {
    const std::string option = origin ? suggestion(origin->authority.host) : "'*'";
    return http::refuse(403, "Pages of this origin may not connect here.",
                        "origin \"" + std::string(value) + "\" is not allowed; --origin " + option + " would");
}

}  // namespace

std::optional<std::string> Origins::add(std::string_view element) {
    element = http::trimmed(element);
    if (element == "*") {
        any = true;
        return std::nullopt;
    }
    auto parsed = config::parse_origin_rule(element);
    if (auto* error = std::get_if<std::string>(&parsed)) return std::move(*error);
    rules.push_back(std::get<OriginRule>(std::move(parsed)));
    return std::nullopt;
}

std::optional<http::Refusal> judge_origin(const http::Request& request, const Origins& origins) {
    if (origins.any) return std::nullopt;
    const std::size_t count = request.fields.count("Origin");
    if (count == 0) {
        // Browsers leave Origin out of some requests, but say where those come from.
        if (!request.fields.has_token("Sec-Fetch-Site", "cross-site") &&
            !request.fields.has_token("Sec-Fetch-Site", "same-site"))
            return std::nullopt;
        return http::refuse(403, "Pages of other sites may not connect here.",
                            "a page of another site (Sec-Fetch-Site) sent no Origin; --origin '*' would allow it");
    }
    const std::string value = *request.fields.joined("Origin");
    const auto origin = count == 1 ? parse_origin(value) : std::nullopt;
    if (!origin) return refuse_origin(value, origin);
    auto fits = [&](const OriginRule& rule) { return matches(rule, *origin); };
    if (is_own(*origin, request) || std::ranges::any_of(origins.rules, fits)) return std::nullopt;
    return refuse_origin(value, origin);
}

bool needs_host_check(std::span<const std::uint8_t> address) {
    struct Row {
        std::array<std::uint8_t, 2> prefix;
        std::array<std::uint8_t, 2> mask;
    };
    static constexpr Row ipv4[] = {
        {{127, 0}, {255, 0}},      // loopback: RFC 1122, 3.2.1.3
        {{169, 254}, {255, 255}},  // link-local: RFC 3927
        {{10, 0}, {255, 0}},       // private: RFC 1918
        {{172, 16}, {255, 240}},   //
        {{192, 168}, {255, 255}},  //
        {{100, 64}, {255, 192}},   // shared: RFC 6598
    };
    static constexpr Row ipv6[] = {
        {{0xfe, 0x80}, {0xff, 0xc0}},  // link-local: RFC 4291, 2.5.6
        {{0xfc, 0x00}, {0xfe, 0x00}},  // unique local: RFC 4193
    };
    static constexpr std::array<std::uint8_t, 16> loopback{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
    static constexpr std::array<std::uint8_t, 12> mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

    auto within = [&](const Row& row) {
        return (address[0] & row.mask[0]) == row.prefix[0] && (address[1] & row.mask[1]) == row.prefix[1];
    };
    if (address.size() == 4) return std::ranges::any_of(ipv4, within);
    if (address.size() != 16) return false;
    if (std::ranges::equal(address.first(12), mapped)) return needs_host_check(address.last(4));
    return std::ranges::equal(address, loopback) || std::ranges::any_of(ipv6, within);
}

bool is_own_host(const http::Request& request, std::span<const std::string> hosts, const Origins& origins,
                 std::span<const std::string> certificate_names) {
    const auto authority = http::parse_authority(request.host);
    const std::string_view host = authority ? authority->host : std::string_view{};
    auto named = [&](const std::string& name) { return name == "*" || (authority && http::same_host(name, host)); };
    auto ruled = [&](const OriginRule& rule) { return authority && http::same_host(rule.host, host); };
    auto certified = [&](const std::string& name) { return authority && http::is_certified(name, host); };
    return http::is_ip_literal(host) || http::same_token(host, "localhost") || std::ranges::any_of(hosts, named) ||
           std::ranges::any_of(origins.rules, ruled) || std::ranges::any_of(certificate_names, certified);
}

std::optional<http::Refusal> judge_host(const http::Request& request, std::span<const std::uint8_t> local_address,
                                        std::span<const std::string> hosts, const Origins& origins,
                                        std::span<const std::string> certificate_names) {
    if (!needs_host_check(local_address) || is_own_host(request, hosts, origins, certificate_names))
        return std::nullopt;
    const auto authority = http::parse_authority(request.host);
    return http::refuse(421, "This server does not answer to that name.",
                        "host \"" + request.host + "\" is not a name of this server; --host " +
                            suggestion(authority ? authority->host : std::string_view{}) + " would make it one");
}

std::string own_host(const http::Request& request, std::string_view local_address, std::span<const std::string> hosts,
                     const Origins& origins, std::span<const std::string> certificate_names) {
    const auto authority = http::parse_authority(request.host);
    if (authority && is_own_host(request, hosts, origins, certificate_names)) return std::string(authority->host);
    for (const std::string& name : certificate_names)
        if (is_whole_name(name)) return in_brackets(name);
    return in_brackets(local_address);
}

}  // namespace wsinetd::endpoint
