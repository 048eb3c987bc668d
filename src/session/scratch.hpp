#pragma once  // The buffers of a loop, borrowed by one session for one turn: an idle connection owns none.
#include <cstddef>
#include <span>
#include <vector>

#include "framing/body_writer.hpp"
#include "framing/framing.hpp"
#include "framing/tagged.hpp"

namespace wsinetd::session {

/// Space before output that was read, for the header of a frame made in place.
inline constexpr std::size_t gap = 16;
/// Space before input that was read: for the delimiter after a message that is unmasked and packed toward the front, or
/// for the length before it.
inline constexpr std::size_t input_gap = 48;
static_assert(input_gap >= framing::BodyWriter::max_header);

/// Of a command's output, in one read.
inline constexpr std::size_t chunk_size = framing::max_piece;
/// Frames for a client, in one write; room for the longest piece.
inline constexpr std::size_t frames_size = 80 * 1024;
/// From a client, in one read; room for the longest frame that is judged whole, and its header.
inline constexpr std::size_t input_size = 68 * 1024;

/// Valid from a read to the end of the same turn: nothing may be awaited in between.
struct Scratch {
    std::vector<std::byte> chunk = std::vector<std::byte>(gap + chunk_size);
    std::vector<std::byte> frames = std::vector<std::byte>(frames_size);
    std::vector<std::byte> input = std::vector<std::byte>(input_gap + input_size);
    std::vector<std::byte> tagged = std::vector<std::byte>(framing::max_tagged);
};

}  // namespace wsinetd::session
