#include "net/mailbox.hpp"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <system_error>

namespace wsinetd::net {
namespace {

int checked(int fd, const char* what) {
    if (fd < 0) throw std::system_error(errno, std::generic_category(), what);
    return fd;
}

}  // namespace

Mailbox::Mailbox(Executor executor)
    : bell_(checked(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd")),
      watch_(executor, checked(::fcntl(bell_, F_DUPFD_CLOEXEC, 0), "eventfd")) {}

Mailbox::~Mailbox() { ::close(bell_); }

void Mailbox::post(std::function<void()> call) {
    // With the bell under the lock: once it is free, the loop may have taken the call and ended.
    const std::lock_guard lock(mutex_);
    const bool first = calls_.empty();
    calls_.push_back(std::move(call));
    if (first) ::eventfd_write(bell_, 1);
}

awaitable<void> Mailbox::run() {
    while (watch_.is_open()) {
        co_await watch_.readable();
        std::uint64_t rings = 0;
        if (watch_.is_open()) watch_.read(std::as_writable_bytes(std::span(&rings, 1)));
        for (const auto& call : take()) call();
    }
}

Mailbox::Calls Mailbox::take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(calls_, {});
}

}  // namespace wsinetd::net
