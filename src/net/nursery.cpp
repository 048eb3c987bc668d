#include "net/nursery.hpp"

#include <cassert>

namespace wsinetd::net {

Nursery::Nursery(Executor executor, std::function<void(const std::exception&)> on_bug)
    : executor_(executor), on_bug_(std::move(on_bug)), all_ended_(executor) {}

Nursery::~Nursery() { assert(running_ == 0); }

void Nursery::spawn(awaitable<void> task) {
    ++running_;
    try {
        asio::co_spawn(executor_, std::move(task), [this](const std::exception_ptr& failure) {
            try {
                if (failure) std::rethrow_exception(failure);
            } catch (const std::exception& bug) {
                on_bug_(bug);
            }
            ended();
        });
    } catch (const std::bad_alloc&) {
        ended();
        throw;
    }
}

awaitable<void> Nursery::join() {
    while (running_ > 0) co_await all_ended_.wait();
}

void Nursery::ended() {
    --running_;
    if (running_ == 0) all_ended_.set();
}

}  // namespace wsinetd::net
