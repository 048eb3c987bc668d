// Spec section 1: the command line, exit statuses, and where the log goes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <filesystem>

#include "fixtures/client.hpp"
#include "fixtures/server.hpp"

namespace wsinetd::fixtures::command_line_test {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::MatchesRegex;
using testing::Not;
using testing::StartsWith;

using Arguments = std::vector<std::string>;

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    for (std::size_t begin = 0; begin < text.size();) {
        const auto end = std::min(text.find('\n', begin), text.size());
        lines.push_back(text.substr(begin, end - begin));
        begin = end + 1;
    }
    return lines;
}

/// Arguments that are a mistake; what stderr says, without the program's name.
std::vector<std::string> errors_of(const Arguments& arguments, const std::string& name = "wsinetd") {
    const Result result = run(arguments, name);
    EXPECT_EQ(result.status, 2) << result.err;
    EXPECT_EQ(result.out, "");
    std::vector<std::string> errors = lines_of(result.err);
    for (std::string& error : errors) {
        EXPECT_THAT(error, StartsWith("wsinetd: "));
        error.erase(0, 9);
    }
    return errors;
}

// What answers and ends.

TEST(CommandLine, HelpGoesToStdout) {
    for (const Arguments& arguments :
         {Arguments{"--help"}, {"-h"}, {"--port", "0", "--help"}, {"--help", "cat"}, {"--version", "--help"}}) {
        const Result result = run(arguments);
        EXPECT_EQ(result.status, 0);
        EXPECT_EQ(result.err, "");
        EXPECT_THAT(result.out,
                    AllOf(StartsWith("Usage: wsinetd [OPTION]... COMMAND [ARGUMENT]...\n"), HasSubstr("-p, --port N"),
                          HasSubstr("default 8080"), HasSubstr("[--sameorigin]"), EndsWith("\n")));
        for (const std::string& line : lines_of(result.out)) EXPECT_LE(line.size(), 100U) << line;
    }
}

TEST(CommandLine, HelpNamesEveryOptionOfTheContract) {
    const std::string help = run({"--help"}).out;
    for (const char* option : {"port",
                               "address",
                               "unix-socket",
                               "unix-socket-mode",
                               "origin",
                               "same-origin",
                               "host",
                               "header",
                               "header-ws",
                               "header-http",
                               "framing",
                               "binary",
                               "stderr",
                               "on-binary",
                               "max-message-size",
                               "max-processes",
                               "max-connections",
                               "handshake-timeout",
                               "ping-interval",
                               "idle-timeout",
                               "close-grace",
                               "shutdown-grace",
                               "drain",
                               "shutdown-code",
                               "pass-env",
                               "env",
                               "cwd",
                               "user",
                               "group",
                               "reverse-lookup",
                               "threads",
                               "log-level",
                               "log-format",
                               "check",
                               "reload",
                               "version",
                               "license",
                               "help"})
        EXPECT_THAT(help, HasSubstr(std::string("--") + option));
}

TEST(CommandLine, VersionAndLicenseGoToStdout) {
    const Result version = run({"--version"});
    EXPECT_EQ(version.status, 0);
    EXPECT_EQ(version.err, "");
    EXPECT_THAT(version.out, MatchesRegex("wsinetd [0-9]+\\.[0-9]+\\.[0-9]+\n"));
    const Result license = run({"--license"});
    EXPECT_EQ(license.status, 0);
    EXPECT_EQ(license.err, "");
    EXPECT_THAT(license.out, HasSubstr("Copyright"));
}

TEST(CommandLine, CheckServesNothing) {
    const Result result = run({"--check", "cat"});
    EXPECT_EQ(result.status, 0);
    EXPECT_EQ(result.out + result.err, "");
}

TEST(CommandLine, CheckLeavesAUsedPortAndALiveSocketToTheStart) {
    Server server({"true"});
    EXPECT_EQ(run({"--check", "--port", std::to_string(server.port()), "--address", "127.0.0.1", "cat"}).status, 0);
}

