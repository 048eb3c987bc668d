#pragma once  // Bound sockets: TCP and unix.
#include <sys/types.h>

#include <cstdint>
#include <system_error>

#include "net/descriptor.hpp"

namespace wsinetd::net {

/// An address to bind a TCP socket to: IPv4 or IPv6, numeric, without brackets.
struct TcpAddress {
    std::string address;
    std::uint16_t port;
};

/// How long a peer may leave data unacknowledged (TCP_USER_TIMEOUT); 0 for the kernel's own measure. Of a TCP socket;
/// any other has no such thing.
void limit_silence(int socket, Milliseconds silence);

/// A socket that listens. Accepted sockets inherit its options.
class Listener {
public:
    /// To leave between two tries when descriptors or memory have run out: it stays readable meanwhile.
    static constexpr Milliseconds exhausted_pause{50};

    /// `silence` as for `limit_silence`. Throws std::system_error.
    static std::unique_ptr<Listener> tcp(Executor executor, const TcpAddress& address, Milliseconds silence);

    /// Replaces a socket file that nobody listens on; a live one is EADDRINUSE. The file is removed with the listener.
    static std::unique_ptr<Listener> unix_socket(Executor executor, const std::string& path, unsigned mode);

    /// A socket that listens already, as a service manager hands it over; owned from here on, its file is not.
    static std::unique_ptr<Listener> passed(Executor executor, int fd, Milliseconds silence);

    ~Listener();

    awaitable<void> readable() { return socket_.readable(); }
    /// A connected socket, closed on exec and non-blocking; below 0 with errno set where there is none.
    int accept();

    void close() { socket_.close(); }
    [[nodiscard]] int fd() const { return socket_.fd(); }

    /// The port really bound; 0 for a unix socket.
    [[nodiscard]] std::uint16_t port() const { return port_; }
    /// `127.0.0.1:80`, `[::1]:80`, `unix:PATH`.
    [[nodiscard]] const std::string& name() const { return name_; }

private:
    Listener(Executor executor, int fd, std::string name, std::uint16_t port)
        : socket_(executor, fd), name_(std::move(name)), port_(port) {}

    Descriptor socket_;
    std::string name_;
    std::uint16_t port_;
    std::string path_;                             ///< of a unix socket
    std::optional<std::pair<dev_t, ino_t>> file_;  ///< and what it named when it was bound
};

/// Makes a connected socket that was handed over like one that a listener has accepted. Throws std::system_error,
/// ENOTCONN where it is something else.
void prepare_connection(int fd, Milliseconds silence);

}  // namespace wsinetd::net
