#include "http/body.hpp"

#include <algorithm>
#include <cassert>
#include <charconv>

#include "http/reply.hpp"

namespace wsinetd::http {
namespace {

constexpr std::size_t max_size_digits = 16;
constexpr std::size_t max_dropped = 4 * 1024;

constexpr std::string_view bad_size = "A chunk begins with its size, in 1 to 16 hexadecimal digits (RFC 9112, 7.1).";
constexpr std::string_view bad_chunk_end = "A chunk has as many bytes as its size says, then CR LF (RFC 9112, 7.1).";
constexpr std::string_view bad_line_end = "Lines end in CR LF, and neither stands alone (RFC 9112, 2.2).";
constexpr std::string_view bad_byte = "Chunk extensions and trailer fields are text, without control bytes.";
constexpr std::string_view bad_trailer = "A trailer field is a name, at once a colon, and a value (RFC 9112, 7.1.2).";
constexpr std::string_view too_much = "Chunk extensions and trailer fields have at most 4 KiB in all.";

/// 16 and above: none.
unsigned hex_digit(char c) {
    if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
    if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a') + 10;
    if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A') + 10;
    return 16;
}

/// Digits only, and not beyond 64 bits: the parser of heads has seen to it.
std::uint64_t number(std::string_view digits) {
    std::uint64_t value = 0;
    [[maybe_unused]] const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    assert(error == std::errc{} && end == digits.data() + digits.size());
    return value;
}

}  // namespace

BodyReader::BodyReader(const Request& request) {
    const auto length = request.fields.joined("Content-Length");
    if (request.has_body && !length) return;  // chunked
    length_ = request.has_body ? number(*length) : 0;
    remaining_ = *length_;
    place_ = remaining_ > 0 ? Place::data : Place::end;
}

/// The body's next bytes; there are some.
std::span<const std::byte> BodyReader::take(std::span<const std::byte>& bytes) {
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(remaining_, bytes.size()));
    const auto taken = bytes.first(count);
    bytes = bytes.subspan(count);
    remaining_ -= count;
    if (remaining_ == 0) place_ = length_ ? Place::end : Place::data_cr;
    return taken;
}

/// A byte where a size may go on. 16 digits cannot overflow.
std::string_view BodyReader::step_size(char c) {
    const unsigned digit = hex_digit(c);
    if (digit > 15) return place_ == Place::size ? after_size(c) : bad_size;
    if (++size_digits_ > max_size_digits) return bad_size;
    remaining_ = remaining_ * 16 + digit;
    place_ = Place::size;
    return {};
}

/// A byte between a size and its extension. Blanks may stand before a ';' (7.1.1), not before the line's end, where
/// some readers see a size and others a malformed chunk.
std::string_view BodyReader::after_size(char c) {
    if (c == ';') return drop(Place::extension);
    if (c == ' ' || c == '\t') return drop(Place::size_blank);
    if (c == '\n') return bad_line_end;
    if (c != '\r' || place_ == Place::size_blank) return bad_size;
    place_ = Place::size_lf;
    return {};
}

/// A byte of text that goes on until its line does; its CR leads to `line_end`.
std::string_view BodyReader::step_text(char c, Place line_end) {
    if (c == '\n') return bad_line_end;
    if (c != '\r') return is_text_char(c) ? drop(place_) : bad_byte;
    place_ = line_end;
    return {};
}

/// Counts a byte that nobody gets, and goes on at `place`.
std::string_view BodyReader::drop(Place place) {
    place_ = place;
    return ++dropped_ > max_dropped ? too_much : std::string_view{};
}

std::string_view BodyReader::step_trailer_name(char c) {
    if (c == '\n') return bad_line_end;
    if (c == ':' && place_ == Place::trailer_name) return drop(Place::trailer_value);
    return is_token_char(c) ? drop(Place::trailer_name) : bad_trailer;
}

/// Follows the lines around the chunks by one byte. Returns what is wrong with it, empty when nothing is.
std::string_view BodyReader::step(char c) {
    const auto expect = [&](char expected, std::string_view complaint, Place place) {
        if (c == expected) place_ = place;
        return c == expected ? std::string_view{} : complaint;
    };
    switch (place_) {
        case Place::size_start:  // nothing remains of the chunk before it
            size_digits_ = 0;
            return step_size(c);
        case Place::size: return step_size(c);
        case Place::size_blank: return after_size(c);
        case Place::extension: return step_text(c, Place::size_lf);
        case Place::size_lf: return expect('\n', bad_line_end, remaining_ > 0 ? Place::data : Place::trailer_start);
        case Place::data_cr: return expect('\r', bad_chunk_end, Place::data_lf);
        case Place::data_lf: return expect('\n', bad_chunk_end, Place::size_start);
        case Place::trailer_start:
            if (c != '\r') return step_trailer_name(c);
            place_ = Place::end_lf;
            return {};
        case Place::trailer_name: return step_trailer_name(c);
        case Place::trailer_value: return step_text(c, Place::trailer_lf);
        case Place::trailer_lf: return expect('\n', bad_line_end, Place::trailer_start);
        case Place::end_lf: return expect('\n', bad_line_end, Place::end);
        case Place::data:
        case Place::end: break;
    }
    return {};
}

BodyReader::Result BodyReader::next(std::span<const std::byte>& bytes) {
    while (complaint_.empty() && place_ != Place::end && !bytes.empty()) {
        if (place_ == Place::data) return take(bytes);
        complaint_ = step(static_cast<char>(bytes.front()));
        bytes = bytes.subspan(1);
    }
    if (!complaint_.empty()) return refuse(400, complaint_);
    if (place_ == Place::end) return End{};
    return std::monostate{};
}

}  // namespace wsinetd::http
