#include "process/child.hpp"

// v2's headers do not include each other in order: error.hpp must come first.
#include <boost/process/v2/error.hpp>
#include <boost/process/v2/process.hpp>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

namespace wsinetd::process {
namespace {

namespace bp = boost::process::v2;

/// A launcher for Boost.Process that starts by `Launcher`: v2's own copies the server's page tables, and its
/// vfork_launcher runs static destructors in the server when exec fails.
class CommandLauncher : public bp::posix::default_launcher {
public:
    CommandLauncher(const Launcher& launcher, std::size_t thread, std::array<int, 3> descriptors)
        : launcher_(launcher), thread_(thread), descriptors_(descriptors) {}

    bp::basic_process<net::Executor> operator()(net::Executor executor, std::error_code& error,
                                                const Program& program) {
        const Started started = launcher_.start(program, thread_, descriptors_, error);
        if (error) return bp::basic_process<net::Executor>(executor);
        pidfd_copy = ::fcntl(started.pidfd, F_DUPFD_CLOEXEC, 0);
        return bp::basic_process<net::Executor>(executor, started.pid, started.pidfd);
    }

    /// Of what was started; the caller's. basic_process keeps the original to itself.
    int pidfd_copy = -1;

private:
    const Launcher& launcher_;
    std::size_t thread_;
    std::array<int, 3> descriptors_;
};

/// A descriptor until someone takes it over.
class Fd {
public:
    Fd() = default;
    explicit Fd(int fd) : fd_(fd) {}
    Fd(Fd&& other) noexcept : fd_(other.take()) {}
    Fd& operator=(Fd&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    ~Fd() {
        if (fd_ >= 0) ::close(fd_);
    }
    [[nodiscard]] int get() const { return fd_; }
    int take() { return std::exchange(fd_, -1); }

private:
    int fd_ = -1;
};

struct Pipe {
    Fd ours;
    Fd theirs;
};

/// Only the server's end is non-blocking: the flag belongs to an end, and commands expect theirs to block.
Pipe open_pipe(bool command_reads, std::error_code& error) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) {
        error.assign(errno, std::generic_category());
        return {};
    }
    Pipe pipe{Fd(ends[command_reads ? 1 : 0]), Fd(ends[command_reads ? 0 : 1])};
    ::fcntl(pipe.ours.get(), F_SETFL, O_NONBLOCK);
    return pipe;
}

}  // namespace

std::unique_ptr<Child> Child::start(net::Executor executor, const Launcher& launcher, std::size_t thread,
                                    const Program& program, Stderr stderr_goes, std::unique_ptr<Cgroup> cgroup,
                                    std::error_code& error) {
    Pipe input = open_pipe(true, error);
    Pipe output = error ? Pipe{} : open_pipe(false, error);
    Pipe errors;
    if (!error && stderr_goes == Stderr::pipe) errors = open_pipe(false, error);
    Fd null(!error && stderr_goes == Stderr::null ? ::open("/dev/null", O_WRONLY | O_CLOEXEC) : -1);
    if (error) return nullptr;

    const int command_stderr = stderr_goes == Stderr::pipe   ? errors.theirs.get()
                               : stderr_goes == Stderr::null ? null.get()
                                                             : output.theirs.get();
    CommandLauncher launch(launcher, thread, {input.theirs.get(), output.theirs.get(), command_stderr});
    Fd directory(cgroup ? cgroup->open() : -1);
    Program placed = program;
    placed.cgroup = directory.get();
    bp::basic_process<net::Executor> process = launch(executor, error, placed);
    if (error) return nullptr;
    if (launch.pidfd_copy < 0) {
        error.assign(errno, std::generic_category());
        return nullptr;  // `process` kills and reaps what it started
    }

    std::unique_ptr<Child> child(new Child(process.id(), executor, launch.pidfd_copy, std::move(cgroup)));
    // From here on we wait ourselves: basic_process::async_wait can block the loop in waitpid when its wait ends
    // without cause, and an idle session need not pay for a second descriptor of its command.
    process.detach();
    child->stdin_.emplace(executor, input.ours.take());
    child->stdout_.emplace(executor, output.ours.take());
    if (stderr_goes == Stderr::pipe) child->stderr_.emplace(executor, errors.ours.take());
    return child;
}

Child::Child(int pid, net::Executor executor, int pidfd, std::unique_ptr<Cgroup> cgroup)
    : cgroup_(std::move(cgroup)), pidfd_(executor, pidfd), pid_(pid) {}

Child::~Child() {
    signal(SIGKILL);
    if (!reaped_) ::waitpid(pid_, nullptr, 0);
}

std::optional<ExitStatus> Child::reap() {
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) != pid_) return {};
    reaped_ = true;  // its number may be another's from here on
    pidfd_.close();
    return exit_status_of(status);
}

void Child::signal(int number) {
    if (reaped_) return;
    ::kill(-pid_, number);
    if (number == SIGKILL && cgroup_) cgroup_->kill();
}

std::unique_ptr<Cgroup> Child::take_cgroup() {
    if (cgroup_ && cgroup_->remove()) cgroup_.reset();
    return std::move(cgroup_);
}

}  // namespace wsinetd::process
