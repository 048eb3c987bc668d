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
/// Of each side that takes its window over: what one session can afford.
inline constexpr int takeover_window_bits = 12;
/// A shorter message is sent as it is: it would hardly be smaller, or even larger.
inline constexpr std::size_t least_deflated = 128;
/// The same where the messages before it help.
inline constexpr std::size_t least_deflated_with_takeover = 16;
/// The most that is compressed in one go, in bytes.
inline constexpr std::size_t most_deflated = 25 * 1024;
/// The same by a session's own compressor.
inline constexpr std::size_t most_deflated_with_takeover = 8 * 1024;
/// The most that is inflated in one go, in bytes: so much of a message is judged before any of it is handed on.
inline constexpr std::size_t most_inflated = 32 * 1024;

/// Whether a part may refer to what was compressed before it.
enum class Takeover { no, yes };

/// Makes messages smaller, part by part. A part ends at a byte, so that it is a string of DEFLATE blocks for itself
/// (RFC 1951): those of a message, one behind the other, are the message's. Without takeover a part refers to nothing
/// before it: nothing is kept between two calls, and one deflater serves all the connections of a loop, in whatever
/// order their parts come. With it, all that was compressed must be sent, in order, to one client.
class Deflater {
public:
    /// `window_bits`: 9 to 15, with takeover at most `takeover_window_bits`. `space`, for at least `most_part()` bytes,
    /// outlives this. Throws std::bad_alloc.
    Deflater(int window_bits, std::span<std::byte> space, Takeover takeover = Takeover::no);

    /// What one with takeover is at most, in bytes: its window and chains, its buffer of symbols, and zlib's state.
    static constexpr std::size_t memory_with_takeover =
        (std::size_t{1} << (takeover_window_bits + 2)) + (1 << (4 + 9)) + 7 * 1024;

    [[nodiscard]] bool takes_over() const { return takeover_ == Takeover::yes; }
    /// Messages below this, in bytes, are better sent as they are.
    [[nodiscard]] std::size_t least_message() const {
        return takes_over() ? least_deflated_with_takeover : least_deflated;
    }
    /// The most that is compressed in one go, in bytes.
    [[nodiscard]] std::size_t most_part() const { return takes_over() ? most_deflated_with_takeover : most_deflated; }

    /// Compresses `part`, at most `most_part()` bytes, to the front of `out`, which has room for `most(part.size())`.
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
    std::span<std::byte> space_;
    Takeover takeover_;
};

/// RFC 7692, 7.1.2.
inline constexpr int largest_window_bits = 15;

/// Inflates one message after the other. Whatever comes, it is bounded by the space it is given.
class Inflater {
public:
    /// What one is at most, in bytes: zlib's state and its window.
    static constexpr std::size_t memory(int window_bits) { return (std::size_t{1} << window_bits) + 9 * 1024; }

    /// `window_bits`: at least what the client compresses with. Throws std::bad_alloc.
    explicit Inflater(int window_bits = largest_window_bits);

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
    /// One for a session of its own, which takes over from message to message, and which this outlives.
    [[nodiscard]] std::unique_ptr<Deflater> own_deflater(int window_bits) {
        return std::make_unique<Deflater>(window_bits, part_, Takeover::yes);
    }

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
    std::vector<std::byte> part_ = std::vector<std::byte>(most_deflated);
};

/// The compressed messages of one client. Without takeover, while one is under way it has borrowed an inflater of the
/// loop's, else it owns nothing. With it, it keeps one, with a window of `takeover_window_bits`.
class Inflation {
public:
    explicit Inflation(Compressors& shared, Takeover takeover = Takeover::no) : shared_(shared), takeover_(takeover) {}
    Inflation(const Inflation&) = delete;
    Inflation& operator=(const Inflation&) = delete;

    struct Step {
        std::span<const std::byte> made;  ///< in the loop's memory, with room for one byte behind it
        std::size_t taken;                ///< of the input, in bytes
        bool sound;                       ///< false: this is no DEFLATE, or not all of it
        bool done;                        ///< all was taken, and nothing more comes of it
    };
    /// Inflates some of `bytes`, the message's next, and makes no more than `most` bytes, 1 or more. `ends`: they are
    /// its last; with `done` its end is in order then, and a borrowed inflater given back.
    Step step(std::span<const std::byte> bytes, bool ends, std::size_t most);

private:
    bool ends_whole(std::span<std::byte> space);

    Compressors& shared_;
    Takeover takeover_;
    std::unique_ptr<Inflater> inflater_;  ///< nullptr: no message is under way, or none has come yet
};

}  // namespace wsinetd::websocket
