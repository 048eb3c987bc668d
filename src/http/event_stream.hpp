#pragma once  // Messages to Server-sent events: WHATWG HTML, 9.2. Pieces in, text out; no I/O.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "framing/framing.hpp"
#include "utf8/replacer.hpp"

namespace wsinetd::http {

/// Turns the pieces of one command's messages into one stream: an event a message, `id: N` (from 1), `data:` lines, an
/// empty line. A line break in a message (LF, CR or CR LF, also cut between two pieces) begins a further data line, and
/// so reaches the client as LF (9.2.6). Invalid UTF-8 becomes U+FFFD.
class EventStream {
public:
    /// Appends the piece to `out`: at most 6 bytes for each of its own, and 36.
    void add(const framing::Piece& piece, std::string& out);

    /// The last event, named `close`, with the command's exit status as data: 0 to 255, or 128 + the signal as a shell
    /// has it. It has no id. Goes between two messages, as does `comment`: within one it would cut it in two.
    [[nodiscard]] static std::string close_event(int status);
    /// What a client ignores; keeps the connection from looking dead (9.2.7).
    [[nodiscard]] static std::string_view comment() { return ":\n\n"; }

private:
    void add_text(std::span<const std::byte> text, bool line_ends, std::string& out);

    std::uint64_t id_ = 0;  ///< of the last event begun
    utf8::Replacer replacer_;
    bool line_empty_ = true;        ///< nothing stands behind the last "data:"
    bool carriage_return_ = false;  ///< the last byte was a CR, whose line has ended; an LF would belong to it
};

}  // namespace wsinetd::http
