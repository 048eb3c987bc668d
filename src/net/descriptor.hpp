#pragma once  // A pipe or socket: wait on the loop, then try without blocking.
#include "net/asio.hpp"

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
    Descriptor(Executor executor, int fd) : descriptor_(executor), fd_(fd) {}
    ~Descriptor() { close(); }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;

    /// The outcome says nothing that the attempt does not say better.
    using Outcome = std::tuple<boost::system::error_code>;
    awaitable<Outcome> readable();
    awaitable<Outcome> writable();

    /// The same without a coroutine: calls `then` by way of the loop, once.
    template <typename Then>
    void when_readable(Then then) {
        join_loop();
        descriptor_.async_wait(Native::wait_read, [then](const boost::system::error_code&) { then(); });
    }
    template <typename Then>
    void when_writable(Then then) {
        join_loop();
        descriptor_.async_wait(Native::wait_write, [then](const boost::system::error_code&) { then(); });
    }

    /// `end` at end of file.
    Transfer read(std::span<std::byte> space);
    Transfer write(std::span<const std::byte> bytes);

    /// Takes it out of epoll before it closes it: a process between clone and exec may hold a copy of it, and then
    /// close alone would do neither (docs/decisions/0003).
    void close();

    [[nodiscard]] bool is_open() const { return fd_ >= 0; }
    [[nodiscard]] int fd() const { return fd_; }

private:
    using Native = asio::posix::basic_stream_descriptor<Executor>;

    void join_loop();

    Native descriptor_;  ///< open once the loop has heard of it
    int fd_;             ///< below 0: closed
};

}  // namespace wsinetd::net
