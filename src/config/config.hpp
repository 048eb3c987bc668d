#pragma once  // What the program is told to do: spec section 1. Plain values, immutable once checked.
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/limits.hpp"
#include "framing/framing.hpp"
#include "http/address.hpp"
#include "http/message.hpp"
#include "http/secrets.hpp"
#include "log/log.hpp"

namespace wsinetd::config {

using Milliseconds = std::chrono::milliseconds;

enum class StderrMode { log, discard, merge, tagged };
enum class OnBinary { close, ignore, accept };
enum class Unbuffer { off, line };
enum class Action { serve, check, print_config, print_asyncapi, reload, version, license, help };

/// Whose rights a command runs with; numbers, as the system has them.
struct Identity {
    unsigned user;
    unsigned group;
    std::vector<unsigned> groups;  ///< supplementary

    bool operator==(const Identity&) const = default;
};

/// Where in a configuration file an option was set, as "file:line:column", by its name. What is not there was set on
/// the command line, or by nobody.
using Places = std::map<std::string, std::string, std::less<>>;

/// Where the operator asks how the server is.
struct AdminAddress {
    std::string address;      ///< of a loopback interface, without brackets; empty: see `unix_socket`
    std::uint16_t port = 0;   ///< 0: a free one
    std::string unix_socket;  ///< path

    friend bool operator==(const AdminAddress&, const AdminAddress&) = default;
};

/// Who may come in; any one of these lets in. The files are read by `check`, so that a new configuration reads them
/// anew.
struct Authentication {
    std::string password_file;                            ///< --auth-basic; empty: none
    std::string token_file;                               ///< --auth-token-file
    std::vector<std::string> command;                     ///< --auth-command: argv
    std::string header;                                   ///< --auth-header: a trusted proxy's
    std::shared_ptr<const http::PasswordFile> passwords;  ///< filled by `check`
    std::shared_ptr<const http::TokenFile> tokens;        ///< filled by `check`
    std::string program;                                  ///< absolute path of the command; filled by `check`

    [[nodiscard]] bool wanted() const {
        return !password_file.empty() || !token_file.empty() || !command.empty() || !header.empty();
    }
    /// Of what was said, whatever the files hold.
    friend bool operator==(const Authentication& a, const Authentication& b) {
        return a.password_file == b.password_file && a.token_file == b.token_file && a.command == b.command &&
               a.header == b.header;
    }
};

/// N in a time.
struct Rate {
    std::uint64_t count = 0;  ///< 0: no limit
    Milliseconds period{1000};

