#include "utf8/validator.hpp"

#include <cstring>

#include "utf8/automaton.hpp"

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

struct Walk {
    std::size_t whole;  ///< bytes up to the end of the last whole character
    State state;
};

Walk walk(std::span<const std::byte> bytes, State state) {
    std::size_t whole = 0;
    for (std::size_t i = 0; i < bytes.size();) {
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

}  // namespace

std::size_t valid_prefix(std::span<const std::byte> bytes) noexcept { return walk(bytes, start).whole; }

bool Validator::add(std::span<const std::byte> bytes) noexcept {
    if (state_ != impossible) state_ = walk(bytes, static_cast<State>(state_)).state;
    return state_ != impossible;
}

}  // namespace wsinetd::utf8
