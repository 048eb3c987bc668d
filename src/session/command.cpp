#include "session/command.hpp"

namespace wsinetd::session {

Command::Command(LoopResources& loop, net::Nursery& nursery, std::unique_ptr<process::Child> child, Slot slot,
                 net::Milliseconds grace, std::function<void()> ended)
    : loop_(loop),
      child_(std::move(child)),
      slot_(std::move(slot)),
      ended_(std::move(ended)),
      ladder_(grace),
      ladder_deadline_(loop.timers, [this] { climb_ladder(); }),
      reaper_(loop.executor, nursery, [this] { return reap(); }) {}

net::Pump::Next Command::reap() {
    using Wait = net::Pump::Next::Wait;
    exit_ = child_->reap();
    if (!exit_) return {Wait::readable, &child_->end_descriptor()};
    slot_.give_back();
    loop_.server.leftovers.expect(child_->take_cgroup());
    ladder_deadline_.off();
    ended_();
    return {Wait::over};
}

void Command::dismiss() {
    if (exit_ || ladder_.begun()) return;
    ladder_.begin(net::Clock::now());
    ladder_deadline_.at(ladder_.next()->at);
}

void Command::climb_ladder() {
    const auto step = ladder_.next();
    if (!step || exit_) return;
    child_->signal(step->signal);
    ladder_.climb(net::Clock::now());
    if (const auto after = ladder_.next()) ladder_deadline_.at(after->at);
}

bool Command::ended_by_ladder() const { return exit_ && exit_->by_signal && ladder_.has_sent(exit_->number); }

}  // namespace wsinetd::session
