#include "net/hang_up.hpp"

#include <poll.h>
#include <sys/epoll.h>

namespace wsinetd::net {

HangUps::HangUps(Executor executor) : epoll_(executor, new_epoll()) {}

awaitable<void> HangUps::run() {
    while (epoll_.is_open()) {
        co_await epoll_.readable();
        epoll_event event{};
        // One at a time: a callback may destroy the watch of the next.
        while (epoll_.is_open() && ::epoll_wait(epoll_.fd(), &event, 1, 0) == 1) {
            const auto hung_up = static_cast<HangUpWatch*>(event.data.ptr)->hung_up_;
            hung_up();
        }
    }
}

HangUpWatch::HangUpWatch(HangUps& hang_ups, int fd, std::function<void()> hung_up)
    : hang_ups_(hang_ups), fd_(fd), hung_up_(std::move(hung_up)) {
    epoll_event event{};
    event.events = EPOLLRDHUP | EPOLLONESHOT;
    event.data.ptr = this;
    ::epoll_ctl(hang_ups_.epoll_.fd(), EPOLL_CTL_ADD, fd_, &event);
}

HangUpWatch::~HangUpWatch() {
    if (hang_ups_.epoll_.is_open()) ::epoll_ctl(hang_ups_.epoll_.fd(), EPOLL_CTL_DEL, fd_, nullptr);
}

bool was_reset(int fd) {
    pollfd socket{fd, 0, 0};
    return ::poll(&socket, 1, 0) == 1 && (socket.revents & POLLERR) != 0;
}

}  // namespace wsinetd::net
