#pragma once  // A pipe or socket: wait on the loop, then try without blocking.
#include "net/poller.hpp"

namespace wsinetd::net {

/// What one attempt to read or write came to.
struct Transfer {
    enum class State { moved, would_block, end, failed };

    State state;
    std::size_t bytes = 0;  ///< above 0 only with `moved`
    int error = 0;          ///< errno, with `failed`
};

/// An epoll instance, closed on exec. Throws std::system_error.
[[nodiscard]] int new_epoll();

/// Owns one descriptor of the loop. Waits may end without cause, so each is followed by an attempt that may say
/// `would_block`; closing the descriptor ends all of them.
class Descriptor {
public:
    /// The loop hears of `fd` with the first wait: a command's stdin, say, may never need one.
    Descriptor(Executor executor, int fd) : poller_(Poller::of(executor)), fd_(fd) {}
    ~Descriptor() { close(); }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;

    /// Throws std::system_error, as all waits do, where the loop cannot take it in.
    awaitable<void> readable();
    awaitable<void> writable();

    /// The same without a coroutine: calls `then` by way of the loop, once.
    void when_readable(std::function<void()> then);
    void when_writable(std::function<void()> then);

    /// `end` at end of file.
    Transfer read(std::span<std::byte> space);
    Transfer write(std::span<const std::byte> bytes);

    /// Takes it out of epoll before it closes it: a process between clone and exec may hold a copy of it, and then
    /// close alone would do neither (docs/decisions/0003).
    void close();

    [[nodiscard]] bool is_open() const { return fd_ >= 0; }
    [[nodiscard]] int fd() const { return fd_; }

private:
    bool prepare(std::uint32_t event);

    Poller& poller_;
    std::unique_ptr<Watch> watch_;  ///< made with the first wait
    int fd_;                        ///< below 0: closed
};

}  // namespace wsinetd::net
