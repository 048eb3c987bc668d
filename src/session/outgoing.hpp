#pragma once  // The way to the client: one writer, and what its socket would not take at once.
#include <functional>

#include "net/nursery.hpp"
#include "net/stream.hpp"
#include "websocket/frames.hpp"
#include "websocket/sender.hpp"

namespace wsinetd::session {

/// Writes frames to a client's socket. What the kernel does not take is kept and written by a task of its own, which
/// then takes the control frames that wait; nobody else writes meanwhile.
class Outgoing {
public:
    /// `eased`: everything kept has been written, or writing has failed.
    Outgoing(net::Stream& stream, net::Nursery& nursery, websocket::Opcode type, std::function<void()> eased)
        : stream_(stream), nursery_(nursery), sender_(type), eased_(std::move(eased)) {}

    /// Where pieces become frames.
    websocket::Sender& sender() { return sender_; }

    /// Whether something is kept: then `write` must wait for `eased`.
    [[nodiscard]] bool blocked() const { return flushing_; }

    /// Writes whole frames. False: the client would not take all of it, the rest is kept.
    bool write(std::span<const std::byte> frames);

    void ping();
    void close(std::optional<std::uint16_t> code, std::string_view reason);

    /// Whether the Close frame, once asked for, has left for the kernel.
    [[nodiscard]] bool close_written() const { return close_asked_ && !flushing_; }
    /// The socket refused: the client is gone.
    [[nodiscard]] bool failed() const { return failed_; }

    /// Positions in the stream of bytes to the client, see Keepalive::View. Under TLS they count the bytes of records,
    /// as the kernel does: only so does `delivered` grow exactly when the peer acknowledges something. What is kept is
    /// counted bare, without the records it will be in, and a ping behind it is taken for delivered when all but some
    /// hundred bytes are.
    [[nodiscard]] std::uint64_t queued() const { return stream_.position(written_) + kept_.size() - kept_from_; }
    [[nodiscard]] std::uint64_t delivered() {
        return stream_.is_open() ? std::min(queued(), stream_.acknowledged(written_)) : written_;
    }
    /// Bytes of frames the kernel has taken.
    [[nodiscard]] std::uint64_t written() const { return written_; }

private:
    void write_controls();
    std::size_t try_write(std::span<const std::byte> frames);
    net::awaitable<void> flush();
    [[nodiscard]] bool flush_some();

    net::Stream& stream_;
    net::Nursery& nursery_;
    websocket::Sender sender_;
    std::function<void()> eased_;
    std::vector<std::byte> kept_;
    std::size_t kept_from_ = 0;
    std::uint64_t written_ = 0;
    bool flushing_ = false;
    bool close_asked_ = false;
    bool failed_ = false;
};

}  // namespace wsinetd::session
