#pragma once  // --stderr tagged: a line as {"stream":"stdout","data":"…"} (RFC 8259).
#include <algorithm>
#include <string_view>

#include "framing/framing.hpp"

namespace wsinetd::framing {

enum class Stream { stdout_, stderr_ };

/// Of a piece, in bytes, that one call wraps.
inline constexpr std::size_t tagged_step = 8 * 1024;
/// Room for what one call gives of a piece of `size` bytes: every byte escaped as six, and the frame around it.
constexpr std::size_t tagged_size(std::size_t size) { return 6 * std::min(size, tagged_step) + 64; }
inline constexpr std::size_t max_tagged = tagged_size(tagged_step);

class Tagged {
public:
    explicit Tagged(Stream stream) : stream_(stream) {}

    /// Takes at most `tagged_step` bytes off the front of `piece` and gives them as a piece of the tagged message,
    /// which views `out`, of `max_tagged` bytes. Bytes above 0x7f are left as they are. To be called until
    /// `piece.bytes` is empty, and once for a piece that is empty.
    [[nodiscard]] Piece next(Piece& piece, std::span<std::byte> out) const;

private:
    Stream stream_;
};

}  // namespace wsinetd::framing
