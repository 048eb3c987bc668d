#pragma once  // The owner of running coroutines: what it starts, it waits for. The only place that calls co_spawn.
#include "net/asio.hpp"
#include "net/event.hpp"

namespace wsinetd::net {

/// Coroutines of one loop with a common end. Must be joined before it is destroyed.
class Nursery {
public:
    /// `on_bug` is told of an exception that left a task: a bug, for outcomes are values.
    Nursery(Executor executor, std::function<void(const std::exception&)> on_bug);
    ~Nursery();
    Nursery(const Nursery&) = delete;
    Nursery& operator=(const Nursery&) = delete;

    /// Runs `task` up to its first wait before it returns.
    void spawn(awaitable<void> task);

    /// Returns when every task has ended, also those spawned meanwhile.
    awaitable<void> join();

    [[nodiscard]] std::size_t running() const { return running_; }

    /// A task that is no coroutine: it runs as long as it keeps its place.
    class Place {
    public:
        explicit Place(Nursery& nursery) : nursery_(nursery) { ++nursery_.running_; }
        ~Place() { nursery_.ended(); }
        Place(const Place&) = delete;
        Place& operator=(const Place&) = delete;

    private:
        Nursery& nursery_;
    };

    /// Tells of an exception that left a task which is no coroutine.
    void report(const std::exception& bug) { on_bug_(bug); }

private:
    void ended();

    Executor executor_;
    std::function<void(const std::exception&)> on_bug_;
    std::size_t running_ = 0;
    Event all_ended_;
};

}  // namespace wsinetd::net
