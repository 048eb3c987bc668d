#pragma once  // Where frames for a client are put together: one contiguous buffer, written in one go.
#include <cstddef>
#include <span>

namespace wsinetd::websocket {

/// Whole frames, one behind the other, in memory that belongs to the caller.
struct Frames {
    std::span<std::byte> space;
    std::size_t size = 0;  ///< bytes in use, from the front

    [[nodiscard]] std::size_t room() const { return space.size() - size; }
    [[nodiscard]] std::span<const std::byte> bytes() const { return space.first(size); }
};

}  // namespace wsinetd::websocket
