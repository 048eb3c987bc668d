#include "server/reload_request.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>

namespace wsinetd::server {
namespace {

constexpr int patience_ms = 60'000;
constexpr std::string_view prefix = "reload-";
constexpr std::size_t longest_outcome = 8 * 1024;

/// Empty where the service manager has made none. Of several the first counts.
std::string runtime_directory() {
    const char* const directories = std::getenv("RUNTIME_DIRECTORY");
    const std::string_view all = directories ? directories : "";
    return std::string(all.substr(0, all.find(':')));
}

bool to_address(const std::string& path, sockaddr_un& address) {
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) return false;
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    return true;
}

/// A process's name for itself, as the system shortens it.
std::string name_of(const std::string& pid) {
    std::ifstream file("/proc/" + pid + "/comm");
    std::string name;
    std::getline(file, name);
    return name;
}

std::string reason() { return std::strerror(errno); }

/// The socket on which the outcome comes, and its file.
class Ear {
public:
    explicit Ear(std::string path) : path_(std::move(path)) {
        sockaddr_un address{};
        if (!to_address(path_, address)) {
            errno = ENAMETOOLONG;
            return;
        }
        fd_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        ::unlink(path_.c_str());  // of a process long gone that had our number
        const mode_t mask = ::umask(0077);
        open_ = fd_ >= 0 && ::bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
        ::umask(mask);
    }
    ~Ear() {
        if (open_) ::unlink(path_.c_str());
        if (fd_ >= 0) ::close(fd_);
    }
    Ear(const Ear&) = delete;
    Ear& operator=(const Ear&) = delete;
    [[nodiscard]] bool is_open() const { return open_; }
    [[nodiscard]] int fd() const { return fd_; }

    /// Lets the server write to it, where root asks for one of another user.
    void open_to(pid_t pid) const {
        struct stat server {};
        if (::stat(("/proc/" + std::to_string(pid)).c_str(), &server) == 0 && server.st_uid != ::geteuid())
            static_cast<void>(!::lchown(path_.c_str(), server.st_uid, server.st_gid));
    }

    /// Without waiting.
    [[nodiscard]] std::optional<ReloadOutcome> hear() const {
        std::array<char, longest_outcome> text{};
        const ssize_t count = ::recv(fd_, text.data(), text.size(), MSG_DONTWAIT);
        if (count < 1) return {};
        return ReloadOutcome{text[0] == '+', std::string(text.data() + 1, static_cast<std::size_t>(count) - 1)};
    }

private:
    std::string path_;
    int fd_ = -1;
    bool open_ = false;
};

}  // namespace

ReloadOutcome request_reload(pid_t pid) {
    const std::string folder = runtime_directory();
    if (folder.empty())
        return {false,
                "--reload: RUNTIME_DIRECTORY is not set; it names the directory where the server's answer comes "
                "(RuntimeDirectory= of the unit)"};
    const std::string number = std::to_string(pid);
    const int process = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
    if (process < 0) return {false, "--reload: process " + number + ": " + reason()};
    // SIGHUP would end most other programs.
    if (name_of(number) != name_of("self"))
        return {false, "--reload: process " + number + " is " + name_of(number) + ", not wsinetd"};
    const Ear ear(folder + "/" + std::string(prefix) + std::to_string(::getpid()));
    if (!ear.is_open()) return {false, "--reload: no socket in " + folder + ": " + reason()};
    ear.open_to(pid);
    if (::syscall(SYS_pidfd_send_signal, process, SIGHUP, nullptr, 0) != 0)
        return {false, "--reload: process " + number + ": " + reason()};
    std::array<pollfd, 2> events{{{ear.fd(), POLLIN, 0}, {process, POLLIN, 0}}};
    while (::poll(events.data(), events.size(), patience_ms) < 0 && errno == EINTR) continue;
    if (auto outcome = ear.hear()) return *std::move(outcome);
    if (events[1].revents != 0) return {false, "--reload: the server has ended"};
    return {false, "--reload: no answer within a minute; is RUNTIME_DIRECTORY also the server's?"};
}

ReloadWaiters::ReloadWaiters() {
    const std::string folder = runtime_directory();
    if (folder.empty()) return;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(folder, error))
        if (entry.path().filename().string().starts_with(prefix) && entry.is_socket(error))
            paths_.push_back(entry.path());
}

/// Who does not take it at once is not waited for.
void ReloadWaiters::tell(const ReloadOutcome& outcome) const {
    if (paths_.empty()) return;
    const std::string text = ((outcome.done ? "+" : "-") + outcome.what).substr(0, longest_outcome);
    const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return;
    for (const std::string& path : paths_) {
        sockaddr_un address{};
        if (!to_address(path, address)) continue;
        ::sendto(fd, text.data(), text.size(), MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&address),
                 sizeof address);
    }
    ::close(fd);
}

}  // namespace wsinetd::server
