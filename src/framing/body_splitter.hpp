#pragma once  // Output as bodies behind their length (--framing content-length). Bytes in, pieces out.
#include <cstdint>
#include <vector>

#include "framing/selective.hpp"

namespace wsinetd::framing {

/// The base protocol of LSP and DAP: lines `Name: value`, an empty line, a body of Content-Length bytes. Names in any
/// case and order; other fields are ignored, and lines may end in LF alone.
///
/// A body of at most `limit` bytes is one piece, a longer one goes out as it comes. What stands where a header should
/// begin and is none is a stray, line by line, and so is what stands before "Content-Length:" on the same line: the
/// rest of a body that is longer than was said. A line that ends in LF alone begins a header only if its name begins
/// with "Content-", for much that programs print looks like a field. Failures are: more than 64 KiB and no header, a
/// header that says no length or a wrong one, and an end within a header or a body.
class BodySplitter final : public SelectiveSplitter {
public:
    explicit BodySplitter(std::size_t limit) : limit_(limit) {}

    [[nodiscard]] std::optional<Piece> finish() override;
    [[nodiscard]] std::size_t held() const override { return held_.size() - delivered_; }
    [[nodiscard]] bool mid_message() const override { return state_ == State::body && !first_; }

    /// Of all that stands between two bodies.
    static constexpr std::size_t max_between = 64 * 1024;

private:
    enum class State : std::uint8_t {
        between,  ///< two messages: in a line that may begin a header
        header,   ///< in one of its further lines
        body,
    };

    std::optional<Piece> take(std::span<const std::byte>& chunk) override;
    std::optional<Piece> take_body(std::span<const std::byte>& chunk);
    void take_line(std::span<const std::byte>& chunk);
    void take_long_line();
    void judge_line(std::span<const std::byte> line, bool carriage_return);
    void begin_or_stray(std::span<const std::byte> line);
    void judge_field(std::string_view name, std::string_view value);
    void end_header();
    void hold(std::span<const std::byte> bytes);
    void forget_delivered();

    std::size_t limit_;
    std::vector<std::byte> held_;  ///< of the line under way, or of a body that is not whole
    std::size_t delivered_ = 0;    ///< of these, bytes that have gone out in the last piece or stray
    bool cut_ = false;             ///< the beginning of the line under way was a stray already
    bool first_ = true;            ///< nothing of the body has gone out
    State state_ = State::between;
    std::size_t between_ = 0;              ///< bytes since the last body
    std::optional<std::uint64_t> length_;  ///< as the header says
    std::uint64_t remaining_ = 0;          ///< of the body
};

}  // namespace wsinetd::framing
