#include "session/visitor.hpp"

#include "http/authority.hpp"

namespace wsinetd::session {
namespace {

/// What the client has connected to, as far as its proxy says so.
std::string server_port_of(const endpoint::Forwarded& seen, const std::string& host) {
    if (seen.own_port) return std::to_string(*seen.own_port);
    if (!seen.host && !seen.https) return {};
    const auto authority = http::parse_authority(host);
    if (authority && authority->port) return std::to_string(*authority->port);
    if (!seen.https) return {};
    return *seen.https ? "443" : "80";
}

/// The port belongs to a host that has none: what a page's origin is compared with.
std::string host_with_port(const endpoint::Forwarded& seen, std::string host) {
    const auto authority = http::parse_authority(host);
    if (!seen.own_port || !authority || authority->port) return host;
    return std::string(authority->host) + ":" + std::to_string(*seen.own_port);
}

}  // namespace

bool is_trusted(const net::Endpoints& peer, const http::TrustedProxies& trusted) {
    if (peer.unix_socket) return trusted.unix_socket;
    const auto address = http::parse_address(peer.remote_address);
    return address && trusted.contain(*address);
}

std::variant<Visitor, http::Refusal> visitor_of(const http::Request& request, const net::Endpoints& peer, bool tls,
                                                const http::TrustedProxies& trusted) {
    Visitor visitor;
    visitor.https = tls;
    visitor.host = request.host;
    if (!peer.unix_socket) {
        visitor.address = peer.remote_address;
        visitor.port = std::to_string(peer.remote_port);
        visitor.numeric = http::parse_address(peer.remote_address);
    }
    visitor.trusted = !trusted.empty() && is_trusted(peer, trusted);
    if (!visitor.trusted) return visitor;
    auto result = endpoint::forwarded_for(request, trusted);
    if (auto* refusal = std::get_if<http::Refusal>(&result)) return std::move(*refusal);
    const auto& seen = std::get<endpoint::Forwarded>(result);
    if (seen.address) {
        visitor.forwarded = true;
        visitor.numeric = seen.address;
        visitor.address = format(*seen.address);
        visitor.port = seen.port ? std::to_string(*seen.port) : "";
    }
    if (seen.https) visitor.https = *seen.https;
    if (seen.host) visitor.host = *seen.host;
    visitor.server_port = server_port_of(seen, visitor.host);
    visitor.host = host_with_port(seen, std::move(visitor.host));
    return visitor;
}

}  // namespace wsinetd::session
