#include "net/stream.hpp"

#include <arpa/inet.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace wsinetd::net {
namespace {

struct Address {
    std::string text;
    std::uint16_t port = 0;
    std::vector<std::uint8_t> bytes;
    bool unix_socket = false;
};

Address address_of(const sockaddr_storage& storage) {
    Address address;
    char text[INET6_ADDRSTRLEN] = {};
    const auto read = [&](const void* bytes, std::size_t size, in_port_t port) {
        address.text = ::inet_ntop(size == sizeof(in_addr) ? AF_INET : AF_INET6, bytes, text, sizeof text);
        address.port = ntohs(port);
        address.bytes.resize(size);
        std::memcpy(address.bytes.data(), bytes, size);
    };
    if (storage.ss_family == AF_INET) {
        const auto& in = reinterpret_cast<const sockaddr_in&>(storage);
        read(&in.sin_addr, sizeof in.sin_addr, in.sin_port);
    } else if (storage.ss_family == AF_INET6) {
        const auto& in6 = reinterpret_cast<const sockaddr_in6&>(storage);
        // An IPv4 client of an IPv6 socket, as a service manager may hand one over: RFC 4291, 2.5.5.2.
        constexpr std::size_t before_v4 = sizeof(in6_addr) - sizeof(in_addr);
        if (IN6_IS_ADDR_V4MAPPED(&in6.sin6_addr))
            read(in6.sin6_addr.s6_addr + before_v4, sizeof(in_addr), in6.sin6_port);
        else
            read(&in6.sin6_addr, sizeof in6.sin6_addr, in6.sin6_port);
    } else {
        address.unix_socket = true;
    }
    return address;
}

}  // namespace

void Stream::begin_tls(const TlsContext& context) { tls_ = std::make_unique<TlsSession>(context, fd()); }

awaitable<void> Stream::wait(TlsSession::Wait what) {
    switch (what) {
        case TlsSession::Wait::none: break;
        case TlsSession::Wait::readable: co_return co_await socket_.readable();
        case TlsSession::Wait::writable: co_return co_await socket_.writable();
    }
}

Pump::Next Stream::until_readable() {
    using Wait = Pump::Next::Wait;
    switch (tls_ ? tls_->to_read() : TlsSession::Wait::readable) {
        case TlsSession::Wait::none: return {Wait::others};
        case TlsSession::Wait::readable: return {Wait::readable, &socket_};
        case TlsSession::Wait::writable: return {Wait::writable, &socket_};
    }
    return {Wait::over};
}

Transfer Stream::send_file(int file, std::uint64_t offset, std::size_t count, std::span<std::byte> space) {
    auto from = static_cast<off_t>(offset);
    const ssize_t sent =
        tls_ ? ::pread(file, space.data(), std::min(count, space.size()), from) : ::sendfile(fd(), file, &from, count);
    const auto count_read = static_cast<std::size_t>(std::max<ssize_t>(sent, 0));
    if (sent > 0 && tls_) return tls_->write(space.first(count_read));
    if (sent > 0) return {Transfer::State::moved, count_read};
    if (sent == 0) return {Transfer::State::end};
    if (!tls_ && (errno == EAGAIN || errno == EINTR)) return {Transfer::State::would_block};
    return {Transfer::State::failed, 0, errno};
}

void Stream::shutdown_send() {
    if (std::exchange(shut_down_, true)) return;
    if (tls_) tls_->close_notify();
    ::shutdown(fd(), SHUT_WR);
}

std::uint64_t Stream::acknowledged(std::uint64_t written) {
    int waiting = 0;
    if (::ioctl(fd(), SIOCOUTQ, &waiting) != 0 || waiting < 0) waiting = 0;
    const std::uint64_t sent = tls_ ? tls_->sent() : written;
    return sent - std::min(sent, static_cast<std::uint64_t>(waiting));
}

void Stream::close() {
    if (!socket_.is_open()) return;
    shutdown_send();
    tls_.reset();  // it knows the descriptor by its number, which may be another's soon
    socket_.close();
}

Endpoints Stream::endpoints() {
    sockaddr_storage remote{};
    sockaddr_storage local{};
    socklen_t size = sizeof remote;
    const bool connected = ::getpeername(fd(), reinterpret_cast<sockaddr*>(&remote), &size) == 0;
    size = sizeof local;
    ::getsockname(fd(), reinterpret_cast<sockaddr*>(&local), &size);
    Address there = address_of(remote);
    Address here = address_of(local);
    return {std::move(there.text), std::move(here.text), there.port, here.port,
            std::move(here.bytes), here.unix_socket, connected};
}

}  // namespace wsinetd::net
