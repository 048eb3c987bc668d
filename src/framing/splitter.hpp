#pragma once  // What a command prints, cut into messages (spec section 3). Bytes in, pieces out.
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "framing/framing.hpp"
#include "framing/selective.hpp"

namespace wsinetd::framing {

/// Pieces are views, good until the next call and as long as the chunk they were cut from.
class Splitter {
public:
    /// A line (or with Kind::null a record; what is said of lines goes for both) of at most `limit` bytes, 2 or more,
    /// is one piece; of a longer one, pieces go out as they come. No piece is longer, but by a '\r' that was held as it
    /// might have belonged to the line's end.
    explicit Splitter(Kind kind, std::size_t limit = max_piece);

    /// Takes one piece off the front of `chunk`. Nothing: the chunk is used up, and a line under way is held; or, where
    /// some output may be no message (content-length, jsonl), `take_stray` or `failure` has something to say first.
    [[nodiscard]] std::optional<Piece> next(std::span<const std::byte>& chunk);

    /// What is left when the output has ended: a last line without '\n', or the end of a message under way.
    [[nodiscard]] std::optional<Piece> finish();

    /// Output that is no message: a line of it, or part of one. Nothing more is taken until it has been asked for. A
    /// view, good like a piece.
    [[nodiscard]] std::optional<std::string_view> take_stray() {
        return selective_ ? selective_->take_stray() : std::nullopt;
    }

    /// Why no more messages can be told from this output: at most 123 bytes, good for ever. Empty: they can.
    [[nodiscard]] std::string_view failure() const { return selective_ ? selective_->failure() : std::string_view{}; }

    /// Bytes of the line under way that are kept here, at most `limit` and a '\r'.
    [[nodiscard]] std::size_t held() const {
        if (selective_) return selective_->held();
        return delivered_ ? 0 : held_.size();
    }

    /// Whether a message has begun to go out and has not ended.
    [[nodiscard]] bool mid_message() const { return selective_ ? selective_->mid_message() : mid_message_; }

private:
    [[nodiscard]] bool ends_in_carriage_return(std::span<const std::byte> bytes) const;
    [[nodiscard]] std::span<const std::byte> without_carriage_return(std::span<const std::byte> line) const;
    std::optional<Piece> next_line(std::span<const std::byte>& chunk);
    std::optional<Piece> next_of_long_line(std::span<const std::byte>& chunk);
    Piece begin_long_line(std::span<const std::byte>& chunk);
    Piece stream(std::span<const std::byte> bytes);
    Piece emit(std::span<const std::byte> bytes, bool last);
    void hold(std::span<const std::byte> bytes);
    void forget_delivered();

    Kind kind_;
    std::size_t limit_;
    std::vector<std::byte> held_;
    bool delivered_ = false;  ///< what is held has gone out in the last piece
    bool mid_message_ = false;
    std::unique_ptr<SelectiveSplitter> selective_;  ///< nullptr where all that is printed is a message
    bool carriage_return_ = false;                  ///< a '\r' of a message under way waits for what follows it
};

}  // namespace wsinetd::framing
