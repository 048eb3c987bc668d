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

/// Owns one descriptor of the loop. Waits may end without cause, so each is followed by an attempt that may say
/// `would_block`; closing the descriptor ends all of them.
class Descriptor {
public:
    Descriptor(Executor executor, int fd) : descriptor_(executor, fd) {}
    ~Descriptor() { close(); }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;

    awaitable<void> readable();
    awaitable<void> writable();

    /// `end` at end of file.
    Transfer read(std::span<std::byte> space);
    Transfer write(std::span<const std::byte> bytes);

    /// Takes it out of epoll before it closes it: a process between clone and exec may hold a copy of it, and then
    /// close alone would do neither (docs/decisions/0003).
    void close();

    [[nodiscard]] bool is_open() const { return descriptor_.is_open(); }
    [[nodiscard]] int fd() { return descriptor_.native_handle(); }

private:
    using Native = asio::posix::basic_stream_descriptor<Executor>;
    Native descriptor_;
};

}  // namespace wsinetd::net
