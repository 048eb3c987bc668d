#pragma once  // One of a command's output streams on its way to becoming frames.
#include "framing/splitter.hpp"
#include "framing/tagged.hpp"
#include "net/descriptor.hpp"
#include "net/pump.hpp"

namespace wsinetd::session {

/// What was read and is not framed yet, because the client takes no more: a piece begun, and the bytes behind it.
class Unframed {
public:
    std::optional<framing::Piece> piece;
    std::span<const std::byte> rest;

    [[nodiscard]] bool empty() const { return !piece && rest.empty(); }
    void drop();

    /// Copies what still lies in `chunk`, the loop's, into memory of its own.
    void keep(std::span<const std::byte> chunk);

private:
    std::vector<std::byte> own_;
};

/// A command's stdout, or with --stderr tagged its stderr.
struct Source {
    /// `most`: of a line under way and one read together. `turn` is told of this source: see net::Pump.
    template <typename Turn>
    Source(net::Executor executor, net::Nursery& nursery, net::Descriptor& descriptor, framing::Kind kind,
           std::size_t most, Turn turn)
        : pipe(descriptor),
          limit(most),
          splitter(kind, most),
          pump(executor, nursery, [this, turn] { return turn(*this); }) {}

    net::Descriptor& pipe;
    std::size_t limit;  ///< in bytes
    framing::Splitter splitter;
    std::optional<framing::Tagged> tagged;
    Unframed unframed;
    net::Pump pump;        ///< woken when the client takes more, or when that no longer matters
    bool starved = false;  ///< waiting for the command
    bool at_end = false;   ///< all has been read
    bool ended = false;    ///< and all of it handed on
};

}  // namespace wsinetd::session