TEST(CommandLine, EveryMistakeIsReportedAtOnce) {
    const Arguments mistakes{"--port",          "http",     "--address",   "nowhere",  "--framing",     "json",
                             "--max-processes", "many",     "--log-level", "loud",     "--env",         "NAME",
                             "--cwd",           "/no/such", "--origin",    "null",     "--user",        "nobody7",
                             "--group",         "none7",    "--header",    "nonsense", "--close-grace", "soon",
                             "/no/such/cmd"};
    Arguments checked = mistakes;
    checked.insert(checked.begin(), "--check");
    for (const Arguments& arguments : {mistakes, checked}) {
        const std::vector<std::string> errors = errors_of(arguments);
        EXPECT_EQ(errors.size(), 13U);
        for (const char* what :
             {"--port: \"http\"", "--address: \"nowhere\"", "--framing: \"json\"", "--max-processes: \"many\"",
              "--log-level: \"loud\"", "--env: \"NAME\"", "--cwd: \"/no/such\"", "--origin: origin \"null\"",
              "--user: there is no user \"nobody7\"", "--group: there is no group \"none7\"", "--header: \"nonsense\"",
              "--close-grace: \"soon\"", "the command \"/no/such/cmd\" does not exist"})
            EXPECT_THAT(errors, testing::Contains(HasSubstr(what)));
    }
}

// Mistakes: what, where, and what would be right.

struct Mistake {
    Arguments arguments;
    const char* said;
};

TEST(CommandLine, AMistakeIsNamedWithWhatWouldBeRight) {
    for (const auto& [arguments, said] : {
             Mistake{{},
                     "nothing to serve: give a command (wsinetd [OPTION]... COMMAND [ARGUMENT]...), --dir, "
                     "--static-dir, --cgi-dir or --config"},
             Mistake{{"--port", "0"},
                     "nothing to serve: give a command (wsinetd [OPTION]... COMMAND [ARGUMENT]...), --dir, "
                     "--static-dir, --cgi-dir or --config"},
             Mistake{{"--port", "0", "--"},
                     "nothing to serve: give a command (wsinetd [OPTION]... COMMAND [ARGUMENT]...), --dir, "
                     "--static-dir, --cgi-dir or --config"},
             Mistake{{"--port"}, "--port needs a value"},
             Mistake{{"-p"}, "--port needs a value"},
             Mistake{{"--prot", "8080", "cat"}, "--prot is not an option; did you mean --port?"},
             Mistake{{"--sameorigins", "cat"}, "--sameorigins is not an option; did you mean --sameorigin?"},
             Mistake{{"--entirely-unheard-of=1", "cat"}, "--entirely-unheard-of is not an option (--help lists them)"},
             Mistake{{"-x", "cat"}, "-x is not an option (--help lists them)"},
             Mistake{{"--check=yes", "cat"}, "--check takes no value"},
             Mistake{{"--port", "99999", "cat"}, "--port: \"99999\" is not a port (0 to 65535)"},
             Mistake{{"--binary=perhaps", "cat"}, "--binary: \"perhaps\" is not true or false"},
             Mistake{{"--same-origin=maybe", "cat"}, "--same-origin: \"maybe\" is not true or false"},
             Mistake{{"--framing", "xml", "cat"},
                     "--framing: \"xml\" is not a framing (lines, null, content-length, jsonl, raw)"},
             Mistake{{"--stderr", "x", "cat"}, "--stderr: \"x\" is not a mode of stderr (log, discard, merge, tagged)"},
             Mistake{{"--on-binary", "x", "cat"},
                     "--on-binary: \"x\" is not a way to treat binary messages (close, ignore, accept)"},
             Mistake{{"--max-message-size", "1MB!", "cat"},
                     "--max-message-size: \"1MB!\" is not a size (64KiB, 1MiB; a bare number is bytes)"},
             Mistake{{"--idle-timeout", "1fortnight", "cat"},
                     "--idle-timeout: \"1fortnight\" is not a duration (500ms, 30s, 5m; a bare number is seconds)"},
             Mistake{{"--idle-timeout=-1s", "cat"},
                     "--idle-timeout: \"-1s\" is not a duration (500ms, 30s, 5m; a bare number is seconds)"},
             Mistake{{"--max-processes", "-1", "cat"}, "--max-processes: \"-1\" is not a number (0 or more)"},
             Mistake{{"--threads", "0", "cat"}, "--threads: \"0\" is not a number of threads (1 to 500)"},
             Mistake{{"--log-format", "xml", "cat"}, "--log-format: \"xml\" is not a log format (text, json)"},
             Mistake{{"--log-level", "warn", "cat"},
                     "--log-level: \"warn\" is not a log level (debug, trace, access, info, error, fatal)"},
             Mistake{{"--env", "=x", "cat"}, "--env: \"=x\" is not NAME=VALUE"},
             Mistake{{"--header", "X-No-Colon", "cat"}, "--header: \"X-No-Colon\" is not a header (Name: value)"},
             Mistake{{"--header", "X Y: z", "cat"}, "--header: \"X Y: z\" is not a header (Name: value)"},
             Mistake{{"--header", "X: a\r\nY: b", "cat"}, "--header: \"X\" has a control character in its value"},
             Mistake{{"--header-ws", "Upgrade: h2c", "cat"}, "--header-ws: \"Upgrade\" is the server's own to set"},
             Mistake{{"--header-http", "content-length: 3", "cat"},
                     "--header-http: \"content-length\" is the server's own to set"},
             Mistake{{"--static-dir", "/none", "cat"}, "--static-dir: \"/none\" does not exist"},
             Mistake{{"--cgi-dir", "/etc/passwd"}, "--cgi-dir: \"/etc/passwd\" is not a directory"},
             Mistake{{"--dir", "/none"}, "--dir: \"/none\" does not exist"},
             Mistake{{"--dir", "/tmp", "cat"}, "--dir and the command \"cat\" both want every path: give one of them"},
             Mistake{{"--dev-console", "--static-dir", "/tmp"},
                     "--dev-console needs something to try: a command or --dir"},
             Mistake{{"--origin", "http://a.example/path", "cat"},
                     "--origin: origin \"http://a.example/path\": an origin has no path and ends after host and port"},
             Mistake{{"--stderr", "tagged", "--binary", "cat"},
                     "--stderr tagged needs lines: it does not go with --framing raw or --binary"},
         })
        EXPECT_THAT(errors_of(arguments), ElementsAre(said)) << testing::PrintToString(arguments);
}

