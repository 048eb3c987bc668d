#include "framing/writer.hpp"

#include <cassert>
#include <cstring>

namespace wsinetd::framing {

std::byte* Writer::pack(std::byte* front, const Piece& piece) const {
    if (!piece.bytes.empty()) {
        assert(front <= piece.bytes.data());
        if (front != piece.bytes.data()) std::memmove(front, piece.bytes.data(), piece.bytes.size());
        front += piece.bytes.size();
    }
    switch (kind_) {
        case Kind::lines:
        case Kind::jsonl:
            if (piece.last) *front++ = std::byte{'\n'};
            break;
        case Kind::null:
            if (piece.last) *front++ = std::byte{0};
            break;
        case Kind::content_length:  // BodyWriter's, for the length comes first
        case Kind::raw: break;
    }
    return front;
}

}  // namespace wsinetd::framing
