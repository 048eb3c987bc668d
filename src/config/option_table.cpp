#include "config/option_table.hpp"

#include <algorithm>
#include <cassert>
#include <iterator>

namespace wsinetd::config {
namespace {

using Rows = const Option[];
constexpr Rows rows{
    {"port", 'p', "", Takes::value, "N", "8080", Group::listening,
     "TCP port; 0 takes a free one, the same for all addresses", set_port, Scope::server, Kind::number},
    {"address", 'a', "", Takes::values, "A", "127.0.0.1 and ::1", Group::listening, "address to bind; * means all",
     add_address},
    {"unix-socket", 0, "unixsocket", Takes::value, "PATH", "", Group::listening,
     "also listen there; without --port, --address or --redirect-port, only there",
     [](Draft& draft, std::string_view value) { return set_path(draft.config.unix_socket, value); }, Scope::server,
     Kind::path},
    {"unix-socket-mode", 0, "", Takes::value, "M", "0660", Group::listening, "permissions of that socket", set_mode,
     Scope::server, Kind::mode},
    {"accept-fd", 0, "", Takes::boolean, "", "", Group::listening,
     "serve one connection, which systemd (Accept=yes) or inetd has accepted, and exit",
     [](Draft& draft, std::string_view value) { return set_flag(draft.config.accept_fd, value); }, Scope::command_line},
    {"tls-cert", 0, "sslcert", Takes::values, "F", "", Group::listening,
     "serve wss:// and https:// with the certificate in this PEM file, its chain behind it; needs "
     "--tls-key; several are chosen by the name the client asks for",
     [](Draft& draft, std::string_view value) { return add_path(draft.config.tls_certificates, value); }, Scope::server,
     Kind::path},
    {"tls-key", 0, "sslkey", Takes::values, "F", "", Group::listening,
     "the certificate's private key (PEM), one for each --tls-cert, in their order",
     [](Draft& draft, std::string_view value) { return add_path(draft.config.tls_keys, value); }, Scope::server,
     Kind::path},
    {"ssl", 0, "", Takes::boolean, "", "", Group::listening, "requires --tls-cert and --tls-key, which suffice",
     [](Draft& draft, std::string_view value) { return set_flag(draft.config.tls_wanted, value); }},
    {"tls-client-ca", 0, "sslca", Takes::value, "F", "", Group::listening,
     "require a client certificate signed by a CA in this PEM file",
     [](Draft& draft, std::string_view value) { return set_path(draft.config.tls_client_ca, value); }, Scope::server,
     Kind::path},
    {"redirect-port", 0, "redirport", Takes::value, "N", "", Group::listening,
     "plain HTTP that redirects to the https URL; 0 takes a free port; needs TLS", set_redirect_port, Scope::server,
     Kind::number},
    {"admin", 0, "", Takes::value, "WHERE", "", Group::listening,
     "answer there how the server is: /metrics, /healthz, /readyz, /sessions; 127.0.0.1:PORT, [::1]:PORT "
     "or unix:PATH",
     set_admin, Scope::server, Kind::address},
    {"origin", 0, "", Takes::values, "LIST", "", Group::access,
     "origins allowed besides the server's own: [scheme://]host[:port], comma-separated, without a port "
     "any port, * for any",
     add_origins, Scope::own},
    {"same-origin", 0, "sameorigin", Takes::boolean, "", "on", Group::access,
     "accept a browser only from the server's own origin or one in --origin",
     [](Draft& draft, std::string_view value) -> Complaint {
         draft.origin_rule_given = true;
         return set_flag(draft.config.same_origin, value);
     }},
    {"host", 0, "", Takes::values, "LIST", "", Group::access,
     "names the server answers to on loopback and private addresses, comma-separated, * for any", add_hosts},
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
     "let in the user whom a proxy in --trusted-proxy names in this header", set_auth_header, Scope::endpoint},
    {"trusted-proxy", 0, "", Takes::values, "LIST", "", Group::access,
     "addresses and networks whose Forwarded and X-Forwarded-* are believed, comma-separated; unix is the "
     "socket",
     add_trusted_proxies},
    {"proxy-protocol", 0, "", Takes::values, "LIST", "", Group::listening,
     "listeners where a proxy speaks the PROXY protocol first: tcp (all), unix, or addresses, "
     "comma-separated",
     add_proxy_protocol},
    {"dir", 0, "", Takes::value, "D", "", Group::serving, "each executable file below D is an endpoint at its path",
     [](Draft& draft, std::string_view value) { return set_path(draft.config.common.dir, value); }, Scope::own,
     Kind::path},
    {"static-dir", 0, "staticdir", Takes::value, "D", "", Group::serving, "serve the files below D over HTTP",
     [](Draft& draft, std::string_view value) { return set_path(draft.config.static_dir, value); }, Scope::server,
     Kind::path},
    {"cgi-dir", 0, "cgidir", Takes::value, "D", "", Group::serving, "run the CGI programs below D over HTTP",
     [](Draft& draft, std::string_view value) { return set_path(draft.config.cgi_dir, value); }, Scope::server,
     Kind::path},
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
     "(LSP, DAP); jsonl: a line of JSON, all else is logged; raw: whatever is read, as binary messages",
     set_framing, Scope::endpoint},
    {"binary", 0, "", Takes::boolean, "", "", Group::command, "short for --framing raw", set_binary, Scope::endpoint},
    {"stderr", 0, "passstderr", Takes::value, "MODE", "log", Group::command,
     "log, discard, merge (as if stdout) or tagged (both streams, each line in JSON)", set_stderr, Scope::endpoint},
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
     "subprotocol to select, in order of preference; * takes the client's first", add_subprotocol, Scope::endpoint},
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
     [](Draft& draft, std::string_view value) { return set_flag(draft.config.common.compress_takeover, value); },
     Scope::endpoint},
    {"max-message-size", 0, "maxframesize", Takes::value, "N", "1MiB", Group::limits,
     "larger messages from a client close with 1009; 0 is no limit", set_size, Scope::endpoint, Kind::measure},
    {"max-processes", 0, "maxforks", Takes::value, "N", "1024", Group::limits,
     "commands running at once; beyond it: 503. 0 is no limit", set_max_processes, Scope::own, Kind::number},
    {"max-connections", 0, "", Takes::value, "N", "10000", Group::limits,
     "sockets open at once; beyond it, accept waits",
     [](Draft& draft, std::string_view value) { return set_number(draft.config.max_connections, value, count_words); },
     Scope::server, Kind::number},
    {"max-per-client", 0, "", Takes::value, "N", "0", Group::limits,
     "commands running at once for one address (IPv6: one /64); beyond it: 429. 0 is no limit",
     [](Draft& draft, std::string_view value) { return set_number(draft.config.max_per_client, value, count_words); },
     Scope::server, Kind::number},
    {"max-connect-rate", 0, "", Takes::value, "N/D", "0", Group::limits,
     "commands started for one address in a time, as 10/1s; beyond it: 429. 0 is no limit", set_rate, Scope::server,
     Kind::measure},
    {"handshake-timeout", 0, "", Takes::value, "D", "10s", Group::limits, "for TLS and the request header",
     [](Draft& draft, std::string_view value) { return set_duration(draft.config.handshake_timeout, value); },
     Scope::server, Kind::measure},
    {"ping-interval", 0, "pingms", Takes::value, "D", "30s", Group::limits,
     "ping when nothing came this long; no byte for two intervals: the peer is gone. 0 is off",
     [](Draft& draft, std::string_view value) { return set_duration(draft.config.common.ping_interval, value); },
     Scope::endpoint, Kind::measure},
    {"idle-timeout", 0, "", Takes::value, "D", "0", Group::limits, "no data either way this long: close. 0 is off",
     [](Draft& draft, std::string_view value) { return set_duration(draft.config.common.idle_timeout, value); },
     Scope::endpoint, Kind::measure},
    {"close-grace", 0, "closems", Takes::value, "D", "0", Group::limits,
     "added to each step by which a command is ended (SIGINT, SIGTERM, SIGKILL)",
     [](Draft& draft, std::string_view value) { return set_duration(draft.config.common.close_grace, value); },
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
     "descriptors open in each of them at once (LimitNOFILE=)", set_descriptors, Scope::endpoint, Kind::measure},
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
     "how far commands give way to others: -20 to 19, the most (Nice=)", set_nice, Scope::endpoint, Kind::number},
    {"shutdown-grace", 0, "", Takes::value, "D", "10s", Group::limits, "for open sessions after SIGTERM",
     [](Draft& draft, std::string_view value) { return set_duration(draft.config.shutdown_grace, value); },
     Scope::server, Kind::measure},
    {"drain", 0, "", Takes::value, "D", "0", Group::limits, "after SIGTERM, close sessions one by one over this time",
     [](Draft& draft, std::string_view value) { return set_duration(draft.config.drain, value); }, Scope::server,
     Kind::measure},
    {"shutdown-code", 0, "", Takes::value, "N", "1001", Group::limits,
     "close code when the server stops: 1001 (going away) or 1012 (service restart)", set_shutdown_code, Scope::server,
     Kind::number},
    {"pass-env", 0, "passenv", Takes::values, "LIST", "PATH,HOME,LANG,LC_*,TZ,LD_LIBRARY_PATH", Group::command,
     "variables of the server's environment the command gets, comma-separated", set_pass_env, Scope::endpoint},
    {"env", 0, "", Takes::values, "NAME=VALUE", "", Group::command, "set one for the command", add_env,
     Scope::endpoint},
    {"cwd", 0, "", Takes::value, "D", "", Group::command, "the command's working directory",
     [](Draft& draft, std::string_view value) -> Complaint {
         draft.config.common.cwd = value;
         return {};
     },
     Scope::endpoint, Kind::path},
    {"user", 0, "", Takes::value, "U", "", Group::command, "run commands as this user (when started as root)",
     [](Draft& draft, std::string_view value) -> Complaint {
         return set_name(draft.config.common.user, value, "a user");
     },
     Scope::endpoint},
    {"group", 0, "", Takes::value, "G", "", Group::command, "run commands as this group (when started as root)",
     [](Draft& draft, std::string_view value) -> Complaint {
         return set_name(draft.config.common.group, value, "a group");
     },
     Scope::endpoint},
    {"reverse-lookup", 0, "reverselookup", Takes::boolean, "", "off", Group::command,
     "REMOTE_HOST is the client's name, if it has one that leads back to its address",
     [](Draft& draft, std::string_view value) { return set_flag(draft.config.reverse_lookup, value); }},
    {"threads", 0, "", Takes::value, "N", "CPUs", Group::limits, "event loops", set_threads, Scope::server,
     Kind::number},
    {"log-level", 0, "loglevel", Takes::value, "L", "access", Group::logging,
     "debug, trace, access, info, error or fatal: this and those after it", set_log_level},
    {"log-format", 0, "", Takes::value, "F", "text", Group::logging, "text or json, one record a line", set_log_format},
    {"config", 0, "", Takes::value, "F", "", Group::program,
     "read F (TOML), see wsinetd.toml(5); what the command line says counts more",
     [](Draft& draft, std::string_view value) { return set_path(draft.config_file, value); }, Scope::command_line,
     Kind::path},
    {"check", 0, "", Takes::nothing, "", "", Group::program, "read everything, report every error, serve nothing",
     [](Draft& draft, std::string_view) { return set_action(draft, Action::check); }, Scope::command_line},
    {"print-config", 0, "", Takes::nothing, "", "", Group::program,
     "print all that would count as a configuration file, and serve nothing",
     [](Draft& draft, std::string_view) { return set_action(draft, Action::print_config); }, Scope::command_line},
    {"print-asyncapi", 0, "", Takes::nothing, "", "", Group::program,
     "print what would be served as an AsyncAPI 3 document, and serve nothing",
     [](Draft& draft, std::string_view) { return set_action(draft, Action::print_asyncapi); }, Scope::command_line},
    {"reload", 0, "", Takes::value, "PID", "", Group::program,
     "have the server PID reload (SIGHUP), wait for the outcome: 0 or 1", set_reload, Scope::command_line},
    {"version", 0, "", Takes::nothing, "", "", Group::program, "print the version",
     [](Draft& draft, std::string_view) { return set_action(draft, Action::version); }, Scope::command_line},
    {"license", 0, "", Takes::nothing, "", "", Group::program, "print the license",
     [](Draft& draft, std::string_view) { return set_action(draft, Action::license); }, Scope::command_line},
    {"help", 'h', "", Takes::nothing, "", "", Group::program, "print this",
     [](Draft& draft, std::string_view) { return set_action(draft, Action::help); }, Scope::command_line},
};

}  // namespace

std::span<const Option> options() { return rows; }

const Option& option(std::string_view name) {
    const auto* const found = std::ranges::find(rows, name, &Option::name);
    assert(found != std::end(rows));
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

}  // namespace wsinetd::config
