#pragma once  // A client's connection: TCP or unix socket.
#include "net/descriptor.hpp"
#include "net/pump.hpp"

namespace wsinetd::net {

/// Where a connection comes from and arrives at. Addresses are numeric, without brackets; empty on a unix socket.
struct Endpoints {
    std::string remote_address;
    std::string local_address;
    std::uint16_t remote_port = 0;
    std::uint16_t local_port = 0;
    std::vector<std::uint8_t> local_bytes;  ///< the local address as 4 or 16 bytes; empty on a unix socket
    bool unix_socket = false;
};

/// A connected socket of the loop.
class Stream {
public:
    Stream(Executor executor, int fd) : socket_(executor, fd) {}
    ~Stream() { close(); }

    awaitable<Descriptor::Outcome> readable() { return socket_.readable(); }
    awaitable<Descriptor::Outcome> writable() { return socket_.writable(); }
    /// For a pump that is to read next.
    Pump::Next until_readable() { return {Pump::Next::Wait::readable, &socket_}; }
    Transfer read(std::span<std::byte> space) { return socket_.read(space); }
    Transfer write(std::span<const std::byte> bytes) { return socket_.write(bytes); }

    /// No more will be sent: FIN follows the data.
    void shutdown_send();

    /// Bytes written but not yet acknowledged by the peer's kernel (SIOCOUTQ).
    [[nodiscard]] std::size_t unacknowledged();

    void close();

    [[nodiscard]] bool is_open() const { return socket_.is_open(); }
    [[nodiscard]] int fd() const { return socket_.fd(); }
    [[nodiscard]] Endpoints endpoints();

private:
    Descriptor socket_;
};

}  // namespace wsinetd::net
