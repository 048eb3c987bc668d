#pragma once  // What a request brings to show who sends it: RFC 7617 (Basic), RFC 6750 (Bearer), cookie, subprotocol.
#include <optional>
#include <string>
#include <string_view>

#include "http/message.hpp"

namespace wsinetd::http {

/// For browsers, whose WebSocket and EventSource can send no header.
inline constexpr std::string_view token_cookie = "wsinetd_token";
/// The subprotocol offered before a token, and selected where no other is.
inline constexpr std::string_view bearer_subprotocol = "bearer";

struct Password {
    std::string user;
    std::string password;
};

/// Of `Authorization: Basic`; nothing where there is none, several fields, or what is no base64 of user:password. A
/// control character makes it none (RFC 7617, 2).
[[nodiscard]] std::optional<Password> basic_credentials(const Request& request);

/// Where a request's token stands.
struct Token {
    enum class Place { authorization, cookie, subprotocol };
    std::string value;
    Place place;
};

/// The first of Authorization, cookie and `Sec-WebSocket-Protocol: bearer, TOKEN` that has one.
[[nodiscard]] std::optional<Token> bearer_token(const Request& request);

/// Takes what could be a secret of that kind out of the request, before a command gets to see it.
void withhold_authorization(Request& request);
void withhold_cookie(Request& request);
/// `bearer` and the token behind it. False where there was none.
bool withhold_subprotocol(Request& request);

/// RFC 4648, 4, with its padding; nothing for anything else.
[[nodiscard]] std::optional<std::string> decode_base64(std::string_view text);

}  // namespace wsinetd::http
