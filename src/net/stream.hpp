#pragma once  // A client's connection: TCP or unix socket, plain or under TLS.
#include "net/listener.hpp"
#include "net/pump.hpp"
#include "net/tls.hpp"

namespace wsinetd::net {

/// Where a connection comes from and arrives at. Addresses are numeric, without brackets; empty on a unix socket.
struct Endpoints {
    std::string remote_address;
    std::string local_address;
    std::uint16_t remote_port = 0;
    std::uint16_t local_port = 0;
    std::vector<std::uint8_t> local_bytes;  ///< the local address as 4 or 16 bytes; empty on a unix socket
    bool unix_socket = false;
    bool connected = true;  ///< false: the client has reset the connection already, and nobody knows who it was
};

/// A connected socket of the loop. One that is plain pays for TLS with a pointer and a branch.
class Stream {
public:
    Stream(Executor executor, int fd) : socket_(executor, fd) {}
    ~Stream() { close(); }

    /// Before the first byte: what follows is TLS. `handshake` must be done before anything is read or written.
    void begin_tls(const TlsContext& context);
    /// An attempt; after `would_block` it is tried again when the stream is `readable`.
    TlsHandshake handshake() { return tls_->handshake(); }
    /// After a handshake that failed: what is read and written now is plain.
    void abandon_tls() { tls_.reset(); }

    /// See TlsSession; nothing on a plain connection.
    [[nodiscard]] std::optional<std::string> client_subject() const {
        return tls_ ? tls_->client_subject() : std::nullopt;
    }

    /// Until reading is worth another try, which with TLS may be at once, or when something can be written.
    awaitable<void> readable() {
        if (tls_ && tls_->to_read() != TlsSession::Wait::readable) return wait(tls_->to_read());
        return socket_.readable();
    }
    awaitable<void> writable() {
        if (tls_ && tls_->to_write() != TlsSession::Wait::writable) return wait(tls_->to_write());
        return socket_.writable();
    }
    /// The same for a pump that is to read next.
    Pump::Next until_readable();
    /// A short read has emptied the stream.
    Transfer read(std::span<std::byte> space) { return tls_ ? tls_->read(space) : socket_.read(space); }
    /// What is not taken whole must be the beginning of the next write.
    Transfer write(std::span<const std::byte> bytes) { return tls_ ? tls_->write(bytes) : socket_.write(bytes); }

    /// Writes some of a regular file from `offset` on, at most `count` bytes: where there is no TLS without copying
    /// them, else by way of `space`. `end` where the file is not that long. The same rule as for `write`.
    Transfer send_file(int file, std::uint64_t offset, std::size_t count, std::span<std::byte> space);

    /// No more will be sent: close_notify where there is TLS, then FIN, follow the data.
    void shutdown_send();

    /// The position on the wire after `written` bytes of this stream: the same, or with TLS one in the bytes of
    /// records, which is what the kernel counts.
    [[nodiscard]] std::uint64_t position(std::uint64_t written) const { return tls_ ? tls_->made() : written; }
    /// The position up to which the peer's kernel has acknowledged it. (SIOCOUTQ)
    [[nodiscard]] std::uint64_t acknowledged(std::uint64_t written);

    /// How long the peer may leave data unacknowledged (TCP_USER_TIMEOUT); 0 for the kernel's own measure.
    void limit_silence(Milliseconds silence) { net::limit_silence(fd(), silence); }

    void close();

    [[nodiscard]] bool is_open() const { return socket_.is_open(); }
    [[nodiscard]] int fd() const { return socket_.fd(); }
    [[nodiscard]] Endpoints endpoints();

private:
    awaitable<void> wait(TlsSession::Wait what);

    Descriptor socket_;
    std::unique_ptr<TlsSession> tls_;  ///< nullptr: plain, or closed
    bool shut_down_ = false;           ///< for sending
};

}  // namespace wsinetd::net
