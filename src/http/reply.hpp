#pragma once  // Replies to bytes, and the standard refusals with the fields each owes (RFC 9110, 15).
#include <chrono>
#include <span>
#include <string>
#include <string_view>

#include "http/message.hpp"

namespace wsinetd::http {

/// What of a request decides the form of its answer.
struct Delivery {
    int minor_version = 1;    ///< the status line's: HTTP/1.0 is answered in kind
    bool keep_alive = false;  ///< false adds `Connection: close`
    bool head_only = false;   ///< to HEAD: the length, but no body (RFC 9110, 9.3.2)
    /// The body follows by itself: with the reply's own Content-Length, or in chunks, or in HTTP/1.0 up to the end of
    /// the connection.
    bool streamed = false;
};

/// How a request wants its answer; the caller lowers `keep_alive` where it closes all the same.
[[nodiscard]] Delivery delivery_for(const Request& request);

/// The reason phrase, empty for a status without one of its own.
[[nodiscard]] std::string_view reason(int status);

/// A server with a clock sends it (RFC 9110, 6.6.1). One that is there stays.
void add_date(Reply& reply, std::chrono::system_clock::time_point now);

/// Head and body. Adds Content-Length (not to 1xx, 204, 304, nor where the reply has a length or coding of its own)
/// and what Connection needs beside the reply's own options. Fields of `extra` replace those of the same name,
/// Connection's options join; Content-Length and Transfer-Encoding are never taken from there. CR, LF and NUL in a
/// value become blanks.
[[nodiscard]] std::string format(const Reply& reply, const Delivery& delivery, std::span<const Field> extra = {});

/// A plain-text answer with `text`, a sentence that says what would be right, and the fields that `status` owes:
/// Upgrade and the versions with 426, Retry-After with 503, Allow with 405.
[[nodiscard]] Reply refusal(int status, std::string_view text);

/// The same together with its reason for the log, by default the text itself.
[[nodiscard]] Refusal refuse(int status, std::string_view text, std::string why = {});

}  // namespace wsinetd::http