    friend bool operator==(const Rate&, const Rate&) = default;
};

/// One command, or a directory of them, and how it is served.
struct Endpoint {
    std::string path;                  ///< "/count", or "/logs/*" for all below "/logs/"; empty: every path
    std::vector<std::string> command;  ///< argv, as given; empty: see `dir`
    std::string program;               ///< absolute path of the program; filled by `check`
    std::string dir;                   ///< each executable file below it is an endpoint at its path; empty: none
    framing::Kind framing = framing::Kind::lines;
    StderrMode stderr_mode = StderrMode::log;
    OnBinary on_binary = OnBinary::close;
    std::optional<std::string> eof_message;  ///< a text message equal to it closes the command's stdin
    std::vector<std::string> subprotocols;   ///< to select, in order of preference; `*`: the client's first
    Unbuffer unbuffer = Unbuffer::off;
    bool compress = false;                         ///< agree on permessage-deflate with clients that offer it
    bool compress_takeover = false;                ///< the same, and messages may refer to those before them
    std::uint64_t max_message_size = 1024 * 1024;  ///< bytes; 0: no limit
    Milliseconds ping_interval{30'000};            ///< 0: off
    Milliseconds idle_timeout{0};                  ///< 0: off
    Milliseconds close_grace{0};
    std::vector<std::string> pass_env{"PATH", "HOME", "LANG", "LC_*", "TZ", "LD_LIBRARY_PATH"};
    std::vector<std::string> env;  ///< NAME=VALUE
    std::string cwd;               ///< empty: the server's
    std::string user;              ///< name or number; empty: the server's
    std::string group;
    Limits limits;
    std::optional<Identity> identity;                 ///< of `user` and `group`; filled by `check`
    std::optional<std::uint64_t> max_processes;       ///< of its own, besides the server's; 0: no limit
    std::optional<std::vector<std::string>> origins;  ///< of its own, instead of the server's
    Authentication authentication;                    ///< with nothing in it: everybody may come in
    Places places;                                    ///< of these, and of `path` and `command`

    bool operator==(const Endpoint&) const = default;

    /// Whether permessage-deflate is agreed on.
    [[nodiscard]] bool deflates() const { return compress || compress_takeover; }
};

struct Config {
    Action action = Action::serve;
    std::uint64_t reload_pid = 0;                            ///< with Action::reload: the server's
    std::uint16_t port = 8080;                               ///< 0: a free one
    std::vector<std::string> addresses{"127.0.0.1", "::1"};  ///< numeric, without brackets
    std::vector<std::string> spare_addresses;                ///< of those, left out where the machine lacks them
    std::string unix_socket;                                 ///< path; empty: none
    unsigned unix_socket_mode = 0660;
    bool accept_fd = false;                      ///< serve the one connection that was handed over
    std::vector<std::string> tls_certificates;   ///< paths of PEM files; with `tls_keys` they turn TCP to TLS
    std::vector<std::string> tls_keys;           ///< one for each of those, in their order
    std::string tls_client_ca;                   ///< empty: clients need no certificate
    bool tls_wanted = false;                     ///< --ssl: both of the above are required
    std::optional<std::uint16_t> redirect_port;  ///< plain HTTP that leads to https; 0: a free one
    std::optional<AdminAddress> admin;           ///< nothing: nowhere
    bool same_origin = true;                     ///< false, and no `origins`: any origin may start a command
    std::vector<std::string> origins;            ///< elements of --origin
    std::vector<std::string> hosts;              ///< names the server answers to; `*` for any
    std::vector<http::Field> upgrade_fields;     ///< --header and --header-ws: of the 101
    std::vector<http::Field> http_fields;        ///< --header and --header-http: of all other replies
    std::string static_dir;                      ///< files over HTTP; empty: none
    std::string cgi_dir;                         ///< CGI programs over HTTP; empty: none
    bool dev_console = false;
    std::uint64_t max_processes = 1024;  ///< 0: no limit
    std::uint64_t max_connections = 10'000;
    std::uint64_t max_per_client = 0;         ///< commands running at once for one address; 0: no limit
    Rate max_connect_rate;                    ///< of commands started for one address
    http::TrustedProxies trusted_proxies;     ///< whose Forwarded and X-Forwarded-* are believed
    std::vector<std::string> proxy_protocol;  ///< listeners where it is spoken: `tcp`, `unix`, addresses
    Milliseconds handshake_timeout{10'000};
    Milliseconds shutdown_grace{10'000};
    Milliseconds drain{0};               ///< over which sessions are closed when the server stops
    std::uint16_t shutdown_code = 1001;  ///< or 1012
    bool reverse_lookup = false;         ///< REMOTE_HOST is a name where there is one
    std::uint64_t threads = 0;           ///< 0: as many as the machine has processors
    log::Level log_level = log::Level::access;
    log::Format log_format = log::Format::text;
    bool log_to_stdout = false;
    Endpoint common;                  ///< what all endpoints have that say nothing else, and CGI programs; no path
    std::vector<Endpoint> endpoints;  ///< no path twice
    std::string file;                 ///< --config; empty: none
    bool may_be_empty = false;        ///< a file that includes others may have nothing to serve yet
    Places places;                    ///< of the server's own options

    bool operator==(const Config&) const = default;

    [[nodiscard]] bool tls() const { return !tls_certificates.empty() && !tls_keys.empty(); }
};

}  // namespace wsinetd::config
