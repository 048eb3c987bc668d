// Spec section 1: where the server listens, and how it says that it cannot.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "fixtures/client.hpp"
#include "fixtures/server.hpp"

namespace wsinetd::fixtures::listening_test {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

/// What stands behind "listening on " in the log so far, once for each listener.
std::vector<std::string> listeners_so_far(const Server& server) {
    constexpr std::string_view mark = " info listening on ";
    std::vector<std::string> found;
    std::istringstream lines(server.log());
    for (std::string line; std::getline(lines, line);)
        if (const auto at = line.find(mark); at != std::string::npos) found.push_back(line.substr(at + mark.size()));
    return found;
}

/// The same when `count` are there; unix sockets come last.
std::vector<std::string> listeners(const Server& server, std::size_t count = 1) {
    eventually([&] { return listeners_so_far(server).size() >= count; });
    return listeners_so_far(server);
}

/// The server as the wrapped command line's last process.
std::vector<std::string> after(const std::string& script) { return {"bash", "-c", script + "; exec \"$0\" \"$@\""}; }

/// A server that gives up: its exit status, and what it said.
Result refusal(std::vector<std::string> arguments, std::vector<std::string> wrapper = {}) {
    Server server({.arguments = std::move(arguments), .wrapper = std::move(wrapper), .wait_until_listening = false});
    const int status = server.wait();
    return {status, "", server.log()};
}

/// Root without root's rights over files and ports.
std::vector<std::string> powerless() {
    if (::geteuid() != 0) return {};
    return {"setpriv", "--bounding-set=-all", "--inh-caps=-all"};
}

std::string url(const std::string& host, const Server& server) {
    return "ws://" + host + ":" + std::to_string(server.port()) + "/";
}

bool echoes(const Server& server, const std::string& address) {
    Client client(server.port(), {.address = address});
    client.send("hello");
    return client.receive() == "hello";
}

bool echoes_on(const std::string& unix_socket) {
    Client client(0, {.unix_socket = unix_socket});
    client.send("hello");
    return client.receive() == "hello";
}

/// A socket file nobody answers on, as a server that was killed leaves it.
void leave_stale_socket(const std::string& path) {
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    ::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
    ::close(fd);
}

unsigned mode_of(const std::string& path) {
    struct stat status {};
    return ::lstat(path.c_str(), &status) == 0 ? status.st_mode & 07777U : 0;
}

bool exists(const std::string& path) { return std::filesystem::exists(std::filesystem::symlink_status(path)); }

// TCP.

TEST(Listening, OnLoopbackOfBothFamiliesUnlessToldOtherwise) {
    if (!has_ipv6()) GTEST_SKIP() << "no ::1 here";
    Server server({"--port", "0", "cat"});
    EXPECT_THAT(listeners(server, 2), ElementsAre(url("127.0.0.1", server), url("[::1]", server)));
    EXPECT_TRUE(echoes(server, "127.0.0.1"));
    EXPECT_TRUE(echoes(server, "::1"));
    EXPECT_FALSE(accepts(server.port(), "127.0.0.99"));
}

TEST(Listening, OnWhatThereIsOfLoopbackUnlessToldOtherwise) {
    // A network of the server's own, without ::1.
    const std::string setup = "ip link set lo up && ip -6 address del ::1/128 dev lo";
    if (std::system(("unshare -n sh -c '" + setup + "' 2>/dev/null").c_str()) != 0)
        GTEST_SKIP() << "no rights to take ::1 away";
    Server server({.arguments = {"--port", "0", "true"},
                   .wrapper = {"unshare", "-n", "bash", "-c", setup + " && exec \"$0\" \"$@\""}});
    EXPECT_THAT(listeners(server), ElementsAre(url("127.0.0.1", server)));
}

TEST(Listening, OnOneIpv4Address) {
    Server server({"--port", "0", "--address", "127.0.0.5", "cat"});
    EXPECT_THAT(listeners(server), ElementsAre(url("127.0.0.5", server)));
    EXPECT_TRUE(echoes(server, "127.0.0.5"));
    EXPECT_FALSE(accepts(server.port(), "127.0.0.99"));
}

TEST(Listening, OnAnIpv6AddressWithBracketsOrWithout) {
    if (!has_ipv6()) GTEST_SKIP() << "no ::1 here";
    for (const char* address : {"::1", "[::1]"}) {
        Server server({"--port", "0", "--address", address, "cat"});
        EXPECT_THAT(listeners(server), ElementsAre(url("[::1]", server)));
        EXPECT_TRUE(echoes(server, "::1"));
        EXPECT_FALSE(accepts(server.port(), "127.0.0.99"));
    }
}

TEST(Listening, OnSeveralAddressesWithOnePort) {
    Server server({"--port", "0", "-a", "127.0.0.1", "-a", "127.0.0.2", "--address=127.0.0.3", "cat"});
    EXPECT_THAT(listeners(server, 3),
                ElementsAre(url("127.0.0.1", server), url("127.0.0.2", server), url("127.0.0.3", server)));
    for (const char* address : {"127.0.0.1", "127.0.0.2", "127.0.0.3"}) EXPECT_TRUE(echoes(server, address));
}

TEST(Listening, OnAllAddressesWithAStar) {
    if (!has_ipv6()) GTEST_SKIP() << "no ::1 here";
    Server server({"--port", "0", "--address", "*", "cat"});
    EXPECT_THAT(listeners(server, 2), ElementsAre(url("0.0.0.0", server), url("[::]", server)));
    for (const char* address : {"127.0.0.1", "127.0.0.2", "::1"}) EXPECT_TRUE(echoes(server, address));
}

TEST(Listening, OnTheFixedPortItWasTold) {
    // A port that was free a moment ago, on an address of this test's own.
    std::string port;
    {
        Server first({"--port", "0", "--address", "127.0.0.6", "true"});
        port = std::to_string(first.port());
    }
    for (const std::vector<std::string>& spelling :
         {std::vector<std::string>{"--port", port}, {"--port=" + port}, {"-p", port}, {"-p" + port}}) {
        std::vector<std::string> arguments = spelling;
        arguments.insert(arguments.begin(),
                         {"--unix-socket-mode", "0660"});  // so that the fixture adds no port of its own
        arguments.insert(arguments.end(), {"--address", "127.0.0.6", "true"});
        Server server(arguments);
        EXPECT_THAT(listeners(server), ElementsAre("ws://127.0.0.6:" + port + "/"));
    }
}

TEST(Listening, AgainAtOnceWhereConnectionsOfAServerBeforeAreStillWindingDown) {
    std::string port;
    {
        Server server({"--port", "0", "--address", "127.0.0.7", "true"});
        port = std::to_string(server.port());
        Client client(server.port(), {.address = "127.0.0.7"});
        EXPECT_EQ(client.closed(), closed_with(1000));  // the server closes first, so TIME_WAIT is on its side
        server.signal(SIGTERM);
        EXPECT_EQ(server.wait(), 0);
    }
    Server again({"--port", port, "--address", "127.0.0.7", "cat"});
    EXPECT_TRUE(echoes(again, "127.0.0.7"));
}

TEST(Listening, AtTheHostsNameForItself) {
    if (!has_ipv6()) GTEST_SKIP() << "no ::1 here";
    Server server({"--port", "0", "--address", "localhost", "cat"});
    EXPECT_THAT(listeners(server, 2), ElementsAre(url("127.0.0.1", server), url("[::1]", server)));
}

TEST(Listening, SaysNothingOfItselfBelowTheLevelInfo) {
    TemporaryFolder folder;
    const std::string path = folder.path() + "/s";
    Server server({.arguments = {"--unix-socket", path, "--log-level", "error", "cat"}, .wait_until_listening = false});
    ASSERT_TRUE(eventually([&] { return accepts(0, path); }));
    EXPECT_EQ(status_of(0, upgrade_request(), path), 101);
    EXPECT_EQ(server.log(), "");
}

TEST(Listening, APortInUseIsRefusedWithAddressAndPort) {
    Server server({"true"});
    const std::string port = std::to_string(server.port());
    const Result result = run({"--port", port, "--address", "127.0.0.1", "true"});
    EXPECT_EQ(result.status, 1);
    EXPECT_EQ(result.out, "");
    EXPECT_EQ(result.err, "wsinetd: cannot listen on 127.0.0.1 port " + port + ": Address already in use\n");
}

TEST(Listening, APortInUseOnTheSecondAddressIsRefusedToo) {
    Server server({"--port", "0", "--address", "127.0.0.9", "true"});
    const std::string port = std::to_string(server.port());
    const Result result = run({"--port", port, "--address", "127.0.0.8", "--address", "127.0.0.9", "true"});
    EXPECT_EQ(result.status, 1);
    EXPECT_EQ(result.err, "wsinetd: cannot listen on 127.0.0.9 port " + port + ": Address already in use\n");
}

TEST(Listening, AnAddressThatIsNotHereIsRefused) {
    const Result result = run({"--port", "0", "--address", "192.0.2.1", "true"});  // RFC 5737: nobody's
    EXPECT_EQ(result.status, 1);
    EXPECT_THAT(result.err, HasSubstr("cannot listen on 192.0.2.1 port 0: Cannot assign requested address"));
}

TEST(Listening, APortThatNeedsRightsIsRefusedWithoutThem) {
    int first = 1024;
    std::ifstream("/proc/sys/net/ipv4/ip_unprivileged_port_start") >> first;
    if (first <= 80) GTEST_SKIP() << "every port is free to all here";
    const Result result = refusal({"--port", "80", "--address", "127.0.0.1", "true"}, powerless());
    EXPECT_EQ(result.status, 1);
    EXPECT_EQ(result.err, "wsinetd: cannot listen on 127.0.0.1 port 80: Permission denied\n");
}

TEST(Listening, WhatIsNoAddressOrNoPortIsAMistake) {
    for (const char* address : {"256.0.0.1", "127.0.0", "example.com", "[127.0.0.1", "::1::", ""}) {
        const Result result = run({"--port", "0", "--address", address, "true"});
        EXPECT_EQ(result.status, 2) << address;
        EXPECT_THAT(result.err, AllOf(HasSubstr("--address"), HasSubstr(address))) << address;
    }
    for (const char* port : {"65536", "-1", "http", "80 ", "0x50", "8080.5"}) {
        const Result result = run({"--port=" + std::string(port), "true"});
        EXPECT_EQ(result.status, 2) << port;
        EXPECT_EQ(result.err, "wsinetd: --port: \"" + std::string(port) + "\" is not a port (0 to 65535)\n");
    }
}

// Unix sockets.

TEST(Listening, OnAUnixSocketAndNoTcp) {
    TemporaryFolder folder;
    const std::string path = folder.path() + "/s";
    Server server({"--unix-socket", path, "cat"});
    EXPECT_THAT(listeners(server), ElementsAre("unix:" + path));
    EXPECT_TRUE(echoes_on(path));
}

TEST(Listening, OnAUnixSocketAndOnTcpWithAPort) {
    TemporaryFolder folder;
    const std::string path = folder.path() + "/s";
    Server server({"--port", "0", "--address", "127.0.0.1", "--unixsocket=" + path, "cat"});
    EXPECT_THAT(listeners(server, 2), ElementsAre(url("127.0.0.1", server), "unix:" + path));
    EXPECT_TRUE(echoes(server, "127.0.0.1"));
    EXPECT_TRUE(echoes_on(path));
}

TEST(Listening, AUnixSocketIsForOwnerAndGroupUnlessToldOtherwise) {
    TemporaryFolder folder;
    const std::string path = folder.path() + "/s";
    for (const char* mask : {"000", "022", "077"}) {
        Server server({.arguments = {"--unix-socket", path, "true"}, .wrapper = after(std::string("umask ") + mask)});
        EXPECT_EQ(mode_of(path), 0660U) << mask;
    }
}

TEST(Listening, AUnixSocketHasTheModeItWasTold) {
    TemporaryFolder folder;
    const std::string path = folder.path() + "/s";
    for (const auto& [text, mode] : {std::pair{"0600", 0600U}, {"666", 0666U}, {"0777", 0777U}, {"0", 0U}}) {
        Server server({"--unix-socket", path, "--unix-socket-mode", text, "true"});
        EXPECT_EQ(mode_of(path), mode);
    }
}

TEST(Listening, WhatIsNoModeIsAMistake) {
    for (const char* mode : {"0888", "rw", "1777", "", "-660", "00660"}) {
        const Result result = run({"--unix-socket=/nowhere", "--unix-socket-mode=" + std::string(mode), "true"});
        EXPECT_EQ(result.status, 2) << mode;
        EXPECT_THAT(result.err, HasSubstr("--unix-socket-mode")) << mode;
    }
}

TEST(Listening, AStaleSocketIsReplaced) {
    TemporaryFolder folder;
    const std::string path = folder.path() + "/s";
    leave_stale_socket(path);
    ASSERT_TRUE(exists(path));
    Server server({"--unix-socket", path, "cat"});
    EXPECT_TRUE(echoes_on(path));
}

TEST(Listening, TheSocketOfAServerThatWasKilledIsReplaced) {
    TemporaryFolder folder;
    const std::string path = folder.path() + "/s";
    { Server killed({"--unix-socket", path, "cat"}); }
    ASSERT_TRUE(exists(path));
    Server server({"--unix-socket", path, "cat"});
    EXPECT_TRUE(echoes_on(path));
}

TEST(Listening, ALiveSocketIsRefusedAndGoesOnServing) {
    TemporaryFolder folder;
    const std::string path = folder.path() + "/s";
    Server server({"--unix-socket", path, "cat"});
    const Result result = run({"--unix-socket", path, "true"});
    EXPECT_EQ(result.status, 1);
    EXPECT_EQ(result.err, "wsinetd: --unix-socket: cannot listen on " + path + ": Address already in use\n");
    EXPECT_TRUE(echoes_on(path));
}

TEST(Listening, AnyOtherFileThereIsRefusedAndKept) {
    TemporaryFolder folder;
    const std::string file = folder.path() + "/file";
    std::ofstream(file) << "precious\n";
    const std::string link = folder.path() + "/link";
    std::filesystem::create_symlink(file, link);
    for (const std::string& path : {file, link, folder.path()}) {
        const Result result = run({"--unix-socket", path, "true"});
        EXPECT_EQ(result.status, 2) << path;
        EXPECT_EQ(result.err, "wsinetd: --unix-socket: \"" + path + "\" is there already and no socket\n");
        EXPECT_TRUE(exists(path));
    }
    EXPECT_EQ(std::filesystem::file_size(file), 9U);
}

TEST(Listening, AUnixSocketsFolderMustExist) {
    TemporaryFolder folder;
    const Result result = run({"--unix-socket", folder.path() + "/no/s", "true"});
    EXPECT_EQ(result.status, 2);
    EXPECT_EQ(result.err, "wsinetd: --unix-socket: the directory \"" + folder.path() + "/no\" does not exist\n");
}

TEST(Listening, AUnixSocketWhereOneMayNotWriteIsRefused) {
    TemporaryFolder folder;
    ASSERT_EQ(::chmod(folder.path().c_str(), 0555), 0);
    const std::string path = folder.path() + "/s";
    const Result result = refusal({"--unix-socket", path, "true"}, powerless());
    EXPECT_EQ(result.status, 1);
    EXPECT_EQ(result.err, "wsinetd: --unix-socket: cannot listen on " + path + ": Permission denied\n");
}

TEST(Listening, APathTooLongForASocketIsAMistake) {
    const Result longest = run({"--unix-socket", "/tmp/" + std::string(102, 'x'), "--check", "true"});
    EXPECT_EQ(longest.status, 0) << longest.err;
    const Result result = run({"--unix-socket", "/tmp/" + std::string(103, 'x'), "true"});
    EXPECT_EQ(result.status, 2);
    EXPECT_THAT(result.err, HasSubstr("--unix-socket: the path is too long (108 bytes; at most 107)"));
}

TEST(Listening, AUnixSocketIsRemovedOnExit) {
    TemporaryFolder folder;
    const std::string path = folder.path() + "/s";
    for (const int signal : {SIGTERM, SIGINT}) {
        Server server({"--unix-socket", path, "cat"});
        ASSERT_TRUE(exists(path));
        server.signal(signal);
        EXPECT_EQ(server.wait(), 0);
        EXPECT_FALSE(exists(path));
    }
}

TEST(Listening, ASocketThatSomebodyElseHasBoundSinceIsLeftAlone) {
    TemporaryFolder folder;
    const std::string path = folder.path() + "/s";
    Server first({"--unix-socket", path, "cat"});
    ASSERT_EQ(::unlink(path.c_str()), 0);
    Server second({"--unix-socket", path, "cat"});
    first.signal(SIGTERM);
    EXPECT_EQ(first.wait(), 0);
    Client client(0, {.unix_socket = path});
    client.send("served by the second");
    EXPECT_EQ(client.receive(), "served by the second");
}

TEST(Listening, AUnixSocketIsRemovedWhenASecondSignalEndsTheServerAtOnce) {
    TemporaryFolder folder;
    const std::string path = folder.path() + "/s";
    Server server({"--unix-socket", path, "--close-grace", "1h", "--shutdown-grace", "1h", "bash", "-c",
                   "trap '' INT TERM; echo ready; while :; do sleep 1000; done"});
    Client client(0, {.unix_socket = path});
    EXPECT_EQ(client.receive(), "ready");
    server.signal(SIGTERM);
    ASSERT_TRUE(server.logs("stopping"));
    server.signal(SIGTERM);
    server.wait();
    EXPECT_FALSE(exists(path));
}

TEST(Listening, AUnixSocketIsRemovedWhenTheServerCannotStartAfterAll) {
    TemporaryFolder folder;
    const std::string path = folder.path() + "/s";
    const Result result = run({"--unix-socket", path, "--port", "0", "--address", "192.0.2.1", "true"});
    EXPECT_EQ(result.status, 1);
    EXPECT_FALSE(exists(path));
}

}  // namespace
}  // namespace wsinetd::fixtures::listening_test
