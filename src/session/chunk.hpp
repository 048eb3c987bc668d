#pragma once  // Bodies in chunks: RFC 9112, 7.1.
#include <charconv>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include "session/scratch.hpp"

namespace wsinetd::session {

inline constexpr std::string_view last_chunk = "0\r\n\r\n";
/// Size and line ends, at most.
static_assert(gap >= 8 + 2 + 2);

/// `bytes`, which have `gap` bytes of free space before and behind them, as a chunk. No bytes are no chunk: an empty
/// one would end the body.
[[nodiscard]] inline std::span<const std::byte> framed_in_place(std::span<std::byte> bytes) {
    if (bytes.empty()) return {};
    char size[8];
    const auto [end, error] = std::to_chars(size, size + sizeof size, bytes.size(), 16);
    const auto digits = static_cast<std::size_t>(end - size);
    std::byte* const begin = bytes.data() - digits - 2;
    std::memcpy(begin, size, digits);
    std::memcpy(begin + digits, "\r\n", 2);
    std::memcpy(bytes.data() + bytes.size(), "\r\n", 2);
    return {begin, bytes.data() + bytes.size() + 2};
}

/// `text` as a chunk.
[[nodiscard]] inline std::string chunk_of(std::string_view text) {
    if (text.empty()) return {};
    char size[16];
    const auto [end, error] = std::to_chars(size, size + sizeof size, text.size(), 16);
    return std::string(size, end).append("\r\n").append(text).append("\r\n");
}

}  // namespace wsinetd::session
