#pragma once  // Judges UTF-8 as it arrives (RFC 3629).
#include <cstddef>
#include <cstdint>
#include <span>

namespace wsinetd::utf8 {

/// The length in bytes of the longest prefix that consists of whole, well-formed characters.
[[nodiscard]] std::size_t valid_prefix(std::span<const std::byte> bytes) noexcept;

/// Judges text in pieces, and fails at the first byte that cannot be part of well-formed text.
class Validator {
public:
    /// False at the first impossible byte, and from then on.
    bool add(std::span<const std::byte> bytes) noexcept;
    /// Whether what came so far ends between two characters.
    [[nodiscard]] bool complete() const noexcept { return state_ == 0; }
    void reset() noexcept { state_ = 0; }

private:
    std::uint8_t state_ = 0;
};

}  // namespace wsinetd::utf8
