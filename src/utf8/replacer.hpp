#pragma once  // Makes any bytes well-formed UTF-8: U+FFFD for what is not (WHATWG Encoding, UTF-8 decoder).
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace wsinetd::utf8 {

/// Works on a text in pieces; a character that is not whole at a piece's end is carried over to the next.
class Replacer {
public:
    /// How many bytes `write` with the same arguments gives: at most 3 * bytes.size() + 3.
    [[nodiscard]] std::size_t size(std::span<const std::byte> bytes, bool last) const noexcept;

    /// Writes the repaired text to `out`, which has room for `size(bytes, last)`. `last`: the text ends here, and the
    /// replacer is as new. Returns how many bytes it wrote.
    std::size_t write(std::span<const std::byte> bytes, bool last, std::span<std::byte> out) noexcept;

    /// Whether the beginning of a character is carried over.
    [[nodiscard]] bool pending() const noexcept { return count_ > 0; }

private:
    std::array<std::byte, 3> carried_{};
    std::uint8_t count_ = 0;
};

}  // namespace wsinetd::utf8
