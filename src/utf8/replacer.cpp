#include "utf8/replacer.hpp"

#include <algorithm>
#include <cstring>

#include "utf8/automaton.hpp"
#include "utf8/validator.hpp"

namespace wsinetd::utf8 {
namespace {

constexpr std::array<std::byte, 3> replacement{std::byte{0xef}, std::byte{0xbf}, std::byte{0xbd}};

/// The beginning of a character: what could still become one.
struct Begun {
    std::array<std::byte, 4> bytes;
    std::size_t count = 0;
    State state = start;
};

/// Hands the repaired text to `put(span)`, piece by piece, and returns what is begun and not whole at the end.
template <typename Put>
Begun repair(std::span<const std::byte> carried, std::span<const std::byte> bytes, Put put) {
    Begun begun;
    const auto take = [&](std::byte byte) {
        begun.bytes[begun.count++] = byte;
        begun.state = step(begun.state, std::to_integer<unsigned>(byte));
        if (begun.state != start) return;
        put(std::span<const std::byte>(begun.bytes.data(), begun.count));
        begun.count = 0;
    };
    for (const std::byte byte : carried) take(byte);
    while (!bytes.empty()) {
        if (begun.count == 0) {
            const std::size_t valid = valid_prefix(bytes);
            put(bytes.first(valid));
            bytes = bytes.subspan(valid);
            if (bytes.empty()) break;
        }
        const bool alone = begun.count == 0;
        take(bytes.front());
        if (begun.state == impossible) {
            put(std::span<const std::byte>(replacement));
            begun = {};
            if (!alone) continue;  // what does not continue a character may begin one
        }
        bytes = bytes.subspan(1);
    }
    return begun;
}

}  // namespace

std::size_t Replacer::size(std::span<const std::byte> bytes, bool last) const noexcept {
    std::size_t total = 0;
    const Begun begun = repair(std::span(carried_).first(count_), bytes,
                               [&](std::span<const std::byte> text) { total += text.size(); });
    return total + (last && begun.count > 0 ? replacement.size() : 0);
}

std::size_t Replacer::write(std::span<const std::byte> bytes, bool last, std::span<std::byte> out) noexcept {
    std::size_t written = 0;
    const auto put = [&](std::span<const std::byte> text) {
        if (!text.empty()) std::memcpy(out.data() + written, text.data(), text.size());
        written += text.size();
    };
    const Begun begun = repair(std::span(carried_).first(count_), bytes, put);
    if (last && begun.count > 0) put(replacement);
    count_ = last ? std::uint8_t{0} : static_cast<std::uint8_t>(begun.count);
    std::copy_n(begun.bytes.begin(), count_, carried_.begin());
    return written;
}

}  // namespace wsinetd::utf8
