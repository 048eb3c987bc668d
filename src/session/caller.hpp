#pragma once  // Who sends the requests of a connection, as far as is known, and what they may use.
#include <utility>

#include "http/proxy_header.hpp"
#include "session/admission.hpp"
#include "session/visitor.hpp"

namespace wsinetd::session {

/// About one request at a time, which begins with `meet`.
class Caller {
public:
    /// `stream` is the connection's and outlives this. `tls`: it is encrypted.
    Caller(LoopResources& loop, net::Stream& stream, bool tls);

    /// As the PROXY protocol's header has it: the ends of the connection are those of the proxy's client.
    void is_named(const http::ProxyHeader& header);
    [[nodiscard]] const net::Endpoints& ends() const { return ends_; }

    /// From here on the request's host is the one that the client has asked for. 400 where proxies contradict each
    /// other.
    [[nodiscard]] std::optional<http::Refusal> meet(const Site& site, http::Request& request);

    /// What was found out about the request before; from now on there is nothing.
    Admission forget() { return std::exchange(admission_, Admission{}); }
    /// All that must be asked before the request can be answered, in the order of its refusals: 421 and 403 by `judge`,
    /// 429, 401. `before`: what was found out about the request that has led to this one, or nullptr.
    net::awaitable<void> ask(const Site& site, http::Request& request, const endpoint::Match& match,
                             bool starts_command, const Admission* before);

    /// 421 and 403: the request may not start a command of the endpoint, whoever sends it.
    [[nodiscard]] std::optional<http::Refusal> judge(const Site& site, const http::Request& request,
                                                     const config::Endpoint& endpoint) const;
    /// What `ask` has found out, or 401: nothing that wants authentication is used without it.
    [[nodiscard]] std::optional<http::Refusal> judge_stranger(const config::Endpoint& endpoint) const;

    /// For a command that is to be started.
    [[nodiscard]] ClientPlace& place() { return admission_.place; }
    /// Its token came behind `bearer` in Sec-WebSocket-Protocol.
    [[nodiscard]] bool is_by_subprotocol() const { return admission_.by_subprotocol; }
    [[nodiscard]] endpoint::Peer peer() const;
    /// For the log: address and port, of the client where a proxy names it.
    [[nodiscard]] std::string name() const;

private:
    net::awaitable<void> find_name();

    LoopResources& loop_;
    const net::Stream& stream_;
    bool tls_;
    net::Endpoints ends_;
    Visitor visitor_;
    std::string asked_host_;  ///< the request's Host, where visitor_ has another
    Admission admission_;
    std::string named_;        ///< whose name remote_host_ is
    std::string remote_host_;  ///< for --reverse-lookup, once a command is to be started; empty: nobody has asked
};

}  // namespace wsinetd::session