TEST(CommandLine, OptionsOfLaterVersionsAreNotAcceptedAndIgnored) {
    for (const char* option : {"--ssl", "--sslcert=x", "--tls-cert=x", "--redirport=80", "--config=x"})
        EXPECT_EQ(errors_of({option, "cat"}).size(), 1U) << option;
}

TEST(CommandLine, ACommandThatIsNoProgramIsAMistake) {
    TemporaryFolder folder;
    const std::string script = folder.script("plain", "#!/bin/sh\n");
    std::filesystem::permissions(script, std::filesystem::perms::owner_read);
    EXPECT_THAT(errors_of({folder.path() + "/none"}),
                ElementsAre("the command \"" + folder.path() + "/none\" does not exist"));
    EXPECT_THAT(errors_of({"./no-such-program"}), ElementsAre("the command \"./no-such-program\" does not exist"));
    EXPECT_THAT(errors_of({"no-such-program"}), ElementsAre("the command \"no-such-program\" does not exist in PATH (a "
                                                            "program of this directory is ./no-such-program)"));
    EXPECT_THAT(errors_of({script}),
                ElementsAre("the command \"" + script + "\" may not be executed (chmod +x would allow it)"));
    EXPECT_THAT(errors_of({folder.path()}),
                ElementsAre("the command \"" + folder.path() + "\" is a directory, not a program"));
    EXPECT_THAT(errors_of({"/dev/null"}), ElementsAre("the command \"/dev/null\" is not a file"));
    EXPECT_THAT(errors_of({""}), ElementsAre(HasSubstr("the command \"\" does not exist")));
}

TEST(CommandLine, AWorkingDirectoryThatIsNoneIsAMistake) {
    TemporaryFolder folder;
    const std::string script = folder.script("file", "");
    EXPECT_THAT(errors_of({"--cwd", folder.path() + "/none", "cat"}),
                ElementsAre("--cwd: \"" + folder.path() + "/none\" does not exist"));
    EXPECT_THAT(errors_of({"--cwd", script, "cat"}), ElementsAre("--cwd: \"" + script + "\" is not a directory"));
}

