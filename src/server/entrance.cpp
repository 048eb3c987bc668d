#include "server/entrance.hpp"

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace wsinetd::server {
namespace {

using namespace std::chrono_literals;

constexpr auto complaint_interval = 1s;

}  // namespace

Porch::Porch(net::Executor executor) : epoll_(executor, net::new_epoll()) {}

std::optional<std::size_t> Porch::called() const {
    epoll_event event{};
    if (::epoll_wait(epoll_.fd(), &event, 1, 0) != 1) return std::nullopt;
    const std::uint64_t door = event.data.u64;  // the structure is packed: nothing may refer into it
    return door;
}

/// Every porch knows every door from the start, so that handing one on is a single call.
void Entrance::open(std::vector<Porch*> porches) {
    const std::lock_guard lock(mutex_);
    porches_ = std::move(porches);
    open_ = true;
    for (std::size_t door = 0; door < doors_.size(); ++door) {
        for (const Porch* porch : porches_) {
            epoll_event event{};
            event.events = EPOLLONESHOT;
            event.data.u64 = door;
            if (::epoll_ctl(porch->epoll_.fd(), EPOLL_CTL_ADD, doors_[door].listener->fd(), &event) != 0)
                throw std::system_error(errno, std::generic_category(), "epoll_ctl");
        }
        mind(door, *porches_[door % porches_.size()]);
    }
}

std::optional<Entrance::Guest> Entrance::let_in(std::size_t number, Porch& porch) {
    const std::lock_guard lock(mutex_);
    if (!open_) return std::nullopt;
    const Door& door = doors_[number];
    if (!take_slot()) {
        unattended_.push_back(number);
        return std::nullopt;
    }
    const int fd = door.listener->accept();
    const int error = errno;
    if (fd < 0) {
        connections_.give_back();
        if (error == EAGAIN || error == ECONNABORTED || error == EINTR) {  // it has gone, or somebody else has it
            mind(number, porch);
        } else {  // the listener's or the system's trouble, which stays for a while
            unattended_.push_back(number);
            net::asio::post(main_, [this, error] { rest(error); });
        }
        return std::nullopt;
    }
    accepted_.fetch_add(1, std::memory_order_relaxed);
    porch.more();
    mind(number, emptiest());
    return Guest{fd, door.service, door.proxied};
}

void Entrance::turn_away(const Guest& guest, Porch& porch) {
    ::close(guest.fd);
    porch.less();
    connections_.give_back();
}

/// Without one `make_way` will be called for the next that is given back.
bool Entrance::take_slot() {
    if (connections_.take()) return true;
    connections_.await_room();
    return connections_.take();
}

void Entrance::mind(std::size_t door, Porch& porch) {
    epoll_event event{};
    event.events = EPOLLIN | EPOLLONESHOT;
    event.data.u64 = door;
    ::epoll_ctl(porch.epoll_.fd(), EPOLL_CTL_MOD, doors_[door].listener->fd(), &event);
}

Porch& Entrance::emptiest() {
    return **std::ranges::min_element(porches_, {}, [](const Porch* porch) { return porch->load(); });
}

void Entrance::make_way() {
    const std::lock_guard lock(mutex_);
    if (!open_) return;
    for (const std::size_t door : std::exchange(unattended_, {})) mind(door, emptiest());
}

/// Lets some time pass in which descriptors may become free, and says so at most once a second.
void Entrance::rest(int error) {
    if (!open_) return;
    const net::TimePoint now = net::Clock::now();
    if (now - complained_ >= complaint_interval) {
        complained_ = now;
        log_.write(log::Level::error, "cannot accept connections", {{"why", std::generic_category().message(error)}});
    }
    pause_.expires_after(net::Listener::exhausted_pause);
    pause_.async_wait([this](const boost::system::error_code& called_off) {
        if (!called_off) make_way();
    });
}

void Entrance::close() {
    const std::lock_guard lock(mutex_);
    open_ = false;
    pause_.cancel();
    for (const Door& door : doors_) door.listener->close();
}

void Entrance::clear() {
    close();
    doors_.clear();
}

}  // namespace wsinetd::server
