#include "server_process.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <fstream>
#include <functional>
#include <set>
#include <stdexcept>
#include <thread>

namespace wsinetd::bench {
namespace {

using namespace std::chrono_literals;

std::set<pid_t>& servers() {
    static std::set<pid_t> pids;
    return pids;
}

sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

std::uint16_t free_port() {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    bind(fd, reinterpret_cast<sockaddr*>(&address), size);
    getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
    close(fd);
    return ntohs(address.sin_port);
}

bool answers(std::uint16_t port) {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in address = loopback(port);
    const bool connected = connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    close(fd);
    return connected;
}

bool comes_true(std::chrono::milliseconds limit, const std::function<bool()>& fact) {
    const auto end = std::chrono::steady_clock::now() + limit;
    while (!fact()) {
        if (std::chrono::steady_clock::now() > end) return false;
        std::this_thread::sleep_for(1ms);
    }
    return true;
}

/// Between fork and exec.
[[noreturn]] void become(const std::vector<char*>& arguments, std::optional<int> cpu) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (cpu) {
        cpu_set_t set;
        CPU_ZERO(&set);
        CPU_SET(static_cast<std::size_t>(*cpu), &set);
        sched_setaffinity(0, sizeof set, &set);
    }
    const int null = open("/dev/null", O_RDWR);
    for (const int fd : {0, 1, 2}) dup2(null, fd);
    execv(arguments[0], arguments.data());
    _exit(127);
}

struct Status {
    pid_t parent;
    char state;
};

std::optional<Status> status_of(const std::string& pid) {
    std::ifstream file("/proc/" + pid + "/stat");
    std::string line;
    if (!std::getline(file, line)) return std::nullopt;
    const std::size_t name_end = line.rfind(')');
    if (name_end == std::string::npos || name_end + 4 > line.size()) return std::nullopt;
    return Status{static_cast<pid_t>(std::strtol(line.c_str() + name_end + 4, nullptr, 10)), line[name_end + 2]};
}

std::vector<pid_t> children_of(pid_t parent) {
    std::vector<pid_t> found;
    for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
        const std::string name = entry.path().filename();
        pid_t pid = 0;
        if (std::from_chars(name.data(), name.data() + name.size(), pid).ptr != name.data() + name.size()) continue;
        const auto status = status_of(name);
        if (status && status->parent == parent && status->state != 'Z') found.push_back(pid);
    }
    return found;
}

bool reap(pid_t pid) { return waitpid(pid, nullptr, WNOHANG) != 0; }

void end_orphans() {
    comes_true(2000ms, [] {
        bool any = false;
        for (const pid_t pid : children_of(getpid())) {
            if (servers().contains(pid)) continue;
            kill(pid, SIGKILL);  // ours by adoption, and not reaped yet: the number cannot be another's
            reap(pid);
            any = true;
        }
        return !any;
    });
}

}  // namespace

ServerProcess::ServerProcess(const Launch& launch) : port_(free_port()), secure_(launch.secure) {
    std::vector<std::string> words{launch.program, "--port", std::to_string(port_), "--address", "127.0.0.1"};
    if (launch.binary) words.emplace_back("--binary");
    words.insert(words.end(), launch.options.begin(), launch.options.end());
    words.insert(words.end(), launch.command.begin(), launch.command.end());
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    pid_ = fork();
    if (pid_ < 0) throw std::runtime_error("no fork");
    if (pid_ == 0) become(arguments, launch.cpu);
    servers().insert(pid_);
    bool ended = false;
    const bool up = comes_true(10s, [&] { return (ended = reap(pid_)) || answers(port_); });
    if (up && !ended) return;
    if (!ended) {
        kill(pid_, SIGKILL);
        waitpid(pid_, nullptr, 0);
    }
    servers().erase(pid_);
    throw std::runtime_error("does not start");
}

ServerProcess::~ServerProcess() {
    kill(pid_, SIGTERM);
    if (!comes_true(3s, [this] { return reap(pid_); })) {
        kill(pid_, SIGKILL);
        waitpid(pid_, nullptr, 0);
    }
    servers().erase(pid_);
    end_orphans();
}

double ServerProcess::cpu_seconds() const {
    clockid_t clock;
    timespec time{};
    if (clock_getcpuclockid(pid_, &clock) == 0) clock_gettime(clock, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

double ServerProcess::settled_cpu_seconds() const {
    double before = cpu_seconds();
    for (int i = 0; i < 25; ++i) {
        std::this_thread::sleep_for(20ms);
        const double now = cpu_seconds();
        if (now - before < 50e-6) return now;
        before = now;
    }
    return before;
}

std::uint64_t ServerProcess::private_bytes() const {
    std::ifstream file("/proc/" + std::to_string(pid_) + "/smaps_rollup");
    std::uint64_t kib = 0;
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with("Anonymous:")) kib = std::strtoull(line.c_str() + 10, nullptr, 10);
    }
    return kib * 1024;
}

std::size_t ServerProcess::running_commands() const { return children_of(pid_).size(); }

void adopt_orphans() { prctl(PR_SET_CHILD_SUBREAPER, 1); }

}  // namespace wsinetd::bench
