#include "process/child.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

namespace wsinetd::process {
namespace {

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
    // Before there is anything that it must not lose for want of memory.
    std::unique_ptr<Child> child(new Child(std::move(cgroup)));
    Fd directory(child->cgroup_ ? child->cgroup_->open() : -1);
    Program placed = program;
    placed.cgroup = directory.get();
    const Started started =
        launcher.start(placed, thread, {input.theirs.get(), output.theirs.get(), command_stderr}, error);
    if (error) return nullptr;

    child->pid_ = started.pid;
    child->reaped_ = false;
    child->pidfd_.emplace(executor, started.pidfd);
    child->stdin_.emplace(executor, input.ours.take());
    child->stdout_.emplace(executor, output.ours.take());
    if (stderr_goes == Stderr::pipe) child->stderr_.emplace(executor, errors.ours.take());
    return child;
}

Child::Child(std::unique_ptr<Cgroup> cgroup) : cgroup_(std::move(cgroup)) {}

Child::~Child() {
    signal(SIGKILL);
    if (!reaped_) ::waitpid(pid_, nullptr, 0);
}

std::optional<ExitStatus> Child::reap() {
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) != pid_) return {};
    reaped_ = true;  // its number may be another's from here on
    pidfd_->close();
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
