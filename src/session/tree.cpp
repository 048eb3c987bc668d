#include "session/tree.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <optional>
#include <system_error>

namespace wsinetd::session {
namespace {

/// openat2 says EAGAIN when something was renamed while it looked at a `..` of a link.
constexpr int tries = 16;
constexpr int most_links = 8;  ///< absolute ones, on the way to one file

/// `path` begins with '/' or is empty.
bool has_dot_name(std::string_view path) {
    constexpr std::string_view well_known = "/.well-known";  // RFC 8615
    if (path.starts_with(well_known) && (path.size() == well_known.size() || path[well_known.size()] == '/'))
        path.remove_prefix(well_known.size());
    return path.find("/.") != std::string_view::npos;
}

int open_at(int directory, const std::string& path, std::uint64_t rules, std::uint64_t flags = 0) {
    open_how how{};
    how.flags = O_PATH | O_CLOEXEC | flags;
    how.resolve = RESOLVE_NO_MAGICLINKS | rules;
    long fd = -1;
    for (int i = 0; i < tries; ++i) {
        fd = ::syscall(SYS_openat2, directory, path.c_str(), &how, sizeof how);
        if (fd >= 0 || errno != EAGAIN) break;
    }
    return static_cast<int>(fd);
}

std::string link_to(int fd) { return "/proc/self/fd/" + std::to_string(fd); }

/// Empty where the system does not say.
std::string path_of(int fd) {
    std::string path(PATH_MAX, '\0');
    const ssize_t size = ::readlink(link_to(fd).c_str(), path.data(), path.size());
    path.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    return path;
}

bool is_beneath(std::string_view path, std::string_view directory) {
    if (directory == "/") return path.starts_with('/');
    return path.starts_with(directory) && (path.size() == directory.size() || path[directory.size()] == '/');
}

/// Where an absolute link among the names of `path` leads, the rest of the path behind it; nothing without one.
std::optional<std::string> by_absolute_link(int directory, const std::string& path) {
    for (std::size_t end = 0; end != std::string::npos;) {
        end = path.find('/', end == 0 ? 0 : end + 1);
        const OpenFile name(open_at(directory, path.substr(0, end), RESOLVE_BENEATH, O_NOFOLLOW));
        if (name.fd() < 0) break;  // nor can what lies behind it
        std::string place(PATH_MAX, '\0');
        const ssize_t size = ::readlinkat(name.fd(), "", place.data(), place.size());
        if (size <= 0 || place.front() != '/') continue;
        place.resize(static_cast<std::size_t>(size));
        return end == std::string::npos ? place : place + path.substr(end);
    }
    return std::nullopt;
}

/// RESOLVE_BENEATH refuses every absolute link. One that says to lead to where `root` is, the path of `directory`, is
/// followed from there.
int open_beneath(int directory, std::string_view root, std::string path) {
    for (int links = 0; links < most_links; ++links) {
        const int fd = open_at(directory, path, RESOLVE_BENEATH);
        if (fd >= 0 || errno != EXDEV) return fd;
        const auto place = by_absolute_link(directory, path);
        if (!place || !is_beneath(*place, root)) break;
        const auto own = place->find_first_not_of('/', root == "/" ? 0 : root.size());
        path = own == std::string::npos ? "." : place->substr(own);
    }
    errno = EXDEV;
    return -1;
}

OpenFile open_directory(const std::string& path) {
    return OpenFile(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
}

Found::Kind kind_of(const struct stat& status) {
    if (S_ISREG(status.st_mode)) return Found::Kind::file;
    return S_ISDIR(status.st_mode) ? Found::Kind::directory : Found::Kind::other;
}

}  // namespace

OpenFile::~OpenFile() {
    if (fd_ >= 0) ::close(fd_);
}

Tree::Tree(std::string directory) : directory_(std::move(directory)), first_(open_directory(directory_)) {
    if (first_.fd() < 0) throw std::system_error(errno, std::generic_category(), directory_);
}

/// The one that has this name now; the first where none has.
OpenFile Tree::open() const {
    OpenFile now = open_directory(directory_);
    if (now.fd() >= 0 || errno == EMFILE || errno == ENFILE || errno == ENOMEM) return now;
    return OpenFile(::fcntl(first_.fd(), F_DUPFD_CLOEXEC, 0));
}

Found Tree::find(std::string_view path) const {
    using Kind = Found::Kind;
    Found found;
    if (has_dot_name(path)) return found;
    const auto begin = path.find_first_not_of('/');
    const std::string relative(begin == std::string_view::npos ? "." : path.substr(begin));
    const OpenFile directory = open();
    const std::string root = directory.fd() < 0 ? "" : path_of(directory.fd());
    if (directory.fd() >= 0) found.file = OpenFile(open_beneath(directory.fd(), root, relative));
    if (found.file.fd() < 0) {
        if (errno == EMFILE || errno == ENFILE || errno == ENOMEM) found.kind = Kind::exhausted;
        return found;
    }
    found.path = path_of(found.file.fd());
    if (::fstat(found.file.fd(), &found.status) != 0 || !is_beneath(found.path, root)) return found;
    if (!has_dot_name(std::string_view(found.path).substr(root == "/" ? 0 : root.size())))
        found.kind = kind_of(found.status);
    return found;
}

bool Tree::holds(std::string_view path) const {
    const OpenFile directory = open();
    return directory.fd() >= 0 && is_beneath(path, path_of(directory.fd()));
}

endpoint::Look look_in(const Tree* tree, Found& program) {
    return [tree, &program](std::string_view path) {
        if (!tree) return endpoint::Step::nothing;
        Found found = tree->find(path);
        if (found.kind == Found::Kind::directory) return endpoint::Step::directory;
        const bool executable = found.kind == Found::Kind::file && (found.status.st_mode & 0111U) != 0;
        if (executable || found.kind == Found::Kind::exhausted) program = std::move(found);
        return executable ? endpoint::Step::program : endpoint::Step::nothing;
    };
}

OpenFile open_to_read(const Found& found) {
    return OpenFile(::open(link_to(found.file.fd()).c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
}

}  // namespace wsinetd::session
