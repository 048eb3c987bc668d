#include "config/option_values.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <limits>
#include <utility>

#include "config/origin_rule.hpp"
#include "config/units.hpp"
#include "http/address.hpp"
#include "http/authority.hpp"

namespace wsinetd::config {
namespace {

std::string quoted(std::string_view value) { return '"' + std::string(value) + '"'; }

Complaint is_not(std::string_view value, std::string_view what) {
    return quoted(value) + " is not " + std::string(what);
}

/// A word out of a table.
template <typename Value, std::size_t Count>
Complaint set_word(Value& target, std::string_view value,
                   const std::array<std::pair<std::string_view, Value>, Count>& words, std::string_view what) {
    for (const auto& [word, meaning] : words)
        if (word == value) {
            target = meaning;
            return {};
        }
    std::string choices;
    for (const auto& [word, meaning] : words) choices += (choices.empty() ? "" : ", ") + std::string(word);
    return is_not(value, std::string(what) + " (" + choices + ")");
}

void append(std::vector<std::string>& target, std::string_view list) {
    for (std::string& element : elements(list)) target.push_back(std::move(element));
}

bool is_token(std::string_view text) { return !text.empty() && std::ranges::all_of(text, http::is_token_char); }

/// Those that say how a reply is framed and what protocol follows are the server's to set.
constexpr std::array<std::string_view, 8> own_fields{
    "Connection",        "Content-Length", "Sec-WebSocket-Accept", "Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions",
    "Transfer-Encoding", "Upgrade",        "Sec-WebSocket-Version"};

Complaint parse_field(http::Field& field, std::string_view value) {
    const auto colon = value.find(':');
    if (colon == std::string_view::npos || !is_token(value.substr(0, colon)))
        return is_not(value, "a header (Name: value)");
    field.name = value.substr(0, colon);
    value.remove_prefix(colon + 1);
    const auto first = std::min(value.find_first_not_of(" \t"), value.size());
    field.value = value.substr(first, value.find_last_not_of(" \t") + 1 - first);
    if (std::ranges::any_of(field.value,
                            [](char c) { return static_cast<unsigned char>(c) < 0x20 ? c != '\t' : c == 0x7f; }))
        return quoted(field.name) + " has a control character in its value";
    for (const std::string_view name : own_fields)
        if (http::same_token(name, field.name)) return quoted(field.name) + " is the server's own to set";
    return {};
}

/// stdin, stdout, stderr, and the one by which the loader reads libraries.
constexpr std::uint64_t least_descriptors = 4;

}  // namespace

std::vector<std::string> elements(std::string_view list) {
    std::vector<std::string> result;
    while (!list.empty()) {
        const auto end = std::min(list.find(','), list.size());
        std::string_view element = list.substr(0, end);
        list.remove_prefix(std::min(end + 1, list.size()));
        const auto first = std::min(element.find_first_not_of(" \t"), element.size());
        element.remove_prefix(first);
        element = element.substr(0, element.find_last_not_of(" \t") + 1);
        if (!element.empty()) result.emplace_back(element);
    }
    return result;
}

Complaint set_number(std::uint64_t& target, std::string_view value, std::string_view what) {
    const auto number = parse_number(value);
    if (!number) return is_not(value, what);
    target = *number;
    return {};
}

Complaint set_duration(Milliseconds& target, std::string_view value) {
    const auto duration = parse_duration(value);
    if (!duration) return is_not(value, "a duration (500ms, 30s, 5m; a bare number is seconds)");
    target = *duration;
    return {};
}

Complaint set_flag(bool& target, std::string_view value) {
    const std::optional<bool> flag = parse_flag(value);
    if (!flag) return is_not(value, "true or false");
    target = *flag;
    return {};
}

Complaint add_field(std::vector<http::Fields::value_type>& target, std::string_view value) {
    http::Field field;
    if (auto wrong = parse_field(field, value)) return wrong;
    target.push_back(std::move(field));
    return {};
}

Complaint set_port(Draft& draft, std::string_view value) {
    const auto number = parse_number(value, 65535);
    if (!number) return is_not(value, "a port (0 to 65535)");
    draft.config.port = static_cast<std::uint16_t>(*number);
    draft.port_given = true;
    return {};
}

Complaint set_redirect_port(Draft& draft, std::string_view value) {
    const auto number = parse_number(value, 65535);
    if (!number) return is_not(value, "a port (0 to 65535)");
    draft.config.redirect_port = static_cast<std::uint16_t>(*number);
    return {};
}

Complaint set_admin(Draft& draft, std::string_view value) {
    constexpr std::string_view right = "127.0.0.1:9090, [::1]:9090 or unix:PATH";
    if (value.starts_with("unix:") && value.size() > 5) {
        draft.config.admin = AdminAddress{{}, 0, std::string(value.substr(5))};
        return {};
    }
    const auto authority = http::parse_authority(value);
    if (!authority || !authority->port) return is_not(value, right);
    std::string_view host = authority->host;
    if (http::same_token(host, "localhost")) host = "127.0.0.1";
    if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
    const auto v4 = http::parse_ipv4(host);
    const auto v6 = http::parse_ipv6(host);
    if (!v4 && !v6) return is_not(value, right);
    constexpr std::array<std::uint8_t, 16> loopback{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
    if (v4 ? (*v4)[0] != 127 : *v6 != loopback)
        return quoted(value) + " could be reached from other machines, and nobody would be asked who they are; " +
               std::string(right) + " cannot, and a proxy or an SSH tunnel may lead there";
    draft.config.admin = AdminAddress{std::string(host), *authority->port, {}};
    return {};
}

Complaint set_name(std::string& target, std::string_view value, std::string_view what) {
    if (value.empty()) return is_not(value, what);
    target = value;
    return {};
}

Complaint set_path(std::string& target, std::string_view value) {
    if (value.empty()) return is_not(value, "a path");
    target = value;
    return {};
}

Complaint set_way_in(Draft& draft, std::string& target, std::string_view path) {
    if (path.empty() && draft.in_endpoint) {
        target.clear();
        return {};
    }
    return set_path(target, path);
}

Complaint add_path(std::vector<std::string>& target, std::string_view value) {
    if (value.empty()) return is_not(value, "a path");
    target.emplace_back(value);
    return {};
}

Complaint add_address(Draft& draft, std::string_view value) {
    if (!draft.addresses_given) draft.config.addresses.clear();
    draft.addresses_given = true;
    if (value.size() > 2 && value.front() == '[' && value.back() == ']') value = value.substr(1, value.size() - 2);
    draft.config.addresses.emplace_back(value);
    return {};
}

Complaint add_origins(Draft& draft, std::string_view value) {
    draft.origin_rule_given = true;
    std::optional<std::vector<std::string>>& own = draft.config.common.origins;
    if (draft.in_endpoint && !own) own.emplace();
    for (std::string& origin : elements(value)) {
        const auto rule = parse_origin_rule(origin);
        const auto* const wrong = std::get_if<std::string>(&rule);
        if (wrong && origin != "*") return *wrong;
        (draft.in_endpoint ? *own : draft.config.origins).push_back(std::move(origin));
    }
    return {};
}

Complaint add_hosts(Draft& draft, std::string_view value) {
    if (!std::exchange(draft.hosts_given, true)) draft.config.hosts.clear();
    for (std::string& host : elements(value)) {
        const auto authority = http::parse_authority(host);
        const bool named = authority && authority->host == host && host.find('*') == std::string::npos;
        if (host != "*" && !named)
            return is_not(host, "a host (a name, an IPv4 address, an IPv6 address in brackets, or *)");
        draft.config.hosts.push_back(std::move(host));
    }
    return {};
}

Complaint add_trusted_proxies(Draft& draft, std::string_view value) {
    for (const std::string& each : elements(value)) {
        if (each == "unix") {
            draft.config.trusted_proxies.unix_socket = true;
            continue;
        }
        auto network = http::parse_network(each);
        if (auto* wrong = std::get_if<std::string>(&network))
            return *wrong + (wrong->ends_with("/32)") ? ", nor unix" : "");
        draft.config.trusted_proxies.networks.push_back(std::get<http::Network>(network));
    }
    return {};
}

Complaint add_proxy_protocol(Draft& draft, std::string_view value) {
    for (std::string& each : elements(value)) {
        if (each.starts_with('[') && each.ends_with(']')) each = each.substr(1, each.size() - 2);
        if (each != "tcp" && each != "unix" && !http::parse_address(each))
            return is_not(each, "a listener (tcp for all addresses, unix for the socket, or an address)");
        draft.config.proxy_protocol.push_back(std::move(each));
    }
    return {};
}

Complaint set_rate(Draft& draft, std::string_view value) {
    const auto slash = value.find('/');
    const auto count = parse_number(value.substr(0, slash));
    Rate rate;
    const auto period = slash == std::string_view::npos ? rate.period : parse_duration(value.substr(slash + 1));
    if (!count || !period || period->count() <= 0) return is_not(value, "a rate (10/1s, 100/5m; 0 is no limit)");
    draft.config.max_connect_rate = {*count, *period};
    return {};
}

Complaint set_auth_command(Draft& draft, std::string_view value) {
    std::vector<std::string> words;
    while (!value.empty()) {
        const auto end = std::min(value.find_first_of(" \t"), value.size());
        if (end > 0) words.emplace_back(value.substr(0, end));
        value.remove_prefix(std::min(end + 1, value.size()));
    }
    if (words.empty() && !draft.in_endpoint) return is_not(value, "a command");
    draft.config.common.authentication.command = std::move(words);
    return {};
}

Complaint set_auth_header(Draft& draft, std::string_view value) {
    if (!is_token(value) && !(value.empty() && draft.in_endpoint)) return is_not(value, "the name of a header");
    draft.config.common.authentication.header = value;
    return {};
}

Complaint set_mode(Draft& draft, std::string_view value) {
    const bool octal =
        !value.empty() && value.size() <= 4 && std::ranges::all_of(value, [](char c) { return c >= '0' && c <= '7'; });
    unsigned mode = 0;
    for (const char c : octal ? value : std::string_view{}) mode = mode * 8 + static_cast<unsigned>(c - '0');
    if (!octal || mode > 0777) return is_not(value, "a file mode (octal, such as 0660)");
    draft.config.unix_socket_mode = mode;
    return {};
}

Complaint set_framing(Draft& draft, std::string_view value) {
    constexpr std::array<std::pair<std::string_view, framing::Kind>, 5> words{
        {{"lines", framing::Kind::lines},
         {"null", framing::Kind::null},
         {"content-length", framing::Kind::content_length},
         {"jsonl", framing::Kind::jsonl},
         {"raw", framing::Kind::raw}}};
    return set_word(draft.config.common.framing, value, words, "a framing");
}

Complaint set_binary(Draft& draft, std::string_view value) {
    bool binary = false;
    if (auto wrong = set_flag(binary, value)) return wrong;
    framing::Kind& framing = draft.config.common.framing;
    if (binary)
        framing = framing::Kind::raw;
    else if (framing == framing::Kind::raw)
        framing = framing::Kind::lines;
    return {};
}

Complaint set_stderr(Draft& draft, std::string_view value) {
    constexpr std::array<std::pair<std::string_view, StderrMode>, 4> words{{{"log", StderrMode::log},
                                                                            {"discard", StderrMode::discard},
                                                                            {"merge", StderrMode::merge},
                                                                            {"tagged", StderrMode::tagged}}};
    return set_word(draft.config.common.stderr_mode, value, words, "a mode of stderr");
}

Complaint set_on_binary(Draft& draft, std::string_view value) {
    constexpr std::array<std::pair<std::string_view, OnBinary>, 3> words{
        {{"close", OnBinary::close}, {"ignore", OnBinary::ignore}, {"accept", OnBinary::accept}}};
    return set_word(draft.config.common.on_binary, value, words, "a way to treat binary messages");
}

Complaint set_unbuffer(Draft& draft, std::string_view value) {
    constexpr std::array<std::pair<std::string_view, Unbuffer>, 2> words{
        {{"off", Unbuffer::off}, {"line", Unbuffer::line}}};
    return set_word(draft.config.common.unbuffer, value, words, "a way to flush a command's output");
}

Complaint add_subprotocol(Draft& draft, std::string_view value) {
    if (!is_token(value)) return is_not(value, "the name of a subprotocol (letters, digits and -._~, or *)");
    draft.config.common.subprotocols.emplace_back(value);
    return {};
}

Complaint set_log_level(Draft& draft, std::string_view value) {
    using log::Level;
    constexpr std::array<std::pair<std::string_view, Level>, 6> words{{{"debug", Level::debug},
                                                                       {"trace", Level::trace},
                                                                       {"access", Level::access},
                                                                       {"info", Level::info},
                                                                       {"error", Level::error},
                                                                       {"fatal", Level::fatal}}};
    return set_word(draft.config.log_level, value, words, "a log level");
}

Complaint set_log_format(Draft& draft, std::string_view value) {
    constexpr std::array<std::pair<std::string_view, log::Format>, 2> words{
        {{"text", log::Format::text}, {"json", log::Format::json}}};
    return set_word(draft.config.log_format, value, words, "a log format");
}

Complaint set_size(Draft& draft, std::string_view value) {
    const auto size = parse_size(value);
    if (!size) return is_not(value, "a size (64KiB, 1MiB; a bare number is bytes)");
    draft.config.common.max_message_size = *size;
    return {};
}

Complaint set_limit(std::optional<Limit>& target, std::string_view value, Measure measure) {
    const auto limit = parse_limit(value, measure);
    if (const auto* wrong = std::get_if<std::string>(&limit)) return *wrong;
    target = std::get<Limit>(limit);
    return {};
}

Complaint set_descriptors(Draft& draft, std::string_view value) {
    if (auto wrong = set_limit(draft.config.common.limits.descriptors, value, Measure::count)) return wrong;
    if (draft.config.common.limits.descriptors->soft >= least_descriptors) return {};
    return quoted(value) + " is too low: a program that is to start needs " + std::to_string(least_descriptors);
}

Complaint set_nice(Draft& draft, std::string_view value) {
    const bool negative = value.starts_with('-');
    const auto number = parse_number(value.substr(negative ? 1 : 0), negative ? 20 : 19);
    if (!number) return is_not(value, "a nice level (-20, the most urgent, to 19)");
    draft.config.common.limits.nice = negative ? -static_cast<int>(*number) : static_cast<int>(*number);
    return {};
}

Complaint add_env(Draft& draft, std::string_view value) {
    const auto equals = value.find('=');
    if (equals == std::string_view::npos || equals == 0 || value.find('\0') != std::string_view::npos)
        return is_not(value, "NAME=VALUE");
    draft.config.common.env.emplace_back(value);
    return {};
}

Complaint set_pass_env(Draft& draft, std::string_view value) {
    if (!draft.pass_env_given) draft.config.common.pass_env.clear();
    draft.pass_env_given = true;
    append(draft.config.common.pass_env, value);
    return {};
}

Complaint set_max_processes(Draft& draft, std::string_view value) {
    std::uint64_t number = 0;
    if (auto wrong = set_number(number, value, count_words)) return wrong;
    if (draft.in_endpoint)
        draft.config.common.max_processes = number;
    else
        draft.config.max_processes = number;
    return {};
}

Complaint set_threads(Draft& draft, std::string_view value) {
    // The kernel lets a listener be in so many epoll instances that are in others (docs/decisions/0016).
    const auto number = parse_number(value, 500);
    if (!number || *number == 0) return is_not(value, "a number of threads (1 to 500)");
    draft.config.threads = *number;
    return {};
}

Complaint set_action(Draft& draft, Action action) {
    // Of several the one that answers at once counts: help before version before check.
    draft.config.action = std::max(draft.config.action, action);
    return {};
}

Complaint set_reload(Draft& draft, std::string_view value) {
    const auto pid = parse_number(value, std::numeric_limits<std::int32_t>::max());
    if (!pid || *pid == 0) return is_not(value, "the number of a process");
    draft.config.reload_pid = *pid;
    return set_action(draft, Action::reload);
}

Complaint set_shutdown_code(Draft& draft, std::string_view value) {
    constexpr std::array<std::pair<std::string_view, std::uint16_t>, 2> codes{{{"1001", 1001}, {"1012", 1012}}};
    return set_word(draft.config.shutdown_code, value, codes, "a close code for that");
}

}  // namespace wsinetd::config
