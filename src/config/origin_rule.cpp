#include "config/origin_rule.hpp"

#include <algorithm>

#include "http/authority.hpp"
#include "http/message.hpp"

namespace wsinetd::config {
namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

bool is_scheme(std::string_view text) {
    auto may_follow = [](char c) { return is_letter(c) || is_digit(c) || c == '+' || c == '-' || c == '.'; };
    return !text.empty() && is_letter(text.front()) && std::ranges::all_of(text, may_follow);
}

std::variant<OriginRule, std::string> parse_origin_rule(std::string_view element) {
    const std::string quoted = "origin \"" + std::string(element) + "\"";
    if (http::same_token(element, "null")) return quoted + ": null is any sandboxed page; only * allows it";
    OriginRule rule;
    std::string_view rest = element;
    if (const auto colon = element.find("://"); colon != std::string_view::npos) {
        rule.scheme = element.substr(0, colon);
        rest = element.substr(colon + 3);
        if (!is_scheme(*rule.scheme)) return quoted + ": a scheme is a word such as https";
    }
    if (const auto slash = rest.find('/'); slash != std::string_view::npos)
        return quoted + ": an origin has no path and ends after host and port";
    if (rest.find('*') != std::string_view::npos)
        return quoted + ": * stands alone, for any origin; other origins are [scheme://]host[:port]";
    if (http::parse_ipv6(rest)) return quoted + ": an IPv6 address stands in brackets: [" + std::string(rest) + "]";
    const auto authority = http::parse_authority(rest);
    if (!authority) return quoted + " is not [scheme://]host[:port] with a port from 1 to 65535";
    if (rest.ends_with(':') || authority->port == 0) return quoted + ": a port is a number from 1 to 65535";
    rule.host = authority->host;
    rule.port = authority->port;
    return rule;
}

}  // namespace wsinetd::config
