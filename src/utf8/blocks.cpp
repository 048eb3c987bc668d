#include "utf8/blocks.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

#if defined(__x86_64__)
#include <tmmintrin.h>
#define WSINETD_BLOCKS [[gnu::target("ssse3")]]
#elif defined(__aarch64__)
#include <arm_neon.h>
#define WSINETD_BLOCKS
#endif

namespace wsinetd::utf8 {

#ifdef WSINETD_BLOCKS
namespace {

constexpr std::size_t width = 16;
constexpr std::size_t step = 4 * width;

// The dozen operations the method needs, for each machine.
#if defined(__x86_64__)
using Block = __m128i;

bool available() { return __builtin_cpu_supports("ssse3"); }
WSINETD_BLOCKS inline Block load(const void* bytes) { return _mm_loadu_si128(static_cast<const Block*>(bytes)); }
WSINETD_BLOCKS inline Block all(std::uint8_t byte) { return _mm_set1_epi8(static_cast<char>(byte)); }
WSINETD_BLOCKS inline Block look_up(Block table, Block index) { return _mm_shuffle_epi8(table, index); }
WSINETD_BLOCKS inline Block high_nibbles(Block block) { return _mm_and_si128(_mm_srli_epi16(block, 4), all(0x0f)); }
WSINETD_BLOCKS inline Block minus(Block a, Block b) { return _mm_subs_epu8(a, b); }  // not below 0
WSINETD_BLOCKS inline bool any(Block block) {
    return _mm_movemask_epi8(_mm_cmpeq_epi8(block, _mm_setzero_si128())) != 0xffff;
}
WSINETD_BLOCKS inline bool ascii(Block block) { return _mm_movemask_epi8(block) == 0; }
/// The block moved back by Count bytes, with the end of the one before it in front.
template <int Count>
WSINETD_BLOCKS inline Block shifted(Block block, Block before) {
    return _mm_alignr_epi8(block, before, width - Count);
}
#else
using Block = uint8x16_t;

bool available() { return true; }
inline Block load(const void* bytes) { return vld1q_u8(static_cast<const std::uint8_t*>(bytes)); }
inline Block all(std::uint8_t byte) { return vdupq_n_u8(byte); }
inline Block look_up(Block table, Block index) { return vqtbl1q_u8(table, index); }
inline Block high_nibbles(Block block) { return vshrq_n_u8(block, 4); }
inline Block minus(Block a, Block b) { return vqsubq_u8(a, b); }
inline bool any(Block block) { return vmaxvq_u8(block) != 0; }
inline bool ascii(Block block) { return vmaxvq_u8(block) < 0x80; }
template <int Count>
inline Block shifted(Block block, Block before) {
    return vextq_u8(before, block, width - Count);
}
#endif

// What may be wrong with two neighbouring bytes, a bit each. Each table says what a nibble does not rule out; what
// all three leave is an error.
constexpr std::uint8_t too_short = 1 << 0;   // 11______ 0_______ or 11______ 11______
constexpr std::uint8_t too_long = 1 << 1;    // 0_______ 10______
constexpr std::uint8_t overlong_3 = 1 << 2;  // 11100000 100_____
constexpr std::uint8_t too_large = 1 << 3;   // 11110100 1001____, 11110100 101_____, 111101_1 or 11111___ 10______
constexpr std::uint8_t surrogate = 1 << 4;   // 11101101 101_____
constexpr std::uint8_t overlong_2 = 1 << 5;  // 1100000_ 10______
constexpr std::uint8_t overlong_4 = 1 << 6;  // 11110000 1000____, shared with 11111___ 1000____
constexpr std::uint8_t two_conts = 1 << 7;   // 10______ 10______: right only as a third or fourth byte
constexpr std::uint8_t carry = too_short | too_long | two_conts;  // what the first byte's low nibble has no say in

using Table = std::array<std::uint8_t, width>;
constexpr Table first_high{too_long,
                           too_long,
                           too_long,
                           too_long,
                           too_long,
                           too_long,
                           too_long,
                           too_long,
                           two_conts,
                           two_conts,
                           two_conts,
                           two_conts,
                           too_short | overlong_2,
                           too_short,
                           too_short | overlong_3 | surrogate,
                           too_short | too_large | overlong_4};
constexpr std::uint8_t large = carry | too_large | overlong_4;
constexpr Table first_low{carry | overlong_2 | overlong_3 | overlong_4,
                          carry | overlong_2,
                          carry,
                          carry,
                          carry | too_large,
                          large,
                          large,
                          large,
                          large,
                          large,
                          large,
                          large,
                          large,
                          large | surrogate,
                          large,
                          large};
constexpr std::uint8_t any_cont = too_long | overlong_2 | two_conts;
constexpr Table second_high{too_short,
                            too_short,
                            too_short,
                            too_short,
                            too_short,
                            too_short,
                            too_short,
                            too_short,
                            any_cont | overlong_3 | overlong_4,
                            any_cont | overlong_3 | too_large,
                            any_cont | surrogate | too_large,
                            any_cont | surrogate | too_large,
                            too_short,
                            too_short,
                            too_short,
                            too_short};

/// Bits where a block is wrong, seen with the three bytes before it.
WSINETD_BLOCKS inline Block errors(Block block, Block before) {
    const Block first = shifted<1>(block, before);
    const Block pairs = look_up(load(first_high.data()), high_nibbles(first)) &
                        look_up(load(first_low.data()), first & all(0x0f)) &
                        look_up(load(second_high.data()), high_nibbles(block));
    // The third byte of three or four, and the fourth of four, must be the second of two continuations, and no other.
    const Block third = minus(shifted<2>(block, before), all(0xe0 - 0x80));
    const Block fourth = minus(shifted<3>(block, before), all(0xf0 - 0x80));
    return ((third | fourth) & all(0x80)) ^ pairs;
}

/// `end`, or where the character begins that is not whole there. What lies before is well-formed.
std::size_t last_boundary(const std::byte* bytes, std::size_t end) {
    for (std::size_t back = 1; back <= std::min<std::size_t>(3, end); ++back) {
        const auto byte = std::to_integer<unsigned>(bytes[end - back]);
        if (byte >= 0xc0) return back < (byte >= 0xf0 ? 4U : byte >= 0xe0 ? 3U : 2U) ? end - back : end;
        if (byte < 0x80) return end;
    }
    return end;
}

WSINETD_BLOCKS std::size_t judge_blocks(const std::byte* bytes, std::size_t size) {
    Block before = all(0);
    std::size_t i = 0;
    for (; i + step <= size; i += step) {
        const Block a = load(bytes + i), b = load(bytes + i + width);
        const Block c = load(bytes + i + 2 * width), d = load(bytes + i + 3 * width);
        if (ascii(a | b | c | d) && ascii(before)) {  // a whole character never ends `before` in vain: see below
            before = d;
            continue;
        }
        if (any(errors(a, before) | errors(b, a) | errors(c, b) | errors(d, c))) return last_boundary(bytes, i);
        before = d;
    }
    for (; i + width <= size; i += width) {
        const Block block = load(bytes + i);
        if (any(errors(block, before))) return last_boundary(bytes, i);
        before = block;
    }
    // The rest, with zeros behind it: a character that is not whole at the end is an error then, and left to others.
    std::array<std::byte, width> rest{};
    std::memcpy(rest.data(), bytes + i, size - i);
    return any(errors(load(rest.data()), before)) ? last_boundary(bytes, i) : size;
}

}  // namespace

std::size_t valid_blocks(std::span<const std::byte> bytes) noexcept {
    static const bool can = available();
    return can && !bytes.empty() ? judge_blocks(bytes.data(), bytes.size()) : 0;
}

#else

std::size_t valid_blocks(std::span<const std::byte>) noexcept { return 0; }

#endif

}  // namespace wsinetd::utf8
