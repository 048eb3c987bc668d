#include "http/redirect.hpp"

#include <algorithm>

#include "http/authority.hpp"
#include "http/reply.hpp"

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

}  // namespace wsinetd::http
