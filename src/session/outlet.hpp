#pragma once  // The way to the client: one writer, and what its socket would not take at once.
#include <functional>

#include "net/nursery.hpp"
#include "net/stream.hpp"

namespace wsinetd::session {

/// Writes bytes to a client's socket. What the kernel does not take is kept and written by a task of its own, which
/// then asks for what else waits; nobody else writes meanwhile.
class Outlet {
public:
    /// `eased`: everything kept has been written, or writing has failed. `more`: what is to follow it, if anything.
    Outlet(net::Stream& stream, net::Nursery& nursery, std::function<void()> eased,
           std::function<std::vector<std::byte>()> more = {})
        : stream_(stream), nursery_(nursery), eased_(std::move(eased)), more_(std::move(more)) {}

    /// Whether something is kept: then `write` must wait for `eased`.
    [[nodiscard]] bool blocked() const { return flushing_; }

    /// False: the client would not take all of it, the rest is kept.
    bool write(std::span<const std::byte> bytes);

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
    /// Bytes the kernel has taken.
    [[nodiscard]] std::uint64_t written() const { return written_; }

private:
    std::size_t try_write(std::span<const std::byte> bytes);
    net::awaitable<void> flush();
    [[nodiscard]] bool flush_some();

    net::Stream& stream_;
    net::Nursery& nursery_;
    std::function<void()> eased_;
    std::function<std::vector<std::byte>()> more_;
    std::vector<std::byte> kept_;
    std::size_t kept_from_ = 0;
    std::uint64_t written_ = 0;
    bool flushing_ = false;
    bool failed_ = false;
};

}  // namespace wsinetd::session
