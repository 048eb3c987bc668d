#include "net/listener.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>

namespace wsinetd::net {
namespace {

[[noreturn]] void fail(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

/// In seconds. Three probes fit before TCP_USER_TIMEOUT's default of two ping intervals has its say.
constexpr int keepalive_idle = 30;
constexpr int keepalive_interval = 10;

/// Closes on the way out unless it is released.
class NewSocket {
public:
    explicit NewSocket(int family) : fd_(::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
        if (fd_ < 0) fail("socket");
    }
    ~NewSocket() {
        if (fd_ >= 0) ::close(fd_);
    }
    NewSocket(const NewSocket&) = delete;
    NewSocket& operator=(const NewSocket&) = delete;
    [[nodiscard]] int get() const { return fd_; }
    int release() { return std::exchange(fd_, -1); }

private:
    int fd_;
};

struct SocketAddress {
    sockaddr_storage storage{};
    socklen_t size = 0;
};

SocketAddress to_socket_address(const TcpAddress& wanted) {
    SocketAddress result;
    auto& in = reinterpret_cast<sockaddr_in&>(result.storage);
    auto& in6 = reinterpret_cast<sockaddr_in6&>(result.storage);
    if (::inet_pton(AF_INET, wanted.address.c_str(), &in.sin_addr) == 1) {
        in.sin_family = AF_INET;
        in.sin_port = htons(wanted.port);
        result.size = sizeof in;
    } else if (::inet_pton(AF_INET6, wanted.address.c_str(), &in6.sin6_addr) == 1) {
        in6.sin6_family = AF_INET6;
        in6.sin6_port = htons(wanted.port);
        result.size = sizeof in6;
    } else {
        errno = EINVAL;
        fail("address");
    }
    return result;
}

void set_option(int fd, int level, int name, int value) {
    if (::setsockopt(fd, level, name, &value, sizeof value) != 0) fail("setsockopt");
}

void set_tcp_options(int fd, Milliseconds silence) {
    set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    limit_silence(fd, silence);
    // For what has no pings of its own, as a CGI program that is quiet: a client's host that has vanished is noticed.
    set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
    set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, keepalive_idle);
    set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, keepalive_interval);
}

SocketAddress bound_address(int fd) {
    SocketAddress result;
    result.size = sizeof result.storage;
    if (::getsockname(fd, reinterpret_cast<sockaddr*>(&result.storage), &result.size) != 0) fail("getsockname");
    return result;
}

std::uint16_t port_of(const sockaddr_storage& storage) {
    return ntohs(storage.ss_family == AF_INET ? reinterpret_cast<const sockaddr_in&>(storage).sin_port
                                              : reinterpret_cast<const sockaddr_in6&>(storage).sin6_port);
}

/// As a listener is called; empty for a family that is not ours.
std::string name_of(const SocketAddress& address) {
    char text[INET6_ADDRSTRLEN] = {};
    const sockaddr_storage& storage = address.storage;
    if (storage.ss_family == AF_INET) {
        ::inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in&>(storage).sin_addr, text, sizeof text);
        return std::string(text) + ":" + std::to_string(port_of(storage));
    }
    if (storage.ss_family == AF_INET6) {
        ::inet_ntop(AF_INET6, &reinterpret_cast<const sockaddr_in6&>(storage).sin6_addr, text, sizeof text);
        return "[" + std::string(text) + "]:" + std::to_string(port_of(storage));
    }
    if (storage.ss_family != AF_UNIX) return {};
    const auto& in = reinterpret_cast<const sockaddr_un&>(storage);
    const std::size_t size = address.size - std::min<std::size_t>(address.size, offsetof(sockaddr_un, sun_path));
    if (size > 0 && in.sun_path[0] == '\0') return "unix:@" + std::string(in.sun_path + 1, size - 1);
    return "unix:" + std::string(in.sun_path, ::strnlen(in.sun_path, size));
}

int option_of(int fd, int name) {
    int value = 0;
    socklen_t size = sizeof value;
    if (::getsockopt(fd, SOL_SOCKET, name, &value, &size) != 0) fail("getsockopt");
    return value;
}

void become_ours(int fd) {
    if (::fcntl(fd, F_SETFD, FD_CLOEXEC) != 0 || ::fcntl(fd, F_SETFL, O_NONBLOCK | ::fcntl(fd, F_GETFL)) != 0)
        fail("fcntl");
}

