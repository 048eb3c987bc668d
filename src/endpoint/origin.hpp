#pragma once  // Who may start a command: Origin, Sec-Fetch-Site and Host (spec section 2, RFC 6455 10.2).
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/origin_rule.hpp"
#include "http/message.hpp"

namespace wsinetd::endpoint {

using config::OriginRule;

/// The origins allowed besides the server's own.
struct Origins {
    bool any = false;  ///< `*`: everyone, even `null`
    std::vector<OriginRule> rules;

    /// Adds one element of the list, `[scheme://]host[:port]` or `*`, blanks around it ignored. Returns what is wrong
    /// with it and what would be right, and then adds nothing.
    [[nodiscard]] std::optional<std::string> add(std::string_view element);
};

/// 403 for a page of another site, its `why` naming the option that would allow it; nothing when it may pass.
[[nodiscard]] std::optional<http::Refusal> judge_origin(const http::Request& request, const Origins& origins);

/// Whether pages of other sites could reach this local address by DNS rebinding: it is loopback, link-local or private
/// (RFC 1918, 4193, 6598). 4 or 16 bytes in network order, IPv4-mapped ones included; false for any other length.
[[nodiscard]] bool needs_host_check(std::span<const std::uint8_t> address);

/// Whether Host is the server's own: an address, `localhost`, in `hosts` (`*` for any, without case), the host of an
/// origin rule, or a name that a certificate of the server has, in which `*.` stands for one label (RFC 6125, 6.4.3).
[[nodiscard]] bool is_own_host(const http::Request& request, std::span<const std::string> hosts, const Origins& origins,
                               std::span<const std::string> certificate_names = {});

/// 421 when `local_address` (as above, empty for a unix socket) needs the check and Host is not the server's own. Its
/// `why` names the option that would make it so.
[[nodiscard]] std::optional<http::Refusal> judge_host(const http::Request& request,
                                                      std::span<const std::uint8_t> local_address,
                                                      std::span<const std::string> hosts, const Origins& origins,
                                                      std::span<const std::string> certificate_names = {});

/// Where a URL for the client of `request` may lead, an IPv6 address in brackets: its Host if that is the server's own;
/// else the first name of a certificate that is whole, for that is the one a client would believe; else
/// `local_address`, numeric and without brackets, which it has reached.
[[nodiscard]] std::string own_host(const http::Request& request, std::string_view local_address,
                                   std::span<const std::string> hosts, const Origins& origins,
                                   std::span<const std::string> certificate_names);

}  // namespace wsinetd::endpoint
