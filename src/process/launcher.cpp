#include "process/launcher.hpp"

#include <fcntl.h>
#include <grp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "process/clone.hpp"

namespace wsinetd::process {
namespace {

/// What stands in the low descriptors of a thread.
constexpr std::size_t slots_a_thread = 5;
constexpr std::size_t file_slot = 3;
constexpr std::size_t directory_slot = 4;

/// Everything the child needs, prepared by the parent: between clone and exec it may not allocate.
struct Order {
    const Program* program;
    const int* slots;
    int limit;
    pid_t server;
    rlimit descriptors;
    std::span<const int> not_default;  ///< signals
    int cgroup_procs = -1;             ///< of the cgroup to join first
    int error = 0;                     ///< errno of what failed, seen by the parent in shared memory
};

#define WSINETD_NO_SANITIZE __attribute__((no_sanitize("address", "thread", "undefined")))

WSINETD_NO_SANITIZE void restore_signals(const Order& order) {
    struct sigaction standard {};
    standard.sa_handler = SIG_DFL;
    const int* const end = order.not_default.data() + order.not_default.size();
    for (const int* signal = order.not_default.data(); signal != end; ++signal)
        ::syscall(SYS_rt_sigaction, *signal, &standard, nullptr, sizeof(unsigned long));
}

/// By raw system calls: glibc's functions would change every thread of the server, whose memory this still is.
WSINETD_NO_SANITIZE bool take_credentials(const Credentials& wanted) {
    return ::syscall(SYS_setgroups, wanted.groups.size(), wanted.groups.data()) == 0 &&
           ::syscall(SYS_setresgid, wanted.group, wanted.group, wanted.group) == 0 &&
           ::syscall(SYS_setresuid, wanted.user, wanted.user, wanted.user) == 0;
}

/// As `take_credentials` by raw system calls. What the server inherited of descriptors goes before what is wanted.
WSINETD_NO_SANITIZE bool take_limits(const Order& order) {
    ::syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, &order.descriptors, nullptr);
    const ResourceLimit* const end = order.program->limits.data() + order.program->limits.size();
    for (const ResourceLimit* limit = order.program->limits.data(); limit != end; ++limit)
        if (::syscall(SYS_prlimit64, 0, limit->resource, &limit->value, nullptr) != 0) return false;
    return !order.program->nice || ::syscall(SYS_setpriority, PRIO_PROCESS, 0, *order.program->nice) == 0;
}

WSINETD_NO_SANITIZE bool take_descriptors(const int* slots) {
    for (int fd = 0; fd < 3; ++fd)
        if (::syscall(SYS_dup3, slots[fd], fd, 0) < 0) return false;
    return ::syscall(SYS_close_range, 3, ~0U, CLOSE_RANGE_CLOEXEC) == 0;
}

WSINETD_NO_SANITIZE bool enter_directory(const Order& order) {
    if (order.program->directory_fd >= 0) return ::syscall(SYS_fchdir, order.slots[directory_slot]) == 0;
    return !order.program->directory || ::syscall(SYS_chdir, order.program->directory) == 0;
}

/// Returns only when it fails, with errno set. A script by its descriptor is ENOENT, for that is closed when its
/// interpreter would open it.
WSINETD_NO_SANITIZE void execute(const Order& order) {
    const Program& program = *order.program;
    int flags = 0;
    if (program.file >= 0) {
        ::syscall(SYS_execveat, order.slots[file_slot], "", program.arguments, program.environment, AT_EMPTY_PATH);
        if (errno != ENOENT) return;
        flags = AT_SYMLINK_NOFOLLOW;
    }
    ::syscall(SYS_execveat, AT_FDCWD, program.path, program.arguments, program.environment, flags);
}

/// "0" is who writes it.
WSINETD_NO_SANITIZE bool join_cgroup(const Order& order) {
    return order.cgroup_procs < 0 || ::syscall(SYS_write, order.cgroup_procs, "0", 1) == 1;
}

/// The order matters: the cgroup while its descriptor is there, and before the credentials, which may be those of
/// somebody who may not change it; limits before the credentials, which may take the right to raise them; the death
/// signal after the credentials, whose change clears it; the empty signal mask last, for no handler of the server may
/// run here.
WSINETD_NO_SANITIZE bool prepare(const Order& order) {
    if (!join_cgroup(order)) return false;
    if (::syscall(SYS_close_range, order.limit, ~0U, CLOSE_RANGE_UNSHARE) != 0) return false;
    if (::syscall(SYS_setsid) < 0) return false;
    restore_signals(order);
    if (!take_limits(order)) return false;
    if (order.program->credentials && !take_credentials(*order.program->credentials)) return false;
    if (!enter_directory(order)) return false;
    if (::syscall(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0) return false;
    if (::syscall(SYS_getppid) != order.server) ::syscall(SYS_exit_group, 127);
    if (::syscall(SYS_prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0) return false;
    if (!take_descriptors(order.slots)) return false;
    const std::uint64_t no_signals = 0;
    return ::syscall(SYS_rt_sigprocmask, SIG_SETMASK, &no_signals, nullptr, sizeof no_signals) == 0;
}

WSINETD_NO_SANITIZE int child(void* argument) {
    Order& order = *static_cast<Order*>(argument);
    if (prepare(order)) execute(order);
    order.error = errno;
    ::syscall(SYS_exit_group, 127);
    return 127;
}

#undef WSINETD_NO_SANITIZE

/// Those below 0 leave their slot as it is.
void put(const std::array<int, slots_a_thread>& descriptors, const int* slots) {
    for (std::size_t i = 0; i < slots_a_thread; ++i)
        if (descriptors[i] >= 0) ::dup3(descriptors[i], slots[i], O_CLOEXEC);
}

/// Blocks every signal in this thread: a handler must not run in the child, on the server's memory.
class SignalsBlocked {
public:
    SignalsBlocked() {
        sigset_t all;
        ::sigfillset(&all);
        ::pthread_sigmask(SIG_SETMASK, &all, &before_);
    }
    ~SignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
    SignalsBlocked(const SignalsBlocked&) = delete;
    SignalsBlocked& operator=(const SignalsBlocked&) = delete;

private:
    sigset_t before_{};
};

/// In its cgroup from the first moment on, or else before it does anything else, which stops this thread for the
/// millisecond of an RCU grace period (docs/decisions/0015).
pid_t clone_into_cgroup(Order& order, std::span<std::byte> stack, int* pidfd) {
    const int cgroup = order.program->cgroup;
    const pid_t pid = clone_child(child, &order, stack, pidfd, cgroup);
    if (pid >= 0 || errno != ENOSYS || cgroup < 0) return pid;
    order.cgroup_procs = ::openat(cgroup, "cgroup.procs", O_WRONLY | O_CLOEXEC);
    if (order.cgroup_procs < 0) return -1;
    const pid_t joining = clone_child(child, &order, stack, pidfd, -1);
    const int error = errno;
    ::close(order.cgroup_procs);
    errno = error;
    return joining;
}

}  // namespace

Launcher::Launcher(std::size_t threads, std::span<const int> signals_of_server)
    : not_default_(signals_of_server.begin(), signals_of_server.end()) {
    for (int signal = 1; signal <= SIGRTMAX; ++signal) {
        struct sigaction inherited {};
        const bool known = std::ranges::find(not_default_, signal) != not_default_.end();
        if (!known && ::sigaction(signal, nullptr, &inherited) == 0 && inherited.sa_handler != SIG_DFL)
            not_default_.push_back(signal);
    }
    ::getrlimit(RLIMIT_NOFILE, &inherited_);
    rlimit raised = inherited_;
    raised.rlim_cur = raised.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &raised);
    for (std::size_t i = 0; i <= threads * slots_a_thread; ++i) {
        const int fd = ::open("/dev/null", O_RDWR | O_CLOEXEC);
        if (fd < 0) throw std::system_error(errno, std::generic_category(), "/dev/null");
        (i == 0 ? null_ : slots_.emplace_back()) = fd;
        limit_ = std::max(limit_, fd + 1);
    }
}

Launcher::~Launcher() {
    for (const int fd : slots_) ::close(fd);
    ::close(null_);
}

Started Launcher::start(const Program& program, std::size_t thread, std::array<int, 3> descriptors,
                        std::error_code& error) const {
    // The child runs on this while the parent stands still, so one a thread is enough.
    alignas(64) static thread_local std::array<std::byte, 64 * 1024> stack;
    const int* const slots = slots_.data() + thread * slots_a_thread;
    Order order{&program, slots, limit_, ::getpid(), inherited_, not_default_};
    Started started{-1, -1};
    const std::array<int, slots_a_thread> handed{descriptors[0], descriptors[1], descriptors[2], program.file,
                                                 program.directory_fd};
    put(handed, slots);
    {
        SignalsBlocked blocked;
        started.pid = clone_into_cgroup(order, stack, &started.pidfd);
    }
    if (started.pid < 0) {
        error.assign(errno, std::generic_category());
    } else if (order.error != 0) {
        error.assign(order.error, std::generic_category());
        ::close(started.pidfd);
        ::waitpid(started.pid, nullptr, 0);
    }
    std::array<int, slots_a_thread> taken_back = handed;
    for (int& fd : taken_back) fd = fd < 0 ? fd : null_;
    put(taken_back, slots);
    return started;
}

}  // namespace wsinetd::process
