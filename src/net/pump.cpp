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
    asio::post(executor_, [this] { run(); });
}

void Pump::run() {
    Next next{Next::Wait::over};
    try {
        next = turn_();
    } catch (const std::exception& bug) {
        nursery_.report(bug);
    }
    wait(next);
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