sockaddr_un unix_address(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        fail("path");
    }
    std::memcpy(address.sun_path, path.data(), path.size());
    return address;
}

/// What a path names, whatever is there later.
std::optional<std::pair<dev_t, ino_t>> file_at(const std::string& path) {
    struct stat status {};
    if (::lstat(path.c_str(), &status) != 0) return {};
    return std::pair{status.st_dev, status.st_ino};
}

/// Removes a socket file left behind; one that somebody answers on is in use.
void clear_stale(const std::string& path, const sockaddr_un& address) {
    struct stat status {};
    if (::lstat(path.c_str(), &status) != 0) return;
    if (!S_ISSOCK(status.st_mode)) {
        errno = ENOTSOCK;
        fail("bind");
    }
    NewSocket probe(AF_UNIX);
    if (::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 || errno == EAGAIN) {
        errno = EADDRINUSE;
        fail("bind");
    }
    if (errno != ECONNREFUSED) fail("connect");
    ::unlink(path.c_str());
}

}  // namespace

void limit_silence(int socket, Milliseconds silence) {
    const int milliseconds = static_cast<int>(std::min<long>(silence.count(), 1L << 30));
    ::setsockopt(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, &milliseconds, sizeof milliseconds);
}

std::unique_ptr<Listener> Listener::tcp(Executor executor, const TcpAddress& wanted, Milliseconds silence) {
    const SocketAddress address = to_socket_address(wanted);
    const bool v6 = address.storage.ss_family == AF_INET6;
    NewSocket socket(address.storage.ss_family);
    set_option(socket.get(), SOL_SOCKET, SO_REUSEADDR, 1);
    if (v6) set_option(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, 1);
    set_tcp_options(socket.get(), silence);
    if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address.storage), address.size) != 0) fail("bind");
    if (::listen(socket.get(), SOMAXCONN) != 0) fail("listen");
    const std::uint16_t port = port_of(bound_address(socket.get()).storage);
    const std::string host = v6 ? "[" + wanted.address + "]" : wanted.address;
    return std::unique_ptr<Listener>(new Listener(executor, socket.release(), host + ":" + std::to_string(port), port));
}

std::unique_ptr<Listener> Listener::unix_socket(Executor executor, const std::string& path, unsigned mode) {
    const sockaddr_un address = unix_address(path);
    clear_stale(path, address);
    NewSocket socket(AF_UNIX);
    const mode_t mask = ::umask(static_cast<mode_t>(~mode) & 0777);  // never wider than wanted, not for a moment
    const int bound = ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
    ::umask(mask);
    if (bound != 0) fail("bind");
    if (::chmod(path.c_str(), static_cast<mode_t>(mode)) != 0) fail("chmod");
    if (::listen(socket.get(), SOMAXCONN) != 0) fail("listen");
    std::unique_ptr<Listener> listener(new Listener(executor, socket.release(), "unix:" + path, 0));
    listener->path_ = path;
    listener->file_ = file_at(path);
    return listener;
}

std::unique_ptr<Listener> Listener::passed(Executor executor, int fd, Milliseconds silence) {
    const SocketAddress address = bound_address(fd);
    const std::string name = name_of(address);
    errno = EINVAL;
    if (name.empty() || option_of(fd, SO_TYPE) != SOCK_STREAM || option_of(fd, SO_ACCEPTCONN) == 0) fail("listen");
    const bool tcp = address.storage.ss_family != AF_UNIX;
    if (tcp) set_tcp_options(fd, silence);
    become_ours(fd);
    return std::unique_ptr<Listener>(new Listener(executor, fd, name, tcp ? port_of(address.storage) : 0));
}

/// Somebody else may have taken the path since.
Listener::~Listener() {
    if (file_ && file_ == file_at(path_)) ::unlink(path_.c_str());
}

int Listener::accept() { return ::accept4(socket_.fd(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK); }

void prepare_connection(int fd, Milliseconds silence) {
    SocketAddress peer;
    peer.size = sizeof peer.storage;
    errno = ENOTCONN;
    if (option_of(fd, SO_TYPE) != SOCK_STREAM ||
        ::getpeername(fd, reinterpret_cast<sockaddr*>(&peer.storage), &peer.size) != 0)
        fail("the connection that was handed over");
    if (bound_address(fd).storage.ss_family != AF_UNIX) set_tcp_options(fd, silence);
    become_ours(fd);
}

}  // namespace wsinetd::net
