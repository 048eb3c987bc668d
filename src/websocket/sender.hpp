#pragma once  // Pieces to frames in one contiguous buffer, and the control frames that wait (RFC 6455, 5; RFC 7692).
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "framing/framing.hpp"
#include "utf8/replacer.hpp"
#include "websocket/deflate.hpp"
#include "websocket/frame.hpp"
#include "websocket/frames.hpp"

namespace wsinetd::websocket {

/// Makes the frames of one connection. Only memory for a Close or a kept pong is ever allocated.
class Sender {
public:
    /// `type`: text or binary, of every message. In text, what is not UTF-8 becomes U+FFFD. `deflater`, which outlives
    /// this, compresses messages; nullptr: they are sent as they are.
    explicit Sender(Opcode type, Deflater* deflater = nullptr) : deflater_(deflater), type_(type) {}

    /// Appends the piece as one frame. True: it is wholly in (or dropped, when the Close is out). False: there is no
    /// room; write what `out` holds and try again with it empty. A part that did go in is gone from `piece.bytes` then:
    /// from an empty `out`, at least `min_space` bytes large, something always goes. One of 96 KiB takes every piece
    /// but one that repair makes too long. A piece without bytes that ends no message makes no frame. With a deflater,
    /// long messages, and others that become smaller, are compressed; then a piece can become several frames, and `out`
    /// must have `min_deflater_space`.
    [[nodiscard]] bool add(framing::Piece& piece, Frames& out);

    static constexpr std::size_t min_space = 16;
    static constexpr std::size_t min_deflater_space = max_header + Deflater::most(most_deflated);
    /// The same with one that takes over.
    static constexpr std::size_t min_takeover_space = max_header + Deflater::most(most_deflated_with_takeover);

    /// So much room takes each piece of `size` bytes that needs no repair, or less of it than to make it longer.
    [[nodiscard]] std::size_t room_for(std::size_t size) const {
        return deflater_ ? Deflater::most(size) + 4 * min_space + 4 * max_header : size + max_header;
    }

    /// The whole frame of a large piece, made without copying: the header goes into the bytes right before the
    /// payload, of which at least `max_header` must be writable memory. The frame must be the next to be written, so
    /// whatever was added before must be gone. Empty, and nothing has happened: `add` it, for text needs repair.
    [[nodiscard]] std::span<const std::byte> frame_in_place(const framing::Piece& piece);

    /// Appends a pong, after one that was kept; without room it is kept itself. `payload` is a ping's.
    void pong(std::span<const std::byte> payload, Frames& out);

    // What waits while the peer takes nothing; `take_control` when it does again.

    /// Keeps the pong until there is room, in place of an older one (5.5.3).
    void keep_pong(std::span<const std::byte> payload);
    /// Asks for a ping, without payload; one is enough for all who ask.
    void ping_wanted() { ping_ = !closed_; }
    /// Asks for a Close; the first one counts. A code must be one that may be sent, a long reason is cut.
    void close(std::optional<std::uint16_t> code, std::string_view reason);

    /// Appends what waits and fits: pong, ping, Close. True: nothing is left waiting.
    bool take_control(Frames& out);
    [[nodiscard]] bool control_waiting() const { return pong_ || ping_ || close_; }
    /// The Close frame has been taken, and no other follows it (5.5.1).
    [[nodiscard]] bool closed() const { return closed_; }
    /// Whole messages framed so far.
    [[nodiscard]] std::uint64_t messages() const { return messages_; }

private:
    enum class Message : std::uint8_t { none, plain, deflated };
    struct Payload;
    struct Discard {
        void operator()(Payload* payload) const;
    };
    using Kept = std::unique_ptr<Payload, Discard>;

    static std::size_t space_for(const Deflater& deflater) {
        return deflater.takes_over() ? min_takeover_space : min_deflater_space;
    }

    bool add_repaired(framing::Piece& piece, Frames& out);
    bool add_part(framing::Piece& piece, Frames& out);
    bool add_deflated(framing::Piece& piece, Frames& out);
    void append_deflated(std::span<const std::byte> part, bool last, Frames& out);
    [[nodiscard]] bool wants_deflate(const framing::Piece& piece) const;
    std::byte* open_frame(bool fin, std::size_t size, Frames& out);
    [[nodiscard]] bool needs_repair(std::span<const std::byte> bytes) const;

    Deflater* deflater_;
    Opcode type_;
    Message under_way_ = Message::none;
    std::uint64_t messages_ = 0;
    bool ping_ = false;
    bool closed_ = false;
    utf8::Replacer replacer_;
    Kept pong_;
    Kept close_;
};

static_assert(sizeof(Sender) <= 64);

}  // namespace wsinetd::websocket
