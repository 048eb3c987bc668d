#pragma once  // Starts a program without copying the server: neither its memory nor its descriptor table.
#include <sys/resource.h>
#include <sys/types.h>

#include <array>
#include <optional>
#include <span>
#include <string>
#include <system_error>
#include <vector>

namespace wsinetd::process {

/// Whose rights a command runs with.
struct Credentials {
    uid_t user;
    gid_t group;
    std::vector<gid_t> groups;  ///< supplementary
};

/// One of setrlimit(2)'s.
struct ResourceLimit {
    int resource;
    rlimit64 value;
};

/// What to start. Everything is a view that must live as long as the call that takes it.
struct Program {
    const char* path;              ///< absolute
    const char* const* arguments;  ///< argv, with argv[0], ended by nullptr
    const char* const* environment;
    const char* directory = nullptr;  ///< working directory; nullptr: the server's
    const Credentials* credentials = nullptr;
    std::span<const ResourceLimit> limits = {};
    std::optional<int> nice = {};
    int cgroup = -1;  ///< directory of the cgroup to start it in; below 0: the server's
    /// The program itself, open (O_PATH is enough): what runs then is this file, whatever has come to `path` meanwhile.
    /// A script is run by `path` all the same, for its interpreter opens it by name; not where that is a link.
    int file = -1;
    int directory_fd = -1;  ///< working directory, open; wins over `directory`
};

struct Started {
    pid_t pid;
    int pidfd;  ///< owned by the caller, closed on exec
};

/// Starts programs for `threads` threads, each under its own index.
///
/// A command's stdin, stdout and stderr, its program and its directory are handed over in low descriptors, taken before
/// the server opens anything else. A child copies the descriptor table only this far, so that starting costs the same
/// with 10 and with 10,000 connections open, and no child ever holds a copy of another session's socket
/// (docs/decisions/0003).
class Launcher {
public:
    /// Takes the descriptors, and raises the server's limit on descriptors to the hard limit; commands get the one
    /// the server inherited. `signals_of_server` are those the server handles or ignores: commands get the default for
    /// them, and for what it inherited as ignored. Throws std::system_error.
    Launcher(std::size_t threads, std::span<const int> signals_of_server);
    ~Launcher();
    Launcher(const Launcher&) = delete;
    Launcher& operator=(const Launcher&) = delete;

    /// Starts `program` as the leader of a new session, with `descriptors` as its 0, 1 and 2 and no others, default
    /// signal handling, and SIGKILL to come when the calling *thread* ends. Returns when the program runs; otherwise
    /// `error` says why it does not.
    Started start(const Program& program, std::size_t thread, std::array<int, 3> descriptors,
                  std::error_code& error) const;

private:
    std::vector<int> slots_;  ///< five a thread; /dev/null between two starts
    int null_ = -1;
    int limit_ = 3;  ///< the first number above all slots
    rlimit inherited_{};
    std::vector<int> not_default_;  ///< signals to restore: a system call each, so none of the others
};

}  // namespace wsinetd::process
