#pragma once  // The PROXY protocol's header taken off a connection, and not a byte of what follows it.
#include "http/proxy_header.hpp"
#include "net/stream.hpp"

namespace wsinetd::net {

struct ProxyGreeting {
    std::optional<http::ProxyHeader> header;
    std::string why;  ///< there is none; empty: the connection has ended
};

/// Before TLS or anything else is read. Ends when the stream is closed.
awaitable<ProxyGreeting> read_proxy_header(Stream& stream);

}  // namespace wsinetd::net
