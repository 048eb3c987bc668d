#include "session/caller.hpp"

#include "endpoint/origin.hpp"

namespace wsinetd::session {

Caller::Caller(LoopResources& loop, net::Stream& stream, bool tls)
    : loop_(loop), stream_(stream), tls_(tls), ends_(stream.endpoints()) {}

void Caller::is_named(const http::ProxyHeader& header) {
    if (header.unix_socket) ends_ = net::Endpoints{{}, {}, 0, 0, {}, true};
    if (!header.ends) return;
    const auto& [source, destination] = *header.ends;
    const auto& local = destination.address;
    ends_ = {format(source.address),
             format(local),
             source.port,
             destination.port,
             {local.bytes.begin(), local.bytes.end()},
             false};
}

std::optional<http::Refusal> Caller::meet(const Site& site, http::Request& request) {
    auto seen = visitor_of(request, ends_, tls_, site.config.trusted_proxies);
    if (auto* refusal = std::get_if<http::Refusal>(&seen)) return std::move(*refusal);
    visitor_ = std::get<Visitor>(std::move(seen));
    asked_host_ = request.host;
    request.host = visitor_.host;
    return std::nullopt;
}

net::awaitable<void> Caller::ask(const Site& site, http::Request& request, const endpoint::Match& match,
                                 bool starts_command, const Admission* before) {
    const config::Endpoint& endpoint = *match.endpoint;
    if (starts_command && judge(site, request, endpoint)) co_return;
    if (starts_command) take_place(loop_, site.config, visitor_.numeric, admission_);
    if (admission_.refusal) co_return;
    if (before && before->endpoint == &endpoint) {  // the secret is no longer in the request
        admission_.endpoint = before->endpoint;
        admission_.user = before->user;
        admission_.auth_type = before->auth_type;
    } else if (endpoint.authentication.wanted()) {
        const endpoint::Peer asking = peer();
        co_await authenticate(loop_, site, request, match, asking, visitor_.trusted, admission_);
    }
    if (admission_.refusal || !starts_command) co_return;
    withhold_secrets(site, request, admission_);
    if (site.config.reverse_lookup) co_await find_name();
}

net::awaitable<void> Caller::find_name() {
    if (!visitor_.numeric || named_ == visitor_.address) co_return;
    remote_host_ = co_await loop_.server.names.name_of(visitor_.address, loop_.executor, loop_.mailbox, loop_.timers);
    named_ = visitor_.address;
}

std::optional<http::Refusal> Caller::judge(const Site& site, const http::Request& request,
                                           const config::Endpoint& endpoint) const {
    const endpoint::Origins& origins = site.of(endpoint).origins;
    std::span<const std::string> names;
    if (tls_) names = site.tls->names();
    // A proxy's word counts for where a page comes from, but not against rebinding: a page on this machine could be the
    // peer, and write it.
    const auto judge_host = [&](const http::Request& asked) {
        return endpoint::judge_host(asked, ends_.local_bytes, site.config.hosts, origins, names);
    };
    std::optional<http::Refusal> refusal;
    if (request.host == asked_host_) {
        refusal = judge_host(request);
    } else {
        http::Request asked = request;
        asked.host = asked_host_;
        refusal = judge_host(asked);
    }
    return refusal ? refusal : endpoint::judge_origin(request, origins);
}

std::optional<http::Refusal> Caller::judge_stranger(const config::Endpoint& endpoint) const {
    if (admission_.refusal) return admission_.refusal;
    if (admission_.admits(endpoint)) return std::nullopt;
    return refuse_stranger(endpoint.authentication, "it was not asked who sends it");
}

endpoint::Peer Caller::peer() const {
    endpoint::Peer asking{visitor_.address, visitor_.port, ends_.local_address, std::to_string(ends_.local_port)};
    asking.tls = visitor_.https;
    asking.unix_socket = ends_.unix_socket;
    asking.client_subject = stream_.client_subject();
    if (named_ == visitor_.address) asking.remote_host = remote_host_;
    asking.forwarded = visitor_.forwarded;
    asking.server_port = visitor_.server_port;
    asking.user = admission_.user;
    asking.auth_type = admission_.auth_type;
    return asking;
}

std::string Caller::name() const {
    if (ends_.unix_socket && !visitor_.forwarded) return "unix:";
    const std::string& address = visitor_.forwarded ? visitor_.address : ends_.remote_address;
    const std::string port = visitor_.forwarded ? visitor_.port : std::to_string(ends_.remote_port);
    const std::string host = address.find(':') != std::string::npos ? "[" + address + "]" : address;
    return port.empty() ? host : host + ":" + port;
}

}  // namespace wsinetd::session
