#include "net/descriptor.hpp"

#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace wsinetd::net {
namespace {

// Without the C library's preparations for pthread_cancel, two locked instructions around each call: nobody cancels.
// The sanitizers have to see the calls.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || defined(__clang__)
ssize_t read_some(int fd, std::span<std::byte> space) { return ::read(fd, space.data(), space.size()); }
ssize_t write_some(int fd, std::span<const std::byte> bytes) { return ::write(fd, bytes.data(), bytes.size()); }
#else
ssize_t read_some(int fd, std::span<std::byte> space) { return ::syscall(SYS_read, fd, space.data(), space.size()); }
ssize_t write_some(int fd, std::span<const std::byte> bytes) {
    return ::syscall(SYS_write, fd, bytes.data(), bytes.size());
}
#endif

}  // namespace

int new_epoll() {
    const int fd = ::epoll_create1(EPOLL_CLOEXEC);
    if (fd < 0) throw std::system_error(errno, std::generic_category(), "epoll_create1");
    return fd;
}

void Descriptor::join_loop() {
    if (is_open() && !descriptor_.is_open()) descriptor_.assign(fd_);
}

awaitable<Descriptor::Outcome> Descriptor::readable() {
    join_loop();
    return descriptor_.async_wait(Native::wait_read, as_outcome);
}

awaitable<Descriptor::Outcome> Descriptor::writable() {
    join_loop();
    return descriptor_.async_wait(Native::wait_write, as_outcome);
}

Transfer Descriptor::read(std::span<std::byte> space) {
    const ssize_t count = read_some(fd(), space);
    if (count > 0) return {Transfer::State::moved, static_cast<std::size_t>(count)};
    if (count == 0) return {Transfer::State::end};
    if (errno == EAGAIN || errno == EINTR) return {Transfer::State::would_block};
    return {Transfer::State::failed, 0, errno};
}

Transfer Descriptor::write(std::span<const std::byte> bytes) {
    const ssize_t count = write_some(fd(), bytes);
    if (count >= 0) return {Transfer::State::moved, static_cast<std::size_t>(count)};
    if (errno == EAGAIN || errno == EINTR) return {Transfer::State::would_block};
    return {Transfer::State::failed, 0, errno};
}

void Descriptor::close() {
    if (!is_open()) return;
    if (descriptor_.is_open()) descriptor_.release();
    ::close(std::exchange(fd_, -1));
}

}  // namespace wsinetd::net
