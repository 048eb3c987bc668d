#pragma once  // What a client sends, frame by frame: RFC 6455, sections 5 and 8.1, and RFC 7692. No I/O.
#include <cstdint>
#include <optional>
#include <span>
#include <variant>

#include "framing/framing.hpp"
#include "utf8/validator.hpp"
#include "websocket/close.hpp"
#include "websocket/deflate.hpp"
#include "websocket/frame.hpp"

namespace wsinetd::websocket {

/// Bytes of a message, judged and unmasked.
struct Data {
    Opcode type;    ///< the message's: text or binary
    bool inflated;  ///< the piece lies where Inflation::step has put it, until the next event is asked for
    framing::Piece piece;
};
struct Ping {
    std::span<const std::byte> payload;
};
struct Pong {
    std::span<const std::byte> payload;
};
using CloseReceived = Close;

/// `Failure` is the answer to an error of the client: fail the connection with it (7.1.7).
using Event = std::variant<Data, Ping, Pong, CloseReceived, Failure>;

/// What a binary message is to this endpoint.
enum class BinaryPolicy {
    accept,
    refuse,   ///< 1003, at its first byte
    as_text,  ///< must be UTF-8 as if it were text (1007); its type is still binary
};

/// Reads frames out of whatever pieces the network delivers. Without `inflation` it never throws and never allocates.
///
/// A frame of at most `framing::max_piece` bytes of payload is an event only when it is whole; a longer one comes as
/// pieces of at most that size, as they arrive. Each frame gives a piece, an empty one too, so that a message's `first`
/// and `last` are never lost. Errors are noticed at the first byte that shows them, in a frame that is not whole too.
///
/// Of a compressed message, pieces come as they are inflated, of at most `most_inflated` bytes, each judged before it
/// is an event; a frame of at most `framing::max_piece` bytes is not inflated before it is whole. One that makes fewer
/// bytes than that is therefore judged whole, as if it were not compressed. There may be more of a frame when all of
/// it is consumed: ask until there is nothing.
class Receiver {
public:
    /// `max_message` in bytes, over all fragments, 0 for no limit. What is larger fails with 1009 at the header that
    /// shows it, before any byte of that frame is delivered; what is compressed, when it has grown beyond the limit.
    /// `inflation`, which outlives this, reads compressed messages; nullptr: none were agreed on.
    Receiver(std::uint64_t max_message, BinaryPolicy binary, Inflation* inflation = nullptr)
        : max_message_(max_message), inflation_(inflation), binary_(binary) {}

    /// Takes one event off the front of `bytes`, unmasking its payload where it lies (5.3). Its views are good until
    /// the caller reuses that memory. Nothing: more bytes are needed, and what is left in `bytes` must come again,
    /// unchanged and with more behind it, for part of it may be unmasked and judged already (it is not done twice).
    /// After a Failure or a CloseReceived everything is consumed and ignored (5.5.1, 7.1.7).
    [[nodiscard]] std::optional<Event> next(std::span<std::byte>& bytes);

    /// Messages that have come whole so far.
    [[nodiscard]] std::uint64_t messages() const { return messages_; }

    /// Bytes of the message behind the piece that came last, as long as a frame with FIN is under way: only then can it
    /// be known.
    [[nodiscard]] std::optional<std::uint64_t> to_come() const {
        if (state_ != State::in_long_frame || !fin_) return {};
        return remaining_;
    }

private:
    enum class State : std::uint8_t {
        between_frames,     ///< or in a small frame that is not whole
        in_long_frame,      ///< whose header is consumed
        in_deflated_frame,  ///< the same
        over,
    };

    std::optional<Event> next_frame(std::span<std::byte>& bytes);
    std::optional<Event> next_part(std::span<std::byte>& bytes);
    std::optional<Event> small_frame(const Header& header, std::span<std::byte>& bytes);
    void begin_long_frame(const Header& header);
    std::optional<Event> deflated_frame(const Header& header, std::span<std::byte>& bytes);
    std::optional<Event> next_inflated(std::span<std::byte>& bytes);
    std::optional<Event> control_frame(const Header& header, std::span<std::byte>& bytes);
    std::optional<Event> end(const Event& event);

    [[nodiscard]] const Failure* judge_first_byte(std::byte first) const;
    [[nodiscard]] const Failure* judge_reserved_bits(unsigned bits) const;
    [[nodiscard]] bool is_deflated(std::byte first) const;
    [[nodiscard]] const Failure* judge_length(std::span<const std::byte> bytes) const;
    [[nodiscard]] static const Failure* judge_extended_length(std::span<const std::byte> bytes);
    [[nodiscard]] bool is_text(Opcode type) const {
        return type == Opcode::text || (type == Opcode::binary && binary_ == BinaryPolicy::as_text);
    }
    bool unmask_and_judge(bool text, std::span<std::byte> bytes, MaskKey key, std::uint64_t offset);

    std::uint64_t max_message_;
    Inflation* inflation_;
    std::uint64_t message_size_ = 0;  ///< of the message under way, without the frame under way; at most max_message_
    std::uint64_t remaining_ = 0;     ///< of a long or compressed frame's payload
    MaskKey mask_{};                  ///< of such a frame, rotated to its next byte that is masked
    std::uint32_t judged_ = 0;  ///< bytes of an incomplete frame's payload unmasked and, if not compressed, judged
    BinaryPolicy binary_;
    State state_ = State::between_frames;
    Opcode message_ = Opcode::continuation;  ///< type of the message under way; continuation: none is
    bool deflated_ = false;                  ///< the message under way is compressed
    bool first_ = false;                     ///< of such a frame: its next piece is the message's first,
    std::uint64_t messages_ = 0;
    bool fin_ = false;  ///< and its last piece is the message's last
    utf8::Validator text_;
};

}  // namespace wsinetd::websocket
