#include "config/config_file.hpp"

#include <gmock/gmock.h>

namespace wsinetd::config::config_file_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Words = std::vector<std::string>;

ConfigFile parse(std::string_view text, Role role = Role::main) { return parse_config_file(text, "/etc/w.toml", role); }

/// `name=value` of each, or `name` where there is no value.
Words told(const Settings& settings) {
    Words words;
    for (const Setting& setting : settings)
        words.push_back(std::string(setting.option->name) + (setting.value ? "=" + *setting.value : ""));
    return words;
}

Words settings_of(std::string_view text) {
    const ConfigFile file = parse(text);
    EXPECT_THAT(file.errors, IsEmpty()) << text;
    return told(file.settings);
}

Words errors_of(std::string_view text, Role role = Role::main) { return parse(text, role).errors; }

TEST(ConfigFile, ReadsTheExampleOfTheSpecification) {
    const ConfigFile file = parse(R"(
port = 8443
tls-cert = "/etc/wsinetd/cert.pem"
tls-key  = "/etc/wsinetd/key.pem"

[[endpoint]]
path    = "/count"                 # exact; "/logs/*" matches below, the rest is PATH_INFO
command = ["/usr/lib/wsinetd/count.sh", "10"]
framing = "lines"

[[endpoint]]
path = "/scripts/*"
dir  = "/srv/scripts"
)");
    EXPECT_THAT(file.errors, IsEmpty());
    EXPECT_THAT(told(file.settings),
                ElementsAre("port=8443", "tls-cert=/etc/wsinetd/cert.pem", "tls-key=/etc/wsinetd/key.pem"));
    EXPECT_EQ(file.settings[0].place, "/etc/w.toml:2:8");
    ASSERT_EQ(file.endpoints.size(), 2u);
    EXPECT_EQ(file.endpoints[0].path, "/count");
    EXPECT_EQ(file.endpoints[0].place, "/etc/w.toml:7:11");
    EXPECT_THAT(file.endpoints[0].command.words, ElementsAre("/usr/lib/wsinetd/count.sh", "10"));
    EXPECT_EQ(file.endpoints[0].command.place, "/etc/w.toml:8:11");
    EXPECT_THAT(told(file.endpoints[0].settings), ElementsAre("framing=lines"));
    EXPECT_EQ(file.endpoints[1].path, "/scripts/*");
    EXPECT_THAT(told(file.endpoints[1].settings), ElementsAre("dir=/srv/scripts"));
}

TEST(ConfigFile, TakesSettingsInTheOrderTheyAreWrittenIn) {
    EXPECT_THAT(settings_of("framing = \"raw\"\nbinary = false\nport = 1\naddress = \"::1\"\n"),
                ElementsAre("framing=raw", "binary=false", "port=1", "address=::1"));
}

TEST(ConfigFile, TakesNumbersSizesAndDurationsAsIntegersOrWithUnits) {
    EXPECT_THAT(settings_of("max-message-size = 100\nidle-timeout = 5\n"),
                ElementsAre("max-message-size=100", "idle-timeout=5"));
    EXPECT_THAT(settings_of("max-message-size = \"64KiB\"\nidle-timeout = \"500ms\"\n"),
                ElementsAre("max-message-size=64KiB", "idle-timeout=500ms"));
}

TEST(ConfigFile, TakesAModeAsStringOrOctal) {
    EXPECT_THAT(settings_of("unix-socket-mode = \"0660\""), ElementsAre("unix-socket-mode=0660"));
    EXPECT_THAT(settings_of("unix-socket-mode = 0o660"), ElementsAre("unix-socket-mode=660"));
    EXPECT_THAT(errors_of("unix-socket-mode = 432"),
                ElementsAre("/etc/w.toml:1:20: unix-socket-mode takes a string of octal digits (\"0660\"), or an octal "
                            "integer (0o660); this is an integer"));
}

