#include "http/target.hpp"

#include <algorithm>
#include <optional>
#include <vector>

#include "http/authority.hpp"

namespace wsinetd::http {
namespace {

/// Browsers send more raw than RFC 3986 allows ('|', '^', '{' in a query), so only what no one may send is refused.
bool may_stand_in_a_target(char c) { return c > 0x20 && c < 0x7f && c != '"' && c != '#'; }

std::optional<unsigned> hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return std::nullopt;
}

/// RFC 3986, 2.1. Nothing when an escape is broken.
std::optional<std::string> percent_decoded(std::string_view text) {
    std::string decoded;
    decoded.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            decoded += text[i];
            continue;
        }
        if (i + 2 >= text.size()) return std::nullopt;
        const auto high = hex_digit(text[i + 1]);
        const auto low = hex_digit(text[i + 2]);
        if (!high || !low) return std::nullopt;
        decoded += static_cast<char>(*high * 16 + *low);
        i += 2;
    }
    return decoded;
}

/// RFC 3986, 5.2.4, for a path that starts with '/'. Nothing when ".." climbs above the root.
std::optional<std::string> without_dot_segments(std::string_view path) {
    if (path.find("/.") == std::string_view::npos) return std::string(path);
    std::vector<std::string_view> segments;
    bool ends_in_directory = false;
    while (!path.empty()) {
        path.remove_prefix(1);
        const std::string_view segment = path.substr(0, path.find('/'));
        path.remove_prefix(segment.size());
        ends_in_directory = segment == "." || segment == "..";
        if (segment == "..") {
            if (segments.empty()) return std::nullopt;
            segments.pop_back();
        } else if (segment != ".") {
            segments.push_back(segment);
        }
    }
    std::string clean;
    for (std::string_view segment : segments) clean.append("/").append(segment);
    if (ends_in_directory) clean += '/';
    return clean;
}

/// `rest` is a path and maybe a query; an empty path is the root (RFC 9112, 3.2.2).
std::variant<Target, Complaint> parse_path(std::string authority, std::string_view rest) {
    const auto mark = rest.find('?');
    const std::string_view raw = rest.substr(0, mark);
    const auto decoded = percent_decoded(raw.empty() ? "/" : raw);
    if (!decoded) return "In a path '%' stands before two hexadecimal digits; '%' itself is %25.";
    if (decoded->find('\0') != std::string::npos) return "A path has no NUL.";
    auto path = without_dot_segments(*decoded);
    if (!path) return "The path climbs above the root.";
    std::string query(mark == std::string_view::npos ? "" : rest.substr(mark + 1));
    return Target{std::move(authority), *std::move(path), std::move(query)};
}

std::variant<Target, Complaint> parse_absolute(std::string_view target) {
    constexpr Complaint wrong = "A target is a path, or http:// or https:// with a host and a path.";
    const auto colon = target.find("://");
    if (colon == std::string_view::npos || !default_port(target.substr(0, colon))) return wrong;
    const std::string_view rest = target.substr(colon + 3);
    const std::string_view authority = rest.substr(0, rest.find_first_of("/?"));
    if (!parse_authority(authority)) return wrong;
    return parse_path(std::string(authority), rest.substr(authority.size()));
}

}  // namespace

std::variant<Target, Complaint> parse_target(std::string_view method, std::string_view target) {
    if (!std::ranges::all_of(target, may_stand_in_a_target))
        return "A target has no quotes, no '#', no blanks, no controls and no bytes above 0x7f; encode them as %XX.";
    if (method == "CONNECT") return "CONNECT is for proxies; this is none.";  // RFC 9112, 3.2.3
    if (target == "*") {                                                      // RFC 9112, 3.2.4
        if (method != "OPTIONS") return "The target * goes with OPTIONS only.";
        return Target{"", "*", ""};
    }
    return target.starts_with('/') ? parse_path("", target) : parse_absolute(target);
}

}  // namespace wsinetd::http