// Where options end.

/// What the server's command prints: its arguments, one a line.
std::vector<std::string> arguments_of_command(Arguments options_and_name, const Arguments& rest) {
    TemporaryFolder folder;
    const std::string script = folder.script("show", "#!/bin/sh\nfor each in \"$@\"; do echo \"$each\"; done\n");
    Arguments all{"--port", "0", "--address", "127.0.0.1"};
    all.insert(all.end(), options_and_name.begin(), options_and_name.end());
    all.push_back(script);
    all.insert(all.end(), rest.begin(), rest.end());
    Server server(all);
    return Client(server.port()).receive_all();
}

TEST(CommandLine, WhatFollowsTheCommandIsItsOwn) {
    const Arguments rest{"--port", "--help", "-p", "1", "--", "--binary=perhaps", "", "a b", "-"};
    EXPECT_EQ(arguments_of_command({}, rest), rest);
    EXPECT_EQ(arguments_of_command({"--binary=false"}, rest), rest);
    EXPECT_EQ(arguments_of_command({"--same-origin"}, rest), rest);
}

TEST(CommandLine, TwoDashesEndTheOptionsToo) {
    const Arguments rest{"--port", "--", "x"};
    EXPECT_EQ(arguments_of_command({"--"}, rest), rest);
}

TEST(CommandLine, ACommandMayBeginWithADashBehindTwo) {
    TemporaryFolder folder;
    static_cast<void>(folder.script("-odd", "#!/bin/sh\necho odd\n"));
    Server server({.arguments = {"--port", "0", "--address", "127.0.0.1", "--", "-odd"},
                   .wrapper = {"bash", "-c", "PATH=" + folder.path() + ":$PATH exec \"$0\" \"$@\""}});
    EXPECT_THAT(Client(server.port()).receive_all(), ElementsAre("odd"));
}

TEST(CommandLine, AnEmptyValueDoesNotTakeTheCommandForOne) {
    EXPECT_EQ(run({"--check", "--pass-env=", "--host=", "--cwd=", "cat"}).err, "");
    EXPECT_EQ(run({"--check", "--passenv=", "--", "cat", "--port="}).err, "");
    EXPECT_THAT(errors_of({"--port=", "cat"}), ElementsAre("--port: \"\" is not a port (0 to 65535)"));
    EXPECT_THAT(errors_of({"--pingms=", "cat"}), ElementsAre(HasSubstr("--pingms: \"\" is not a duration")));
    EXPECT_EQ(arguments_of_command({"--pass-env="}, {"--port=", "x"}), (Arguments{"--port=", "x"}));
}

TEST(CommandLine, OfAnOptionGivenTwiceTheLastCounts) {
    Server server({"--framing", "raw", "--max-processes", "5", "--max-processes", "1", "--framing=lines", "cat"});
    Client one(server.port());
    one.send("text");
    EXPECT_EQ(one.receive(), "text");
    EXPECT_TRUE(one.received_text());
    EXPECT_EQ(status_of(server.port(), upgrade_request()), 503);
}

// websocketd's spellings.

TEST(CommandLine, WebsocketdsSpellingsAreAccepted) {
    TemporaryFolder folder;
    const Result result = run({"--check", "--port=1", "--address=127.0.0.1", "--unixsocket=" + folder.path() + "/s",
                               "--sameorigin=true", "--origin=a.example", "--passenv=PATH,HOME", "--binary=false",
                               "--maxforks=5", "--maxframesize=1000", "--closems=250", "--pingms=1000", "--header=X: y",
                               "--header-ws=X: y", "--header-http=X: y", "--loglevel=debug", "cat"});
    EXPECT_EQ(result.status, 0) << result.err;
}

TEST(CommandLine, ItsSpellingsCountMillisecondsWhereItDoes) {
    Server server({"--pingms=30", "--closems=60000", "sh", "-c", "cat; sleep 0.5; exit 9"});
    RawClient client(server.port());
    client.send(upgrade_request());
    client.receive_until("\r\n\r\n");
    EXPECT_EQ(client.receive(2), std::string("\x89\x00", 2));  // 30 s would be beyond patience
    client.reset();
    EXPECT_TRUE(server.logs("exited with status 9"));  // 60 s, and not 60000, but more than none
}

