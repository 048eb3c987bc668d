#include "framing/tagged.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace wsinetd::framing {
namespace {

std::byte* put(std::byte* at, std::string_view text) {
    std::memcpy(at, text.data(), text.size());
    return at + text.size();
}

std::string_view prefix(Stream stream) {
    switch (stream) {
        case Stream::stdout_: return R"({"stream":"stdout","data":")";
        case Stream::stderr_: return R"({"stream":"stderr","data":")";
    }
    return {};
}

/// RFC 8259, section 7.
std::byte* put_escaped(std::byte* at, std::byte byte) {
    const auto c = std::to_integer<unsigned char>(byte);
    switch (c) {
        case '"': return put(at, R"(\")");
        case '\\': return put(at, R"(\\)");
        case '\b': return put(at, R"(\b)");
        case '\f': return put(at, R"(\f)");
        case '\n': return put(at, R"(\n)");
        case '\r': return put(at, R"(\r)");
        case '\t': return put(at, R"(\t)");
        default: break;
    }
    if (c >= 0x20) {
        *at = byte;
        return at + 1;
    }
    at = put(at, R"(\u00)");
    *at++ = static_cast<std::byte>("0123456789abcdef"[c >> 4U]);
    *at++ = static_cast<std::byte>("0123456789abcdef"[c & 15U]);
    return at;
}

}  // namespace

Piece Tagged::next(Piece& piece, std::span<std::byte> out) const {
    const auto step = piece.bytes.first(std::min(piece.bytes.size(), tagged_step));
    piece.bytes = piece.bytes.subspan(step.size());
    const bool first = std::exchange(piece.first, false);
    const bool last = piece.last && piece.bytes.empty();
    std::byte* at = out.data();
    if (first) at = put(at, prefix(stream_));
    for (const std::byte byte : step) at = put_escaped(at, byte);
    if (last) at = put(at, "\"}");
    return {std::span<const std::byte>(out.data(), at), first, last};
}

}  // namespace wsinetd::framing
