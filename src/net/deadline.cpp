#include "net/deadline.hpp"

namespace wsinetd::net {

void Timers::stop() {
    stopped_ = true;
    poller_.clear_alarm();
}

void Timers::add(Entry entry) {
    entries_.insert(entry);
    if (entry.first < armed_ && !stopped_) arm(entry.first);
}

void Timers::arm(TimePoint at) {
    armed_ = at;
    poller_.set_alarm(at, [this] { fire(); });
}

void Timers::fire() {
    armed_ = TimePoint::max();
    const TimePoint now = Clock::now();
    while (!entries_.empty() && entries_.begin()->first <= now) {
        Deadline* const deadline = entries_.begin()->second;
        deadline->off();
        const auto passed = deadline->passed_;  // a copy: the call may destroy the deadline
        passed();
    }
    if (!entries_.empty() && !stopped_ && entries_.begin()->first < armed_) arm(entries_.begin()->first);
}

void Deadline::at(TimePoint time) {
    off();
    time_ = time;
    timers_.add({time_, this});
}

void Deadline::off() {
    if (!is_on()) return;
    timers_.remove({time_, this});
    time_ = TimePoint::max();
}

}  // namespace wsinetd::net
