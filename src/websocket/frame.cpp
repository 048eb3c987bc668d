#include "websocket/frame.hpp"

#include <bit>
#include <cstring>

namespace wsinetd::websocket {
namespace {

/// 16 bytes: one SSE2 or NEON register; where there is none the compiler makes words of it.
using Block [[gnu::vector_size(16)]] = std::uint64_t;

constexpr std::uint64_t high_bits = 0x8080808080808080;

/// Unmasks one T at `at`, goes past it, and collects its bits in `seen`.
template <typename T>
void take(std::byte*& at, T key, T& seen) {
    T word;
    std::memcpy(&word, at, sizeof word);
    word ^= key;
    std::memcpy(at, &word, sizeof word);
    seen |= word;
    at += sizeof word;
}

}  // namespace

bool unmask(std::span<std::byte> bytes, MaskKey key, std::uint64_t offset) {
    if (offset % 4 != 0) key = rotated(key, offset);
    const auto key4 = std::bit_cast<std::uint32_t>(key);
    const std::uint64_t key8 = std::uint64_t{key4} << 32 | key4;
    std::uint64_t seen = 0;
    std::byte* at = bytes.data();
    std::size_t left = bytes.size();
    if (left >= sizeof(Block)) {
        const Block key16{key8, key8};
        Block a{}, b{}, c{}, d{};
        for (; left >= 4 * sizeof(Block); left -= 4 * sizeof(Block)) {
            take(at, key16, a);
            take(at, key16, b);
            take(at, key16, c);
            take(at, key16, d);
        }
        for (; left >= sizeof(Block); left -= sizeof(Block)) take(at, key16, a);
        a |= b | c | d;
        seen = a[0] | a[1];
    }
    if ((left & 8) != 0) take(at, key8, seen);
    if ((left & 4) != 0) {
        std::uint32_t seen4 = 0;
        take(at, key4, seen4);
        seen |= seen4;
    }
    for (std::size_t i = 0; i < left % 4; ++i) {
        at[i] ^= key[i];
        seen |= std::to_integer<std::uint64_t>(at[i]);
    }
    return (seen & high_bits) == 0;
}

}  // namespace wsinetd::websocket
