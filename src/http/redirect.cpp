#include "http/redirect.hpp"

#include "http/authority.hpp"
#include "http/reply.hpp"

namespace wsinetd::http {
namespace {

/// Path and query as they were sent; of an absolute target what follows its authority (RFC 9112, 3.2.2).
std::string path_and_query(std::string_view target) {
    if (target == "*") return "/";
    if (target.starts_with('/')) return std::string(target);
    const auto authority = target.find("://");
    const auto path = authority == std::string_view::npos ? authority : target.find_first_of("/?", authority + 3);
    if (path == std::string_view::npos) return "/";
    return (target[path] == '?' ? "/" : "") + std::string(target.substr(path));
}

std::string host_of(const Request& request, std::string_view local_address) {
    if (const auto host = parse_authority(request.host)) return std::string(host->host);
    const bool v6 = local_address.find(':') != std::string_view::npos;
    return v6 ? "[" + std::string(local_address) + "]" : std::string(local_address);
}

}  // namespace

Refusal redirect_to_https(const Request& request, std::string_view local_address, std::uint16_t port) {
    std::string location = "https://" + host_of(request, local_address);
    if (port != default_port("https")) location += ":" + std::to_string(port);
    location += path_and_query(request.target);
    const bool safe = request.method == "GET" || request.method == "HEAD";
    Refusal refusal = refuse(safe ? 301 : 308, "This is served over TLS: " + location, "https only");
    refusal.reply.fields.push_back({"Location", std::move(location)});
    return refusal;
}

}  // namespace wsinetd::http
