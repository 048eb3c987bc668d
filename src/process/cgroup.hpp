#pragma once  // A cgroup for each session, where the server has been given a part of the tree: cgroups(7).
#include <memory>
#include <string>
#include <string_view>

namespace wsinetd::process {

class Cgroups;

/// What one session runs in. Nothing leaves it: not by fork, not by setsid. Ended and removed with this object.
class Cgroup {
public:
    ~Cgroup();
    Cgroup(const Cgroup&) = delete;
    Cgroup& operator=(const Cgroup&) = delete;

    /// Its directory, for CLONE_INTO_CGROUP; owned by the caller. Below 0, with errno set, where there is none.
    [[nodiscard]] int open() const;

    /// SIGKILL to all that is in it, however quickly it forks.
    void kill() const;

    /// False as long as something runs in it. Once true, the object has nothing left to do.
    [[nodiscard]] bool remove();

private:
    friend class Cgroups;
    Cgroup(const Cgroups& all, std::string name) : all_(all), name_(std::move(name)) {}
    void end();

    const Cgroups& all_;
    std::string name_;
    bool removed_ = false;
};

/// The server's own cgroup, below which it makes the others. Usable from any thread.
class Cgroups {
public:
    /// The server's cgroup if it is delegated: systemd says so by an attribute (`Delegate=yes`), others by giving the
    /// directory to the user the server runs as. That root may write to it is no delegation. Else nothing, and also
    /// where the kernel has no cgroup.kill (before 5.14).
    static std::unique_ptr<Cgroups> delegated();

    /// `directory` is owned from here on.
    explicit Cgroups(int directory);
    ~Cgroups();
    Cgroups(const Cgroups&) = delete;
    Cgroups& operator=(const Cgroups&) = delete;

    /// Makes `wsinetd-PID-ID`, which must end before this object. Nothing when the system refuses.
    [[nodiscard]] std::unique_ptr<Cgroup> make(std::string_view id) const;

    /// Ends and removes all it has made, for a server that does not wait for its sessions.
    void end_all() const;

private:
    friend class Cgroup;
    int directory_;
    std::string prefix_;
};

}  // namespace wsinetd::process
