#pragma once  // What a proxy says before the first byte of the client's: HAProxy's PROXY protocol, versions 1 and 2.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <variant>

#include "http/address.hpp"

namespace wsinetd::http {

struct ProxyHeader {
    struct End {
        Address address;
        std::uint16_t port;
    };
    struct Ends {
        End source;       ///< the client
        End destination;  ///< what it has connected to
    };

    std::size_t size = 0;      ///< of the whole header, what is skipped in it included
    std::optional<Ends> ends;  ///< nothing: UNKNOWN, LOCAL, or a family without addresses: the connection's own count
    bool unix_socket = false;  ///< the client has come to the proxy by a unix socket
};

/// The header that `bytes` begin with, known as soon as its addresses are there: of version 2 what follows them (TLVs)
/// may be still to come, up to `size`. Nothing while more is needed: then all of `bytes` belong to it. Else what is
/// wrong.
[[nodiscard]] std::variant<std::monostate, ProxyHeader, std::string> parse_proxy_header(
    std::span<const std::byte> bytes);

/// No header needs more of its bytes to be parsed (2.2: 16 and two paths of 108).
inline constexpr std::size_t max_proxy_header = 16 + 216;

}  // namespace wsinetd::http
