#pragma once  // What a client asks, from whatever pieces the network delivers: RFC 9112. Bytes in, a request out.
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "http/message.hpp"

namespace wsinetd::http {

/// Reads the heads of one connection's requests, one after another. A body is the caller's to take from the bytes
/// that follow. Owns no buffer but while a head has come in part.
class RequestParser {
public:
    /// `max_head` in bytes, the empty lines before a request and the one after it included; beyond it 431.
    explicit RequestParser(std::size_t max_head = 16 * 1024) : max_head_(max_head) {}

    /// Nothing yet, a request, or why there is none; after a refusal the connection must be closed.
    using Result = std::variant<std::monostate, Request, Refusal>;

    /// Takes the bytes of one head off the front of `bytes` and leaves what follows it: a body, the next request,
    /// frames. `monostate`: all bytes were taken and more are needed. Refuses with 400, 431, 501 or 505 as soon as it
    /// is sure, at the latest when the head is whole. Linear in the bytes, however they are cut.
    [[nodiscard]] Result next(std::span<const std::byte>& bytes);

    /// Whether a byte of the next request has come, an empty line before it included.
    [[nodiscard]] bool begun() const { return seen_ > 0; }

private:
    /// Where the last byte left us in the lines of a head.
    enum class Place : std::uint8_t { before, before_cr, line, line_cr, line_start, end_cr, end };

    std::string_view step(char c);
    void reset();

    std::size_t max_head_;
    std::size_t seen_ = 0;
    Place place_ = Place::before;
    std::string head_;  // of a head in pieces; one that comes whole is read where it lies
};

}  // namespace wsinetd::http
