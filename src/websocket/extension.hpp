#pragma once  // permessage-deflate: what a client offers, and what comes of it (RFC 6455, 9.1; RFC 7692, 5 and 7.1).
#include <optional>
#include <string>
#include <string_view>

namespace wsinetd::websocket {

/// What we would like.
struct DeflateWish {
    int window_bits;                          ///< of what we compress, unless the client asks for less
    std::optional<int> takeover_window_bits;  ///< of each side that takes its window over; nothing: neither is to
};

/// What was agreed.
struct DeflateAgreement {
    int server_window_bits;  ///< of what we compress, 9 to 15
    bool server_takeover;    ///< what we compress may refer to messages before
    bool client_takeover;    ///< what the client compresses may, in the window we wished for
    std::string reply;       ///< the value of Sec-WebSocket-Extensions in the 101
};

/// Takes the first offer of `offers`, in the client's order of preference, that is valid and that we can keep: the
/// value of Sec-WebSocket-Extensions, of all its lines, judged for its grammar already (`judge_handshake`). A client
/// that cannot say how large its window is takes none over. Nothing: the connection goes without compression.
[[nodiscard]] std::optional<DeflateAgreement> agree_on_deflate(std::string_view offers, const DeflateWish& wish);

}  // namespace wsinetd::websocket
