#include "websocket/close.hpp"

#include <algorithm>
#include <cassert>

#include "utf8/validator.hpp"

namespace wsinetd::websocket {
namespace {

struct Range {
    std::uint16_t first;
    std::uint16_t last;
};

constexpr Range sendable[] = {
    {1000, 1003},  // normal, going away, protocol error, unsupported data; 1004 is reserved, 1005 and 1006 are local
    {1007, 1014},  // invalid text ... internal error; 1012 to 1014 by IANA's registry; 1015 is local
    {3000, 3999},  // libraries and frameworks
    {4000, 4999},  // private use
};

/// As many bytes of `text` as fit, without a part of a character at the end.
std::string_view cut(std::string_view text, std::size_t size) {
    if (text.size() <= size) return text;
    while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80) --size;
    return text.substr(0, size);
}

}  // namespace

bool may_be_sent(std::uint16_t code) {
    return std::ranges::any_of(sendable, [code](Range range) { return code >= range.first && code <= range.last; });
}

std::variant<Close, Failure> parse_close(std::span<const std::byte> payload) {
    if (payload.empty()) return Close{};
    if (payload.size() == 1) return Failure{1002, "close frame with half a code"};
    const auto code =
        static_cast<std::uint16_t>(std::to_integer<unsigned>(payload[0]) << 8 | std::to_integer<unsigned>(payload[1]));
    if (!may_be_sent(code)) return Failure{1002, "close code that must not be sent"};
    const auto reason = payload.subspan(2);
    if (utf8::valid_prefix(reason) != reason.size()) return Failure{1007, ""};
    return Close{code, {reinterpret_cast<const char*>(reason.data()), reason.size()}};
}

std::size_t format_close(const Close& close, std::span<std::byte, max_control> out) {
    if (!close.code) return 0;
    assert(may_be_sent(*close.code));
    out[0] = static_cast<std::byte>(*close.code >> 8);
    out[1] = static_cast<std::byte>(*close.code & 0xff);
    const std::string_view reason = cut(close.reason, max_reason);
    std::ranges::copy(std::as_bytes(std::span(reason)), out.begin() + 2);
    return 2 + reason.size();
}

}  // namespace wsinetd::websocket