TEST(ConfigFile, TakesListsAsArraysOrAsOneString) {
    EXPECT_THAT(settings_of("address = [\"::1\", \"127.0.0.1\"]"), ElementsAre("address=::1", "address=127.0.0.1"));
    EXPECT_THAT(settings_of("origin = \"a.example\""), ElementsAre("origin=a.example"));
    EXPECT_THAT(settings_of("pass-env = []"), ElementsAre("pass-env"));
}

TEST(ConfigFile, TakesTheEnvironmentAsArrayOrTable) {
    EXPECT_THAT(settings_of("env = [\"A=1\", \"B=\"]"), ElementsAre("env=A=1", "env=B="));
    EXPECT_THAT(settings_of("[env]\nB = \"x=y\"\nA = \"\"\n"), ElementsAre("env=B=x=y", "env=A="));
    const ConfigFile file = parse("[[endpoint]]\npath = \"/\"\ncommand = [\"cat\"]\n[endpoint.env]\nA = \"1\"\n");
    EXPECT_THAT(file.errors, IsEmpty());
    EXPECT_THAT(told(file.endpoints.at(0).settings), ElementsAre("env=A=1"));
}

TEST(ConfigFile, CountsRelativePathsFromItsOwnDirectory) {
    const ConfigFile file = parse(
        "tls-cert = [\"a.pem\", \"/b.pem\"]\ncwd = \"data\"\nunix-socket = \"s\"\ninclude = \"conf.d/*.toml\"\n"
        "command = [\"./run\", \"./x\"]\n");
    EXPECT_THAT(file.errors, IsEmpty());
    EXPECT_THAT(told(file.settings),
                ElementsAre("tls-cert=/etc/a.pem", "tls-cert=/b.pem", "cwd=/etc/data", "unix-socket=/etc/s"));
    EXPECT_EQ(file.includes.at(0).files, "/etc/conf.d/*.toml");
    EXPECT_THAT(file.command.words, ElementsAre("/etc/./run", "./x"));
    EXPECT_THAT(parse("command = [\"cat\"]").command.words, ElementsAre("cat"));  // of PATH
    EXPECT_THAT(told(parse_config_file("cwd = \"data\"", "w.toml", Role::main).settings), ElementsAre("cwd=data"));
}

struct Row {
    std::string_view text;
    std::string_view error;  ///< without the file's name
};

void expect_errors(const std::vector<Row>& rows, Role role = Role::main) {
    for (const Row& row : rows)
        EXPECT_THAT(errors_of(row.text, role), ElementsAre("/etc/w.toml:" + std::string(row.error))) << row.text;
}

TEST(ConfigFile, SuggestsWhatAMisspeltKeyMayMean) {
    expect_errors({
        {"prot = 1", "1:1: \"prot\" is not an option; did you mean port?"},
        {"\n  log-levle = \"info\"", "2:3: \"log-levle\" is not an option; did you mean log-level?"},
        {"maxforks = 1", "1:1: \"maxforks\" is not an option here; did you mean max-processes?"},
        {"frobnicate = 1", "1:1: \"frobnicate\" is not an option"},
        {"[[endpoints]]\npath = \"/\"", "1:3: \"endpoints\" is not an option; did you mean endpoint?"},
        {"includes = []", "1:1: \"includes\" is not an option; did you mean include?"},
        {"[[endpoint]]\npath = \"/\"\ncommand = [\"cat\"]\ncomand = 1",
         "4:1: \"comand\" is not an option; did you mean command?"},
        {"\"\" = 1", "1:1: \"\" is not an option"},
    });
}

TEST(ConfigFile, SaysWhereAKeyMayStand) {
    expect_errors({
        {"[[endpoint]]\npath = \"/\"\ncommand = [\"cat\"]\nport = 1",
         "4:1: port is the whole server's and stands above the endpoints"},
        {"path = \"/\"", "1:1: path stands in a table [[endpoint]]"},
        {"config = \"x\"", "1:1: config stands on the command line only"},
        {"check = true", "1:1: check stands on the command line only"},
        {"[endpoint]\npath = \"/\"", "1:2: endpoint is a table, with a header in two brackets: [[endpoint]]"},
        {"endpoint = []\nendpoint2 = 1", "2:1: \"endpoint2\" is not an option; did you mean endpoint?"},
    });
}

