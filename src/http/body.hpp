#pragma once  // What follows a request's head: RFC 9112, 6 and 7.1. Bytes in, the body's bytes out; no I/O.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <variant>

#include "http/message.hpp"

namespace wsinetd::http {

/// Takes the body of one request out of the bytes that follow its head: counted or chunked. Owns no buffer.
class BodyReader {
public:
    /// For `request`, whose head RequestParser has accepted, so that length and coding are sound. No body: done at
    /// once.
    explicit BodyReader(const Request& request);

    struct End {};

    /// `monostate`: all bytes were taken and more are needed. A span: the next bytes of the body, a view into `bytes`,
    /// never empty. `End`: the body is whole, and what is left in `bytes` is the next request's. `Refusal`: 400 for
    /// malformed chunks, after which the connection must be closed, for nobody knows where the next request begins.
    using Result = std::variant<std::monostate, std::span<const std::byte>, End, Refusal>;

    /// Takes bytes off the front of `bytes`. Chunk extensions and trailer fields are judged and dropped; both together
    /// have at most 4 KiB, line ends aside. Linear in the bytes, however they are cut. Once it has said `End` or
    /// refused, it repeats that.
    [[nodiscard]] Result next(std::span<const std::byte>& bytes);

    /// How long the body is, 0 when there is none (RFC 9112, 6.3). Nothing when it is chunked.
    [[nodiscard]] std::optional<std::uint64_t> length() const { return length_; }
    /// Whether the body is whole: true as soon as its last byte is taken, before `next` says `End`.
    [[nodiscard]] bool done() const { return place_ == Place::end; }

private:
    /// What the next byte belongs to.
    enum class Place : std::uint8_t {
        size_start,
        size,
        size_blank,
        extension,
        size_lf,
        data,  ///< of a chunk, or of a counted body
        data_cr,
        data_lf,
        trailer_start,
        trailer_name,
        trailer_value,
        trailer_lf,
        end_lf,
        end
    };

    std::span<const std::byte> take(std::span<const std::byte>& bytes);
    std::string_view step(char c);
    std::string_view step_size(char c);
    std::string_view after_size(char c);
    std::string_view step_text(char c, Place line_end);
    std::string_view step_trailer_name(char c);
    std::string_view drop(Place place);

    std::optional<std::uint64_t> length_;
    std::uint64_t remaining_ = 0;  ///< of the chunk, or of the counted body
    std::size_t size_digits_ = 0;
    std::size_t dropped_ = 0;  ///< bytes of chunk extensions and trailer fields so far
    Place place_ = Place::size_start;
    std::string_view complaint_;  ///< what was wrong; static text
};

}  // namespace wsinetd::http
