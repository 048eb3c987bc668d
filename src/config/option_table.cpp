#include "config/option_table.hpp"

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

/// Loopback only: who can connect there may see and end every session, and is not asked who they are.
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

Complaint set_path(std::string& target, std::string_view value) {
    if (value.empty()) return is_not(value, "a path");
    target = value;
    return {};
}

/// Of a way to let in; an endpoint may do without the one that stands above.
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

/// At blanks: there is no shell, and so nothing to quote.
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

/// stdin, stdout, stderr, and the one by which the loader reads libraries.
constexpr std::uint64_t least_descriptors = 4;

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

constexpr std::string_view count_words = "a number (0 or more)";

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
    const auto number = parse_number(value, 1024);
    if (!number || *number == 0) return is_not(value, "a number of threads (1 to 1024)");
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

const std::array
    rows =
        std::to_array<Option>(
            {
                {"port", 'p', "", Takes::value, "N", "8080", Group::listening,
                 "TCP port; 0 takes a free one, the same for all addresses", set_port, Scope::server, Kind::number},
                {"address", 'a', "", Takes::values, "A", "127.0.0.1 and ::1", Group::listening,
                 "address to bind; * means all", add_address},
                {"unix-socket", 0, "unixsocket", Takes::value, "PATH", "", Group::listening,
                 "also listen there; without --port, --address or --redirect-port, only there",
                 [](Draft& draft, std::string_view value) { return set_path(draft.config.unix_socket, value); },
                 Scope::server, Kind::path},
                {"unix-socket-mode", 0, "", Takes::value, "M", "0660", Group::listening, "permissions of that socket",
                 set_mode, Scope::server, Kind::mode},
                {"accept-fd", 0, "", Takes::boolean, "", "", Group::listening,
                 "serve one connection, which systemd (Accept=yes) or inetd has accepted, and exit",
                 [](Draft& draft, std::string_view value) { return set_flag(draft.config.accept_fd, value); },
                 Scope::command_line},
                {"tls-cert", 0, "sslcert", Takes::values, "F", "", Group::listening,
                 "serve wss:// and https:// with the certificate in this PEM file, its chain behind it; needs "
                 "--tls-key; several "
                 "are chosen by the name the client asks for",
                 [](Draft& draft, std::string_view value) { return add_path(draft.config.tls_certificates, value); },
                 Scope::server, Kind::path},
                {"tls-key", 0, "sslkey", Takes::values, "F", "", Group::listening,
                 "the certificate's private key (PEM), one for each --tls-cert, in their order",
                 [](Draft& draft, std::string_view value) { return add_path(draft.config.tls_keys, value); },
                 Scope::server, Kind::path},
                {"ssl", 0, "", Takes::boolean, "", "", Group::listening,
                 "requires --tls-cert and --tls-key, which suffice",
                 [](Draft& draft, std::string_view value) { return set_flag(draft.config.tls_wanted, value); }},
                {"tls-client-ca", 0, "sslca", Takes::value, "F", "", Group::listening,
                 "require a client certificate signed by a CA in this PEM file",
                 [](Draft& draft, std::string_view value) { return set_path(draft.config.tls_client_ca, value); },
                 Scope::server, Kind::path},
                {"redirect-port", 0, "redirport", Takes::value, "N", "", Group::listening,
                 "plain HTTP that redirects to the https URL; 0 takes a free port; needs TLS", set_redirect_port,
                 Scope::server, Kind::number},
                {"admin", 0, "", Takes::value, "WHERE", "", Group::listening,
                 "answer there how the server is: /metrics, /healthz, /readyz, /sessions; 127.0.0.1:PORT, [::1]:PORT "
                 "or unix:PATH",
                 set_admin, Scope::server, Kind::address},
                {"origin", 0, "", Takes::values, "LIST", "", Group::access,
                 "origins allowed besides the server's own: [scheme://]host[:port], comma-separated, without a port "
                 "any port, * "
                 "for any",
                 add_origins, Scope::own},
                {"same-origin", 0, "sameorigin", Takes::boolean, "", "on", Group::access,
                 "accept a browser only from the server's own origin or one in --origin",
                 [](Draft& draft, std::string_view value) -> Complaint {
                     draft.origin_rule_given = true;
                     return set_flag(draft.config.same_origin, value);
                 }},
                {"host", 0, "", Takes::values, "LIST", "", Group::access,
                 "names the server answers to on loopback and private addresses, comma-separated, * for any",
                 add_hosts},
                {"auth-basic", 0, "", Takes::value, "FILE", "", Group::access,
                 "let in the users of this file with their passwords (htpasswd's bcrypt, or SHA-512)",
                 [](Draft& draft, std::string_view value) {
                     return set_way_in(draft, draft.config.common.authentication.password_file, value);
                 },
                 Scope::endpoint, Kind::path},
                {"auth-token-file", 0, "", Takes::value, "FILE", "", Group::access,
                 "let in who has a token of this file: Authorization: Bearer, a cookie, or a subprotocol",
                 [](Draft& draft, std::string_view value) {
                     return set_way_in(draft, draft.config.common.authentication.token_file, value);
                 },
                 Scope::endpoint, Kind::path},
                {"auth-command", 0, "", Takes::value, "CMD", "", Group::access,
                 "let in whom this command does, by exit status 0; words are separated by blanks, there is no shell",
                 set_auth_command, Scope::endpoint, Kind::program},
                {"auth-header", 0, "", Takes::value, "NAME", "", Group::access,
                 "let in the user whom a proxy in --trusted-proxy names in this header", set_auth_header,
                 Scope::endpoint},
                {"trusted-proxy", 0, "", Takes::values, "LIST", "", Group::access,
                 "addresses and networks whose Forwarded and X-Forwarded-* are believed, comma-separated; unix is the "
                 "socket",
                 add_trusted_proxies},
                {"proxy-protocol", 0, "", Takes::values, "LIST", "", Group::listening,
                 "listeners where a proxy speaks the PROXY protocol first: tcp (all), unix, or addresses, "
                 "comma-separated",
                 add_proxy_protocol},
                {"dir", 0, "", Takes::value, "D", "", Group::serving,
                 "each executable file below D is an endpoint at its path",
                 [](Draft& draft, std::string_view value) { return set_path(draft.config.common.dir, value); },
                 Scope::own, Kind::path},
                {"static-dir", 0, "staticdir", Takes::value, "D", "", Group::serving,
                 "serve the files below D over HTTP",
                 [](Draft& draft, std::string_view value) { return set_path(draft.config.static_dir, value); },
                 Scope::server, Kind::path},
                {"cgi-dir", 0, "cgidir", Takes::value, "D", "", Group::serving,
                 "run the CGI programs below D over HTTP",
                 [](Draft& draft, std::string_view value) { return set_path(draft.config.cgi_dir, value); },
                 Scope::server, Kind::path},
                {"dev-console", 0, "devconsole", Takes::boolean, "", "", Group::serving,
                 "serve a page to try an endpoint by hand, at its URL; beside files or CGI at /_console/",
                 [](Draft& draft, std::string_view value) { return set_flag(draft.config.dev_console, value); }},
                {"header", 0, "", Takes::values, "H", "", Group::access, "header for every response (Name: value)",
                 [](Draft& draft, std::string_view value) -> Complaint {
                     if (auto wrong = add_field(draft.config.upgrade_fields, value)) return wrong;
                     return add_field(draft.config.http_fields, value);
                 }},
                {"header-ws", 0, "", Takes::values, "H", "", Group::access, "header for upgrades only",
                 [](Draft& draft, std::string_view value) { return add_field(draft.config.upgrade_fields, value); }},
                {"header-http", 0, "", Takes::values, "H", "", Group::access, "header for all other responses",
                 [](Draft& draft, std::string_view value) { return add_field(draft.config.http_fields, value); }},
                {"framing", 0, "", Takes::value, "F", "lines", Group::command,
                 "lines: a message is a line of text; null: text up to a NUL; content-length: a body behind its length "
                 "(LSP, DAP); "
                 "jsonl: a line of JSON, all else is logged; raw: whatever is read, as binary messages",
                 set_framing, Scope::endpoint},
                {"binary", 0, "", Takes::boolean, "", "", Group::command, "short for --framing raw",
                 set_binary, Scope::endpoint},
                {"stderr", 0, "passstderr", Takes::value, "MODE", "log", Group::command,
                 "log, discard, merge (as if stdout) or tagged (both streams, each line in JSON)",
                 set_stderr, Scope::endpoint},
                {"eof-message", 0, "", Takes::value, "TEXT", "", Group::command,
                 "a text message equal to TEXT closes the command's stdin; output goes on",
                 [](Draft& draft, std::string_view value) -> Complaint {
                     draft.config.common.eof_message = value;
                     return {};
                 },
                 Scope::endpoint},
                {"on-binary", 0, "", Takes::value, "HOW", "close", Group::command,
                 "a binary message to a text endpoint: close (1003), ignore, or accept (as if text)", set_on_binary,
                 Scope::endpoint},
                {"subprotocol", 0, "", Takes::values, "NAME", "", Group::command,
                 "subprotocol to select, in order of preference; * takes the client's first", add_subprotocol,
                 Scope::endpoint},
                {"unbuffer", 0, "", Takes::value, "HOW", "off", Group::command,
                 "line: make C stdio and Python in the command flush each line (by stdbuf's library)", set_unbuffer,
                 Scope::endpoint},
                {"compress", 0, "", Takes::boolean, "", "off", Group::command,
                 "compress messages for clients that can (permessage-deflate)",
                 [](Draft& draft, std::string_view value) {
                     auto wrong = set_flag(draft.config.common.compress, value);
                     // What says so last is not to have any, whoever has asked for more before.
                     if (!draft.config.common.compress) draft.config.common.compress_takeover = false;
                     return wrong;
                 },
                 Scope::endpoint},
                {"compress-takeover", 0, "", Takes::boolean, "", "off", Group::command,
                 "the same, and a message may refer to those before it: smaller, for 44 KiB a connection",
                 [](Draft& draft, std::string_view value) {
                     return set_flag(draft.config.common.compress_takeover, value);
                 },
                 Scope::endpoint},
                {"max-message-size", 0, "maxframesize", Takes::value, "N", "1MiB", Group::limits,
                 "larger messages from a client close with 1009; 0 is no limit", set_size, Scope::endpoint,
                 Kind::measure},
                {"max-processes", 0, "maxforks", Takes::value, "N", "1024", Group::limits,
                 "commands running at once; beyond it: 503. 0 is no limit", set_max_processes, Scope::own,
                 Kind::number},
                {"max-connections", 0, "", Takes::value, "N", "10000", Group::limits,
                 "sockets open at once; beyond it, accept waits",
                 [](Draft& draft,
                    std::string_view value) { return set_number(draft.config.max_connections, value, count_words); },
                 Scope::server, Kind::number},
                {"max-per-client", 0, "", Takes::value, "N", "0", Group::limits,
                 "commands running at once for one address (IPv6: one /64); beyond it: 429. 0 is no limit",
                 [](Draft& draft, std::string_view value) {
                     return set_number(draft.config.max_per_client, value, count_words);
                 },
                 Scope::server, Kind::number},
                {"max-connect-rate", 0, "", Takes::value, "N/D", "0", Group::limits,
                 "commands started for one address in a time, as 10/1s; beyond it: 429. 0 is no limit", set_rate,
                 Scope::server, Kind::measure},
                {"handshake-timeout", 0, "", Takes::value, "D", "10s", Group::limits, "for TLS and the request header",
                 [](Draft& draft, std::string_view value) {
                     return set_duration(draft.config.handshake_timeout, value);
                 },
                 Scope::server, Kind::measure},
                {"ping-interval", 0, "pingms", Takes::value, "D", "30s", Group::limits,
                 "ping when nothing came this long; no byte for two intervals: the peer is gone. 0 is off",
                 [](Draft& draft, std::string_view value) {
                     return set_duration(draft.config.common.ping_interval, value);
                 },
                 Scope::endpoint, Kind::measure},
                {"idle-timeout", 0, "", Takes::value, "D", "0", Group::limits,
                 "no data either way this long: close. 0 is off",
                 [](Draft& draft,
                    std::string_view value) { return set_duration(draft.config.common.idle_timeout, value); },
                 Scope::endpoint, Kind::measure},
                {"close-grace", 0, "closems", Takes::value, "D", "0", Group::limits,
                 "added to each step by which a command is ended (SIGINT, SIGTERM, SIGKILL)",
                 [](Draft& draft, std::string_view value) {
                     return set_duration(draft.config.common.close_grace, value);
                 },
                 Scope::endpoint, Kind::measure},
                {"limit-memory", 0, "", Takes::value, "LIMIT", "", Group::limits,
                 "address space of a command's processes, each: a size, SOFT:HARD, or infinity (LimitAS=)",
                 [](Draft& draft, std::string_view value) {
                     return set_limit(draft.config.common.limits.memory, value, Measure::bytes);
                 },
                 Scope::endpoint, Kind::measure},
                {"limit-cpu", 0, "", Takes::value, "LIMIT", "", Group::limits,
                 "processor time of each of them; at the end SIGXCPU, a second later SIGKILL (LimitCPU=)",
                 [](Draft& draft, std::string_view value) {
                     return set_limit(draft.config.common.limits.cpu, value, Measure::seconds);
                 },
                 Scope::endpoint, Kind::measure},
                {"limit-nofile", 0, "", Takes::value, "LIMIT", "", Group::limits,
                 "descriptors open in each of them at once (LimitNOFILE=)", set_descriptors, Scope::endpoint,
                 Kind::measure},
                {"limit-nproc", 0, "", Takes::value, "LIMIT", "", Group::limits,
                 "processes of the command's user, all of them counted (LimitNPROC=)",
                 [](Draft& draft, std::string_view value) {
                     return set_limit(draft.config.common.limits.processes, value, Measure::count);
                 },
                 Scope::endpoint, Kind::measure},
                {"limit-core", 0, "", Takes::value, "LIMIT", "", Group::limits,
                 "size of what a command that crashes leaves; 0: nothing (LimitCORE=)",
                 [](Draft& draft, std::string_view value) {
                     return set_limit(draft.config.common.limits.core, value, Measure::bytes);
                 },
                 Scope::endpoint, Kind::measure},
                {"nice", 0, "", Takes::value, "N", "", Group::limits,
                 "how far commands give way to others: -20 to 19, the most (Nice=)", set_nice, Scope::endpoint,
                 Kind::number},
                {"shutdown-grace", 0, "", Takes::value, "D", "10s", Group::limits, "for open sessions after SIGTERM",
                 [](Draft& draft, std::string_view value) { return set_duration(draft.config.shutdown_grace, value); },
                 Scope::server, Kind::measure},
                {"drain", 0, "", Takes::value, "D", "0", Group::limits,
                 "after SIGTERM, close sessions one by one over this time",
                 [](Draft& draft, std::string_view value) { return set_duration(draft.config.drain, value); },
                 Scope::server, Kind::measure},
                {"shutdown-code", 0, "", Takes::value, "N", "1001", Group::limits,
                 "close code when the server stops: 1001 (going away) or 1012 (service restart)", set_shutdown_code,
                 Scope::server, Kind::number},
                {"pass-env", 0, "passenv", Takes::values, "LIST", "PATH,HOME,LANG,LC_*,TZ,LD_LIBRARY_PATH",
                 Group::command, "variables of the server's environment the command gets, comma-separated",
                 set_pass_env, Scope::endpoint},
                {"env", 0, "", Takes::values, "NAME=VALUE", "", Group::command, "set one for the command", add_env,
                 Scope::endpoint},
                {"cwd", 0, "", Takes::value, "D", "", Group::command, "the command's working directory",
                 [](Draft& draft, std::string_view value) -> Complaint {
                     draft.config.common.cwd = value;
                     return {};
                 },
                 Scope::endpoint, Kind::path},
                {"user", 0, "", Takes::value, "U", "", Group::command,
                 "run commands as this user (when started as root)",
                 [](Draft& draft, std::string_view value) -> Complaint {
                     draft.config.common.user = value;
                     return {};
                 },
                 Scope::endpoint},
                {"group", 0, "", Takes::value, "G", "", Group::command,
                 "run commands as this group (when started as root)",
                 [](Draft& draft, std::string_view value) -> Complaint {
                     draft.config.common.group = value;
                     return {};
                 },
                 Scope::endpoint},
                {"reverse-lookup", 0, "reverselookup", Takes::boolean, "", "off", Group::command,
                 "REMOTE_HOST is the client's name, if it has one that leads back to its address",
                 [](Draft& draft, std::string_view value) { return set_flag(draft.config.reverse_lookup, value); }},
                {"threads", 0, "", Takes::value, "N", "CPUs", Group::limits, "event loops", set_threads, Scope::server,
                 Kind::number},
                {"log-level", 0, "loglevel", Takes::value, "L", "access", Group::logging,
                 "debug, trace, access, info, error or fatal: this and those after it", set_log_level},
                {"log-format", 0, "", Takes::value, "F", "text", Group::logging, "text or json, one record a line",
                 set_log_format},
                {"config", 0, "", Takes::value, "F", "", Group::program,
                 "read F (TOML), see wsinetd.toml(5); what the command line says counts more",
                 [](Draft& draft, std::string_view value) { return set_path(draft.config_file, value); },
                 Scope::command_line, Kind::path},
                {"check", 0, "", Takes::nothing, "", "", Group::program,
                 "read everything, report every error, serve nothing",
                 [](Draft& draft, std::string_view) { return set_action(draft, Action::check); }, Scope::command_line},
                {"print-config", 0, "", Takes::nothing, "", "", Group::program,
                 "print all that would count as a configuration file, and serve nothing",
                 [](Draft& draft, std::string_view) { return set_action(draft, Action::print_config); },
                 Scope::command_line},
                {"print-asyncapi", 0, "", Takes::nothing, "", "", Group::program,
                 "print what would be served as an AsyncAPI 3 document, and serve nothing",
                 [](Draft& draft, std::string_view) { return set_action(draft, Action::print_asyncapi); },
                 Scope::command_line},
                {"reload", 0, "", Takes::value, "PID", "", Group::program,
                 "have the server PID reload (SIGHUP), wait for the outcome: 0 or 1", set_reload, Scope::command_line},
                {"version", 0, "", Takes::nothing, "", "", Group::program, "print the version",
                 [](Draft& draft, std::string_view) { return set_action(draft, Action::version); },
                 Scope::command_line},
                {"license", 0, "", Takes::nothing, "", "", Group::program, "print the license",
                 [](Draft& draft, std::string_view) { return set_action(draft, Action::license); },
                 Scope::command_line},
                {"help", 'h', "", Takes::nothing, "", "", Group::program, "print this",
                 [](Draft& draft, std::string_view) { return set_action(draft, Action::help); }, Scope::command_line},
            });

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