TEST(ConfigFile, SaysWhatKindOfValueWouldBeRight) {
    expect_errors({
        {"port = \"8080\"", "1:8: port takes an integer, such as 8080; this is a string"},
        {"port = 1.5", "1:8: port takes an integer, such as 8080; this is a number with a fraction"},
        {"port = [1]", "1:8: port takes an integer, such as 8080; this is an array"},
        {"port = 2020-01-01", "1:8: port takes an integer, such as 8080; this is a date"},
        {"[port]", "1:1: port takes an integer, such as 8080; this is a table"},
        {"idle-timeout = true",
         "1:16: idle-timeout takes an integer, or a string with a unit; this is a boolean"},
        {"compress = \"true\"", "1:12: compress takes true or false; this is a string"},
        {"compress = 1", "1:12: compress takes true or false; this is an integer"},
        {"framing = true", "1:11: framing takes a string; this is a boolean"},
        {"static-dir = 1", "1:14: static-dir takes a string, the path; this is an integer"},
        {"origin = [\"a\", 1]", "1:16: origin takes an array of strings; this is an integer"},
        {"address = 1", "1:11: address takes an array of strings; this is an integer"},
        {"address = []", "1:11: address: an empty list listens nowhere"},
        {"env = 1", "1:7: env takes an array of strings NAME=VALUE, or a table; this is an integer"},
        {"env = {A = 1}", "1:12: env: \"A\" takes a string; this is an integer"},
        {"env = {\"A=B\" = \"\"}", "1:8: env: \"A=B\" is not a name: it has a \"=\""},
        {"include = 1", "1:11: include takes a string or an array of strings; this is an integer"},
        {"include = \"\"", "1:11: include: \"\" is not a path"},
        {"cwd = \"a\\u0000b\"", "1:7: cwd: a value cannot hold a NUL"},
    });
    for (const std::string_view text : {"command = \"cat\"", "command = []", "command = [\"cat\", 1]", "command = 1"})
        EXPECT_THAT(errors_of(text),
                    ElementsAre("/etc/w.toml:1:11: command takes an array of strings, the program and its arguments: "
                                "[\"cat\", \"-n\"]"))
            << text;
}

TEST(ConfigFile, SaysOfAWrongValueWhatTheCommandLineSays) {
    expect_errors({
        {"port = 65536", "1:8: port: \"65536\" is not a port (0 to 65535)"},
        {"port = -1", "1:8: port: \"-1\" is not a port (0 to 65535)"},
        {"framing = \"linse\"", "1:11: framing: \"linse\" is not a framing (lines, null, content-length, jsonl, raw)"},
        {"ping-interval = \"soon\"",
         "1:17: ping-interval: \"soon\" is not a duration (500ms, 30s, 5m; a bare number is seconds)"},
        {"env = [\"A\"]", "1:8: env: \"A\" is not NAME=VALUE"},
        {"origin = [\"a\", \"a/b\"]",
         "1:16: origin: origin \"a/b\": an origin has no path and ends after host and port"},
        {"static-dir = \"\"", "1:14: static-dir: \"\" is not a path"},
    });
}

