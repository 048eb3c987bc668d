#include "http/redirect.hpp"

#include <algorithm>

#include "http/authority.hpp"
#include "http/reply.hpp"
#include "http/target.hpp"

namespace wsinetd::http {
namespace {

/// Path and query as they were sent, but with one slash in front: `//elsewhere`, and `/\elsewhere`, which is the same
/// to browsers, name another server wherever someone takes them for a reference of their own (RFC 3986, 4.2). Of an
/// absolute target what follows its authority (RFC 9112, 3.2.2).
std::string path_and_query(std::string_view target) {
    if (!target.starts_with('/')) {
        const auto authority = target.find("://");
        const auto path = authority == std::string_view::npos ? authority : target.find_first_of("/?", authority + 3);
        target = path == std::string_view::npos ? std::string_view{} : target.substr(path);
    }
    target.remove_prefix(std::min(target.find_first_not_of("/\\"), target.size()));
    return "/" + std::string(target);
}

}  // namespace

Refusal redirect_to_https(const Request& request, std::string_view host, std::uint16_t port) {
    std::string location = "https://" + std::string(host);
    if (port != default_port("https")) location += ":" + std::to_string(port);
    location += path_and_query(request.target);
    const bool safe = request.method == "GET" || request.method == "HEAD";
    Refusal refusal = refuse(safe ? 301 : 308, "This is served over TLS: " + location, "https only");
    refusal.reply.fields.push_back({"Location", std::move(location)});
    return refusal;
}

std::optional<Request> redirected(const Request& request, const std::string& to) {
    const auto target = parse_target("GET", to);
    const auto* found = std::get_if<Target>(&target);
    if (!found) return std::nullopt;
    Request next = request;
    next.method = request.method == "HEAD" ? "HEAD" : "GET";
    next.target = to;
    next.path = found->path;
    next.query = found->query;
    next.has_body = false;
    std::erase_if(next.fields, [](const Field& field) {
        return same_token(field.name, "Content-Length") || same_token(field.name, "Content-Type") ||
               same_token(field.name, "Transfer-Encoding") || same_token(field.name, "Expect");
    });
    return next;
}

}  // namespace wsinetd::http
