#include "server/service_manager.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <system_error>

namespace wsinetd::server {
namespace {

std::vector<ServiceManager::Socket> passed_sockets() {
    char** names = nullptr;
    const int count = ::sd_listen_fds_with_names(1, &names);
    if (count < 0) throw std::system_error(-count, std::generic_category(), "the sockets of LISTEN_FDS");
    std::vector<ServiceManager::Socket> sockets;
    for (int i = 0; i < count; ++i) {
        sockets.push_back({SD_LISTEN_FDS_START + i, names[i]});
        std::free(names[i]);
    }
    std::free(names);
    return sockets;
}

std::optional<std::chrono::microseconds> watchdog_time() {
    std::uint64_t microseconds = 0;
    if (::sd_watchdog_enabled(1, &microseconds) <= 0) return {};
    return std::chrono::microseconds(microseconds);
}

/// Each assignment is a line of its own.
void notify(std::string lines, std::string_view status) {
    if (!status.empty()) {
        lines += "\nSTATUS=";
        const auto text = lines.insert(lines.end(), status.begin(), status.end());
        std::replace(text, lines.end(), '\n', ' ');
    }
    ::sd_notify(0, lines.c_str());
}

}  // namespace

ServiceManager::ServiceManager() : sockets_(passed_sockets()), watchdog_(watchdog_time()) {}

int ServiceManager::take_connection() {
    struct stat connection {};
    const int passed = sockets_.size() == 1 ? sockets_.front().fd : STDIN_FILENO;
    if (::fstat(passed, &connection) != 0 || !S_ISSOCK(connection.st_mode)) return -1;
    const int fd = ::fcntl(passed, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    if (!sockets_.empty()) ::close(passed);
    sockets_.clear();
    const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int each = STDIN_FILENO; each <= STDERR_FILENO; ++each) {
        struct stat status {};
        const bool is_it =
            ::fstat(each, &status) == 0 && status.st_dev == connection.st_dev && status.st_ino == connection.st_ino;
        if (is_it) ::dup2(null, each);
    }
    ::close(null);
    return fd;
}

void ServiceManager::ready(std::string_view status) const { notify("READY=1", status); }

/// The time tells this reload from an older one (Type=notify-reload).
void ServiceManager::reloading() const {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    const auto time = std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
    const auto microseconds = std::chrono::duration_cast<std::chrono::microseconds>(time).count();
    notify("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(microseconds), "Reloading");
}

void ServiceManager::stopping(std::string_view status, std::chrono::microseconds patience) const {
    notify("STOPPING=1\nEXTEND_TIMEOUT_USEC=" + std::to_string(patience.count()), status);
}

void ServiceManager::alive() const { notify("WATCHDOG=1", {}); }

}  // namespace wsinetd::server
