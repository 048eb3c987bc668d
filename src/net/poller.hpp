#pragma once  // What the descriptors and the timer of one loop wait with: epoll, asked once for each wait of the loop.
#include <cstdint>

#include "net/asio.hpp"

namespace wsinetd::net {

/// One descriptor as its loop's epoll knows it. Level-triggered, and what is waited for stays registered from one wait
/// to the next: Asio's own waits are a system call each (docs/decisions/0017).
struct Watch {
    explicit Watch(int descriptor) : fd(descriptor) {}

    int fd;                      ///< below 0: closed
    std::uint32_t interest = 0;  ///< EPOLLIN, EPOLLOUT, as registered; 0: not registered
    std::function<void()> on_readable;
    std::function<void()> on_writable;
    Watch* next = nullptr;  ///< of those that have been closed
};

/// Of one `io_context`, found by `of`. Where the context is run by `run`, which takes all of its waits on itself, Asio
/// makes no system call. Elsewhere it waits by Asio's leave: its epoll is one of the descriptors that Asio's knows.
class Poller : public asio::execution_context::service {
public:
    using key_type = Poller;
    static asio::execution_context::id id;

    /// Made by the context at the first `of`. Throws std::system_error.
    explicit Poller(asio::execution_context& context);
    ~Poller() override;

    [[nodiscard]] static Poller& of(const Executor& executor) { return asio::use_service<Poller>(executor.context()); }

    [[nodiscard]] Executor executor() { return context_.get_executor(); }

    /// Runs the context until it has no more work, nobody waits and no alarm is set. Nothing of Asio's that waits, as
    /// its timers do, may be used on this context.
    void run();

    /// One round of it: what can be done, then one wait for descriptors or the alarm. False where `run` would end.
    bool turn(Milliseconds at_most);

    /// Calls `then` in the next round, when all descriptors had their turn, however many are posted again and again.
    void post(std::function<void()> then);

    /// Registers what is to be waited for (EPOLLIN or EPOLLOUT), if it is not yet. Throws std::system_error.
    void prepare(Watch& watch, std::uint32_t event);

    /// After `prepare` for the same: calls `then` by way of the loop, once: when the descriptor can be read (or is at
    /// its end, or in error), when it is closed, or without cause.
    void when_readable(Watch& watch, std::function<void()> then);
    void when_writable(Watch& watch, std::function<void()> then);

    /// Ends its waits, by way of the loop, and takes it out of epoll. The descriptor itself is the caller's to close.
    void forget(std::unique_ptr<Watch> watch);

    /// Calls `ring` on the loop when this time has come. There is one alarm, and the last word counts.
    void set_alarm(TimePoint at, std::function<void()> ring);
    void clear_alarm();

private:
    using Native = asio::posix::basic_stream_descriptor<Executor>;
    using Timer = asio::basic_waitable_timer<Clock, asio::wait_traits<Clock>, Executor>;

    void shutdown() override;
    bool set_interest(Watch& watch, std::uint32_t interest);
    void run_posted();
    bool run_handlers();
    void wait(Milliseconds patience);
    void happened(Watch& watch, std::uint32_t events);
    void add(std::function<void()>& waiting, std::function<void()> then);
    void call(std::function<void()> then);
    bool end_forgotten();
    Milliseconds ring_or_patience();
    void wait_by_asio();

    asio::io_context& context_;
    int epoll_;
    std::vector<std::function<void()>> posted_;
    std::vector<std::function<void()>> due_;  ///< memory for those of a round
    bool runs_ = false;                       ///< by `run`
    std::size_t waits_ = 0;                   ///< those that are still to be called
    Watch* forgotten_ = nullptr;              ///< closed, and some may still wait; owned
    TimePoint alarm_ = TimePoint::max();
    std::function<void()> ring_;

    // Where Asio runs the context.
    std::optional<Native> watched_by_asio_;
    std::optional<Timer> timer_;
    bool asio_waits_ = false;
};

/// Suspends the coroutine until what `wait` was given is called, which must not be inside of `wait`.
template <typename Wait>
awaitable<void> suspend(Wait wait) {
    auto keep = [](auto handler, const Wait& until) {
        until([kept = std::make_shared<decltype(handler)>(std::move(handler))] { std::move (*kept)(); });
    };
    return asio::async_initiate<const asio::use_awaitable_t<Executor>, void()>(keep, asio::use_awaitable_t<Executor>{},
                                                                               std::move(wait));
}

/// Until all others of the loop have had their turn.
awaitable<void> let_others(Executor executor);

}  // namespace wsinetd::net
