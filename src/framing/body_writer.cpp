#include "framing/body_writer.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <string_view>
#include <utility>

namespace wsinetd::framing {
namespace {

constexpr std::string_view name = "Content-Length: ";
constexpr std::string_view end_of_header = "\r\n\r\n";
static_assert(name.size() + end_of_header.size() + 20 <= BodyWriter::max_header);

/// Writes the header right before `body`, and gives both.
std::span<const std::byte> with_header(std::span<const std::byte> body, std::uint64_t length) {
    char header[BodyWriter::max_header];
    char* at = std::ranges::copy(name, header).out;
    at = std::to_chars(at, header + sizeof header, length).ptr;
    at = std::ranges::copy(end_of_header, at).out;
    const auto size = static_cast<std::size_t>(at - header);
    auto* const begin = const_cast<std::byte*>(body.data()) - size;
    std::memcpy(begin, header, size);
    return {begin, size + body.size()};
}

/// Room for short messages first, then for all at once: memory that is not touched costs nothing, and growing step by
/// step would hold a message twice.
constexpr std::size_t little = 64 * 1024;

}  // namespace

std::optional<std::span<const std::byte>> BodyWriter::add(const Piece& piece, std::optional<std::uint64_t> to_come) {
    forget_delivered();
    if (!std::exchange(mid_message_, !piece.last)) {  // not piece.first: --eof-message may have kept that back
        if (piece.last) to_come = 0;
        passing_ = to_come.has_value();
        if (passing_) return with_header(piece.bytes, piece.bytes.size() + *to_come);
    }
    if (passing_) return piece.bytes;
    if (!hold(piece.bytes)) return {};
    if (!piece.last) return std::span<const std::byte>{};
    delivered_ = true;
    return with_header(std::span(held_).subspan(max_header), held());
}

bool BodyWriter::hold(std::span<const std::byte> bytes) {
    if (held() + bytes.size() > max_held) return false;
    if (held_.empty()) held_.resize(max_header);
    const std::size_t size = held_.size() + bytes.size();
    if (size > held_.capacity()) held_.reserve(size <= little ? std::min(2 * size, little) : max_header + max_held);
    held_.insert(held_.end(), bytes.begin(), bytes.end());
    return true;
}

void BodyWriter::forget_delivered() {
    if (!delivered_) return;
    delivered_ = false;
    held_ = std::vector<std::byte>();
}

}  // namespace wsinetd::framing
