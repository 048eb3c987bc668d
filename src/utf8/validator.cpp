#include "utf8/validator.hpp"

#include <cstring>

#include "utf8/automaton.hpp"
#include "utf8/blocks.hpp"

namespace wsinetd::utf8 {
namespace {

/// Length of the run of ASCII at the front, found 32 bytes at a time.
std::size_t ascii_prefix(const std::byte* bytes, std::size_t size) {
    std::size_t i = 0;
    for (; i + 32 <= size; i += 32) {
        std::uint64_t words[4];
        std::memcpy(words, bytes + i, sizeof words);
        if ((words[0] | words[1] | words[2] | words[3]) & 0x8080808080808080U) break;
    }
    while (i < size && std::to_integer<unsigned>(bytes[i]) < 0x80) ++i;
    return i;
}

/// Less than this is as quick byte by byte.
constexpr std::size_t least_blocks = 16;

struct Walk {
    std::size_t whole;  ///< bytes up to the end of the last whole character
    State state;
};

/// Byte by byte, but for ASCII: to the end, or to the first impossible byte.
Walk walk_steps(std::span<const std::byte> bytes, State state, std::size_t whole) {
    for (std::size_t i = whole; i < bytes.size();) {
        if (state == start) {
            i += ascii_prefix(bytes.data() + i, bytes.size() - i);
            whole = i;
            if (i == bytes.size()) break;
        }
        state = step(state, std::to_integer<unsigned>(bytes[i++]));
        if (state == start) whole = i;
        if (state == impossible) break;
    }
    return {whole, state};
}

Walk walk(std::span<const std::byte> bytes, State state) {
    if (state != start) {  // the character under way first
        std::size_t i = 0;
        while (i < bytes.size() && state != start && state != impossible)
            state = step(state, std::to_integer<unsigned>(bytes[i++]));
        if (state != start) return {0, state};
        const Walk rest = walk(bytes.subspan(i), start);
        return {i + rest.whole, rest.state};
    }
    std::size_t whole = ascii_prefix(bytes.data(), bytes.size());
    if (bytes.size() - whole >= least_blocks) whole += valid_blocks(bytes.subspan(whole));
    return walk_steps(bytes, start, whole);
}

}  // namespace

std::size_t valid_prefix(std::span<const std::byte> bytes) noexcept { return walk(bytes, start).whole; }

bool Validator::add(std::span<const std::byte> bytes) noexcept {
    if (state_ != impossible) state_ = walk(bytes, static_cast<State>(state_)).state;
    return state_ != impossible;
}

}  // namespace wsinetd::utf8
