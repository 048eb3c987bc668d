#pragma once  // A splitter for output of which some may be no message. Bytes in; pieces, strays and a failure out.
#include <optional>
#include <string_view>
#include <utility>

#include "framing/framing.hpp"

namespace wsinetd::framing {

/// What `Splitter` asks where a framing can be broken; see there for what the functions mean.
class SelectiveSplitter {
public:
    SelectiveSplitter() = default;
    virtual ~SelectiveSplitter() = default;
    SelectiveSplitter(const SelectiveSplitter&) = delete;
    SelectiveSplitter& operator=(const SelectiveSplitter&) = delete;

    [[nodiscard]] std::optional<Piece> next(std::span<const std::byte>& chunk) {
        if (stray_) return {};
        if (failure_.empty()) {
            if (const auto piece = take(chunk)) return piece;
        }
        if (!failure_.empty()) chunk = {};
        return {};
    }
    [[nodiscard]] virtual std::optional<Piece> finish() = 0;
    [[nodiscard]] virtual std::size_t held() const = 0;
    [[nodiscard]] virtual bool mid_message() const = 0;
    [[nodiscard]] std::optional<std::string_view> take_stray() { return std::exchange(stray_, std::nullopt); }
    [[nodiscard]] std::string_view failure() const { return failure_; }

protected:
    /// A piece off the front of `chunk`, or nothing: it is used up, or there is a stray or a failure.
    virtual std::optional<Piece> take(std::span<const std::byte>& chunk) = 0;

    /// What is kept back from the client. Nothing, where there is nothing to see.
    void stray(std::span<const std::byte> bytes) {
        if (!bytes.empty()) stray_ = std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    }
    /// Whether there is something to be asked for before more is taken.
    [[nodiscard]] bool pending() const { return stray_ || !failure_.empty(); }
    /// `why` is a literal, and the reason of a Close: at most 123 bytes. The first one counts.
    void fail(std::string_view why) {
        if (failure_.empty()) failure_ = why;
    }

private:
    std::optional<std::string_view> stray_;
    std::string_view failure_;
};

}  // namespace wsinetd::framing
