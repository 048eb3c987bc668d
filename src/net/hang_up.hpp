#pragma once  // Sees a peer close or reset its connection while nobody reads from it.
#include "net/asio.hpp"
#include "net/descriptor.hpp"

namespace wsinetd::net {

/// One for each loop: an epoll instance of its own, inside the loop's, that asks for EPOLLRDHUP and nothing else.
/// Asio's does not ask for it, and a FIN behind unread data wakes nobody there.
class HangUps {
public:
    explicit HangUps(Executor executor);

    /// Hands each hang-up to its watch until `stop`.
    awaitable<void> run();
    void stop() { epoll_.close(); }

private:
    friend class HangUpWatch;
    Descriptor epoll_;
};

/// Calls `hung_up`, once, when the peer of socket `fd` has sent FIN or reset. Must go before `fd` is closed.
class HangUpWatch {
public:
    HangUpWatch(HangUps& hang_ups, int fd, std::function<void()> hung_up);
    ~HangUpWatch();
    HangUpWatch(const HangUpWatch&) = delete;
    HangUpWatch& operator=(const HangUpWatch&) = delete;

private:
    friend class HangUps;
    HangUps& hang_ups_;
    int fd_;
    std::function<void()> hung_up_;
};

/// Whether the peer of socket `fd` has reset the connection, and no read or write has met with that yet.
[[nodiscard]] bool was_reset(int fd);

}  // namespace wsinetd::net
