#include "net/pump.hpp"

#include "net/descriptor.hpp"

namespace wsinetd::net {

void Pump::start() {
    place_.emplace(nursery_);
    run();
}

void Pump::wake() {
    woken_ = true;
    if (!std::exchange(asleep_, false)) return;
    woken_ = false;
    post();
}

void Pump::post() {
    poller_.post([this] { run(); });
}

void Pump::run() { wait(take_turn()); }

/// Its outcome is not set before the call: g++ 12.2 drops that store, though what throws leaves it to be read.
Pump::Next Pump::take_turn() {
    try {
        return turn_();
    } catch (const std::exception& bug) {
        nursery_.report(bug);
        return {Next::Wait::over};
    }
}

void Pump::wait(const Next& next) {
    switch (next.wait) {
        case Next::Wait::readable: return next.descriptor->when_readable([this] { run(); });
        case Next::Wait::writable: return next.descriptor->when_writable([this] { run(); });
        case Next::Wait::woken:
            if (std::exchange(woken_, false)) return post();
            asleep_ = true;
            return;
        case Next::Wait::others: return post();
        case Next::Wait::over: return place_.reset();  // may destroy this object's owner's last reason to stay
    }
}

}  // namespace wsinetd::net
