#include "process/leftovers.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <csignal>
#include <filesystem>
#include <iterator>
#include <string>
#include <thread>

namespace wsinetd::process {
namespace {

using namespace std::chrono_literals;

constexpr auto grace = 100ms;    ///< of a process that remains after its command
constexpr auto patience = 1s;    ///< with processes that fork faster than they are counted
constexpr auto interval = 25ms;  ///< between two looks
constexpr auto watch_interval = 1s;
constexpr int rounds = 200;  ///< of killing before the loop gets its turn again

std::string read_all(int fd) {
    std::string text;
    char chunk[4096];
    ssize_t count = 0;
    while ((count = ::pread(fd, chunk, sizeof chunk, static_cast<off_t>(text.size()))) > 0)
        text.append(chunk, static_cast<std::size_t>(count));
    return text;
}

std::vector<int> numbers(const std::string& text) {
    std::vector<int> found;
    const char* at = text.data();
    const char* const end = at + text.size();
    for (int number = 0; at < end;) {
        const auto [next, error] = std::from_chars(at, end, number);
        if (error == std::errc{}) found.push_back(number);
        at = next + 1;
    }
    return found;
}

}  // namespace

Leftovers::Leftovers(net::Executor executor, std::function<void(int)> report, std::function<bool()> running)
    : executor_(executor),
      report_(std::move(report)),
      running_(std::move(running)),
      timer_(executor),
      watch_timer_(executor) {
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    const std::string path = "/proc/self/task/" + std::to_string(::getpid()) + "/children";
    children_file_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    for (const int pid : children()) {
        foreign_.insert(pid);
        foreign_sessions_.insert(::getsid(pid));
    }
    foreign_sessions_.insert(::getsid(0));
}

Leftovers::~Leftovers() { ::close(children_file_); }

void Leftovers::watch() {
    if (watching_.load(std::memory_order_relaxed) || watching_.exchange(true)) return;
    net::asio::post(executor_, [this] { watch_for_a_while(); });
}

/// As long as commands run; the next one that is started calls again.
void Leftovers::watch_for_a_while() {
    if (stopped_) return;
    watch_timer_.expires_after(watch_interval);
    watch_timer_.async_wait([this](const boost::system::error_code& error) {
        if (error) return;
        if (!expected_) look();
        watching_ = running_();
        if (watching_)
            watch_for_a_while();
        else if (running_())
            watch();
    });
}

void Leftovers::expect(std::unique_ptr<Cgroup> cgroup) {
    if (cgroup)
        net::asio::post(executor_, [this, cgroup = std::move(cgroup)]() mutable {
            cgroups_.push_back({std::move(cgroup), net::Clock::now()});
        });
    if (expected_.exchange(true)) return;
    net::asio::post(executor_, [this] { schedule(); });
}

void Leftovers::stop() {
    stopped_ = true;
    timer_.cancel();
    watch_timer_.cancel();
}

void Leftovers::schedule() {
    if (stopped_) return;
    timer_.expires_after(interval);
    timer_.async_wait([this](const boost::system::error_code& error) {
        if (!error) look();
    });
}

std::vector<int> Leftovers::children() const { return numbers(read_all(children_file_)); }

/// Those the server's process had before it became the server, and what these leave, are somebody else's.
bool Leftovers::is_ours(int pid) const { return !foreign_.contains(pid) && !foreign_sessions_.contains(::getsid(pid)); }

bool Leftovers::reap(int pid) const { return ::waitpid(pid, nullptr, WNOHANG) == pid; }

void Leftovers::kill(int pid) const {
    report_(pid);
    ::kill(pid, SIGKILL);
}

/// One look at what has come: the dead are reaped, what has had its 100 ms is killed. Goes on until a look finds
/// nothing.
void Leftovers::look() {
    expected_ = false;
    const net::TimePoint now = net::Clock::now();
    look_at_cgroups(now);
    const bool more = look_at_processes(now);
    if (!more && cgroups_.empty()) return;
    expected_ = true;
    schedule();
}

void Leftovers::look_at_cgroups(net::TimePoint now) {
    std::erase_if(cgroups_, [now](const Remaining& remaining) {
        if (now - remaining.since >= grace) remaining.cgroup->kill();
        return remaining.cgroup->remove();
    });
}

/// True: there may be more, so that another look is due.
bool Leftovers::look_at_processes(net::TimePoint now) {
    std::map<int, net::TimePoint> still_here;
    bool reaped = false;  // then its own children have come since, and are not in this list
    for (const int pid : children()) {
        if (reap(pid)) {
            reaped = true;
        } else if (is_ours(pid)) {
            const auto seen = first_seen_.find(pid);
            still_here[pid] = seen == first_seen_.end() ? now : seen->second;
        }
    }
    first_seen_ = std::move(still_here);
    const bool any = !first_seen_.empty();
    if (any && !since_) since_ = now;
    if (!any && !reaped) since_.reset();
    if (since_ && now - *since_ >= patience) {
        end_all();
        first_seen_.clear();
        since_.reset();
    }
    for (const auto& [pid, seen] : first_seen_)
        if (now - seen >= grace) kill(pid);
    return any || reaped;
}

/// Again and again, for what is killed leaves its own children here, and one that forks may outrun a single pass.
void Leftovers::end_all() {
    for (const Remaining& remaining : cgroups_) remaining.cgroup->kill();
    for (int round = 0; round < rounds; ++round) {
        bool any = false;
        for (const int pid : children()) {
            const bool reaped = reap(pid);
            if (!reaped && !is_ours(pid)) continue;
            any = true;
            if (!reaped) kill(pid);
        }
        if (!any) return;
    }
}

void Leftovers::end_commands() const {
    std::vector<int> commands;
    std::error_code error;
    for (const auto& task : std::filesystem::directory_iterator("/proc/self/task", error)) {
        if (task.path().filename() == std::to_string(::getpid())) continue;
        const int fd = ::open((task.path() / "children").c_str(), O_RDONLY | O_CLOEXEC);
        std::ranges::copy(numbers(read_all(fd)), std::back_inserter(commands));
        ::close(fd);
    }
    for (const int pid : commands) ::kill(-pid, SIGKILL);
    // What they leave comes here once they are reaped; a loop may have been quicker.
    for (int round = 0; round < rounds && !commands.empty(); ++round) {
        std::erase_if(commands, [](int pid) { return ::waitpid(pid, nullptr, WNOHANG) != 0; });
        if (!commands.empty()) std::this_thread::sleep_for(1ms);
    }
}

}  // namespace wsinetd::process
