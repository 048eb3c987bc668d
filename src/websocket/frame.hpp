#pragma once  // One frame's header each way, and unmasking in place (RFC 6455, 5.2 and 5.3).
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>

namespace wsinetd::websocket {

enum class Opcode : std::uint8_t { continuation = 0, text = 1, binary = 2, close = 8, ping = 9, pong = 10 };

/// 5.5: the opcodes with the top bit set, defined or reserved, are control frames.
constexpr bool is_control(Opcode opcode) { return (static_cast<unsigned>(opcode) & 8) != 0; }

using MaskKey = std::array<std::byte, 4>;

/// The key as it applies from byte `offset` of a payload on (5.3).
constexpr MaskKey rotated(MaskKey key, std::uint64_t offset) {
    return {key[offset % 4], key[(offset + 1) % 4], key[(offset + 2) % 4], key[(offset + 3) % 4]};
}

/// The longest payload of a control frame (5.5), in bytes.
inline constexpr std::size_t max_control = 125;
/// The longest header that `write_header` writes, in bytes.
inline constexpr std::size_t max_header = 10;

/// A client's frame header. Nothing in it is judged.
struct Header {
    bool fin;
    Opcode opcode;
    std::uint64_t length;  ///< of the payload, in bytes
    MaskKey mask;
    std::uint8_t size;  ///< of the header itself, in bytes
};

/// The length a payload has by the header at the front of `bytes`, as written; nothing: more bytes are needed.
[[nodiscard]] std::optional<std::uint64_t> read_length(std::span<const std::byte> bytes);

/// The size of a client's header whose second byte is `second`, in bytes.
constexpr std::size_t masked_header_size(std::byte second) {
    const unsigned form = std::to_integer<unsigned>(second) & 0x7f;
    if (form <= 125) return 6;
    return form == 126 ? 8 : 14;
}

/// The client's header at the front of `bytes`, which hold all of it. (No optional: the struct would be built byte by
/// byte and copied as a whole, which stalls for longer than all else takes here.)
[[nodiscard]] Header read_header(std::span<const std::byte> bytes);

/// The size of the header `write_header` writes, in bytes.
constexpr std::size_t header_size(std::uint64_t length) {
    if (length <= 125) return 2;
    return length <= 0xffff ? 4 : 10;
}

/// Writes a server's header, unmasked and as short as can be, to `out`, which has room for it. Returns its size.
std::size_t write_header(std::byte* out, bool fin, Opcode opcode, std::uint64_t length);

/// Unmasks (or masks) where the bytes lie; `offset` is the position of the first of them in the frame's payload.
/// Returns whether all of them are ASCII then, which comes at no cost here.
bool unmask(std::span<std::byte> bytes, MaskKey key, std::uint64_t offset);

// Small enough, and called for every message: inline.

inline std::optional<std::uint64_t> read_length(std::span<const std::byte> bytes) {
    if (bytes.size() < 2) return {};
    const auto at = [bytes](std::size_t i) { return std::to_integer<std::uint64_t>(bytes[i]); };
    const std::uint64_t length = at(1) & 0x7f;
    if (length <= 125) return length;
    const std::size_t end = length == 126 ? 4 : 10;
    if (bytes.size() < end) return {};
    std::uint64_t extended = 0;
    for (std::size_t i = 2; i < end; ++i) extended = extended << 8 | at(i);
    return extended;
}

inline Header read_header(std::span<const std::byte> bytes) {
    const std::size_t size = masked_header_size(bytes[1]);
    const auto first = std::to_integer<unsigned>(bytes[0]);
    Header header{(first & 0x80) != 0,
                  static_cast<Opcode>(first & 0x0f),
                  *read_length(bytes),
                  {},
                  static_cast<std::uint8_t>(size)};
    std::memcpy(header.mask.data(), bytes.data() + size - header.mask.size(), header.mask.size());
    return header;
}

inline std::size_t write_header(std::byte* out, bool fin, Opcode opcode, std::uint64_t length) {
    out[0] = static_cast<std::byte>((fin ? 0x80 : 0) | static_cast<unsigned>(opcode));
    const std::size_t size = header_size(length);
    if (size == 2) {
        out[1] = static_cast<std::byte>(length);
        return size;
    }
    out[1] = static_cast<std::byte>(size == 4 ? 126 : 127);
    for (std::size_t i = size; i > 2; length >>= 8) out[--i] = static_cast<std::byte>(length & 0xff);
    return size;
}

}  // namespace wsinetd::websocket
