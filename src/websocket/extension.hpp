#pragma once  // permessage-deflate: what a client offers, and what comes of it (RFC 6455, 9.1; RFC 7692, 5 and 7.1).
#include <optional>
#include <string>
#include <string_view>

namespace wsinetd::websocket {

/// What was agreed. Neither side takes its window over from one message to the next.
struct DeflateAgreement {
    int server_window_bits;  ///< of what we compress, 9 to 15
    std::string reply;       ///< the value of Sec-WebSocket-Extensions in the 101
};

/// Takes the first offer of `offers`, in the client's order of preference, that is valid and that we can keep: the
/// value of Sec-WebSocket-Extensions, of all its lines, judged for its grammar already (`judge_handshake`). Windows are
/// `window_bits` or what the client asks for, if that is less. Nothing: the connection goes without compression.
[[nodiscard]] std::optional<DeflateAgreement> agree_on_deflate(std::string_view offers, int window_bits);

}  // namespace wsinetd::websocket