TEST(CommandLine, OurSpellingsCountSeconds) {
    // Were 1 a millisecond, this would not be accepted as a whole head in time.
    Server server({"--handshake-timeout", "10", "cat"});
    RawClient slow(server.port());
    RawClient other(server.port());
    const std::string request = upgrade_request();
    slow.send(request.substr(0, 20));
    other.send(request);
    EXPECT_EQ(status_in(other.receive_until("\r\n\r\n")), 101);
    slow.send(request.substr(20));
    EXPECT_EQ(status_in(slow.receive_until("\r\n\r\n")), 101);
}

// Where the log goes.

/// Runs the server with its stdout or stderr thrown away.
std::vector<std::string> without(const char* redirection) {
    return {"bash", "-c", std::string("exec \"$0\" \"$@\" ") + redirection};
}

TEST(CommandLine, TheLogIsOnStderr) {
    Server server({.arguments = {"true"}, .wrapper = without(">/dev/null")});
    Client(server.port()).closed();
    EXPECT_TRUE(server.logs("session ends"));
}

TEST(CommandLine, NothingIsOnStdout) {
    TemporaryFolder folder;
    const std::string path = folder.path() + "/s";
    Server server({.arguments = {"--unix-socket", path, "sh", "-c", "echo error >&2"},
                   .wrapper = without("2>/dev/null"),
                   .wait_until_listening = false});
    ASSERT_TRUE(eventually([&] { return accepts(0, path); }));
    ASSERT_EQ(status_of(0, upgrade_request(), path), 101);
    server.signal(SIGTERM);
    EXPECT_EQ(server.wait(), 0);
    EXPECT_EQ(server.log(), "");
}

TEST(CommandLine, UnderTheNameWebsocketdTheLogIsOnStdout) {
    Server server({.arguments = {"--port=0", "--address=127.0.0.1", "sh", "-c", "echo oops >&2"},
                   .name = "websocketd",
                   .wrapper = without("2>/dev/null")});
    Client(server.port()).closed();
    EXPECT_TRUE(server.logs("session ends"));
    EXPECT_TRUE(server.logs("line=oops"));
}

TEST(CommandLine, UnderTheNameWebsocketdMistakesAreStillOnStderr) {
    EXPECT_THAT(errors_of({}, "websocketd"), ElementsAre(HasSubstr("nothing to serve")));
}

TEST(CommandLine, UnderTheNameWebsocketdTheDefaultsAreItsOwn) {
    if (!has_ipv6()) GTEST_SKIP() << "no ::1 here";
    Server server({.arguments = {"--port=0", "sh", "-c", "env; echo end; cat"},
                   .name = "websocketd",
                   .environment = {"TZ=UTC", "HOME=/h"}});
    EXPECT_THAT(server.log(), AllOf(HasSubstr("listening on ws://0.0.0.0:"), HasSubstr("listening on ws://[::]:")));
    Client client(server.port(), {.host = "any.example"});
    std::vector<std::string> environment;
    for (std::string line = *client.receive(); line != "end"; line = *client.receive()) environment.push_back(line);
    EXPECT_THAT(environment,
                AllOf(Not(testing::Contains(StartsWith("TZ="))), Not(testing::Contains(StartsWith("HOME=")))));
    client.send_binary("ignored");
    client.send("taken");
    EXPECT_EQ(client.receive(), "taken");
}

// The end.

TEST(CommandLine, AStopThatWasAskedForIsNoFailure) {
    for (const int signal : {SIGTERM, SIGINT}) {
        Server server({"cat"});
        Client client(server.port());
        server.signal(signal);
        EXPECT_EQ(client.closed(), closed_with(1001, "server shutting down"));
        EXPECT_EQ(server.wait(), 0);
        EXPECT_TRUE(server.logs("info stopped"));
    }
}

}  // namespace
}  // namespace wsinetd::fixtures::command_line_test
