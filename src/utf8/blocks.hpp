#pragma once  // UTF-8 judged 16 bytes at a time, where the machine can (J. Keiser, D. Lemire: "Validating UTF-8 In Less
              // Than One Instruction Per Byte", 2021).
#include <cstddef>
#include <span>

namespace wsinetd::utf8 {

/// The length in bytes of a prefix of `bytes` that consists of whole, well-formed characters. Not always of the
/// longest: up to 64 bytes before what is wrong, or not whole at the end, may be left out. 0 on machines without the
/// instructions.
[[nodiscard]] std::size_t valid_blocks(std::span<const std::byte> bytes) noexcept;

}  // namespace wsinetd::utf8
