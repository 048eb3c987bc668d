#pragma once  // A task that is turns and the waits between them: a coroutine's work in a tenth of its memory.
#include "net/nursery.hpp"
#include "net/poller.hpp"

namespace wsinetd::net {

class Descriptor;

/// Calls a function again and again; each call says what the next one waits for. An idle connection has several of
/// these, and a coroutine that waits takes 850 bytes (docs/decisions/0009). Counts as a task of its nursery.
class Pump {
public:
    /// What the next turn waits for.
    struct Next {
        enum class Wait {
            readable,  ///< the descriptor can be read
            writable,
            woken,   ///< `wake` is called, or was since the last such wait
            others,  ///< the other tasks of the loop have had their turn
            over,    ///< there is none
        };
        Wait wait;
        Descriptor* descriptor = nullptr;  ///< of `readable` and `writable`; closing it ends the wait
    };

    Pump(Executor executor, Nursery& nursery, std::function<Next()> turn)
        : poller_(Poller::of(executor)), nursery_(nursery), turn_(std::move(turn)) {}
    Pump(const Pump&) = delete;
    Pump& operator=(const Pump&) = delete;

    /// The first turn, inside this call.
    void start();

    /// Never runs a turn inside this call.
    void wake();

private:
    void run();
    Next take_turn();
    void wait(const Next& next);
    void post();

    Poller& poller_;
    Nursery& nursery_;
    std::function<Next()> turn_;
    std::optional<Nursery::Place> place_;
    bool asleep_ = false;
    bool woken_ = false;
};

}  // namespace wsinetd::net
