#pragma once  // What a request asks for: the four forms of a target (RFC 9112, 3.2), its path and its query.
#include <string>
#include <string_view>
#include <variant>

namespace wsinetd::http {

struct Target {
    std::string authority;  ///< of an absolute form, a valid host[:port]; else empty
    std::string path;       ///< decoded, without dot segments, starts with '/'; "*" for the asterisk form
    std::string query;      ///< what follows the first '?', as sent
};

/// What is wrong, as a sentence for the client; static text.
using Complaint = std::string_view;

/// A target as `method` may have it. The path is decoded first and freed of its dot segments then, so that neither
/// %2e%2e nor %2f climbs; what would leave the root is a complaint, as are %00, a '%' without two hexadecimal digits,
/// quotes, '#' and bytes above 0x7f. '+' stays, empty segments stay.
[[nodiscard]] std::variant<Target, Complaint> parse_target(std::string_view method, std::string_view target);

}  // namespace wsinetd::http