std::span<const Option> options() { return rows; }

const Option& option(std::string_view name) {
    const auto* const found = std::ranges::find(rows, name, &Option::name);
    assert(found != rows.end());
    return *found;
}

bool takes_lists(const Option& option) { return option.placeholder == "LIST"; }

std::string_view title_of(Group group) {
    switch (group) {
        case Group::listening: return "Where it listens";
        case Group::serving: return "What is served besides a command";
        case Group::access: return "Who may connect, and what is answered";
        case Group::command: return "The command and its messages";
        case Group::limits: return "Limits and times";
        case Group::logging: return "Log";
        case Group::program: return "The program";
    }
    return {};
}

/// websocketd counts these in milliseconds, where ours count in seconds.
bool alias_counts_milliseconds(const Option& option) { return option.alias.ends_with("ms"); }

/// In websocketd any number below 1 is no limit.
bool alias_may_be_negative(const Option& option) { return option.alias == "maxforks"; }

std::string_view value_of_alias(const Option& option) { return option.alias == "passstderr" ? "tagged" : ""; }

namespace {

constexpr std::size_t help_column = 30;
constexpr std::size_t help_width = 90;

/// `text` in lines of `help_width`, each but the first indented to the column.
void append_wrapped(std::string& out, std::string_view text, std::size_t column) {
    while (!text.empty()) {
        const auto end = std::min(text.find(' '), text.size());
        if (column + 1 + end > help_width) {
            out.append("\n").append(help_column - 1, ' ');
            column = help_column - 1;
        }
        out.append(" ").append(text.substr(0, end));
        column += 1 + end;
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    out += '\n';
}

void append_option(std::string& out, const Option& option) {
    std::string names = option.letter ? std::string("  -") + option.letter + ", --" : std::string("      --");
    names += option.name;
    if (!option.placeholder.empty()) names.append(" ").append(option.placeholder);
    std::string text(option.help);
    if (!option.standard.empty()) text.append(" (default ").append(option.standard).append(")");
    if (!option.alias.empty()) text.append(" [--").append(option.alias);
    if (alias_counts_milliseconds(option)) text.append(", in ms");
    if (!value_of_alias(option).empty()) text.append(", for ").append(value_of_alias(option));
    if (!option.alias.empty()) text.append("]");
    out += names;
    if (names.size() >= help_column - 1) {
        out.append("\n").append(help_column - 1, ' ');
        append_wrapped(out, text, help_column - 1);
    } else {
        out.append(help_column - 1 - names.size(), ' ');
        append_wrapped(out, text, help_column - 1);
    }
}

}  // namespace

std::string help_text() {
    std::string text =
        "Usage: wsinetd [OPTION]... COMMAND [ARGUMENT]...\n"
        "       wsinetd [OPTION]... --dir D\n"
        "       wsinetd [OPTION]... --config F\n"
        "Serves COMMAND over WebSockets: each connection runs one, joined to its stdin and stdout.\n"
        "Options end at the command; durations and sizes take units (500ms, 30s, 1MiB).\n";
    for (const Group group : {Group::listening, Group::serving, Group::access, Group::command, Group::limits,
                              Group::logging, Group::program}) {
        text.append("\n").append(title_of(group)).append(":\n");
        for (const Option& option : options())
            if (option.group == group) append_option(text, option);
    }
    return text +
           "\nExit status: 0 after a clean stop, 1 when the system refused, 2 for a mistake in the options.\n"
           "The manual, wsinetd(1), tells more.\n";
}

}  // namespace wsinetd::config
