#pragma once  // Messages to a command's input (spec section 3), packed in place; for content-length see body_writer.
#include "framing/framing.hpp"

namespace wsinetd::framing {

class Writer {
public:
    explicit Writer(Kind kind) : kind_(kind) {}

    /// Moves the piece's bytes down to `front` and puts the delimiter behind the last piece of a message. Returns the
    /// end of what is packed. `front` lies before the piece, by a byte more than the messages packed in between, which
    /// holds where both come from one buffer: a client's frame header is longer than a delimiter.
    [[nodiscard]] std::byte* pack(std::byte* front, const Piece& piece) const;

private:
    Kind kind_;
};

}  // namespace wsinetd::framing
