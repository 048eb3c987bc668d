#pragma once  // What the framings share: their kinds, and the piece of a message that passes between the steps.
#include <cstddef>
#include <span>

namespace wsinetd::framing {

/// How a command's byte streams are cut into messages (spec section 3).
enum class Kind { lines, null, content_length, jsonl, raw };

/// Some bytes of one message. A short message is one piece, first and last at once; a long one is several, in order.
/// `bytes` is a view: who hands the piece out says how long it is good.
struct Piece {
    std::span<const std::byte> bytes;
    bool first;
    bool last;
};

/// The longest piece of a message, in bytes; what is longer without a delimiter goes out as several.
inline constexpr std::size_t max_piece = 64 * 1024;

}  // namespace wsinetd::framing
