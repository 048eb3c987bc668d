#include "net/event.hpp"

#include <cassert>

namespace wsinetd::net {

template <typename Handler>
struct Event::WaiterOf final : Waiter {
    explicit WaiterOf(Handler handler_to_keep) : handler(std::move(handler_to_keep)) {}
    void resume(const Executor& executor) override { asio::post(executor, std::move(handler)); }
    Handler handler;
};

awaitable<void> Event::wait() {
    if (!set_) {
        auto keep = [](auto handler, Event* event) {
            assert(!event->waiter_);
            event->waiter_ = std::make_unique<WaiterOf<decltype(handler)>>(std::move(handler));
        };
        co_await asio::async_initiate<const asio::use_awaitable_t<Executor>, void()>(
            keep, asio::use_awaitable_t<Executor>{}, this);
    }
    set_ = false;
}

void Event::set() {
    set_ = true;
    if (auto waiter = std::move(waiter_)) waiter->resume(executor_);
}

}  // namespace wsinetd::net
