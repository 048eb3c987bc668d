#include "net/poller.hpp"

#include <fcntl.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

#include "net/descriptor.hpp"

namespace wsinetd::net {
namespace {

/// Handlers between two looks at the descriptors: one that posts itself again and again must not keep them waiting.
constexpr int handlers_at_once = 64;
constexpr std::size_t events_at_once = 64;

constexpr Milliseconds longest_wait = std::chrono::hours(1);

}  // namespace

asio::execution_context::id Poller::id;

Poller::Poller(asio::execution_context& context)
    : asio::execution_context::service(context),
      context_(static_cast<asio::io_context&>(context)),
      epoll_(new_epoll()) {}

Poller::~Poller() { ::close(epoll_); }

/// Nobody is called any more: who waited has gone already.
void Poller::shutdown() {
    while (forgotten_ != nullptr) delete std::exchange(forgotten_, forgotten_->next);
    watched_by_asio_.reset();
    timer_.reset();
}

void Poller::run() {
    while (turn(longest_wait)) continue;
}

bool Poller::turn(Milliseconds at_most) {
    runs_ = true;
    if (context_.stopped()) context_.restart();
    run_posted();
    bool more = run_handlers();
    more = end_forgotten() || more;
    if (context_.stopped() && waits_ == 0 && alarm_ == TimePoint::max() && posted_.empty()) return false;
    const Milliseconds patience = std::min(at_most, ring_or_patience());
    wait(more || !posted_.empty() ? Milliseconds(0) : patience);
    return true;
}

void Poller::post(std::function<void()> then) {
    if (!runs_) return asio::post(executor(), std::move(then));
    posted_.push_back(std::move(then));
}

void Poller::run_posted() {
    due_.swap(posted_);
    for (const auto& then : due_) then();
    due_.clear();
}

/// True: there may be more of them.
bool Poller::run_handlers() {
    for (int i = 0; i < handlers_at_once; ++i)
        if (context_.poll_one() == 0) return false;
    return true;
}

/// How long may be waited for descriptors, rounded up: what is woken too early would only wait again.
Milliseconds Poller::ring_or_patience() {
    if (alarm_ == TimePoint::max()) return longest_wait;
    const auto left = std::chrono::ceil<Milliseconds>(alarm_ - Clock::now());
    if (left > Milliseconds(0)) return left;
    alarm_ = TimePoint::max();
    std::exchange(ring_, nullptr)();
    return Milliseconds(0);
}

/// Those that were closed meanwhile stay until all events are dealt with, for one of them may be theirs.
void Poller::wait(Milliseconds patience) {
    std::array<epoll_event, events_at_once> events;
    const int count =
        ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), static_cast<int>(patience.count()));
    for (int i = 0; i < count; ++i) {
        const epoll_event event = events[static_cast<std::size_t>(i)];  // packed: nothing may refer into it
        happened(*static_cast<Watch*>(event.data.ptr), event.events);
    }
}

void Poller::happened(Watch& watch, std::uint32_t events) {
    if (watch.fd < 0) return;
    if ((events & (EPOLLERR | EPOLLHUP)) != 0) events |= EPOLLIN | EPOLLOUT;
    std::function<void()> read;
    std::function<void()> written;
    if ((events & EPOLLIN) != 0) read = std::exchange(watch.on_readable, nullptr);
    if ((events & EPOLLOUT) != 0) written = std::exchange(watch.on_writable, nullptr);
    if (!read && !written) {  // or we would hear of it again and again
        set_interest(watch, (watch.on_readable ? EPOLLIN : 0U) | (watch.on_writable ? EPOLLOUT : 0U));
        return;
    }
    call(std::move(read));
    call(std::move(written));
    // A socket can nearly always be written.
    if (watch.fd >= 0 && !watch.on_writable && (watch.interest & EPOLLOUT) != 0)
        set_interest(watch, watch.interest & ~std::uint32_t{EPOLLOUT});
}

void Poller::call(std::function<void()> then) {
    if (!then) return;
    --waits_;
    then();
}

/// True: somebody was called.
bool Poller::end_forgotten() {
    bool called = false;
    while (forgotten_ != nullptr) {
        const std::unique_ptr<Watch> watch(std::exchange(forgotten_, forgotten_->next));
        called = called || watch->on_readable || watch->on_writable;
        call(std::move(watch->on_readable));
        call(std::move(watch->on_writable));
    }
    if (waits_ == 0 && asio_waits_) watched_by_asio_->cancel();
    return called;
}

void Poller::prepare(Watch& watch, std::uint32_t event) {
    if ((watch.interest & event) == 0 && !set_interest(watch, watch.interest | event))
        throw std::system_error(errno, std::generic_category(), "epoll_ctl");
}

void Poller::when_readable(Watch& watch, std::function<void()> then) { add(watch.on_readable, std::move(then)); }

void Poller::when_writable(Watch& watch, std::function<void()> then) { add(watch.on_writable, std::move(then)); }

/// There are two of a kind where TLS has to read before it can write, say.
void Poller::add(std::function<void()>& waiting, std::function<void()> then) {
    if (waiting) {
        waiting = [first = std::move(waiting), second = std::move(then)] {
            first();
            second();
        };
        return;
    }
    waiting = std::move(then);
    ++waits_;
    if (!runs_) wait_by_asio();
}

bool Poller::set_interest(Watch& watch, std::uint32_t interest) {
    epoll_event event{};
    event.events = interest;
    event.data.ptr = &watch;
    const int change = interest == 0 ? EPOLL_CTL_DEL : watch.interest == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
    if (::epoll_ctl(epoll_, change, watch.fd, &event) != 0) return false;
    watch.interest = interest;
    return true;
}

void Poller::forget(std::unique_ptr<Watch> watch) {
    if (watch->interest != 0) ::epoll_ctl(epoll_, EPOLL_CTL_DEL, watch->fd, nullptr);
    watch->fd = -1;
    watch->next = forgotten_;
    forgotten_ = watch.release();
    if (!runs_) asio::post(executor(), [this] { end_forgotten(); });
}

void Poller::set_alarm(TimePoint at, std::function<void()> ring) {
    alarm_ = at;
    ring_ = std::move(ring);
    if (runs_) return;
    if (!timer_) timer_.emplace(executor());
    timer_->expires_at(at);
    timer_->async_wait([this](const boost::system::error_code& error) {
        if (!error) ring_or_patience();
    });
}

void Poller::clear_alarm() {
    alarm_ = TimePoint::max();
    ring_ = nullptr;
    if (timer_) timer_->cancel();
}

/// As long as somebody waits, so that the context can run out of work.
void Poller::wait_by_asio() {
    if (asio_waits_) return;
    if (!watched_by_asio_) watched_by_asio_.emplace(executor(), ::fcntl(epoll_, F_DUPFD_CLOEXEC, 0));
    asio_waits_ = true;
    watched_by_asio_->async_wait(Native::wait_read, [this](const boost::system::error_code&) {
        asio_waits_ = false;
        wait(Milliseconds(0));
        end_forgotten();
        if (waits_ > 0) wait_by_asio();
    });
}

awaitable<void> let_others(Executor executor) {
    return suspend([executor](std::function<void()> resume) { Poller::of(executor).post(std::move(resume)); });
}

}  // namespace wsinetd::net
