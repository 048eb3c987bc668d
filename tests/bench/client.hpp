#pragma once  // A WebSocket client that is never the slow one: large reads, prepared writes, every byte compared.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "pattern.hpp"
#include "tls_channel.hpp"

namespace wsinetd::bench {

/// What arrived is not what should have; the one thing that makes the benchmark fail.
struct WrongBytes : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// Nothing moved for `patience`, or the whole took longer than it may.
struct Hung : std::runtime_error {
    using std::runtime_error::runtime_error;
};

inline constexpr int patience_ms = 3000;

/// Seconds of a steady clock.
double now();

/// Ends a measurement that goes on and on although something moves.
class Limit {
public:
    explicit Limit(double seconds) : end_(now() + seconds) {}
    void check() const;

private:
    double end_;
};

/// An upgraded connection to 127.0.0.1, plain or under TLS. Every wait ends after `patience_ms` by Hung.
class Connection {
public:
    /// Connects and upgrades, checking Sec-WebSocket-Accept; throws Hung or std::runtime_error.
    explicit Connection(std::uint16_t port, bool secure = false);
    ~Connection();
    Connection(Connection&& other) noexcept;
    Connection& operator=(Connection&&) = delete;

    enum class Wait { yes, no };

    /// Bytes read into `buffer`; 0 is the end, by FIN or reset. With Wait::no, -1: there is nothing now.
    std::ptrdiff_t receive(std::span<std::byte> buffer, Wait wait);

    /// Bytes sent; with Wait::no, 0: the server takes nothing now. Throws std::runtime_error when it has gone.
    std::size_t send(std::span<const std::byte> bytes, Wait wait);

    /// Until something can be read, or sent where `to_send`.
    void wait(bool to_send);

    /// A Close frame, code 1000, for what can no longer be sent in a measurement; errors do not matter.
    void send_close();

    /// Answers the server's Close or sends ours, and reads until the end, a second at most.
    void finish();

    /// Resets the connection.
    void reset();

    int descriptor() const { return fd_; }

private:
    void open(std::uint16_t port);
    void upgrade(std::uint16_t port);

    int fd_ = -1;
    std::unique_ptr<TlsChannel> tls_;  // nullptr: plain
    std::string early_;                // what came behind the reply's head
};

/// Reads frames and compares their payload with the beginning of a pattern. Keeps a reference to the pattern.
class Checker {
public:
    /// Expects `messages` of the pattern, as text where it has lines and as binary where not.
    Checker(const Pattern& pattern, std::uint64_t messages);

    /// Throws WrongBytes at the first wrong byte, frame type or message boundary, and at data beyond what is expected.
    void take(std::span<const std::byte> bytes);

    /// Whole messages that arrived so far; in a stream without boundaries, as many as the bytes make.
    std::uint64_t messages() const;
    bool done() const { return messages() >= expected_; }
    bool closed() const { return closed_; }

private:
    std::size_t take_small_frames(std::span<const std::byte> bytes);
    std::size_t take_header(std::span<const std::byte> bytes);
    std::size_t take_payload(std::span<const std::byte> bytes);
    void begin_frame();
    void end_message();
    void compare(const std::byte* bytes, std::size_t size);
    [[noreturn]] void fail(const std::string& what) const;

    const Pattern& pattern_;
    const std::uint64_t expected_;
    std::uint64_t messages_ = 0;
    std::uint64_t bytes_ = 0;
    std::size_t cursor_ = 0;  // in the pattern's block
    std::byte header_[14];
    std::size_t header_size_ = 0;
    std::uint64_t left_ = 0;  // of the payload under way
    unsigned opcode_ = 0;
    bool fin_ = true, in_payload_ = false, in_message_ = false, closed_ = false;
};

/// Frames masked in advance, to be sent over and over. The messages must be of one size.
class Outbox {
public:
    explicit Outbox(const Pattern& pattern);

    /// What to send next when `sent` bytes are on their way and `messages` may be altogether; empty: nothing now.
    std::span<const std::byte> next(std::uint64_t sent, std::uint64_t messages) const;
    std::size_t frame_bytes() const { return frame_bytes_; }

private:
    std::vector<std::byte> wire_;
    std::size_t frame_bytes_;
};

}  // namespace wsinetd::bench
