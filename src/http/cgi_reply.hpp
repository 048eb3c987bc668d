#pragma once  // What a CGI program prints before its body: RFC 3875, section 6. Bytes in, a reply's head out; no I/O.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "http/message.hpp"

namespace wsinetd::http {

/// A program's head as the client may see it.
struct CgiReply {
    Reply reply;  ///< no body; without Status, Content-Length and the hop-by-hop fields
    std::optional<std::uint64_t>
        length;  ///< Content-Length: what the program promises; how to frame it is the server's
    /// The path and query of a local redirect (6.2.2), as printed; else empty. `reply` is then what the client gets
    /// should the server not follow it: 302 with that Location.
    std::string local_redirect;
};

/// Why what a program printed is no reply, as the rest of a sentence about the program, for the log; a 502.
struct CgiFailure {
    std::string why;
};

/// Reads one program's head, line by line.
class CgiReplyParser {
public:
    /// `max_head` in bytes, with line ends and the empty line after it.
    explicit CgiReplyParser(std::size_t max_head = 16 * 1024) : max_head_(max_head) {}

    /// `monostate`: all bytes were taken and more are needed.
    using Result = std::variant<std::monostate, CgiReply, CgiFailure>;

    /// Takes the head off the front of `bytes`; what is left is the body. LF and CR LF both end a line. Fails at the
    /// first line that cannot stand in a head. Linear in the bytes, however they are cut. After a reply or a failure
    /// the parser has done its work.
    [[nodiscard]] Result next(std::span<const std::byte>& bytes);

    /// The output ended before the head did: why what came is no reply.
    [[nodiscard]] CgiFailure ended() const;

private:
    std::string take_line(std::string_view line);
    std::string take_field(std::string_view name, std::string_view value);
    Result finish();

    std::size_t max_head_;
    std::size_t seen_ = 0;
    std::string line_;        ///< under way, where a line comes in pieces
    std::size_t fields_ = 0;  ///< lines so far, those included that are not passed on
    std::optional<int> status_;
    CgiReply reply_;
};

}  // namespace wsinetd::http