TEST(ConfigFile, SaysWhatIsWrongWithAnEndpoint) {
    expect_errors({
        {"[[endpoint]]\npath = \"/a\"", "1:1: the endpoint \"/a\" needs a command or a dir"},
        {"[[endpoint]]\ncommand = [\"cat\"]", "1:1: this endpoint has no path (path = \"/*\" is every path)"},
        {"[[endpoint]]\npath = \"/a/*\"\ncommand = [\"cat\"]\ndir = \"/d\"",
         "4:7: the endpoint \"/a/*\" has both command and dir: give one of them"},
        {"[[endpoint]]\npath = \"/a\"\ndir = \"/d\"",
         "2:8: path: the programs of a dir lie below a path that ends in \"/*\", as \"/a/*\""},
        {"[[endpoint]]\npath = \"a\"\ncommand = [\"cat\"]", "2:8: path: \"a\" does not begin with \"/\""},
        {"[[endpoint]]\npath = \"\"\ncommand = [\"cat\"]", "2:8: path: \"\" does not begin with \"/\""},
        {"[[endpoint]]\npath = \"/a*\"\ncommand = [\"cat\"]",
         "2:8: path: \"/a*\" has a \"*\" elsewhere than at its end, after a \"/\""},
        {"[[endpoint]]\npath = \"/*/a\"\ncommand = [\"cat\"]",
         "2:8: path: \"/*/a\" has a \"*\" elsewhere than at its end, after a \"/\""},
        {"[[endpoint]]\npath = \"/a?b\"\ncommand = [\"cat\"]",
         "2:8: path: \"/a?b\" has more than a path: a query or a fragment is not matched"},
        {"[[endpoint]]\npath = \"/a/../b\"\ncommand = [\"cat\"]",
         "2:8: path: \"/a/../b\" has a dot segment, which no request has once it is read"},
        {"[[endpoint]]\npath = \"/a\\u0000\"\ncommand = [\"cat\"]", "2:8: path: \"/a?\" has a control character"},
        {"[[endpoint]]\npath = 1\ncommand = [\"cat\"]", "2:8: path takes a string; this is an integer"},
        {"dir = \"/d\"\ncommand = [\"cat\"]", "1:7: dir and command both want every path: give one of them"},
    });
}

TEST(ConfigFile, SaysWhereItIsNoToml) {
    const Words errors = errors_of("port = 1\nport = 2\n");
    ASSERT_EQ(errors.size(), 1u);
    EXPECT_THAT(errors[0], testing::StartsWith("/etc/w.toml:2:"));
    EXPECT_THAT(errors_of("port = \n")[0], testing::StartsWith("/etc/w.toml:1:"));
    EXPECT_THAT(errors_of("\xff")[0], testing::StartsWith("/etc/w.toml:1:"));
}

TEST(ConfigFile, ReportsAllMistakesAtOnce) {
    EXPECT_THAT(errors_of("prot = 1\nmax-connections = \"x\"\n[[endpoint]]\npath = \"x\"\nfoo = 1\nbar = 2\n"),
                ElementsAre(HasSubstr(":1:1: "), HasSubstr(":2:19: "), HasSubstr(":4:8: "), HasSubstr(":5:1: "),
                            HasSubstr(":6:1: "), HasSubstr(":3:1: this endpoint needs a command")));
}

TEST(IncludedFile, SharesItsTopLevelAmongItsOwnEndpoints) {
    const ConfigFile file = parse(
        "framing = \"raw\"\nenv = [\"A=1\"]\n[[endpoint]]\npath = \"/a\"\ncommand = [\"cat\"]\nidle-timeout = 1\n",
        Role::included);
    EXPECT_THAT(file.errors, IsEmpty());
    EXPECT_THAT(file.settings, IsEmpty());
    EXPECT_THAT(told(file.endpoints.at(0).shared), ElementsAre("framing=raw", "env=A=1"));
    EXPECT_THAT(told(file.endpoints.at(0).settings), ElementsAre("idle-timeout=1"));
}

TEST(IncludedFile, HoldsNothingOfTheWholeServer) {
    expect_errors(
        {
            {"port = 1", "1:1: port stands in the main file only"},
            {"max-processes = 1", "1:1: max-processes stands in the main file only"},
            {"origin = \"*\"", "1:1: origin stands in the main file only"},
            {"dir = \"/d\"", "1:1: dir stands in the main file only"},
            {"command = [\"cat\"]", "1:1: command stands in the main file only"},
            {"include = \"x\"", "1:1: include stands in the main file only"},
        },
        Role::included);
}

}  // namespace
}  // namespace wsinetd::config::config_file_test
