#include "net/descriptor.hpp"

#include <unistd.h>

#include <cerrno>

namespace wsinetd::net {

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
    const ssize_t count = ::read(fd(), space.data(), space.size());
    if (count > 0) return {Transfer::State::moved, static_cast<std::size_t>(count)};
    if (count == 0) return {Transfer::State::end};
    if (errno == EAGAIN || errno == EINTR) return {Transfer::State::would_block};
    return {Transfer::State::failed, 0, errno};
}

Transfer Descriptor::write(std::span<const std::byte> bytes) {
    const ssize_t count = ::write(fd(), bytes.data(), bytes.size());
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
