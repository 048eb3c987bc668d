#pragma once  // What sessions leave behind: processes that came to the server and are no command it started.
#include <atomic>
#include <functional>
#include <map>
#include <set>

#include "net/asio.hpp"
#include "process/cgroup.hpp"

namespace wsinetd::process {

/// Ends them. Belongs to the main thread, and works because commands are started on the other threads only: the server
/// is a child subreaper, the kernel hands an orphan to the first thread of its new parent's, and so a child of the main
/// thread is never a command (docs/decisions/0004).
class Leftovers {
public:
    /// Makes the server a child subreaper. Children that the server's process had before are left alone, and so is what
    /// they leave in their own process sessions. `report` is told each process that is killed; `running` says whether
    /// there are commands.
    Leftovers(net::Executor executor, std::function<void(int pid)> report, std::function<bool()> running);
    ~Leftovers();
    Leftovers(const Leftovers&) = delete;
    Leftovers& operator=(const Leftovers&) = delete;

    /// A command runs: what comes from it meanwhile is looked for every second, for nobody tells the server of it. From
    /// any thread.
    void watch();

    /// A command has been reaped: looks for what it has left, and ends it 100 ms later, within 2 s at the most, the
    /// whole of `cgroup` if something still runs in its own. From any thread.
    void expect(std::unique_ptr<Cgroup> cgroup);

    /// No more waiting: kills all of it now.
    void end_all();

    /// Kills every command that runs, with its process group. What it started elsewhere comes here.
    void end_commands() const;

    /// Waits for nothing any more, so that the main loop can run dry.
    void stop();

private:
    struct Remaining {
        std::unique_ptr<Cgroup> cgroup;
        net::TimePoint since;
    };

    [[nodiscard]] std::vector<int> children() const;
    [[nodiscard]] bool is_ours(int pid) const;
    void look();
    void schedule();
    void watch_for_a_while();
    bool look_at_processes(net::TimePoint now);
    void look_at_cgroups(net::TimePoint now);
    bool reap(int pid) const;
    void kill(int pid) const;

    using Timer = net::asio::basic_waitable_timer<net::Clock, net::asio::wait_traits<net::Clock>, net::Executor>;

    net::Executor executor_;
    std::function<void(int)> report_;
    std::function<bool()> running_;
    Timer timer_;
    Timer watch_timer_;
    int children_file_;  ///< kept open: it must be readable also when descriptors have run out
    std::set<int> foreign_;
    std::set<int> foreign_sessions_;
    std::map<int, net::TimePoint> first_seen_;
    std::vector<Remaining> cgroups_;
    std::optional<net::TimePoint> since_;
    std::atomic<bool> expected_ = false;
    std::atomic<bool> watching_ = false;
    bool stopped_ = false;
};

}  // namespace wsinetd::process
