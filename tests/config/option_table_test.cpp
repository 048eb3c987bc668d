#include "config/option_table.hpp"

#include <gmock/gmock.h>

#include <set>

#include "config/command_line_fixture.hpp"

namespace wsinetd::config::option_table_test {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// `Name: value` of each.
Words lines_of(const std::vector<http::Field>& fields) {
    Words lines;
    for (const http::Field& field : fields) lines.push_back(field.name + ": " + field.value);
    return lines;
}

/// One row of the table, by example: a right value and what it changes.
struct Example {
    std::string_view option;
    std::string value;
    bool (*applied)(const Config& config);
};

const std::vector<Example> examples = {
    {"port", "0", [](const Config& c) { return c.port == 0; }},
    {"address", "10.1.2.3",
     [](const Config& c) { return c.addresses == Words{"10.1.2.3"} && c.spare_addresses.empty(); }},
    {"unix-socket", "/run/s", [](const Config& c) { return c.unix_socket == "/run/s"; }},
    {"unix-socket-mode", "0600", [](const Config& c) { return c.unix_socket_mode == 0600; }},
    {"accept-fd", "true", [](const Config& c) { return c.accept_fd; }},
    {"tls-cert", "/etc/cert.pem",
     [](const Config& c) { return c.tls_certificates == std::vector<std::string>{"/etc/cert.pem"}; }},
    {"tls-key", "/etc/key.pem", [](const Config& c) { return c.tls_keys == std::vector<std::string>{"/etc/key.pem"}; }},
    {"ssl", "true", [](const Config& c) { return c.tls_wanted; }},
    {"tls-client-ca", "/etc/ca.pem", [](const Config& c) { return c.tls_client_ca == "/etc/ca.pem"; }},
    {"redirect-port", "81", [](const Config& c) { return c.redirect_port == 81; }},
    {"admin", "127.0.0.1:9090",
     [](const Config& c) {
         return c.admin == AdminAddress{"127.0.0.1", 9090, ""};
     }},
    {"origin", "https://a.example", [](const Config& c) { return c.origins == Words{"https://a.example"}; }},
    {"same-origin", "false", [](const Config& c) { return !c.same_origin; }},
    {"host", "a.example", [](const Config& c) { return c.hosts == Words{"a.example"}; }},
    {"auth-basic", "/etc/users", [](const Config& c) { return c.common.authentication.password_file == "/etc/users"; }},
    {"auth-token-file", "/etc/tokens",
     [](const Config& c) { return c.common.authentication.token_file == "/etc/tokens"; }},
    {"auth-command", " /bin/ask  him ",
     [](const Config& c) {
         return c.common.authentication.command == Words{"/bin/ask", "him"};
     }},
    {"auth-header", "X-User", [](const Config& c) { return c.common.authentication.header == "X-User"; }},
    {"trusted-proxy", "10.0.0.0/8, ::1,unix",
     [](const Config& c) { return c.trusted_proxies.unix_socket && c.trusted_proxies.networks.size() == 2; }},
    {"proxy-protocol", "tcp,[::1]",
     [](const Config& c) {
         return c.proxy_protocol == Words{"tcp", "::1"};
     }},
    {"dir", "/srv/scripts",
     [](const Config& c) { return !c.endpoints.empty() && c.endpoints[0].dir == "/srv/scripts"; }},
    {"static-dir", "/srv/www", [](const Config& c) { return c.static_dir == "/srv/www"; }},
    {"cgi-dir", "/srv/cgi", [](const Config& c) { return c.cgi_dir == "/srv/cgi"; }},
    {"dev-console", "true", [](const Config& c) { return c.dev_console; }},
    {"header", "X-A: b",
     [](const Config& c) {
         return lines_of(c.upgrade_fields) == Words{"X-A: b"} && lines_of(c.http_fields) == Words{"X-A: b"};
     }},
    {"header-ws", "X-A: b",
     [](const Config& c) { return lines_of(c.upgrade_fields) == Words{"X-A: b"} && c.http_fields.empty(); }},
    {"header-http", "X-A: b",
     [](const Config& c) { return lines_of(c.http_fields) == Words{"X-A: b"} && c.upgrade_fields.empty(); }},
    {"framing", "raw", [](const Config& c) { return c.common.framing == framing::Kind::raw; }},
    {"binary", "true", [](const Config& c) { return c.common.framing == framing::Kind::raw; }},
    {"stderr", "tagged", [](const Config& c) { return c.common.stderr_mode == StderrMode::tagged; }},
    {"eof-message", "quit", [](const Config& c) { return c.common.eof_message == "quit"; }},
    {"on-binary", "accept", [](const Config& c) { return c.common.on_binary == OnBinary::accept; }},
    {"subprotocol", "chat", [](const Config& c) { return c.common.subprotocols == Words{"chat"}; }},
    {"unbuffer", "line", [](const Config& c) { return c.common.unbuffer == Unbuffer::line; }},
    {"compress", "true", [](const Config& c) { return c.common.compress; }},
    {"compress-takeover", "true", [](const Config& c) { return c.common.compress_takeover; }},
    {"max-message-size", "64KiB", [](const Config& c) { return c.common.max_message_size == 65536; }},
    {"max-processes", "2", [](const Config& c) { return c.max_processes == 2; }},
    {"max-connections", "3", [](const Config& c) { return c.max_connections == 3; }},
    {"max-per-client", "5", [](const Config& c) { return c.max_per_client == 5; }},
    {"max-connect-rate", "10/5m",
     [](const Config& c) { return c.max_connect_rate.count == 10 && c.max_connect_rate.period == 5min; }},
    {"handshake-timeout", "5s", [](const Config& c) { return c.handshake_timeout == 5s; }},
    {"ping-interval", "500ms", [](const Config& c) { return c.common.ping_interval == 500ms; }},
    {"idle-timeout", "1h", [](const Config& c) { return c.common.idle_timeout == 1h; }},
    {"close-grace", "2", [](const Config& c) { return c.common.close_grace == 2s; }},
    {"limit-memory", "1MiB",
     [](const Config& c) {
         return c.common.limits.memory == Limit{1U << 20U, 1U << 20U};
     }},
    {"limit-cpu", "10s",
     [](const Config& c) {
         return c.common.limits.cpu == Limit{10, 11};
     }},
    {"limit-nofile", "64:128",
     [](const Config& c) {
         return c.common.limits.descriptors == Limit{64, 128};
     }},
    {"limit-nproc", "7",
     [](const Config& c) {
         return c.common.limits.processes == Limit{7, 7};
     }},
    {"limit-core", "0",
     [](const Config& c) {
         return c.common.limits.core == Limit{0, 0};
     }},
    {"nice", "-5", [](const Config& c) { return c.common.limits.nice == -5; }},
    {"shutdown-grace", "1m", [](const Config& c) { return c.shutdown_grace == 1min; }},
    {"drain", "1m", [](const Config& c) { return c.drain == 1min; }},
    {"shutdown-code", "1012", [](const Config& c) { return c.shutdown_code == 1012; }},
    {"pass-env", "A,B_*",
     [](const Config& c) {
         return c.common.pass_env == Words{"A", "B_*"};
     }},
    {"env", "A=b", [](const Config& c) { return c.common.env == Words{"A=b"}; }},
    {"cwd", "/tmp", [](const Config& c) { return c.common.cwd == "/tmp"; }},
    {"user", "nobody", [](const Config& c) { return c.common.user == "nobody"; }},
    {"group", "nogroup", [](const Config& c) { return c.common.group == "nogroup"; }},
    {"reverse-lookup", "true", [](const Config& c) { return c.reverse_lookup; }},
    {"threads", "4", [](const Config& c) { return c.threads == 4; }},
    {"log-level", "debug", [](const Config& c) { return c.log_level == log::Level::debug; }},
    {"log-format", "json", [](const Config& c) { return c.log_format == log::Format::json; }},
    {"config", "/dev/null", [](const Config& c) { return c.file == "/dev/null"; }},
    {"check", "", [](const Config& c) { return c.action == Action::check; }},
    {"print-config", "", [](const Config& c) { return c.action == Action::print_config; }},
    {"print-asyncapi", "", [](const Config& c) { return c.action == Action::print_asyncapi; }},
    {"reload", "1234", [](const Config& c) { return c.action == Action::reload && c.reload_pid == 1234; }},
    {"version", "", [](const Config& c) { return c.action == Action::version; }},
    {"license", "", [](const Config& c) { return c.action == Action::license; }},
    {"help", "", [](const Config& c) { return c.action == Action::help; }},
};

const Example& example_of(const Option& option) {
    const auto found = std::ranges::find(examples, option.name, &Example::option);
    EXPECT_NE(found, examples.end()) << option.name << " has no example in this test";
    return found == examples.end() ? examples[0] : *found;
}

TEST(OptionTable, HasAnExampleHereForEachRow) {
    ASSERT_EQ(examples.size(), options().size());
    for (std::size_t i = 0; i < examples.size(); ++i) EXPECT_EQ(examples[i].option, options()[i].name);
}

TEST(OptionTable, GivesEveryOptionItsEffectInEveryFormAndUnderEveryName) {
    for (const Option& option : options()) {
        const Example& example = example_of(option);
        Words names{"--" + std::string(option.name)};
        if (!option.alias.empty() && !alias_counts_milliseconds(option) && value_of_alias(option).empty())
            names.push_back("--" + std::string(option.alias));
        if (option.letter) names.push_back(std::string("-") + option.letter);
        for (const std::string& name : names) {
            const bool letter = !name.starts_with("--");
            if (option.takes == Takes::nothing) {
                EXPECT_TRUE(example.applied(config_of({name, "cat"}))) << name;
                continue;
            }
            if (option.takes == Takes::boolean) {
                EXPECT_TRUE(example.applied(config_of({name + "=" + example.value, "cat"}))) << name;
                continue;
            }
            EXPECT_TRUE(example.applied(config_of({name, example.value, "cat"}))) << name;
            EXPECT_TRUE(example.applied(config_of({name + (letter ? "" : "=") + example.value, "cat"}))) << name;
            EXPECT_THAT(config_of({name, example.value, "cat", "x"}).endpoints.at(0).command, ElementsAre("cat", "x"))
                << name;
        }
        EXPECT_FALSE(example.applied(config_of({"cat"}))) << option.name << " cannot be seen to have an effect";
    }
}

TEST(OptionTable, RepeatsNoName) {
    std::set<std::string_view> names;
    std::set<char> letters;
    for (const Option& option : options()) {
        EXPECT_TRUE(names.insert(option.name).second) << option.name;
        if (!option.alias.empty()) {
            EXPECT_TRUE(names.insert(option.alias).second) << option.alias;
        }
        if (option.letter) {
            EXPECT_TRUE(letters.insert(option.letter).second) << option.letter;
        }
    }
}

/// A default as the documents print it is a value the option takes, and changes nothing.
TEST(OptionTable, PrintsDefaultsThatAreTheDefaults) {
    const auto standard = [](const Config& c) {
        const Endpoint& e = c.common;
        return std::tuple(c.port, c.unix_socket_mode, c.same_origin, c.max_processes, c.max_connections,
                          c.handshake_timeout, c.shutdown_grace, c.drain, c.shutdown_code, c.log_level, c.log_format,
                          e.framing, e.stderr_mode, e.on_binary, e.max_message_size, e.ping_interval, e.idle_timeout,
                          e.close_grace, e.pass_env);
    };
    for (const Option& option : options()) {
        if (option.standard.empty() || option.name == "address" || option.name == "threads") continue;
        const std::string value = option.takes == Takes::boolean ? "true" : std::string(option.standard);
        EXPECT_EQ(standard(config_of({"--" + std::string(option.name) + "=" + value, "cat"})),
                  standard(config_of({"cat"})))
            << option.name;
    }
}

struct Wrong {
    Words arguments;
    std::string error;
};

const std::vector<Wrong> wrong_values = {
    {{"--auth-basic", ""}, R"(--auth-basic: "" is not a path)"},
    {{"--auth-token-file", ""}, R"(--auth-token-file: "" is not a path)"},
    {{"--auth-command", " "}, R"(--auth-command: "" is not a command)"},
    {{"--auth-header", "X User"}, R"(--auth-header: "X User" is not the name of a header)"},
    {{"--trusted-proxy", "10.0.0.1/8"},
     R"(--trusted-proxy: "10.0.0.1/8" has bits behind its prefix; the network is 10.0.0.0/8)"},
    {{"--trusted-proxy", "proxy"},
     R"(--trusted-proxy: "proxy" is not an address or a network (192.0.2.0/24, 2001:db8::/32), nor unix)"},
    {{"--proxy-protocol", "all"},
     R"(--proxy-protocol: "all" is not a listener (tcp for all addresses, unix for the socket, or an address))"},
    {{"--max-per-client", "x"}, R"(--max-per-client: "x" is not a number (0 or more))"},
    {{"--max-connect-rate", "1/0"}, R"(--max-connect-rate: "1/0" is not a rate (10/1s, 100/5m; 0 is no limit))"},
    {{"--max-connect-rate", "/1s"}, R"(--max-connect-rate: "/1s" is not a rate (10/1s, 100/5m; 0 is no limit))"},
    {{"--port", "80a"}, R"(--port: "80a" is not a port (0 to 65535))"},
    {{"--port", "65536"}, R"(--port: "65536" is not a port (0 to 65535))"},
    {{"--port", "-1"}, R"(--port: "-1" is not a port (0 to 65535))"},
    {{"--port", ""}, R"(--port: "" is not a port (0 to 65535))"},
    {{"-p", "x"}, R"(--port: "x" is not a port (0 to 65535))"},
    {{"--unix-socket", ""}, R"(--unix-socket: "" is not a path)"},
    {{"--unix-socket-mode", "rw"}, R"(--unix-socket-mode: "rw" is not a file mode (octal, such as 0660))"},
    {{"--unix-socket-mode", "0680"}, R"(--unix-socket-mode: "0680" is not a file mode (octal, such as 0660))"},
    {{"--unix-socket-mode", "1777"}, R"(--unix-socket-mode: "1777" is not a file mode (octal, such as 0660))"},
    {{"--unix-socket-mode", "00660"}, R"(--unix-socket-mode: "00660" is not a file mode (octal, such as 0660))"},
    {{"--unix-socket-mode", ""}, R"(--unix-socket-mode: "" is not a file mode (octal, such as 0660))"},
    {{"--tls-cert", ""}, R"(--tls-cert: "" is not a path)"},
    {{"--tls-key", ""}, R"(--tls-key: "" is not a path)"},
    {{"--tls-client-ca", ""}, R"(--tls-client-ca: "" is not a path)"},
    {{"--origin", "a/b"}, R"(--origin: origin "a/b": an origin has no path and ends after host and port)"},
    {{"--ssl=maybe"}, R"(--ssl: "maybe" is not true or false)"},
    {{"--redirect-port", "65536"}, R"(--redirect-port: "65536" is not a port (0 to 65535))"},
    {{"--admin", "9090"}, R"(--admin: "9090" is not 127.0.0.1:9090, [::1]:9090 or unix:PATH)"},
    {{"--admin", "127.0.0.1"}, R"(--admin: "127.0.0.1" is not 127.0.0.1:9090, [::1]:9090 or unix:PATH)"},
    {{"--admin", "unix:"}, R"(--admin: "unix:" is not 127.0.0.1:9090, [::1]:9090 or unix:PATH)"},
    {{"--admin", "metrics.example:9090"},
     R"(--admin: "metrics.example:9090" is not 127.0.0.1:9090, [::1]:9090 or unix:PATH)"},
    {{"--limit-memory", "x"}, R"(--limit-memory: "x" is not a limit in bytes (512MiB, SOFT:HARD, or infinity))"},
    {{"--limit-cpu", "x"}, R"(--limit-cpu: "x" is not a limit in seconds (30s, SOFT:HARD, or infinity))"},
    {{"--limit-nofile", "1K"}, R"(--limit-nofile: "1K" is not a limit (a number, SOFT:HARD, or infinity))"},
    {{"--limit-nofile", "3"}, R"(--limit-nofile: "3" is too low: a program that is to start needs 4)"},
    {{"--limit-nproc", "2:1"}, R"(--limit-nproc: "2:1" has a soft limit above its hard one)"},
    {{"--limit-core", "x"}, R"(--limit-core: "x" is not a limit in bytes (512MiB, SOFT:HARD, or infinity))"},
    {{"--nice", "20"}, R"(--nice: "20" is not a nice level (-20, the most urgent, to 19))"},
    {{"--dir", ""}, R"(--dir: "" is not a path)"},
    {{"--static-dir", ""}, R"(--static-dir: "" is not a path)"},
    {{"--cgi-dir", ""}, R"(--cgi-dir: "" is not a path)"},
    {{"--dev-console=maybe"}, R"(--dev-console: "maybe" is not true or false)"},
    {{"--host", "a:80"},
     R"(--host: "a:80" is not a host (a name, an IPv4 address, an IPv6 address in brackets, or *))"},
    {{"--same-origin=maybe"}, R"(--same-origin: "maybe" is not true or false)"},
    {{"--reverse-lookup=maybe"}, R"(--reverse-lookup: "maybe" is not true or false)"},
    {{"--binary=yes"}, R"(--binary: "yes" is not true or false)"},
    {{"--header", "X-A"}, R"(--header: "X-A" is not a header (Name: value))"},
    {{"--header", ": b"}, R"(--header: ": b" is not a header (Name: value))"},
    {{"--header", "X A: b"}, R"(--header: "X A: b" is not a header (Name: value))"},
    {{"--header-ws", "X-A : b"}, R"(--header-ws: "X-A : b" is not a header (Name: value))"},
    {{"--header-http", "X-A: a\r\nX-B: b"}, R"(--header-http: "X-A" has a control character in its value)"},
    {{"--header", "content-length: 5"}, R"(--header: "content-length" is the server's own to set)"},
    {{"--header-ws", "Sec-WebSocket-Protocol: chat"},
     R"(--header-ws: "Sec-WebSocket-Protocol" is the server's own to set)"},
    {{"--framing", "json"}, R"(--framing: "json" is not a framing (lines, null, content-length, jsonl, raw))"},
    {{"--stderr", "Log"}, R"(--stderr: "Log" is not a mode of stderr (log, discard, merge, tagged))"},
    {{"--subprotocol", "a b"},
     R"(--subprotocol: "a b" is not the name of a subprotocol (letters, digits and -._~, or *))"},
    {{"--compress=yes"}, R"(--compress: "yes" is not true or false)"},
    {{"--compress-takeover=on"}, R"(--compress-takeover: "on" is not true or false)"},
    {{"--unbuffer", "block"}, R"(--unbuffer: "block" is not a way to flush a command's output (off, line))"},
    {{"--on-binary", "drop"}, R"(--on-binary: "drop" is not a way to treat binary messages (close, ignore, accept))"},
    {{"--max-message-size", "1megabyte"},
     R"(--max-message-size: "1megabyte" is not a size (64KiB, 1MiB; a bare number is bytes))"},
    {{"--maxframesize", "-1"}, R"(--max-message-size: "-1" is not a size (64KiB, 1MiB; a bare number is bytes))"},
    {{"--max-processes", "many"}, R"(--max-processes: "many" is not a number (0 or more))"},
    {{"--max-connections", "1K"}, R"(--max-connections: "1K" is not a number (0 or more))"},
    {{"--handshake-timeout", "soon"},
     R"(--handshake-timeout: "soon" is not a duration (500ms, 30s, 5m; a bare number is seconds))"},
    {{"--ping-interval", "-1s"},
     R"(--ping-interval: "-1s" is not a duration (500ms, 30s, 5m; a bare number is seconds))"},
    {{"--pingms", "x"}, R"(--pingms: "x" is not a duration (500ms, 30s, 5m; a bare number is seconds))"},
    {{"--idle-timeout", "1y"}, R"(--idle-timeout: "1y" is not a duration (500ms, 30s, 5m; a bare number is seconds))"},
    {{"--closems", ""}, R"(--closems: "" is not a duration (500ms, 30s, 5m; a bare number is seconds))"},
    {{"--close-grace", "1 s"}, R"(--close-grace: "1 s" is not a duration (500ms, 30s, 5m; a bare number is seconds))"},
    {{"--shutdown-grace", "s"},
     R"(--shutdown-grace: "s" is not a duration (500ms, 30s, 5m; a bare number is seconds))"},
    {{"--accept-fd=3"}, R"(--accept-fd: "3" is not true or false)"},
    {{"--drain", "slowly"}, R"(--drain: "slowly" is not a duration (500ms, 30s, 5m; a bare number is seconds))"},
    {{"--shutdown-code", "1000"}, R"(--shutdown-code: "1000" is not a close code for that (1001, 1012))"},
    {{"--reload", "0"}, R"(--reload: "0" is not the number of a process)"},
    {{"--reload", "-1"}, R"(--reload: "-1" is not the number of a process)"},
    {{"--env", "A"}, R"(--env: "A" is not NAME=VALUE)"},
    {{"--env", "=b"}, R"(--env: "=b" is not NAME=VALUE)"},
    {{"--user", ""}, R"(--user: "" is not a user)"},
    {{"--group", ""}, R"(--group: "" is not a group)"},
    {{"--threads", "0"}, R"(--threads: "0" is not a number of threads (1 to 500))"},
    {{"--threads", "501"}, R"(--threads: "501" is not a number of threads (1 to 500))"},
    {{"--log-level", "warning"},
     R"(--log-level: "warning" is not a log level (debug, trace, access, info, error, fatal))"},
    {{"--log-format", "xml"}, R"(--log-format: "xml" is not a log format (text, json))"},
    {{"--config", ""}, R"(--config: "" is not a path)"},
    {{"--config", "/no/such/file"}, R"(--config: "/no/such/file" does not exist)"},
    {{"--config", "/"}, R"(--config: "/" is a directory)"},
    {{"--print-config=1"}, "--print-config takes no value"},
    {{"--print-asyncapi=1"}, "--print-asyncapi takes no value"},
    {{"--check=false"}, "--check takes no value"},
    {{"--version=1"}, "--version takes no value"},
    {{"--help=port"}, "--help takes no value"},
};

TEST(OptionTable, SaysOfEachWrongValueWhatWouldBeRight) {
    for (const Wrong& wrong : wrong_values) {
        Words arguments = wrong.arguments;
        arguments.emplace_back("cat");
        EXPECT_THAT(errors_of(arguments), ElementsAre(wrong.error)) << testing::PrintToString(arguments);
    }
}

/// Where any text is a right value, or where right and wrong are seen elsewhere (`check`, Origins).
TEST(OptionTable, HasAWrongValueHereForEachOptionThatHasAny) {
    const std::set<std::string_view> any{"address", "pass-env", "cwd", "user", "group", "license", "eof-message"};
    for (const Option& option : options()) {
        if (any.contains(option.name)) continue;
        const std::string start = "--" + std::string(option.name);
        const auto is_of = [&](const Wrong& wrong) {
            return wrong.error.starts_with(start + ":") || wrong.error.starts_with(start + " ");
        };
        EXPECT_TRUE(std::ranges::any_of(wrong_values, is_of)) << option.name;
    }
}

TEST(Option, PortTakesItsWholeRange) {
    EXPECT_EQ(config_of({"--port=0", "cat"}).port, 0);
    EXPECT_EQ(config_of({"--port=65535", "cat"}).port, 65535);
}

TEST(Option, AddressIsRepeatableAndTakesBrackets) {
    EXPECT_THAT(config_of({"-a", "[::1]", "--address=10.0.0.1", "--address", "*", "cat"}).addresses,
                ElementsAre("::1", "10.0.0.1", "*"));
    EXPECT_THAT(config_of({"--address=[fe80::1]", "cat"}).addresses, ElementsAre("fe80::1"));
}

TEST(Option, UnixSocketModeIsOctalWithOrWithoutAZero) {
    EXPECT_EQ(config_of({"--unix-socket-mode=600", "cat"}).unix_socket_mode, 0600u);
    EXPECT_EQ(config_of({"--unix-socket-mode=0777", "cat"}).unix_socket_mode, 0777u);
    EXPECT_EQ(config_of({"--unix-socket-mode=0", "cat"}).unix_socket_mode, 0u);
}

TEST(Option, OriginAndHostAreListsAndRepeatable) {
    EXPECT_THAT(config_of({"--origin=a.example, b.example:80", "--origin", "*", "cat"}).origins,
                ElementsAre("a.example", "b.example:80", "*"));
    EXPECT_THAT(config_of({"--host=a.example,,b.example,", "cat"}).hosts, ElementsAre("a.example", "b.example"));
    EXPECT_THAT(config_of({"--origin=", "cat"}).origins, IsEmpty());
}

TEST(Option, HostIsANameOrAnAddressWithoutAPort) {
    EXPECT_THAT(config_of({"--host=*,a.example,192.0.2.1,[2001:db8::1]", "cat"}).hosts,
                ElementsAre("*", "a.example", "192.0.2.1", "[2001:db8::1]"));
    for (const std::string bad : {"a.example:80", "http://a.example", "a/b", "*.a.example", "2001:db8::1"})
        EXPECT_THAT(errors_of({"--host=" + bad, "cat"}),
                    ElementsAre("--host: \"" + bad +
                                "\" is not a host (a name, an IPv4 address, an IPv6 address in brackets, or *)"));
}

TEST(Option, HeaderKeepsItsOrderAndLosesBlanksAroundItsValue) {
    const Config config = config_of(
        {"--header=X-A:1", "--header-ws=X-B: \t 2 ", "--header", "X-C: a: b, \"c\"", "--header-http=X-D:", "cat"});
    EXPECT_THAT(lines_of(config.upgrade_fields), ElementsAre("X-A: 1", "X-B: 2", "X-C: a: b, \"c\""));
    EXPECT_THAT(lines_of(config.http_fields), ElementsAre("X-A: 1", "X-C: a: b, \"c\"", "X-D: "));
}

TEST(Option, BinaryIsShortForFramingRaw) {
    EXPECT_EQ(config_of({"--binary", "cat"}).common.framing, framing::Kind::raw);
    EXPECT_EQ(config_of({"--binary=true", "cat"}).common.framing, framing::Kind::raw);
    EXPECT_EQ(config_of({"--binary=false", "cat"}).common.framing, framing::Kind::lines);
    EXPECT_EQ(config_of({"--binary=false", "--framing=raw", "cat"}).common.framing, framing::Kind::raw);
    EXPECT_THAT(config_of({"--binary", "false"}).endpoints.at(0).command,
                ElementsAre("false"));  // the command of that name
}

TEST(Option, SameOriginTakesTrueAndFalse) {
    EXPECT_TRUE(config_of({"--same-origin", "cat"}).same_origin);
    EXPECT_TRUE(config_of({"--sameorigin=true", "cat"}).same_origin);
    EXPECT_FALSE(config_of({"--sameorigin=false", "cat"}).same_origin);
    EXPECT_THAT(config_of({"--same-origin", "false"}).endpoints.at(0).command, ElementsAre("false"));
}

TEST(Option, WordsAreTheWholeList) {
    for (const std::string word : {"log", "discard", "merge", "tagged"}) config_of({"--stderr", word, "cat"});
    for (const std::string word : {"close", "ignore", "accept"}) config_of({"--on-binary", word, "cat"});
    for (const std::string word : {"lines", "null", "content-length", "jsonl", "raw"})
        config_of({"--framing", word, "cat"});
    for (const std::string word : {"text", "json"}) config_of({"--log-format", word, "cat"});
    constexpr std::string_view levels[] = {"debug", "trace", "access", "info", "error", "fatal"};
    for (std::size_t level = 0; level < 6; ++level)
        EXPECT_EQ(config_of({"--loglevel=" + std::string(levels[level]), "cat"}).log_level,
                  static_cast<log::Level>(level));
}

TEST(Option, LimitsTakeZeroForNone) {
    EXPECT_EQ(config_of({"--max-message-size=0", "cat"}).common.max_message_size, 0u);
    EXPECT_EQ(config_of({"--maxforks=0", "cat"}).max_processes, 0u);
    EXPECT_EQ(config_of({"--ping-interval=0", "cat"}).common.ping_interval, 0s);
}

TEST(Option, WebsocketdsTimesCountInMilliseconds) {
    EXPECT_EQ(config_of({"--pingms=500", "cat"}).common.ping_interval, 500ms);
    EXPECT_EQ(config_of({"--closems", "1000", "cat"}).common.close_grace, 1s);
    EXPECT_EQ(config_of({"--pingms=0", "cat"}).common.ping_interval, 0s);
    EXPECT_EQ(config_of({"--pingms=2s", "cat"}).common.ping_interval, 2s);  // with a unit it is that
    EXPECT_EQ(config_of({"--ping-interval=500", "cat"}).common.ping_interval, 500s);
}

TEST(Option, PassEnvReplacesTheDefaultAndIsRepeatable) {
    EXPECT_THAT(config_of({"--pass-env=A, B", "--passenv", "C_*", "cat"}).common.pass_env,
                ElementsAre("A", "B", "C_*"));
    EXPECT_THAT(config_of({"--pass-env=", "cat"}).common.pass_env, IsEmpty());
}

TEST(Option, EnvKeepsItsOrderAndItsBytes) {
    EXPECT_THAT(config_of({"--env", "A=", "--env=B= c, d ", "--env", "A=2", "cat"}).common.env,
                ElementsAre("A=", "B= c, d ", "A=2"));
}

}  // namespace
}  // namespace wsinetd::config::option_table_test
