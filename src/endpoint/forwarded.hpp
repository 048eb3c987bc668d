#pragma once  // What trusted proxies say of the client: Forwarded (RFC 7239), and X-Forwarded-For, -Proto, -Host,
              // -Port.
#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "http/address.hpp"
#include "http/message.hpp"

namespace wsinetd::endpoint {

/// The client behind a trusted proxy. What is missing is unknown: then what the connection says holds.
struct Forwarded {
    std::optional<http::Address> address;   ///< nothing: the proxy itself, or one that it hides
    std::optional<std::uint16_t> port;      ///< of the client
    std::optional<bool> https;              ///< whether the client has come by TLS
    std::optional<std::string> host;        ///< host[:port] that it has asked for
    std::optional<std::uint16_t> own_port;  ///< that it has connected to
};

/// To be asked only where the peer is trusted. From the right, hop by hop, as long as each is trusted: the first that
/// is not is the client; where all are, the left-most. One that is hidden (`unknown`, `_name`) or no address ends the
/// way at the hop before. 400 for a Forwarded that is malformed, and where both ways are used and name different
/// clients: one of them is what a client has sent, and the proxy has let it through.
[[nodiscard]] std::variant<Forwarded, http::Refusal> forwarded_for(const http::Request& request,
                                                                   const http::TrustedProxies& trusted);

}  // namespace wsinetd::endpoint
