#pragma once  // One running command: its pipes, its process group, its end.
#include <memory>
#include <system_error>

#include "net/descriptor.hpp"
#include "process/cgroup.hpp"
#include "process/exit_status.hpp"
#include "process/launcher.hpp"

namespace wsinetd::process {

/// Where a command's stderr goes.
enum class Stderr { pipe, null, stdout_ };

/// A command of one session, leader of its own process group. Its pipes are the server's ends.
class Child {
public:
    /// Starts `program`, in `cgroup` if there is one; nothing, and why in `error`, when the system refuses. To be
    /// called on the thread of `executor`, which must live as long as the command (its end is the command's:
    /// PR_SET_PDEATHSIG).
    static std::unique_ptr<Child> start(net::Executor executor, const Launcher& launcher, std::size_t thread,
                                        const Program& program, Stderr stderr_goes, std::unique_ptr<Cgroup> cgroup,
                                        std::error_code& error);
    /// Kills what still runs.
    ~Child();

    net::Descriptor& stdin_pipe() { return *stdin_; }
    net::Descriptor& stdout_pipe() { return *stdout_; }
    /// Only with Stderr::pipe.
    net::Descriptor& stderr_pipe() { return *stderr_; }

    /// Reaps the leader if it has ended; else wait for `end_descriptor` to be readable and ask again.
    std::optional<ExitStatus> reap();
    net::Descriptor& end_descriptor() { return *pidfd_; }

    /// To the whole process group; without effect once the leader is reaped, for then its number may be another's.
    /// SIGKILL goes to the whole cgroup, where there is one.
    void signal(int number);

    /// Once the leader is reaped: the cgroup if something still runs in it, which is the caller's to end.
    std::unique_ptr<Cgroup> take_cgroup();

    [[nodiscard]] int pid() const { return pid_; }

private:
    explicit Child(std::unique_ptr<Cgroup> cgroup);

    std::unique_ptr<Cgroup> cgroup_;  ///< if there is one
    std::optional<net::Descriptor> pidfd_;
    std::optional<net::Descriptor> stdin_;
    std::optional<net::Descriptor> stdout_;
    std::optional<net::Descriptor> stderr_;
    int pid_ = 0;
    bool reaped_ = true;  ///< or not started
};

}  // namespace wsinetd::process
