#include "session/tree.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <system_error>

namespace wsinetd::session {
namespace {

/// openat2 says EAGAIN when something was renamed while it looked at a `..` of a link.
constexpr int tries = 16;

/// `path` begins with '/' or is empty.
bool has_dot_name(std::string_view path) {
    constexpr std::string_view well_known = "/.well-known";  // RFC 8615
    if (path.starts_with(well_known) && (path.size() == well_known.size() || path[well_known.size()] == '/'))
        path.remove_prefix(well_known.size());
    return path.find("/.") != std::string_view::npos;
}

int open_at(int directory, const std::string& path, std::uint64_t rules) {
    open_how how{};
    how.flags = O_PATH | O_CLOEXEC;
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

/// A link may name a place beneath `root`, the path of `directory`, by a way that begins outside of it, as an absolute
/// one does, which RESOLVE_BENEATH refuses whatever it names: where it leads is looked up, and opened by its own path.
int open_beneath(int directory, std::string_view root, const std::string& path) {
    const int fd = open_at(directory, path, RESOLVE_BENEATH);
    if (fd >= 0 || errno != EXDEV) return fd;
    const OpenFile leads_to(open_at(directory, path, 0));
    const std::string place = leads_to.fd() < 0 ? "" : path_of(leads_to.fd());
    if (place.empty() || !is_beneath(place, root)) return -1;
    const std::string own = place.size() > root.size() ? place.substr(root == "/" ? 1 : root.size() + 1) : ".";
    return open_at(directory, own, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
}

Found::Kind kind_of(const struct stat& status) {
    if (S_ISREG(status.st_mode)) return Found::Kind::file;
    return S_ISDIR(status.st_mode) ? Found::Kind::directory : Found::Kind::other;
}

}  // namespace

OpenFile::~OpenFile() {
    if (fd_ >= 0) ::close(fd_);
}

Tree::Tree(std::string directory) : directory_(std::move(directory)) {
    if (open().fd() < 0) throw std::system_error(errno, std::generic_category(), directory_);
}

OpenFile Tree::open() const { return OpenFile(::open(directory_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)); }

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
