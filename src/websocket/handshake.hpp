#pragma once  // The opening handshake: a request to 101 or a refusal (RFC 6455, 4.2).
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "http/message.hpp"

namespace wsinetd::websocket {

/// What a request is to a WebSocket server.
struct Handshake {
    enum class Kind {
        plain,          ///< no upgrade to a WebSocket is asked for
        malformed,      ///< asked for, but not as 4.1 says: 400
        wrong_version,  ///< in order, but for a version we do not speak: 426 (4.4)
        valid,
    };
    Kind kind;
    std::optional<http::Refusal> refusal = {};  ///< of malformed and wrong_version
    std::string key = {};                       ///< of valid: Sec-WebSocket-Key
};

/// Judges what 4.2.1 asks for; the origin, the host and whether there is an endpoint are not looked at.
[[nodiscard]] Handshake judge_handshake(const http::Request& request);

/// The value of Sec-WebSocket-Accept for a key (4.2.2).
[[nodiscard]] std::string accept_key(std::string_view key);

/// The subprotocol to speak (4.2.2): the first of `preferred` that the client offers, where `*` stands for the first of
/// its own. Nothing where it offers none of them.
[[nodiscard]] std::optional<std::string> select_subprotocol(const http::Request& request,
                                                            std::span<const std::string> preferred);

/// The 101, whole (4.2.2). Of `extra`, fields that are the handshake's own are left out; `{unique-id}` in their values
/// becomes `unique_id`. `extensions` is the value of the field by that name; empty: none.
[[nodiscard]] std::string accept_reply(std::string_view key, std::span<const http::Field> extra,
                                       const std::optional<std::string>& subprotocol, std::string_view unique_id,
                                       std::string_view extensions = {});

}  // namespace wsinetd::websocket
