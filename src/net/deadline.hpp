#pragma once  // Times by which something must have happened, many to one timer of the loop.
#include <set>

#include "net/poller.hpp"

namespace wsinetd::net {

class Deadline;

/// All deadlines of one loop. Moving a deadline is a change of this set and no system call: the kernel's timer is only
/// ever moved forward in time when something earlier is wanted, and looks at the set when it fires.
class Timers {
public:
    explicit Timers(Executor executor) : poller_(Poller::of(executor)) {}
    Timers(const Timers&) = delete;
    Timers& operator=(const Timers&) = delete;

    /// Forgets the kernel's timer, so that the loop can run dry.
    void stop();

private:
    friend class Deadline;
    using Entry = std::pair<TimePoint, Deadline*>;

    void add(Entry entry);
    void remove(Entry entry) { entries_.erase(entry); }
    void arm(TimePoint at);
    void fire();

    std::set<Entry> entries_;
    Poller& poller_;
    TimePoint armed_ = TimePoint::max();
    bool stopped_ = false;
};

/// Calls `passed` on the loop when its time has come, unless it is switched off or destroyed before.
class Deadline {
public:
    Deadline(Timers& timers, std::function<void()> passed) : timers_(timers), passed_(std::move(passed)) {}
    ~Deadline() { off(); }
    Deadline(const Deadline&) = delete;
    Deadline& operator=(const Deadline&) = delete;

    void at(TimePoint time);
    void after(Milliseconds duration) { at(Clock::now() + duration); }
    void off();
    [[nodiscard]] bool is_on() const { return time_ != TimePoint::max(); }

private:
    friend class Timers;

    Timers& timers_;
    std::function<void()> passed_;
    TimePoint time_ = TimePoint::max();
};

}  // namespace wsinetd::net
