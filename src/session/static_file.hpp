#pragma once  // A request answered by a file: RFC 9110, 8, 13 and 14; spec section 2.
#include <chrono>
#include <optional>
#include <variant>

#include "http/media_type.hpp"
#include "http/message.hpp"
#include "net/deadline.hpp"
#include "net/stream.hpp"
#include "session/scratch.hpp"
#include "session/tree.hpp"

namespace wsinetd::session {

/// A head, and the part of a file that follows it.
struct FileAnswer {
    http::Reply head;
    OpenFile file;
    std::uint64_t begin = 0;
    std::uint64_t length = 0;
};

/// The files of --static-dir.
class StaticFiles {
public:
    /// `hidden` are directories whose files are programs and never served as text, wherever they lie. They outlive
    /// this. `media_types` is the text of a mime.types file. Throws std::system_error.
    StaticFiles(const std::string& directory, std::vector<const Tree*> hidden, std::string_view media_types);

    /// Nothing where there is no such file, and for paths that are none. A directory is its index.html, and without a
    /// '/' at its end it is led to by 301. A file that may not be read is 403, any method but GET, HEAD and OPTIONS
    /// 405.
    [[nodiscard]] std::optional<std::variant<FileAnswer, http::Refusal>> answer(const http::Request& request,
                                                                                std::chrono::sys_seconds now) const;

private:
    [[nodiscard]] bool is_hidden(const Found& found) const;
    [[nodiscard]] Found find_file(const std::string& path) const;
    [[nodiscard]] std::variant<FileAnswer, http::Refusal> serve(const http::Request& request, Found found,
                                                                const std::string& name,
                                                                std::chrono::sys_seconds now) const;

    Tree tree_;
    std::vector<const Tree*> hidden_;
    http::MediaTypes media_types_;
};

/// Sends the file's part without copying it where there is no TLS; `deadline` is put off with each byte that goes.
/// False when not all of it could be sent.
net::awaitable<bool> send_file(net::Executor executor, net::Stream& stream, const FileAnswer& answer,
                               std::span<std::byte> scratch, net::Deadline& deadline);

}  // namespace wsinetd::session
