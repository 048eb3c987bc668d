#include "session/static_file.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "http/accept.hpp"
#include "http/conditional.hpp"
#include "http/date.hpp"
#include "http/reply.hpp"

namespace wsinetd::session {
namespace {

using namespace std::chrono_literals;

/// Sent before the others of the loop have their turn.
constexpr std::size_t sent_at_once = 256 * 1024;
/// With a client that takes nothing of a file.
constexpr auto client_patience = 60s;

constexpr std::string_view index_file = "index.html";

std::int64_t modified_ns(const struct stat& status) {
    return std::int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec;
}

/// RFC 3986, 3.3: what stands in a path as it is.
std::string percent_encoded(std::string_view path) {
    std::string encoded;
    for (const char c : path) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                           std::string_view("-._~!$&'()*+,;=:@/").find(c) != std::string_view::npos;
        const auto byte = static_cast<unsigned char>(c);
        constexpr std::string_view digits = "0123456789ABCDEF";
        if (plain)
            encoded += c;
        else
            ((encoded += '%') += digits[byte >> 4U]) += digits[byte & 15U];
    }
    return encoded;
}

/// A single '/' at the front: "//" would begin with somebody else's name.
http::Refusal lead_to_directory(const http::Request& request) {
    const std::string_view path = request.path;
    std::string location = "/" + percent_encoded(path.substr(std::min(path.find_first_not_of('/'), path.size()))) + "/";
    if (!request.query.empty()) location.append("?").append(request.query);
    http::Refusal refusal = http::refuse(301, "This is a directory: " + location, "directory");
    refusal.reply.fields.push_back({"Location", std::move(location)});
    return refusal;
}

http::Refusal no_descriptor() {
    return http::refuse(503, "The server has run out of descriptors; try again later.", "no descriptor");
}

http::Refusal no_such_method() {
    return http::refuse(405, "This is a file: it can be had by GET and HEAD.", "not a method for files");
}

}  // namespace

StaticFiles::StaticFiles(const std::string& directory, std::vector<const Tree*> hidden, std::string_view media_types)
    : tree_(directory), hidden_(std::move(hidden)), media_types_(media_types) {}

bool StaticFiles::is_hidden(const Found& found) const {
    return std::ranges::any_of(hidden_, [&](const Tree* tree) { return tree->holds(found.path); });
}

/// A regular file that may be seen, or nothing.
Found StaticFiles::find_file(const std::string& path) const {
    Found found = tree_.find(path);
    const bool usable = found.kind == Found::Kind::file || found.kind == Found::Kind::exhausted;
    return usable && !is_hidden(found) ? std::move(found) : Found{};
}

std::optional<std::variant<FileAnswer, http::Refusal>> StaticFiles::answer(const http::Request& request,
                                                                           std::chrono::sys_seconds now) const {
    if (!request.path.starts_with('/')) return std::nullopt;
    std::string path = request.path;
    if (!path.ends_with('/')) {
        const Found found = tree_.find(path);
        if (found.kind == Found::Kind::exhausted) return no_descriptor();
        if (found.kind == Found::Kind::directory) {
            if (is_hidden(found) || find_file(path + "/" + std::string(index_file)).kind != Found::Kind::file)
                return std::nullopt;
            return lead_to_directory(request);
        }
    } else {
        path += index_file;
    }
    Found found = find_file(path);
    if (found.kind == Found::Kind::nothing) return std::nullopt;
    if (found.kind == Found::Kind::exhausted) return no_descriptor();
    return serve(request, std::move(found), path, now);
}

std::variant<FileAnswer, http::Refusal> StaticFiles::serve(const http::Request& request, Found found,
                                                           const std::string& name,
                                                           std::chrono::sys_seconds now) const {
    if (request.method == "OPTIONS") {
        http::Refusal allowed{{204, {{"Allow", "GET, HEAD, OPTIONS"}}, {}}, {}};
        return allowed;
    }
    if (request.method != "GET" && request.method != "HEAD") return no_such_method();
    http::Fields fields{{"X-Content-Type-Options", "nosniff"}, {"Accept-Ranges", "bytes"}};
    std::string coding;
    if (Found compressed = find_file(name + ".gz"); compressed.kind == Found::Kind::file) {
        fields.push_back({"Vary", "Accept-Encoding"});
        if (http::accepts_coding(request.fields, "gzip")) {
            coding = "gzip";
            found = std::move(compressed);
        }
    }
    FileAnswer answer{{}, open_to_read(found), 0, 0};
    if (answer.file.fd() < 0) {
        if (errno == EACCES) return http::refuse(403, "This file may not be read by the server.", "not readable");
        return http::refuse(503, "The server cannot open this file now; try again later.", "cannot open the file");
    }
    const auto size = static_cast<std::uint64_t>(found.status.st_size);
    const http::Representation representation{
        http::make_etag(size, modified_ns(found.status), found.status.st_ino, coding),
        std::chrono::sys_seconds(std::chrono::seconds(found.status.st_mtim.tv_sec)), size};
    const http::Selection selection = http::select(request, representation, now);
    fields.push_back({"ETag", representation.etag});
    fields.push_back({"Last-Modified", http::format_date(std::min(representation.modified, now))});
    if (selection.status == 206 || selection.status == 416)
        fields.push_back({"Content-Range", http::content_range(selection, size)});
    if (selection.status == 200 || selection.status == 206) {
        fields.push_back({"Content-Type", media_types_.of(name)});
        fields.push_back({"Content-Length", std::to_string(selection.length)});
        if (!coding.empty()) fields.push_back({"Content-Encoding", coding});
        answer.begin = selection.begin;
        answer.length = request.method == "HEAD" ? 0 : selection.length;
    }
    answer.head = {selection.status, std::move(fields), {}};
    return answer;
}

net::awaitable<bool> send_file(net::Executor executor, net::Stream& stream, const FileAnswer& answer,
                               std::span<std::byte> scratch, net::Deadline& deadline) {
    std::uint64_t offset = answer.begin;
    const std::uint64_t end = answer.begin + answer.length;
    std::size_t at_once = 0;
    deadline.after(client_patience);
    while (offset < end && stream.is_open()) {
        const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(end - offset, sent_at_once));
        const net::Transfer transfer = stream.send_file(answer.file.fd(), offset, wanted, scratch);
        if (transfer.state == net::Transfer::State::would_block) {
            at_once = 0;
            co_await stream.writable();
            continue;
        }
        if (transfer.state != net::Transfer::State::moved) co_return false;
        offset += transfer.bytes;
        at_once += transfer.bytes;
        deadline.after(client_patience);
        if (at_once < sent_at_once) continue;
        at_once = 0;
        co_await net::let_others(executor);
    }
    co_return offset == end;
}

}  // namespace wsinetd::session
