#pragma once  // One running command: reaped when it ends, and brought to its end when it is no longer wanted.
#include <csignal>

#include "net/pump.hpp"
#include "process/child.hpp"
#include "process/ladder.hpp"
#include "session/loop_resources.hpp"

namespace wsinetd::session {

/// For a stdout that something still holds open after the command is reaped.
constexpr net::Milliseconds output_patience{2000};

/// Holds the command's slot as long as it runs. What it leaves behind is handed on to be ended.
class Command {
public:
    /// `grace` is added to each step of the ladder; `ended` is called once it has been reaped.
    Command(LoopResources& loop, net::Nursery& nursery, std::unique_ptr<process::Child> child, Slot slot,
            net::Milliseconds grace, std::function<void()> ended);

    /// From here on its end is waited for, as a task of the nursery.
    void watch() { reaper_.start(); }

    /// It is no longer wanted: begins the ladder (spec section 4). Its stdin is to be closed before.
    void dismiss();
    [[nodiscard]] bool dismissed() const { return ladder_.begun(); }
    /// Whether the ladder has come to its first signal.
    [[nodiscard]] bool signalled() const { return ladder_.has_sent(SIGINT); }

    /// Nothing as long as it runs.
    [[nodiscard]] const std::optional<process::ExitStatus>& exit() const { return exit_; }
    /// Whether the signal that killed it was one of the ladder's.
    [[nodiscard]] bool ended_by_ladder() const;

    net::Descriptor& stdin_pipe() { return child_->stdin_pipe(); }
    net::Descriptor& stdout_pipe() { return child_->stdout_pipe(); }
    /// Only where stderr is a pipe.
    net::Descriptor& stderr_pipe() { return child_->stderr_pipe(); }
    [[nodiscard]] int pid() const { return child_->pid(); }

private:
    net::Pump::Next reap();
    void climb_ladder();

    LoopResources& loop_;
    std::unique_ptr<process::Child> child_;
    Slot slot_;
    std::function<void()> ended_;
    std::optional<process::ExitStatus> exit_;
    process::Ladder ladder_;
    net::Deadline ladder_deadline_;
    net::Pump reaper_;
};

}  // namespace wsinetd::session
