#pragma once  // A directory that is served: opens what lies beneath it, and nothing else.
#include <sys/stat.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "endpoint/router.hpp"

namespace wsinetd::session {

/// Owns a descriptor that no loop knows of.
class OpenFile {
public:
    OpenFile() = default;
    explicit OpenFile(int fd) : fd_(fd) {}
    OpenFile(OpenFile&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    OpenFile& operator=(OpenFile&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    ~OpenFile();

    [[nodiscard]] int fd() const { return fd_; }

private:
    int fd_ = -1;
};

/// What stands at a path of a tree.
struct Found {
    enum class Kind {
        nothing,  ///< or what is not to be seen: a dot file, or what lies outside
        directory,
        file,
        other,      ///< a device, a socket, a pipe
        exhausted,  ///< there may be something, but the system has no descriptor for it
    };
    Kind kind = Kind::nothing;
    OpenFile file;  ///< opened as a place only (O_PATH)
    struct stat status {};
    std::string path;  ///< absolute and without links
};

/// Neither `..` nor a link leads out of it, even if directories and links are exchanged meanwhile: the kernel resolves
/// each path beneath the directory's descriptor (openat2, RESOLVE_BENEATH). The directory itself may be exchanged for
/// another, or a link to it for a link to another, as a deployment does. From any thread.
class Tree {
public:
    /// Throws std::system_error.
    explicit Tree(std::string directory);

    /// `path` as a request has it: decoded, beginning with '/'. A name that begins with a dot is not to be seen,
    /// neither in `path` nor where a link leads to (`/.well-known/` is no dot file).
    [[nodiscard]] Found find(std::string_view path) const;

    /// Whether `path`, absolute and without links, is the directory itself or lies beneath it.
    [[nodiscard]] bool holds(std::string_view path) const;

private:
    [[nodiscard]] OpenFile open() const;

    std::string directory_;
    OpenFile first_;
};

/// Looks for programs in `tree`, which may be nullptr: executable files. The last one that was found is `program`; it
/// is `exhausted` where the system had no descriptor to look with.
[[nodiscard]] endpoint::Look look_in(const Tree* tree, Found& program);

/// Opens a file that was found for reading.
[[nodiscard]] OpenFile open_to_read(const Found& found);

}  // namespace wsinetd::session
