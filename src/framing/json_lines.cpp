#include "framing/json_lines.hpp"

#include <algorithm>

namespace wsinetd::framing {
namespace {

bool is_blank(std::span<const std::byte> line) {
    return std::ranges::all_of(line, [](std::byte byte) {
        return byte == std::byte{' '} || byte == std::byte{'\t'} || byte == std::byte{'\r'};
    });
}

}  // namespace

std::optional<Piece> JsonLines::take(std::span<const std::byte>& chunk) {
    while (const auto piece = lines_.next(chunk)) {
        // The first piece may be short, where little of the line was held: then what follows it up to the limit counts.
        const bool short_beginning = piece->first && !piece->last && piece->bytes.size() < limit_;
        const std::size_t more = short_beginning ? std::min(chunk.size(), limit_ - piece->bytes.size()) : 0;
        const auto judged = judge(*piece, chunk.first(more));
        if (judged || pending()) return judged;
    }
    return {};
}

std::optional<Piece> JsonLines::finish() {
    if (!failure().empty()) return {};
    if (const auto piece = lines_.finish()) return judge(*piece, {});
    return {};
}

std::optional<Piece> JsonLines::judge(const Piece& piece, std::span<const std::byte> ahead) {
    if (piece.first) json_.reset();
    if (!piece.first && skipping_) {
        stray(piece.bytes);
        return {};
    }
    const bool good = json_.add(piece.bytes) && (piece.last ? json_.complete() : JsonValidator(json_).add(ahead));
    skipping_ = !good;
    if (good) return piece;
    if (!piece.first)
        fail("a line of the output is JSON at its beginning only");
    else if (!is_blank(piece.bytes))
        stray(piece.bytes);
    return {};
}

}  // namespace wsinetd::framing
