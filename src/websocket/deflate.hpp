#pragma once  // DEFLATE as permessage-deflate has it (RFC 7692, 7.2): the one door to zlib. Bytes in, bytes out.
#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <vector>

struct z_stream_s;

namespace wsinetd::websocket {

/// Of what we compress, unless a client asks for less. 133 KiB a loop, and a gain of hardly a hundredth beyond it.
inline constexpr int deflate_window_bits = 14;
/// A shorter message is sent as it is: it would hardly be smaller, or even larger.
inline constexpr std::size_t least_deflated = 128;
/// The most that is compressed in one go, in bytes.
inline constexpr std::size_t most_deflated = 25 * 1024;
/// The most that is inflated in one go, in bytes: so much of a message is judged before any of it is handed on.
inline constexpr std::size_t most_inflated = 32 * 1024;

/// Makes messages smaller, part by part. A part refers to nothing before it and ends at a byte, so that it is a string
/// of DEFLATE blocks for itself (RFC 1951): those of a message, one behind the other, are the message's. Nothing is
/// kept between two calls, and one deflater serves all the connections of a loop, in whatever order their parts come.
class Deflater {
public:
    /// `window_bits`: 9 to 15. Throws std::bad_alloc.
    explicit Deflater(int window_bits);

    /// Compresses `part`, at most `most_deflated` bytes, to the front of `out`, which has room for `most(part.size())`.
    /// `last`: of its message; the 00 00 ff ff that all parts end in is left out (7.2.1). Returns the size.
    std::size_t deflate(std::span<const std::byte> part, bool last, std::span<std::byte> out);

    /// What `size` bytes may grow to.
    static constexpr std::size_t most(std::size_t size) { return size + size / 8 + size / 64 + 16; }

    /// Memory for a part that must be made before it can be compressed; good until somebody else wants it.
    [[nodiscard]] std::span<std::byte> space() { return space_; }

private:
    struct End {
        void operator()(z_stream_s* stream) const;
    };
    std::unique_ptr<z_stream_s, End> stream_;
    std::vector<std::byte> space_ = std::vector<std::byte>(most_deflated);
};

/// Inflates one message after the other. Whatever comes, it is bounded by the space it is given.
class Inflater {
public:
    /// What one is at most, in bytes: zlib's state and a window of 32 KiB.
    static constexpr std::size_t memory = 41 * 1024;

    /// Throws std::bad_alloc.
    Inflater();

    /// Forgets all that was, for a new message.
    void reset();

    struct Step {
        std::size_t taken;  ///< of the input, in bytes
        std::size_t made;   ///< in bytes, to the front of the space
        bool sound;         ///< false: this is no DEFLATE
    };
    /// Inflates until `bytes` are used up or `space`, which is not empty, is full. Throws std::bad_alloc.
    Step inflate(std::span<const std::byte> bytes, std::span<std::byte> space);

    /// Whether what came so far are whole blocks, the last of which ended with a byte.
    [[nodiscard]] bool at_boundary() const { return boundary_; }

private:
    struct End {
        void operator()(z_stream_s* stream) const;
    };
    std::unique_ptr<z_stream_s, End> stream_;
    bool full_ = false;  ///< the space was, so that there may be more
    bool boundary_ = true;
};

/// zlib's states, and what they need, for the connections of one loop.
class Compressors {
public:
    /// The one for this window, made when it is first wanted. It lives as long as this.
    Deflater& deflater(int window_bits);

    /// Lends an inflater: the one that is kept, or a new one.
    std::unique_ptr<Inflater> lend();
    /// Keeps it, if there is none.
    void give_back(std::unique_ptr<Inflater> inflater);

    /// Where inflated bytes lie, until somebody else wants it. There is room for a delimiter behind them.
    [[nodiscard]] std::span<std::byte> space() { return std::span(space_).first(most_inflated); }

private:
    std::array<std::unique_ptr<Deflater>, 16> deflaters_;  ///< by their window
    std::unique_ptr<Inflater> spare_;
    std::vector<std::byte> space_ = std::vector<std::byte>(most_inflated + 1);
};

/// The compressed messages of one client. While one is under way it has borrowed an inflater of the loop's, else it
/// owns nothing.
class Inflation {
public:
    explicit Inflation(Compressors& shared) : shared_(shared) {}
    Inflation(const Inflation&) = delete;
    Inflation& operator=(const Inflation&) = delete;

    struct Step {
        std::span<const std::byte> made;  ///< in the loop's memory, with room for one byte behind it
        std::size_t taken;                ///< of the input, in bytes
        bool sound;                       ///< false: this is no DEFLATE, or not all of it
        bool done;                        ///< all was taken, and nothing more comes of it
    };
    /// Inflates some of `bytes`, the message's next, and makes no more than `most` bytes, 1 or more. `ends`: they are
    /// its last; with `done` its end is in order then, and the inflater given back.
    Step step(std::span<const std::byte> bytes, bool ends, std::size_t most);

private:
    bool ends_whole(std::span<std::byte> space);

    Compressors& shared_;
    std::unique_ptr<Inflater> inflater_;  ///< nullptr: no message is under way
};

}  // namespace wsinetd::websocket
