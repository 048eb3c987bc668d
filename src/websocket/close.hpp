#pragma once  // Close frames: codes, reasons, and what is wrong with them (RFC 6455, 5.5.1 and 7.4).
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <variant>

#include "websocket/frame.hpp"

namespace wsinetd::websocket {

/// Why a connection is failed: the code to close it with, and the reason to give. `reason` is static text.
struct Failure {
    std::uint16_t code;
    std::string_view reason;
};

/// What a Close frame says. `reason` is a view into the frame's payload.
struct Close {
    std::optional<std::uint16_t> code;
    std::string_view reason;
};

/// The longest reason, in bytes: what a control frame holds beside the code.
inline constexpr std::size_t max_reason = max_control - 2;

/// Whether a Close frame may carry this code (7.4.1, 7.4.2, and IANA's registry, which added 1012 to 1014).
[[nodiscard]] bool may_be_sent(std::uint16_t code);

/// The unmasked payload of a Close frame, or what is wrong with it: 1002, or 1007 for a reason that is no UTF-8.
[[nodiscard]] std::variant<Close, Failure> parse_close(std::span<const std::byte> payload);

/// Writes the payload of a Close frame and returns its size in bytes. The reason is cut to `max_reason` bytes at the
/// end of a character, and left out where there is no code to stand before it.
std::size_t format_close(const Close& close, std::span<std::byte, max_control> out);

}  // namespace wsinetd::websocket
