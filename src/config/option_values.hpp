#pragma once  // What is said for an option, judged and taken over.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.hpp"

namespace wsinetd::config {

/// A configuration under way, with what later steps must know of how it came about.
struct Draft {
    Config config;
    bool in_endpoint = false;  ///< what is applied is for `config.common` alone, as an endpoint's own
    bool port_given = false;
    bool addresses_given = false;
    bool origin_rule_given = false;  ///< --origin or --same-origin
    bool pass_env_given = false;
    bool hosts_given = false;
    std::string config_file;  ///< --config; empty: none
};

/// What is wrong with a value and what would be right, e.g. `"80a" is not a port (0 to 65535)`.
using Complaint = std::optional<std::string>;

/// The words of a list with commas between them, without blanks around them.
[[nodiscard]] std::vector<std::string> elements(std::string_view list);

inline constexpr std::string_view count_words = "a number (0 or more)";

// Of each kind. `what` is what would be right, with its article.

Complaint set_number(std::uint64_t& target, std::string_view value, std::string_view what);
Complaint set_duration(Milliseconds& target, std::string_view value);
Complaint set_flag(bool& target, std::string_view value);
Complaint add_field(std::vector<http::Fields::value_type>& target, std::string_view value);
/// Refuses what is empty; `what` it should be.
Complaint set_name(std::string& target, std::string_view value, std::string_view what);
Complaint set_path(std::string& target, std::string_view value);
Complaint add_path(std::vector<std::string>& target, std::string_view value);
Complaint set_limit(std::optional<Limit>& target, std::string_view value, Measure measure);

// Of one option each, or of its endpoint.

Complaint set_port(Draft& draft, std::string_view value);
Complaint set_redirect_port(Draft& draft, std::string_view value);
/// Loopback only: who can connect there may see and end every session, and is not asked who they are.
Complaint set_admin(Draft& draft, std::string_view value);
/// Of a way to let in; an endpoint may do without the one that stands above.
Complaint set_way_in(Draft& draft, std::string& target, std::string_view path);
Complaint add_address(Draft& draft, std::string_view value);
Complaint add_origins(Draft& draft, std::string_view value);
Complaint add_hosts(Draft& draft, std::string_view value);
Complaint add_trusted_proxies(Draft& draft, std::string_view value);
Complaint add_proxy_protocol(Draft& draft, std::string_view value);
Complaint set_rate(Draft& draft, std::string_view value);
/// At blanks: there is no shell, and so nothing to quote.
Complaint set_auth_command(Draft& draft, std::string_view value);
Complaint set_auth_header(Draft& draft, std::string_view value);
Complaint set_mode(Draft& draft, std::string_view value);
Complaint set_framing(Draft& draft, std::string_view value);
Complaint set_binary(Draft& draft, std::string_view value);
Complaint set_stderr(Draft& draft, std::string_view value);
Complaint set_on_binary(Draft& draft, std::string_view value);
Complaint set_unbuffer(Draft& draft, std::string_view value);
Complaint add_subprotocol(Draft& draft, std::string_view value);
Complaint set_log_level(Draft& draft, std::string_view value);
Complaint set_log_format(Draft& draft, std::string_view value);
Complaint set_size(Draft& draft, std::string_view value);
Complaint set_descriptors(Draft& draft, std::string_view value);
Complaint set_nice(Draft& draft, std::string_view value);
Complaint add_env(Draft& draft, std::string_view value);
Complaint set_pass_env(Draft& draft, std::string_view value);
Complaint set_max_processes(Draft& draft, std::string_view value);
Complaint set_threads(Draft& draft, std::string_view value);
Complaint set_action(Draft& draft, Action action);
Complaint set_reload(Draft& draft, std::string_view value);
Complaint set_shutdown_code(Draft& draft, std::string_view value);

}  // namespace wsinetd::config
