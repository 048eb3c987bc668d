#pragma once  // TLS: the handshake and the records of one connection, straight on its descriptor.
#include <cstdint>

#include "net/descriptor.hpp"
#include "net/tls_context.hpp"
#include "net/tls_wire.hpp"

struct ssl_st;

namespace wsinetd::net {

/// What one attempt at a handshake came to.
struct TlsHandshake {
    enum class State {
        done,
        would_block,
        plain_http,  ///< the client speaks HTTP without TLS, and can be answered so
        refused,     ///< by either side; an alert may be on its way to the client
        lost,        ///< the client is gone
    };
    State state;
    std::string why;  ///< with `refused`
};

/// Of one session, beside the bytes to be written themselves, which are kept as records: a record that has come in
/// part, an answer to a key update that has gone in part, what records add, and OpenSSL's own state (14 KiB).
inline constexpr std::size_t tls_keeps_at_most =
    2 * (16 * 1024 + 512) + records_at_once * (largest_record - largest_payload) + 16 * 1024;

/// One connection's TLS, straight on its descriptor. Attempts never block; after `would_block`, and between two reads,
/// `to_read` and `to_write` tell what to wait for.
class TlsSession {
public:
    enum class Wait : std::uint8_t { none, readable, writable };

    /// `fd` is a connected, non-blocking socket, and outlives this.
    TlsSession(const TlsContext& context, int fd);
    ~TlsSession();
    TlsSession(const TlsSession&) = delete;
    TlsSession& operator=(const TlsSession&) = delete;

    /// To be waited for as a read.
    TlsHandshake handshake();

    /// A short read has taken everything that OpenSSL holds, for what lies there wakes nobody. `end`: close_notify or
    /// FIN.
    Transfer read(std::span<std::byte> space);
    /// What is not taken whole must be the beginning of the next write, wherever it lies then. While records wait for
    /// the socket, that is one byte at least: all that a caller keeps of bytes that have become records.
    Transfer write(std::span<const std::byte> bytes);
    /// No more will be sent (RFC 8446, 6.1). Only tried: where the socket takes no more, FIN has to do.
    void close_notify();

    /// What must come before the next read is worth trying. None: more is known already.
    [[nodiscard]] Wait to_read() const { return to_read_; }
    [[nodiscard]] Wait to_write() const { return to_write_; }

    /// Whose certificate the client has shown (RFC 2253), one that an authority of TlsFiles::client_ca has signed;
    /// nothing where none was asked for.
    [[nodiscard]] std::optional<std::string> client_subject() const;

    /// Bytes the socket has taken so far: records, handshake and all.
    [[nodiscard]] std::uint64_t sent() const { return wire_.sent(); }
    /// The same with the records that wait for the socket.
    [[nodiscard]] std::uint64_t made() const { return wire_.made(); }

private:
    bool begin();
    Transfer outcome(int result, Wait& wait);
    Transfer make_records(std::span<const std::byte> bytes);
    Transfer after(TlsWire::Sent sent, std::size_t done);

    TlsWire wire_;
    ssl_ctx_st* rules_;      ///< until there is the next
    ssl_st* ssl_ = nullptr;  ///< from the client's first record on: the silent and the slow cost nothing before it
    bool owing_ = false;     ///< the first byte of the next write is in a record already
    int error_ = 0;          ///< errno of what broke the connection; OpenSSL must not be asked again
    Wait to_read_ = Wait::readable;
    Wait to_write_ = Wait::writable;
};

}  // namespace wsinetd::net
