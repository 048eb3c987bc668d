#pragma once  // Frames as a client sends them, for tests: masked, and wrong wherever a test wants them to be.
#include <cstdint>
#include <string>
#include <string_view>

namespace wsinetd::websocket {

inline constexpr std::string_view rfc_key = "\x37\xfa\x21\x3d";  // RFC 6455, 5.7

/// A literal with NULs in it.
template <std::size_t size>
std::string raw(const char (&literal)[size]) {
    return {literal, size - 1};
}

/// `count` bytes of `value`, most significant first.
inline std::string big_endian(std::uint64_t value, unsigned count) {
    std::string bytes(count, '\0');
    for (unsigned i = count; i-- > 0; value >>= 8) bytes[i] = static_cast<char>(value & 0xff);
    return bytes;
}

inline std::string masked(std::string_view payload, std::string_view key = rfc_key) {
    std::string bytes(payload);
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(bytes[i] ^ key[i % 4]);
    return bytes;
}

/// Header with the length written in 7, 16 or 64 bits.
inline std::string client_header(unsigned first, std::uint64_t length, unsigned bits) {
    std::string header(1, static_cast<char>(first));
    if (bits == 7) return header + big_endian(0x80 | length, 1) + std::string(rfc_key);
    return header + (bits == 16 ? "\xfe" : "\xff") + big_endian(length, bits / 8) + std::string(rfc_key);
}

/// A whole masked frame; `first` is its first byte.
inline std::string client_frame(unsigned first, std::string_view payload) {
    const unsigned bits = payload.size() < 126 ? 7 : payload.size() < 65536 ? 16 : 64;
    return client_header(first, payload.size(), bits) + masked(payload);
}

}  // namespace wsinetd::websocket
