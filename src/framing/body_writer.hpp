#pragma once  // Messages to a command's input behind their length (--framing content-length). Pieces in, bytes out.
#include <cstdint>
#include <optional>
#include <vector>

#include "framing/framing.hpp"

namespace wsinetd::framing {

/// Writes `Content-Length: N` and an empty line before each message. One whose length is known at its beginning passes
/// piece by piece; any other is held until it is whole.
class BodyWriter {
public:
    /// The longest header, for which there is to be space in front of a message.
    static constexpr std::size_t max_header = 40;
    /// Bytes of a message that is held.
    static constexpr std::size_t max_held = 256 * 1024;

    /// What the command gets now, because of the piece. `to_come`: bytes of the message behind the piece, if they are
    /// known; looked at where the piece begins a message. The `max_header` bytes before the piece's are writable
    /// memory, into which a header may go. Nothing: the message is too long to be held. The view is good until the
    /// next call, and as long as the piece's bytes.
    [[nodiscard]] std::optional<std::span<const std::byte>> add(const Piece& piece,
                                                                std::optional<std::uint64_t> to_come);

    /// Lets go of the memory of a message that was given whole.
    void forget_delivered();

    /// Bytes of the message that is held.
    [[nodiscard]] std::size_t held() const { return held_.empty() ? 0 : held_.size() - max_header; }

private:
    [[nodiscard]] bool hold(std::span<const std::byte> bytes);

    std::vector<std::byte> held_;  ///< with space for the header in front
    bool delivered_ = false;
    bool mid_message_ = false;
    bool passing_ = false;  ///< the header of the message under way has gone out
};

}  // namespace wsinetd::framing
