// Spec section 5: what a command finds around it.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <map>
#include <set>

#include "fixtures/client.hpp"
#include "fixtures/server.hpp"

namespace wsinetd::fixtures::environment_test {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::Not;
using testing::Pair;

using Environment = std::map<std::string, std::string>;

/// The messages of a session, read as frames until its Close; none where the upgrade is refused.
std::vector<std::string> messages_after(RawClient& client, const std::string& request) {
    client.send(request);
    if (status_in(client.receive_until("\r\n\r\n")) != 101) return {};
    std::vector<std::string> messages;
    for (std::string header = client.receive(2); header.size() == 2 && header[0] == '\x81';
         header = client.receive(2)) {
        auto size = static_cast<std::size_t>(header[1]);
        const std::string extended = client.receive(size == 126 ? 2 : size == 127 ? 8 : 0);
        if (!extended.empty()) size = 0;
        for (const char c : extended) size = size << 8U | static_cast<unsigned char>(c);
        messages.push_back(client.receive(size));
    }
    return messages;
}

/// What env(1) prints for `request`.
Environment environment_for(RawClient& client, const std::string& request) {
    Environment environment;
    for (const std::string& line : messages_after(client, request)) {
        const auto equals = line.find('=');
        environment[line.substr(0, equals)] = line.substr(equals + 1);
    }
    return environment;
}

Environment environment_for(const Server& server, const std::string& request) {
    RawClient client(server.port());
    return environment_for(client, request);
}

/// A server with this environment and no other, whose command prints its own.
ServerOptions dump(std::vector<std::string> arguments,
                   const std::vector<std::string>& environment = {"PATH=/usr/bin:/bin"}) {
    ServerOptions options;
    options.arguments = std::move(arguments);
    options.arguments.emplace_back("env");
    options.wrapper = {"env", "-i"};
    options.wrapper.insert(options.wrapper.end(), environment.begin(), environment.end());
    return options;
}

std::string port_of(const RawClient& client) {
    sockaddr_storage storage{};
    socklen_t size = sizeof storage;
    ::getsockname(client.fd(), reinterpret_cast<sockaddr*>(&storage), &size);
    return std::to_string(
        ntohs(reinterpret_cast<const sockaddr_in&>(storage).sin_port));  // at one place in both families
}

/// All of it, so that nothing can be there that should not.
Environment expected(const Environment& different) {
    Environment all{{"GATEWAY_INTERFACE", "CGI/1.1"},
                    {"SERVER_PROTOCOL", "HTTP/1.1"},
                    {"SERVER_NAME", "localhost"},
                    {"REQUEST_METHOD", "GET"},
                    {"REQUEST_URI", "/"},
                    {"SCRIPT_NAME", ""},
                    {"PATH_INFO", "/"},
                    {"PATH_TRANSLATED", ""},
                    {"QUERY_STRING", ""},
                    {"REMOTE_USER", ""},
                    {"AUTH_TYPE", ""},
                    {"CONTENT_TYPE", ""},
                    {"CONTENT_LENGTH", ""},
                    {"WEBSOCKET_SUBPROTOCOL", ""},
                    {"HTTP_HOST", "localhost"},
                    {"HTTP_UPGRADE", "websocket"},
                    {"HTTP_CONNECTION", "Upgrade"},
                    {"HTTP_SEC_WEBSOCKET_KEY", "dGhlIHNhbXBsZSBub25jZQ=="},
                    {"HTTP_SEC_WEBSOCKET_VERSION", "13"},
                    {"PATH", "/usr/bin:/bin"}};
    for (const auto& [name, value] : different) all[name] = value;
    return all;
}

// What differs from session to session; the rest is compared whole.
void expect_unique_id(Environment& environment) {
    EXPECT_EQ(environment["UNIQUE_ID"].size(), 32U);
    environment.erase("UNIQUE_ID");
}

std::string software() {
    std::string version = run({"--version"}).out;  // "wsinetd 0.1.0\n"
    version[version.find(' ')] = '/';
    return version.substr(0, version.find('\n'));
}

// CGI/1.1.

TEST(CommandEnvironment, OverIpv4) {
    Server server(dump({}));
    RawClient client(server.port());
    Environment environment = environment_for(client, upgrade_request());
    expect_unique_id(environment);
    EXPECT_EQ(environment, expected({{"SERVER_SOFTWARE", software()},
                                     {"SERVER_PORT", std::to_string(server.port())},
                                     {"REMOTE_ADDR", "127.0.0.1"},
                                     {"REMOTE_HOST", "127.0.0.1"},
                                     {"REMOTE_PORT", port_of(client)}}));
}

TEST(CommandEnvironment, OverIpv6) {
    if (!has_ipv6()) GTEST_SKIP() << "no ::1 here";
    Server server(dump({"--port", "0", "--address", "::1"}));
    RawClient client(server.port(), "::1");
    Environment environment = environment_for(client, upgrade_request({{"Host", "[::1]:99"}}));
    expect_unique_id(environment);
    EXPECT_EQ(environment, expected({{"SERVER_SOFTWARE", software()},
                                     {"SERVER_NAME", "[::1]"},
                                     {"SERVER_PORT", std::to_string(server.port())},
                                     {"REMOTE_ADDR", "::1"},
                                     {"REMOTE_HOST", "::1"},
                                     {"REMOTE_PORT", port_of(client)},
                                     {"HTTP_HOST", "[::1]:99"}}));
}

TEST(CommandEnvironment, OverAUnixSocket) {
    TemporaryFolder folder;
    const std::string path = folder.path() + "/s";
    Server server(dump({"--unix-socket", path}));
    RawClient client(0, path);
    Environment environment = environment_for(client, upgrade_request({{"Host", "app.example:8443"}}));
    expect_unique_id(environment);
    EXPECT_EQ(environment, expected({{"SERVER_SOFTWARE", software()},
                                     {"SERVER_NAME", "app.example"},
                                     {"SERVER_PORT", "8443"},
                                     {"REMOTE_ADDR", "unix:"},
                                     {"REMOTE_HOST", "unix:"},
                                     {"REMOTE_PORT", ""},
                                     {"HTTP_HOST", "app.example:8443"}}));
}

TEST(CommandEnvironment, ThePathIsDecodedAndTheQueryIsNot) {
    Server server(dump({}));
    const Environment environment =
        environment_for(server, upgrade_request({}, "/a%20b/%C3%BC/./c/../d%2Fe?x=%20+&y=/../%zz?"));
    EXPECT_THAT(environment, AllOf(Contains(Pair("PATH_INFO", "/a b/\xc3\xbc/d/e")), Contains(Pair("SCRIPT_NAME", "")),
                                   Contains(Pair("QUERY_STRING", "x=%20+&y=/../%zz?")),
                                   Contains(Pair("REQUEST_URI", "/a%20b/%C3%BC/./c/../d%2Fe?x=%20+&y=/../%zz?"))));
}

TEST(CommandEnvironment, AnAbsoluteTargetIsTakenApart) {
    Server server(dump({}));
    const Environment environment =
        environment_for(server, upgrade_request({{"Host", "evil.example"}}, "http://127.0.0.1:81/a%2Bb?q"));
    EXPECT_THAT(environment, AllOf(Contains(Pair("PATH_INFO", "/a+b")), Contains(Pair("QUERY_STRING", "q")),
                                   Contains(Pair("SERVER_NAME", "127.0.0.1")),
                                   Contains(Pair("SERVER_PORT", std::to_string(server.port()))),
                                   Contains(Pair("REQUEST_URI", "http://127.0.0.1:81/a%2Bb?q"))));
}

TEST(CommandEnvironment, TheServersNameIsItsAddressWhereHostIsEmpty) {
    TemporaryFolder folder;
    const std::string path = folder.path() + "/s";
    Server server(dump({"--unix-socket", path}));
    RawClient client(0, path);
    std::string request = upgrade_request({{"Host", ""}});
    request.insert(request.size() - 2, "Host:\r\n");
    EXPECT_THAT(environment_for(client, request),
                AllOf(Contains(Pair("SERVER_NAME", "localhost")), Contains(Pair("SERVER_PORT", "80"))));
}

// Headers.

std::string upgrade_with(const std::string& lines) {
    std::string request = upgrade_request();
    return request.insert(request.size() - 2, lines);
}

TEST(CommandEnvironment, EveryHeaderIsAVariable) {
    Server server(dump({}));
    const Environment environment = environment_for(
        server,
        upgrade_with("User-Agent: test/1.0 (x; y)\r\nx-lower-case: \t padded \t\r\nX-Empty:\r\nX-9: nine\r\n"
                     "X-Latin: caf\xe9\r\nOrigin: http://localhost\r\nAuthorization: Basic x\r\nPath: /evil\r\n"));
    EXPECT_THAT(
        environment,
        AllOf(Contains(Pair("HTTP_USER_AGENT", "test/1.0 (x; y)")), Contains(Pair("HTTP_X_LOWER_CASE", "padded")),
              Contains(Pair("HTTP_X_EMPTY", "")), Contains(Pair("HTTP_X_9", "nine")),
              Contains(Pair("HTTP_X_LATIN", "caf\xef\xbf\xbd")),  // the message's, not the variable's: it is text
              Contains(Pair("HTTP_ORIGIN", "http://localhost")), Contains(Pair("HTTP_PATH", "/evil")),
              Contains(Pair("PATH", "/usr/bin:/bin"))));
}

TEST(CommandEnvironment, SeveralHeadersOfANameAreJoined) {
    Server server(dump({}));
    const Environment environment = environment_for(
        server, upgrade_with("X-Forwarded-For: a\r\nAccept: x\r\nx-forwarded-for: b, c\r\nX-FORWARDED-FOR:\r\n"));
    EXPECT_THAT(environment,
                AllOf(Contains(Pair("HTTP_X_FORWARDED_FOR", "a, b, c, ")), Contains(Pair("HTTP_ACCEPT", "x"))));
}

TEST(CommandEnvironment, HeadersThatCouldPassForAnotherAreDropped) {
    Server server(dump({}));
    Environment environment = environment_for(
        server,
        upgrade_with("X_Real_IP: 6.6.6.6\r\nX-Real-IP: 1.1.1.1\r\nX.Real.IP: 7.7.7.7\r\nX~: t\r\nX'Y: q\r\n_: u\r\n"
                     "Proxy: http://evil.example\r\nproxy: http://evil.example\r\n"));
    EXPECT_THAT(environment, Contains(Pair("HTTP_X_REAL_IP", "1.1.1.1")));
    EXPECT_EQ(environment.count("HTTP_PROXY"), 0U);
    EXPECT_EQ(environment.size(),
              expected({}).size() + 6 + 1);  // those of the connection, UNIQUE_ID; and the one above
}

// UNIQUE_ID.

TEST(CommandEnvironment, UniqueIdsNeverRepeat) {
    std::set<std::string> seen;
    std::size_t sessions = 0;
    for (int run = 0; run < 2; ++run) {
        Server server({"--threads", "4", "printenv", "UNIQUE_ID"});
        for (int i = 0; i < 40; ++i, ++sessions) {
            RawClient client(server.port());
            for (const std::string& id : messages_after(client, upgrade_request())) seen.insert(id);
        }
    }
    EXPECT_EQ(seen.size(), sessions);
}

// Of the server's own environment.

const std::vector<std::string> servers_own{"PATH=/usr/bin:/bin",
                                           "HOME=/home/x",
                                           "LANG=C.UTF-8",
                                           "LC_ALL=C",
                                           "LC_TIME=POSIX",
                                           "TZ=UTC",
                                           "LD_LIBRARY_PATH=/nowhere",
                                           "SECRET=s",
                                           "LCX=no",
                                           "USER=x",
                                           "LD_PRELOAD=",
                                           "PATHX=no",
                                           "HTTP_FOO=no",
                                           "UNIQUE_ID=stale",
                                           "REMOTE_USER=admin",
                                           "HTTPS=on"};

/// What is there besides the request's own variables.
Environment passed(std::vector<std::string> options) {
    Server server(dump(std::move(options), servers_own));
    Environment environment = environment_for(server, upgrade_request());
    EXPECT_EQ(environment["REMOTE_USER"], "");
    EXPECT_NE(environment["UNIQUE_ID"], "stale");
    environment.erase("UNIQUE_ID");
    for (const char* name : {"SERVER_SOFTWARE", "SERVER_PORT", "REMOTE_ADDR", "REMOTE_HOST", "REMOTE_PORT"})
        environment.erase(name);
    Environment request = expected({});
    request.erase("PATH");
    for (const auto& [name, value] : request) environment.erase(name);
    return environment;
}

TEST(CommandEnvironment, AFewVariablesOfTheServerArePassedOn) {
    EXPECT_EQ(passed({}), (Environment{{"PATH", "/usr/bin:/bin"},
                                       {"HOME", "/home/x"},
                                       {"LANG", "C.UTF-8"},
                                       {"LC_ALL", "C"},
                                       {"LC_TIME", "POSIX"},
                                       {"TZ", "UTC"},
                                       {"LD_LIBRARY_PATH", "/nowhere"}}));
}

TEST(CommandEnvironment, AListReplacesThem) {
    EXPECT_EQ(passed({"--pass-env", "SECRET, USER,NOT_SET"}), (Environment{{"SECRET", "s"}, {"USER", "x"}}));
    EXPECT_EQ(passed({"--passenv=SECRET", "--pass-env", "LC*"}),
              (Environment{{"SECRET", "s"}, {"LC_ALL", "C"}, {"LC_TIME", "POSIX"}, {"LCX", "no"}}));
    EXPECT_EQ(passed({"--pass-env="}), (Environment{}));
}

TEST(CommandEnvironment, WhatARequestSaysWinsOverWhatIsPassedOn) {
    EXPECT_EQ(passed({"--pass-env", "*", "--env", "HOME=/set"}).at("HOME"), "/set");  // and see passed()
}

TEST(CommandEnvironment, VariablesCanBeSet) {
    Server server(dump({"--env", "A=1", "--env", "B=", "--env=A=2", "--env", "C=x=y z\t\xc3\xbc", "--env", "PATH=/bin",
                        "--env", "HTTP_X_USER=trusted", "--env", "REMOTE_USER=me"}));
    const Environment environment = environment_for(server, upgrade_with("X-User: evil\r\n"));
    EXPECT_THAT(environment, AllOf(Contains(Pair("A", "2")), Contains(Pair("B", "")),
                                   Contains(Pair("C", "x=y z\t\xc3\xbc")), Contains(Pair("PATH", "/bin")),
                                   Contains(Pair("HTTP_X_USER", "trusted")), Contains(Pair("REMOTE_USER", "me"))));
}

TEST(CommandEnvironment, NoVariableStandsTwice) {
    Server server({"--env", "PATH=/bin", "--env", "PATH=/usr/bin:/bin", "--env", "HTTP_HOST=set", "sh", "-c",
                   "tr '\\0' '\\n' < /proc/self/environ"});
    RawClient client(server.port());
    std::set<std::string> names;
    const std::vector<std::string> lines = messages_after(client, upgrade_with("Accept: a\r\nAccept: b\r\n"));
    EXPECT_GT(lines.size(), 20U);
    for (const std::string& line : lines) EXPECT_TRUE(names.insert(line.substr(0, line.find('='))).second) << line;
}

// Directory and command.

std::vector<std::string> lines_from(const ServerOptions& options) {
    Server server(options);
    return Client(server.port()).receive_all();
}

std::vector<std::string> in_directory(const std::string& path) {
    return {"bash", "-c", "cd " + path + "; exec \"$0\" \"$@\""};
}

TEST(CommandEnvironment, ACommandRunsInTheServersDirectory) {
    TemporaryFolder folder;
    EXPECT_THAT(lines_from({.arguments = {"pwd"}, .wrapper = in_directory(folder.path())}), ElementsAre(folder.path()));
}

TEST(CommandEnvironment, ACommandRunsInTheDirectoryOfTheOption) {
    TemporaryFolder folder;
    std::filesystem::create_directory(folder.path() + "/below");
    EXPECT_THAT(lines_from({.arguments = {"--cwd", folder.path(), "pwd"}}), ElementsAre(folder.path()));
    EXPECT_THAT(lines_from({.arguments = {"--cwd=below/../below", "pwd"}, .wrapper = in_directory(folder.path())}),
                ElementsAre(folder.path() + "/below"));
}

TEST(CommandEnvironment, ARelativeCommandIsTheServersNotTheDirectorys) {
    TemporaryFolder folder;
    static_cast<void>(folder.script("here", "#!/bin/sh\necho here in $(pwd)\n"));
    EXPECT_THAT(lines_from({.arguments = {"./here"}, .wrapper = in_directory(folder.path())}),
                ElementsAre("here in " + folder.path()));
    EXPECT_THAT(lines_from({.arguments = {"--cwd", "/", "./here"}, .wrapper = in_directory(folder.path())}),
                ElementsAre("here in /"));
    EXPECT_THAT(lines_from({.arguments = {"--cwd", "/", "here"},
                            .wrapper = {"bash", "-c", "cd " + folder.path() + "; PATH=.:$PATH exec \"$0\" \"$@\""}}),
                ElementsAre("here in /"));
}

TEST(CommandEnvironment, ACommandSeesTheNameItWasGiven) {
    EXPECT_THAT(lines_from({.arguments = {"sed", "-n", "s/\\x0.*//p", "/proc/self/cmdline"}}), ElementsAre("sed"));
}

// User and group.

std::string output_of(const std::string& command) {
    FILE* const pipe = ::popen(command.c_str(), "r");
    std::string text;
    for (int c = 0; (c = std::fgetc(pipe)) != EOF;) text += static_cast<char>(c);
    ::pclose(pipe);
    return text;
}

std::vector<std::string> identity_with(std::vector<std::string> options) {
    options.insert(options.end(), {"sh", "-c", "id -u; id -g; id -G; grep -E '^(Uid|Gid):' /proc/self/status"});
    return lines_from({.arguments = std::move(options)});
}

TEST(CommandEnvironment, RootsCommandsRunAsTheUserOfTheOption) {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root";
    for (const std::string user : {"nobody", "daemon"}) {
        auto line = [&](const char* option) {
            const std::string text = output_of("id " + std::string(option) + " " + user);
            return text.substr(0, text.find('\n'));
        };
        const std::string uid = line("-u");
        const std::string gid = line("-g");
        // Real, effective, saved and of the file system: there is no way back.
        EXPECT_THAT(identity_with({"--user", user}),
                    ElementsAre(uid, gid, line("-G"), "Uid:\t" + uid + "\t" + uid + "\t" + uid + "\t" + uid,
                                "Gid:\t" + gid + "\t" + gid + "\t" + gid + "\t" + gid));
    }
}

TEST(CommandEnvironment, RootsCommandsRunWithTheGroupOfTheOption) {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root";
    const group* const entry = ::getgrnam("daemon");
    ASSERT_NE(entry, nullptr);
    const std::string gid = std::to_string(entry->gr_gid);
    const std::vector<std::string> with_user = identity_with({"--user", "nobody", "--group", "daemon"});
    ASSERT_EQ(with_user.size(), 5U);
    EXPECT_NE(with_user[0], "0");
    EXPECT_EQ(with_user[1], gid);
    EXPECT_EQ(with_user[2], gid);
    const std::vector<std::string> alone = identity_with({"--group", gid});
    ASSERT_EQ(alone.size(), 5U);
    EXPECT_EQ(alone[0], "0");
    EXPECT_EQ(alone[1], gid);
}

TEST(CommandEnvironment, NumbersWithoutAnEntryAreUsersAndGroupsToo) {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root";
    EXPECT_THAT(
        identity_with({"--user", "54321", "--group", "54322"}),
        ElementsAre("54321", "54322", "54322", "Uid:\t54321\t54321\t54321\t54321", "Gid:\t54322\t54322\t54322\t54322"));
}

TEST(CommandEnvironment, WithoutRootAnotherUserIsAMistake) {
    std::vector<std::string> wrapper;
    if (::geteuid() == 0) wrapper = {"setpriv", "--reuid=54321", "--regid=54321", "--clear-groups"};
    Server server({.arguments = {"--user", "daemon", "true"}, .wrapper = wrapper, .wait_until_listening = false});
    const int status = server.wait();
    if (server.log().find("setpriv: ") == 0) GTEST_SKIP() << "others may not run the program where it lies";
    EXPECT_EQ(status, 2);
    EXPECT_EQ(server.log(), "wsinetd: --user: only a server started as root can change to another\n");
}

TEST(CommandEnvironment, ACommandWithOtherRightsStillDiesWithTheServer) {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root";
    Server server({"--user", "nobody", "sleep", "1000"});
    Client client(server.port());
    ASSERT_TRUE(eventually([&] { return server.descendants().size() == 1; }));
    const pid_t command = server.descendants().at(0);
    server.signal(SIGKILL);
    server.wait();
    EXPECT_TRUE(eventually([&] { return !is_running(command); }));
}

}  // namespace
}  // namespace wsinetd::fixtures::environment_test
