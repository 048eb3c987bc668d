#pragma once  // Something one coroutine waits for and others on the same loop make happen.
#include "net/asio.hpp"

namespace wsinetd::net {

/// Set once, taken once: a wait returns as soon as the event is set, and clears it. One waiter at a time.
class Event {
public:
    explicit Event(Executor executor) : executor_(executor) {}
    Event(const Event&) = delete;
    Event& operator=(const Event&) = delete;

    awaitable<void> wait();

    /// Wakes the waiter by way of the loop, never inside this call.
    void set();

private:
    /// A suspended coroutine, whatever its handler's type.
    struct Waiter {
        virtual ~Waiter() = default;
        virtual void resume(const Executor& executor) = 0;
    };
    template <typename Handler>
    struct WaiterOf;

    Executor executor_;
    std::unique_ptr<Waiter> waiter_;
    bool set_ = false;
};

}  // namespace wsinetd::net
