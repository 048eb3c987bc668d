#include "process/cgroup.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <thread>

namespace wsinetd::process {
namespace {

using namespace std::chrono_literals;

constexpr mode_t directory_mode = 0755;
constexpr int end_attempts = 50;

/// Where the unified hierarchy is mounted: proc(5), mountinfo. A path with blanks in it is not looked for.
std::optional<std::string> hierarchy() {
    std::ifstream mounts("/proc/self/mountinfo");
    for (std::string line; std::getline(mounts, line);) {
        const auto separator = line.find(" - cgroup2 ");
        if (separator == std::string::npos) continue;
        std::istringstream fields(line);
        std::string id, parent, device, root, mount_point;
        fields >> id >> parent >> device >> root >> mount_point;
        if (root == "/") return mount_point;
    }
    return {};
}

/// The server's place in it: the line `0::/path`.
std::optional<std::string> own_path() {
    std::ifstream lines("/proc/self/cgroup");
    for (std::string line; std::getline(lines, line);)
        if (line.starts_with("0::/")) return line.substr(3);
    return {};
}

bool is_delegated(int directory) {
    for (const char* const name : {"user.delegate", "trusted.delegate"}) {
        std::array<char, 8> value{};
        if (::fgetxattr(directory, name, value.data(), value.size()) > 0) return value[0] == '1';
    }
    struct stat status {};
    return ::geteuid() != 0 && ::fstat(directory, &status) == 0 && status.st_uid == ::geteuid();
}

}  // namespace

std::unique_ptr<Cgroups> Cgroups::delegated() {
    const auto mount_point = hierarchy();
    const auto path = own_path();
    if (!mount_point || !path) return nullptr;
    const int directory = ::open((*mount_point + *path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0) return nullptr;
    auto own = std::make_unique<Cgroups>(directory);
    const bool usable = is_delegated(directory) && ::faccessat(directory, "cgroup.procs", W_OK, AT_EACCESS) == 0 &&
                        ::faccessat(directory, "cgroup.kill", F_OK, 0) == 0;
    return usable ? std::move(own) : nullptr;
}

Cgroups::Cgroups(int directory) : directory_(directory), prefix_("wsinetd-" + std::to_string(::getpid()) + "-") {}

Cgroups::~Cgroups() { ::close(directory_); }

std::unique_ptr<Cgroup> Cgroups::make(std::string_view id) const {
    std::string name = prefix_ + std::string(id);
    if (::mkdirat(directory_, name.c_str(), directory_mode) != 0) return nullptr;
    return std::unique_ptr<Cgroup>(new Cgroup(*this, std::move(name)));
}

void Cgroups::end_all() const {
    const std::string path = "/proc/self/fd/" + std::to_string(directory_);
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(path, error)) {
        const std::string name = entry.path().filename();
        if (name.starts_with(prefix_)) Cgroup(*this, name).end();
    }
}

Cgroup::~Cgroup() {
    if (!removed_) end();
}

/// What is killed needs a moment to go.
void Cgroup::end() {
    for (int attempt = 0; !remove() && attempt < end_attempts; ++attempt) {
        kill();
        std::this_thread::sleep_for(1ms);
    }
}

int Cgroup::open() const { return ::openat(all_.directory_, name_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC); }

void Cgroup::kill() const {
    const int fd = ::openat(all_.directory_, (name_ + "/cgroup.kill").c_str(), O_WRONLY | O_CLOEXEC);
    if (fd < 0) return;
    static_cast<void>(!::write(fd, "1", 1));
    ::close(fd);
}

bool Cgroup::remove() {
    removed_ = removed_ || ::unlinkat(all_.directory_, name_.c_str(), AT_REMOVEDIR) == 0;
    return removed_;
}

}  // namespace wsinetd::process
