#pragma once  // Output as lines of which only JSON texts are messages (--framing jsonl). Bytes in, pieces out.
#include "framing/json.hpp"
#include "framing/selective.hpp"
#include "framing/splitter.hpp"

namespace wsinetd::framing {

/// A line of at most `limit` bytes is judged whole. A longer one goes out as it comes, as long as it may be JSON: if
/// its first `limit` bytes cannot be, it is a stray, if what follows cannot, that is a failure, for the client has
/// those.
class JsonLines final : public SelectiveSplitter {
public:
    explicit JsonLines(std::size_t limit) : limit_(limit), lines_(Kind::lines, limit) {}

    [[nodiscard]] std::optional<Piece> finish() override;
    [[nodiscard]] std::size_t held() const override { return lines_.held(); }
    /// Also within a long line that is no message.
    [[nodiscard]] bool mid_message() const override { return lines_.mid_message(); }

private:
    std::optional<Piece> take(std::span<const std::byte>& chunk) override;
    std::optional<Piece> judge(const Piece& piece, std::span<const std::byte> ahead);

    std::size_t limit_;
    Splitter lines_;
    JsonValidator json_;     ///< of the line under way
    bool skipping_ = false;  ///< the line under way is no message
};

}  // namespace wsinetd::framing
