#include "config/load.hpp"

#include <gmock/gmock.h>

#include "config/command_line_fixture.hpp"
#include "config/option_table.hpp"

namespace wsinetd::config::command_line_test {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

const std::string no_command =
    "nothing to serve: give a command (wsinetd [OPTION]... COMMAND [ARGUMENT]...), --dir, --static-dir, --cgi-dir or "
    "--config";

TEST(CommandLine, HasTheDefaultsOfTheSpec) {  // section 1
    const Config config = config_of({"./count.sh"});
    EXPECT_EQ(config.action, Action::serve);
    EXPECT_EQ(config.port, 8080);
    EXPECT_THAT(config.addresses, ElementsAre("127.0.0.1", "::1"));
    EXPECT_THAT(config.spare_addresses, ElementsAre("127.0.0.1", "::1"));
    EXPECT_EQ(config.unix_socket, "");
    EXPECT_EQ(config.unix_socket_mode, 0660u);
    EXPECT_TRUE(config.same_origin);
    EXPECT_THAT(config.origins, IsEmpty());
    EXPECT_THAT(config.hosts, IsEmpty());
    EXPECT_THAT(config.upgrade_fields, IsEmpty());
    EXPECT_THAT(config.http_fields, IsEmpty());
    EXPECT_EQ(config.max_processes, 1024u);
    EXPECT_EQ(config.max_connections, 10000u);
    EXPECT_EQ(config.handshake_timeout, 10s);
    EXPECT_EQ(config.shutdown_grace, 10s);
    EXPECT_FALSE(config.reverse_lookup);
    EXPECT_EQ(config.threads, 0u);  // as many as the machine has
    EXPECT_EQ(config.log_level, log::Level::access);
    EXPECT_EQ(config.log_format, log::Format::text);
    EXPECT_FALSE(config.log_to_stdout);
    ASSERT_EQ(config.endpoints.size(), 1u);
    const Endpoint& endpoint = config.endpoints[0];
    EXPECT_EQ(endpoint.path, "");  // every one
    EXPECT_THAT(endpoint.command, ElementsAre("./count.sh"));
    EXPECT_EQ(endpoint.framing, framing::Kind::lines);
    EXPECT_EQ(endpoint.stderr_mode, StderrMode::log);
    EXPECT_EQ(endpoint.on_binary, OnBinary::close);
    EXPECT_EQ(endpoint.max_message_size, 1048576u);
    EXPECT_EQ(endpoint.ping_interval, 30s);
    EXPECT_EQ(endpoint.idle_timeout, 0s);
    EXPECT_EQ(endpoint.close_grace, 0s);
    EXPECT_THAT(endpoint.pass_env, ElementsAre("PATH", "HOME", "LANG", "LC_*", "TZ", "LD_LIBRARY_PATH"));
    EXPECT_THAT(endpoint.env, IsEmpty());
    EXPECT_EQ(endpoint.cwd, "");
    EXPECT_EQ(endpoint.user, "");
    EXPECT_EQ(endpoint.group, "");
}

TEST(CommandLine, EndsTheOptionsAtTheCommand) {
    EXPECT_THAT(config_of({"--port", "1", "ls", "--port", "2", "-a", "--", "-x"}).endpoints.at(0).command,
                ElementsAre("ls", "--port", "2", "-a", "--", "-x"));
    EXPECT_EQ(config_of({"--port", "1", "ls", "--port", "2"}).port, 1);
    EXPECT_THAT(config_of({"cat", "a b", "", "--help"}).endpoints.at(0).command,
                ElementsAre("cat", "a b", "", "--help"));
    EXPECT_EQ(config_of({"cat", "--help"}).action, Action::serve);
    EXPECT_THAT(config_of({"cat", "[a,b]", "'q'", "\"q\"", "k=v"}).endpoints.at(0).command,
                ElementsAre("cat", "[a,b]", "'q'", "\"q\"", "k=v"));
}

TEST(CommandLine, EndsTheOptionsAtTwoDashes) {
    EXPECT_THAT(config_of({"--", "ls", "-l"}).endpoints.at(0).command, ElementsAre("ls", "-l"));
    EXPECT_THAT(config_of({"--port=1", "--", "-strange-", "--port=2"}).endpoints.at(0).command,
                ElementsAre("-strange-", "--port=2"));
    EXPECT_THAT(config_of({"--", "--", "x"}).endpoints.at(0).command, ElementsAre("--", "x"));
    EXPECT_THAT(config_of({"ls", "--", "x"}).endpoints.at(0).command, ElementsAre("ls", "--", "x"));
}

TEST(CommandLine, WantsACommand) {
    EXPECT_THAT(errors_of({}), ElementsAre(no_command));
    EXPECT_THAT(errors_of({"--port", "80"}), ElementsAre(no_command));
    EXPECT_THAT(errors_of({"--"}), ElementsAre(no_command));
    EXPECT_THAT(errors_of({"--check"}), ElementsAre(no_command));
}

TEST(CommandLine, NeedsNoCommandToPrintSomething) {
    EXPECT_EQ(config_of({"--version"}).action, Action::version);
    EXPECT_EQ(config_of({"--license"}).action, Action::license);
    EXPECT_EQ(config_of({"--help"}).action, Action::help);
    EXPECT_EQ(config_of({"-h"}).action, Action::help);
    EXPECT_EQ(config_of({"--check", "cat"}).action, Action::check);
    EXPECT_EQ(config_of({"--check", "--help", "--version"}).action, Action::help);
}

TEST(CommandLine, ReadsTheValueBehindABlankOrAnEqualsSign) {
    EXPECT_EQ(config_of({"--port", "81", "cat"}).port, 81);
    EXPECT_EQ(config_of({"--port=82", "cat"}).port, 82);
    EXPECT_EQ(config_of({"-p", "83", "cat"}).port, 83);
    EXPECT_EQ(config_of({"-p84", "cat"}).port, 84);
    EXPECT_THAT(config_of({"--env=A=b=c", "cat"}).common.env, ElementsAre("A=b=c"));
    EXPECT_THAT(config_of({"--env", "A=--port", "cat"}).common.env, ElementsAre("A=--port"));
}

/// Also in front of the command, which is no value, and only there.
TEST(CommandLine, TakesNothingForAValueBehindAnEqualsSign) {
    EXPECT_THAT(config_of({"--pass-env=", "cat"}).common.pass_env, IsEmpty());
    EXPECT_THAT(config_of({"--passenv=", "cat", "--passenv="}).endpoints.at(0).command,
                ElementsAre("cat", "--passenv="));
    EXPECT_THAT(config_of({"--cwd=", "--", "--cwd=", "x"}).endpoints.at(0).command, ElementsAre("--cwd=", "x"));
    EXPECT_EQ(config_of({"--cwd", "--user=", "cat"}).common.cwd, "--user=");
    EXPECT_THAT(config_of({"--passstderr", "cat", "--env="}).endpoints.at(0).command, ElementsAre("cat", "--env="));
    EXPECT_THAT(config_of({"--binary", "cat", "--env="}).endpoints.at(0).command, ElementsAre("cat", "--env="));
    EXPECT_THAT(errors_of({"--port=", "cat"}), ElementsAre("--port: \"\" is not a port (0 to 65535)"));
    EXPECT_THAT(errors_of({"--port="}), ElementsAre("--port: \"\" is not a port (0 to 65535)"));
}

TEST(CommandLine, TakesTheLastOfSeveralValues) {
    EXPECT_EQ(config_of({"--port=81", "-p", "82", "--port", "83", "cat"}).port, 83);
    EXPECT_EQ(config_of({"--stderr=merge", "--stderr=discard", "cat"}).common.stderr_mode, StderrMode::discard);
}

TEST(CommandLine, TakesTheLastOfTwoSpellingsToo) {
    EXPECT_EQ(config_of({"--closems=1500", "--close-grace=2s", "cat"}).common.close_grace, Milliseconds(2000));
    EXPECT_EQ(config_of({"--close-grace=2s", "--closems=1500", "cat"}).common.close_grace, Milliseconds(1500));
    EXPECT_EQ(config_of({"--passstderr", "--stderr=log", "cat"}).common.stderr_mode, StderrMode::log);
    EXPECT_EQ(config_of({"--stderr=log", "--passstderr", "cat"}).common.stderr_mode, StderrMode::tagged);
}

TEST(CommandLine, TakesNegativeMaxforksForNoLimitAsWebsocketdDoes) {
    EXPECT_EQ(config_of({"--maxforks=-1", "cat"}).max_processes, 0u);
    EXPECT_THAT(errors_of({"--max-processes=-1", "cat"}),
                ElementsAre("--max-processes: \"-1\" is not a number (0 or more)"));
}

TEST(CommandLine, TakesEveryTrueAndFalseThatWebsocketdTakes) {
    for (const std::string yes : {"true", "1", "t", "T", "TRUE", "True"})
        EXPECT_EQ(config_of({"--binary=" + yes, "cat"}).common.framing, framing::Kind::raw) << yes;
    for (const std::string no : {"false", "0", "f", "F", "FALSE", "False"})
        EXPECT_EQ(config_of({"--binary", "--binary=" + no, "cat"}).common.framing, framing::Kind::lines) << no;
    EXPECT_THAT(errors_of({"--binary=yes", "cat"}), ElementsAre("--binary: \"yes\" is not true or false"));
}

TEST(CommandLine, ReportsEveryMistakeAtOnce) {
    EXPECT_THAT(errors_of({"--threads=0", "--port", "80a", "--stderr", "tagd", "cat"}),
                ElementsAre("--threads: \"0\" is not a number of threads (1 to 500)",
                            "--port: \"80a\" is not a port (0 to 65535)",
                            "--stderr: \"tagd\" is not a mode of stderr (log, discard, merge, tagged)"));
    EXPECT_THAT(errors_of({"--port=x", "--port=y", "cat"}),
                ElementsAre("--port: \"x\" is not a port (0 to 65535)", "--port: \"y\" is not a port (0 to 65535)"));
    EXPECT_THAT(
        errors_of({"--port=x", "--prot=80", "cat"}),
        ElementsAre("--port: \"x\" is not a port (0 to 65535)", "--prot is not an option; did you mean --port?"));
}

TEST(CommandLine, NamesTheOptionThatLacksItsValue) {
    EXPECT_THAT(errors_of({"--port"}), ElementsAre("--port needs a value"));
    EXPECT_THAT(errors_of({"-p"}), ElementsAre("--port needs a value"));
    EXPECT_THAT(errors_of({"--maxforks"}), ElementsAre("--maxforks needs a value"));
    EXPECT_THAT(errors_of({"--env"}), ElementsAre("--env needs a value"));
    EXPECT_THAT(errors_of({"--threads=0", "--port"}),
                ElementsAre("--port needs a value", "--threads: \"0\" is not a number of threads (1 to 500)"));
}

TEST(CommandLine, SuggestsWhatAnUnknownOptionMayHaveMeant) {
    EXPECT_THAT(errors_of({"--prot", "80", "cat"}), ElementsAre("--prot is not an option; did you mean --port?"));
    EXPECT_THAT(errors_of({"--adress=::", "cat"}), ElementsAre("--adress is not an option; did you mean --address?"));
    EXPECT_THAT(errors_of({"--max-process=1", "cat"}),
                ElementsAre("--max-process is not an option; did you mean --max-processes?"));
    EXPECT_THAT(errors_of({"--maxfork=1", "cat"}), ElementsAre("--maxfork is not an option; did you mean --maxforks?"));
    EXPECT_THAT(errors_of({"-port", "cat"}), ElementsAre(testing::StartsWith("--port: \"ort\" is not a port")));
}

TEST(CommandLine, SuggestsNothingFarFetched) {
    EXPECT_THAT(errors_of({"--frobnicate", "cat"}), ElementsAre("--frobnicate is not an option (--help lists them)"));
    EXPECT_THAT(errors_of({"-x", "cat"}), ElementsAre("-x is not an option (--help lists them)"));
    EXPECT_THAT(errors_of({"---", "cat"}), ElementsAre("--- is not an option (--help lists them)"));
}

TEST(CommandLine, HasWebsocketdsDefaultsUnderItsName) {
    for (const std::string name : {"websocketd", "./websocketd", "/usr/local/bin/websocketd"}) {
        const Loaded result = parse_as(name, {"cat"});
        EXPECT_THAT(result.errors, IsEmpty());
        EXPECT_THAT(result.config.addresses, ElementsAre("0.0.0.0", "::"));
        EXPECT_EQ(result.config.port, 80);
        EXPECT_FALSE(result.config.same_origin);
        EXPECT_THAT(result.config.hosts, ElementsAre("*"));
        EXPECT_EQ(result.config.common.ping_interval, 0s);
        EXPECT_THAT(result.config.common.pass_env, ElementsAre("PATH", "LD_LIBRARY_PATH"));
        EXPECT_EQ(result.config.common.on_binary, OnBinary::ignore);
        EXPECT_TRUE(result.config.log_to_stdout);
        EXPECT_EQ(result.config.common.max_message_size, 1048576u);  // nothing else differs
        EXPECT_EQ(result.config.max_processes, 1024u);
    }
    for (const std::string name : {"wsinetd", "websocketd2", "mywebsocketd", "websocketd/wsinetd", ""})
        EXPECT_EQ(parse_as(name, {"cat"}).config.port, 8080) << name;
}

TEST(CommandLine, LetsOptionsWinOverWebsocketdsDefaults) {
    const Config config = parse_as("websocketd", {"--port=8080", "--address=::1", "--pingms=500", "--passenv=HOME",
                                                  "--on-binary=close", "--sameorigin", "cat"})
                              .config;
    EXPECT_EQ(config.port, 8080);
    EXPECT_THAT(config.addresses, ElementsAre("::1"));
    EXPECT_EQ(config.common.ping_interval, 500ms);
    EXPECT_THAT(config.common.pass_env, ElementsAre("HOME"));
    EXPECT_EQ(config.common.on_binary, OnBinary::close);
    EXPECT_TRUE(config.same_origin);
}

TEST(CommandLine, LetsOriginsBeTheOnlyOnesUnderTheNameWebsocketd) {
    const Config config = parse_as("websocketd", {"--origin=example.com", "cat"}).config;
    EXPECT_TRUE(config.same_origin);
    EXPECT_THAT(config.origins, ElementsAre("example.com"));
    EXPECT_FALSE(parse_as("websocketd", {"--sameorigin=false", "cat"}).config.same_origin);
}

TEST(CommandLine, ListensOnNoTcpPortWhereOnlyAUnixSocketIsAskedFor) {
    EXPECT_THAT(config_of({"--unix-socket=/run/s", "cat"}).addresses, IsEmpty());
    EXPECT_THAT(config_of({"--unixsocket", "/run/s", "cat"}).addresses, IsEmpty());
    EXPECT_THAT(config_of({"--unix-socket=/run/s", "--port=1", "cat"}).addresses, ElementsAre("127.0.0.1", "::1"));
    EXPECT_THAT(config_of({"--unix-socket=/run/s", "--address=::1", "cat"}).addresses, ElementsAre("::1"));
    EXPECT_THAT(parse_as("websocketd", {"--unixsocket=/run/s", "cat"}).config.addresses, IsEmpty());
}

}  // namespace
}  // namespace wsinetd::config::command_line_test
