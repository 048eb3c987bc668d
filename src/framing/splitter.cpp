#include "framing/splitter.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "framing/body_splitter.hpp"
#include "framing/json_lines.hpp"

namespace wsinetd::framing {
namespace {

constexpr std::array<std::byte, 1> carriage_return{std::byte{'\r'}};

std::byte delimiter_of(Kind kind) { return kind == Kind::null ? std::byte{0} : std::byte{'\n'}; }

std::optional<std::size_t> find(std::byte delimiter, std::span<const std::byte> bytes) {
    const void* const found = std::memchr(bytes.data(), static_cast<int>(delimiter), bytes.size());
    if (!found) return {};
    return static_cast<const std::byte*>(found) - bytes.data();
}

std::span<const std::byte> take(std::span<const std::byte>& bytes, std::size_t count) {
    const auto front = bytes.first(count);
    bytes = bytes.subspan(count);
    return front;
}

}  // namespace

Splitter::Splitter(Kind kind, std::size_t limit) : kind_(kind), limit_(limit) {
    switch (kind) {
        case Kind::lines:
        case Kind::null:
        case Kind::raw: break;
        case Kind::content_length: selective_ = std::make_unique<BodySplitter>(limit); break;
        case Kind::jsonl: selective_ = std::make_unique<JsonLines>(limit); break;
    }
}

/// Whether the last byte may belong to a line's end. In records it never does.
bool Splitter::ends_in_carriage_return(std::span<const std::byte> bytes) const {
    return kind_ == Kind::lines && !bytes.empty() && bytes.back() == carriage_return[0];
}

std::span<const std::byte> Splitter::without_carriage_return(std::span<const std::byte> line) const {
    return ends_in_carriage_return(line) ? line.first(line.size() - 1) : line;
}

std::optional<Piece> Splitter::next(std::span<const std::byte>& chunk) {
    forget_delivered();
    if (chunk.empty()) return {};
    switch (kind_) {
        case Kind::raw: return Piece{take(chunk, std::min(chunk.size(), limit_)), true, true};
        case Kind::null:
        case Kind::lines: return mid_message_ ? next_of_long_line(chunk) : next_line(chunk);
        case Kind::content_length:
        case Kind::jsonl: return selective_->next(chunk);
    }
    return {};
}

/// The beginning of a line: all of it, where it is not too long.
std::optional<Piece> Splitter::next_line(std::span<const std::byte>& chunk) {
    const std::optional<std::size_t> end = find(delimiter_of(kind_), chunk);
    const std::size_t arrived = end.value_or(chunk.size());
    const bool returns = ends_in_carriage_return(arrived > 0 ? chunk.first(arrived) : held_);
    if (held_.size() + arrived - (returns ? 1 : 0) > limit_) return begin_long_line(chunk);
    if (!end) {
        hold(take(chunk, arrived));
        return {};
    }
    std::span<const std::byte> line = take(chunk, arrived + 1).first(arrived);
    if (!held_.empty()) {
        hold(line);
        line = held_;
        delivered_ = true;
    }
    return emit(without_carriage_return(line), true);
}

Piece Splitter::begin_long_line(std::span<const std::byte>& chunk) {
    if (held_.empty()) return stream(take(chunk, limit_));
    delivered_ = true;
    return emit(held_, false);
}

/// A line too long to be held goes out as it comes, but for a '\r' that may belong to its end.
std::optional<Piece> Splitter::next_of_long_line(std::span<const std::byte>& chunk) {
    if (carriage_return_) {
        carriage_return_ = false;
        if (chunk.front() != delimiter_of(kind_)) return emit(carriage_return, false);
    }
    const std::optional<std::size_t> end = find(delimiter_of(kind_), chunk);
    if (end && *end <= limit_) return emit(without_carriage_return(take(chunk, *end + 1).first(*end)), true);
    const Piece piece = stream(take(chunk, std::min(chunk.size(), limit_)));
    if (piece.bytes.empty()) return {};
    return piece;
}

Piece Splitter::stream(std::span<const std::byte> bytes) {
    carriage_return_ = ends_in_carriage_return(bytes);
    return emit(without_carriage_return(bytes), false);
}

std::optional<Piece> Splitter::finish() {
    if (selective_) return selective_->finish();
    forget_delivered();
    if (mid_message_) {
        const bool held_back = std::exchange(carriage_return_, false);
        return emit(held_back ? std::span<const std::byte>(carriage_return) : std::span<const std::byte>{}, true);
    }
    if (held_.empty()) return {};
    delivered_ = true;
    return emit(held_, true);
}

Piece Splitter::emit(std::span<const std::byte> bytes, bool last) {
    return {bytes, !std::exchange(mid_message_, !last), last};
}

void Splitter::hold(std::span<const std::byte> bytes) { held_.insert(held_.end(), bytes.begin(), bytes.end()); }

/// Frees the memory too: a session that waits owns none. (Assigning {} would keep it.)
void Splitter::forget_delivered() {
    if (std::exchange(delivered_, false)) held_ = std::vector<std::byte>();
}

}  // namespace wsinetd::framing
