#pragma once  // Who is at the other end of a request: the connection's peer, or whom trusted proxies name.
#include "endpoint/forwarded.hpp"
#include "net/stream.hpp"

namespace wsinetd::session {

struct Visitor {
    std::string address;                   ///< numeric; empty: a unix socket's
    std::string port;                      ///< empty: unknown
    std::optional<http::Address> numeric;  ///< nothing: a unix socket's
    bool trusted = false;                  ///< the peer is a proxy we believe
    bool forwarded = false;                ///< and it has named another
    bool https = false;
    std::string host;         ///< host[:port] that was asked for; empty where the request has none
    std::string server_port;  ///< that was connected to, where only the proxy knows; else empty
};

/// `peer` is the connection's, `tls` whether it is encrypted. 400 where proxies contradict each other.
[[nodiscard]] std::variant<Visitor, http::Refusal> visitor_of(const http::Request& request, const net::Endpoints& peer,
                                                              bool tls, const http::TrustedProxies& trusted);

/// Whether the peer is one of them.
[[nodiscard]] bool is_trusted(const net::Endpoints& peer, const http::TrustedProxies& trusted);

}  // namespace wsinetd::session
