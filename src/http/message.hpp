#pragma once  // Requests and replies as plain values (RFC 9110).
#include <algorithm>
#include <cctype>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace wsinetd::http {

/// Whether two tokens are the same but for the case of ASCII letters (RFC 9110, 5.1).
inline bool same_token(std::string_view a, std::string_view b) {
    auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    return std::ranges::equal(a, b, {}, lower, lower);
}

/// RFC 9110, 5.6.2.
inline bool is_token_char(char c) {
    const bool letter_or_digit = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    return letter_or_digit || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

/// `text` without the blanks around it (OWS; RFC 9110, 5.6.3); a view into it.
inline std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// What a line of a head may hold: all but control characters, of which HTAB is allowed (RFC 9110, 5.5).
inline bool is_text_char(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte >= 0x20 && byte != 0x7f) || byte == '\t';
}

struct Field {
    std::string name;
    std::string value;

    bool operator==(const Field&) const = default;
};

/// Header fields in the order they came; names compare without case.
struct Fields : std::vector<Field> {
    using std::vector<Field>::vector;

    /// All values of `name` joined with ", " (RFC 9110, 5.3); nothing when the field is absent.
    [[nodiscard]] std::optional<std::string> joined(std::string_view name) const;
    /// Whether the comma-separated list `name` holds `token`, without case.
    [[nodiscard]] bool has_token(std::string_view name, std::string_view token) const;
    [[nodiscard]] std::size_t count(std::string_view name) const;
};

/// A request's head as it arrived, after every check of spec section 2 for which the answer is 400.
struct Request {
    std::string method;
    std::string target;      ///< as sent: REQUEST_URI
    std::string path;        ///< percent-decoded, without dot segments; starts with '/' ("*" for OPTIONS *)
    std::string query;       ///< what follows '?', not decoded
    int minor_version = 1;   ///< HTTP/1.minor_version
    bool keep_alive = true;  ///< whether the client will send another (RFC 9112, 9.3)
    bool has_body = false;   ///< a length above 0 or chunked: the body's bytes follow
    std::string host;        ///< the Host field, without surrounding blanks; empty when there was none (HTTP/1.0)
    Fields fields;
};

/// An answer. `format` (reply.hpp) adds Date-independent framing fields: Content-Length and Connection.
struct Reply {
    int status = 200;
    Fields fields;
    std::string body;
};

/// Why a request is not granted: the answer, and for the log what was wrong and what would allow it.
struct Refusal {
    Reply reply;
    std::string why;
};

}  // namespace wsinetd::http
