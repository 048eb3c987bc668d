// Sockets that come from a service manager (sd_listen_fds(3)) or from inetd(8) instead of being opened by the server.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <future>

#include "fixtures/client.hpp"
#include "fixtures/server.hpp"
#include "fixtures/tls_client.hpp"

namespace wsinetd::fixtures::handed_over_test {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

/// A socket as systemd would open it for a ListenStream=.
class Opened {
public:
    /// A free port of one address, IPv4 or IPv6.
    static Opened tcp(const std::string& address = "127.0.0.1", bool listens = true) {
        sockaddr_storage storage{};
        auto& in = reinterpret_cast<sockaddr_in&>(storage);
        auto& in6 = reinterpret_cast<sockaddr_in6&>(storage);
        const bool v4 = ::inet_pton(AF_INET, address.c_str(), &in.sin_addr) == 1;
        if (!v4) ::inet_pton(AF_INET6, address.c_str(), &in6.sin6_addr);
        storage.ss_family = v4 ? AF_INET : AF_INET6;
        return {storage, v4 ? sizeof in : sizeof in6, listens};
    }
    static Opened unix_socket(const std::string& path) {
        sockaddr_storage storage{};
        auto& in = reinterpret_cast<sockaddr_un&>(storage);
        in.sun_family = AF_UNIX;
        std::strcpy(in.sun_path, path.c_str());
        return {storage, sizeof in, true};
    }
    Opened(Opened&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Opened& operator=(Opened&&) = delete;
    ~Opened() {
        if (fd_ >= 0) ::close(fd_);
    }
    [[nodiscard]] int fd() const { return fd_; }
    [[nodiscard]] std::uint16_t port() const {
        sockaddr_in6 address{};  // its port lies where that of IPv4 does
        socklen_t size = sizeof address;
        ::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size);
        return ntohs(address.sin6_port);
    }

private:
    Opened(const sockaddr_storage& address, std::size_t size, bool listens)
        : fd_(::socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        EXPECT_EQ(::bind(fd_, reinterpret_cast<const sockaddr*>(&address), static_cast<socklen_t>(size)), 0);
        if (listens) {
            EXPECT_EQ(::listen(fd_, 16), 0);
        }
    }

    int fd_;
};

ServerOptions handed(std::vector<int> sockets, std::vector<std::string> arguments, std::string names = "") {
    return {.arguments = std::move(arguments), .sockets = std::move(sockets), .socket_names = std::move(names)};
}

// Sockets that listen.

TEST(HandedOverSockets, TakeThePlaceOfAllThatTheOptionsSay) {
    const Opened first = Opened::tcp();
    const Opened second = Opened::tcp();
    const TemporaryFolder folder;
    const std::string path = folder.path() + "/socket";
    const Server server(handed({first.fd(), second.fd()}, {"--unix-socket", path, "--port", "0", "cat"}));
    for (const Opened* socket : {&first, &second}) {
        EXPECT_THAT(server.log(), HasSubstr("listening on ws://127.0.0.1:" + std::to_string(socket->port()) + "/"));
        Client client(socket->port());
        client.send("hello");
        EXPECT_EQ(client.receive(), "hello");
    }
    EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(HandedOverSockets, UnixSocketsKeepTheirFile) {
    const TemporaryFolder folder;
    const std::string path = folder.path() + "/socket";
    const Opened socket = Opened::unix_socket(path);
    Server server(handed({socket.fd()}, {"echo", "hello"}));
    EXPECT_THAT(server.log(), HasSubstr("listening on unix:" + path));
    EXPECT_EQ(Client(0, {.unix_socket = path}).receive(), "hello");
    server.signal(SIGTERM);
    EXPECT_EQ(server.wait(), 0);
    EXPECT_TRUE(std::filesystem::exists(path));
}

TEST(HandedOverSockets, MayBeThoseOfAProxy) {
    const Opened socket = Opened::tcp("127.0.0.5");
    const Server server(handed({socket.fd()}, {"--proxy-protocol", "127.0.0.5", "sh", "-c", "echo $REMOTE_ADDR"}));
    RawClient client(socket.port(), "127.0.0.5");
    client.send("PROXY TCP4 192.0.2.7 192.0.2.1 1234 80\r\n" + upgrade_request());
    EXPECT_THAT(client.receive_until("192.0.2.7"), HasSubstr(" 101 "));
}

/// Its clients find their way: the service manager keeps the socket, and the next server takes it over.
TEST(HandedOverSockets, KeepConnectionsWaitingFromOneServerToTheNext) {
    const Opened socket = Opened::tcp();
    {
        Server server(handed({socket.fd()}, {"cat"}));
        server.signal(SIGTERM);
        EXPECT_EQ(server.wait(), 0);
    }
    RawClient early(socket.port());
    early.send(upgrade_request());
    const Server server(handed({socket.fd()}, {"cat"}));
    EXPECT_EQ(status_in(early.receive_until("\r\n\r\n")), 101);
}

TEST(HandedOverSockets, AreNotTheCommands) {
    const Opened socket = Opened::tcp();
    const Server server(handed({socket.fd()}, {"--pass-env", "*", "bash", "-c", "env; ls /proc/self/fd; exit"}, "web"));
    const std::vector<std::string> all = Client(socket.port()).receive_all();
    EXPECT_THAT(all, Contains("2"));
    for (const std::string& each : all) EXPECT_THAT(each, Not(StartsWith("LISTEN_")));
    EXPECT_THAT(all, Not(Contains("4")));  // 3 is the directory that ls reads
}

/// systemd listens on [::] for both, so that an IPv4 client comes as ::ffff:127.0.0.1 (RFC 4291, 2.5.5.2).
TEST(HandedOverSockets, AnIpv4ClientOfAnIpv6SocketHasItsOwnAddress) {
    const Opened socket = Opened::tcp("::");
    const Server server(handed({socket.fd()}, {"bash", "-c", "echo $REMOTE_ADDR"}));
    EXPECT_EQ(Client(socket.port()).receive(), "127.0.0.1");
    EXPECT_EQ(Client(socket.port(), {.address = "::1"}).receive(), "::1");
    // And is judged by it: a stranger's name leads to a private address.
    EXPECT_EQ(status_of(socket.port(), upgrade_request({{"Host", "evil.example"}})), 421);
}

TEST(HandedOverSockets, AreUnderTlsWhereThereIsACertificate) {
    const ServerFiles files;
    const TemporaryFolder folder;
    const std::string path = folder.path() + "/socket";
    const Opened tcp = Opened::tcp();
    const Opened local = Opened::unix_socket(path);
    const Server server(handed({tcp.fd(), local.fd()}, files.options({"echo", "hello"})));
    EXPECT_EQ(TlsClient(tcp.port()).receive(), "hello");
    EXPECT_EQ(Client(0, {.unix_socket = path}).receive(), "hello");
}

TEST(HandedOverSockets, ServeWhatTheirNamesSay) {
    const ServerFiles files;
    const TemporaryFolder folder;
    const std::string path = folder.path() + "/socket";
    const Opened redirect = Opened::tcp();
    const Opened tls = Opened::tcp();
    const Opened plain = Opened::tcp();
    const Server server(
        handed({redirect.fd(), tls.fd(), plain.fd()}, files.options({"echo", "hello"}), "redirect:tls:plain"));
    EXPECT_EQ(TlsClient(tls.port()).receive(), "hello");
    EXPECT_EQ(Client(plain.port()).receive(), "hello");
    EXPECT_THAT(answer_to(redirect.port(), upgrade_request({}, "/a")),
                HasSubstr("\r\nLocation: https://localhost:" + std::to_string(tls.port()) + "/a\r\n"));
}

TEST(HandedOverSockets, WithNamesThatWantTlsNeedACertificate) {
    for (const std::string name : {"tls", "redirect"}) {
        const Opened socket = Opened::tcp();
        ServerOptions options = handed({socket.fd()}, {"cat"}, name);
        options.wait_until_listening = false;
        Server server(options);
        EXPECT_EQ(server.wait(), 1);
        EXPECT_EQ(server.log(),
                  "wsinetd: the socket \"" + name + "\" that was handed over needs --tls-cert and --tls-key\n");
    }
}

TEST(HandedOverSockets, MustListen) {
    const Opened socket = Opened::tcp("127.0.0.1", false);
    ServerOptions options = handed({socket.fd()}, {"cat"}, "web");
    options.wait_until_listening = false;
    Server server(options);
    EXPECT_EQ(server.wait(), 1);
    EXPECT_EQ(
        server.log(),
        "wsinetd: the socket \"web\" that was handed over (descriptor 3) is none that listens for connections; one "
        "that is connected needs --accept-fd\n");
}

TEST(HandedOverSockets, ForAnotherProcessAreLeftAlone) {
    const Server server({.arguments = {"echo", "hello"}, .environment = {"LISTEN_FDS=1", "LISTEN_PID=1"}});
    EXPECT_EQ(Client(server.port()).receive(), "hello");
}

// One connection.

/// A client that is connected, and the other end.
struct Pair {
    Pair()
        : listener(Opened::tcp()),
          client(listener.port()),
          accepted(::accept4(listener.fd(), nullptr, nullptr, SOCK_CLOEXEC)) {}
    ~Pair() { ::close(accepted); }
    Pair(const Pair&) = delete;
    Pair& operator=(const Pair&) = delete;
    /// The test's own copy, so that the end the server makes can be seen.
    void let_go() { ::close(std::exchange(accepted, -1)); }

    Opened listener;
    RawClient client;
    int accepted;
};

constexpr std::string_view close_frame = "\x88\x02\x03\xe8";

TEST(HandedOverConnection, IsServedAndThatIsAll) {
    Pair pair;
    Server server({.arguments = {"--accept-fd", "echo", "hello"},
                   .wait_until_listening = false,
                   .sockets = {pair.accepted},
                   .socket_names = "connection"});
    pair.let_go();
    pair.client.send(upgrade_request());
    EXPECT_EQ(status_in(pair.client.receive_until("\r\n\r\n")), 101);
    EXPECT_EQ(pair.client.receive(7), "\x81\x05hello");
    EXPECT_EQ(pair.client.receive(4), close_frame);
    pair.client.send(client_frame(8, "\x03\xe8"));
    pair.client.finish();
    EXPECT_EQ(pair.client.receive_all(), "");
    EXPECT_EQ(server.wait(), 0);
    EXPECT_THAT(server.log(), HasSubstr("session ends"));
}

TEST(HandedOverConnection, MayBeTheStandardStreamsAndIsLeftCleanOfTheLog) {
    Pair pair;
    Server server({.arguments = {"--accept-fd", "--log-level", "debug", "bash", "-c", "echo noise >&2; echo hello"},
                   .wait_until_listening = false,
                   .standard_streams = pair.accepted});
    pair.let_go();
    pair.client.send(upgrade_request());
    EXPECT_THAT(pair.client.receive_until("\r\n\r\n"), StartsWith("HTTP/1.1 101 "));
    EXPECT_EQ(pair.client.receive(7), "\x81\x05hello");
    EXPECT_EQ(pair.client.receive(4), close_frame);
    pair.client.finish();
    EXPECT_EQ(server.wait(), 0);
}

TEST(HandedOverConnection, HearsNothingOfMistakesInTheOptions) {
    Pair pair;
    Server server({.arguments = {"--accept-fd", "/no/such/command"},
                   .wait_until_listening = false,
                   .standard_streams = pair.accepted});
    pair.let_go();
    EXPECT_EQ(server.wait(), 2);
    EXPECT_EQ(pair.client.receive_all(), "");
}

TEST(HandedOverConnection, MaySpeakPlainHttpSeveralTimes) {
    Pair pair;
    const TemporaryFolder folder;
    static_cast<void>(folder.script("a.txt", "text"));
    Server server({.arguments = {"--accept-fd", "--static-dir", folder.path()},
                   .wait_until_listening = false,
                   .sockets = {pair.accepted}});
    pair.let_go();
    const std::string request = "GET /a.txt HTTP/1.1\r\nHost: localhost\r\n";
    for (const std::string more : {"\r\n", "Connection: close\r\n\r\n"}) {
        pair.client.send(request + more);
        EXPECT_EQ(status_in(pair.client.receive_until("\r\n\r\n")), 200);
        EXPECT_EQ(pair.client.receive(4), "text");
    }
    EXPECT_EQ(pair.client.receive_all(), "");
    pair.client.finish();
    EXPECT_EQ(server.wait(), 0);
}

TEST(HandedOverConnection, GoesOnWhenTheServerReloads) {
    Pair pair;
    const TemporaryFolder folder;
    const std::string file = folder.path() + "/w.toml";
    std::ofstream(file) << "command = [\"cat\"]\n";
    Server server(
        {.arguments = {"--accept-fd", "--config", file}, .wait_until_listening = false, .sockets = {pair.accepted}});
    pair.let_go();
    pair.client.send(upgrade_request());
    EXPECT_EQ(status_in(pair.client.receive_until("\r\n\r\n")), 101);
    server.signal(SIGHUP);
    ASSERT_TRUE(server.logs("SIGHUP: configuration reloaded"));
    pair.client.send(client_frame(1, "hello"));
    EXPECT_EQ(pair.client.receive(7), "\x81\x05hello");
    pair.client.finish();
    EXPECT_EQ(server.wait(), 0);
}

TEST(HandedOverSockets, ThatAreNotThereAreAnErrorAndNoCrash) {
    Server server({.arguments = {"cat"},
                   .wrapper = {"sh", "-c", "LISTEN_PID=$$ LISTEN_FDS=nonsense exec \"$@\"", "sh"},
                   .wait_until_listening = false});
    EXPECT_EQ(server.wait(), 1);
    EXPECT_THAT(server.log(), HasSubstr("wsinetd: cannot start: the sockets of LISTEN_FDS: "));
}

TEST(HandedOverConnection, EndsWith1001WhenTheServerIsStopped) {
    Pair pair;
    Server server({.arguments = {"--accept-fd", "cat"}, .wait_until_listening = false, .sockets = {pair.accepted}});
    pair.let_go();
    pair.client.send(upgrade_request());
    EXPECT_EQ(status_in(pair.client.receive_until("\r\n\r\n")), 101);
    server.signal(SIGTERM);
    EXPECT_EQ(pair.client.receive(4), "\x88\x16\x03\xe9");
    pair.client.finish();
    EXPECT_EQ(server.wait(), 0);
}

TEST(HandedOverConnection, ThatIsGoneAtOnceEndsTheServer) {
    Pair pair;
    pair.client.finish();
    Server server({.arguments = {"--accept-fd", "cat"}, .wait_until_listening = false, .sockets = {pair.accepted}});
    EXPECT_EQ(server.wait(), 0);
}

TEST(HandedOverConnection, IsMissedWhereThereIsNone) {
    const Result result = run({"--accept-fd", "cat"});
    EXPECT_EQ(result.status, 1);
    EXPECT_EQ(result.err,
              "wsinetd: --accept-fd: neither systemd (Accept=yes) nor inetd has handed over a connection\n");
}

TEST(HandedOverConnection, IsNoSocketThatListens) {
    const Opened socket = Opened::tcp();
    Server server({.arguments = {"--accept-fd", "cat"}, .wait_until_listening = false, .sockets = {socket.fd()}});
    EXPECT_EQ(server.wait(), 1);
    EXPECT_THAT(server.log(), HasSubstr("the connection that was handed over: "));
}

// systemd's own tool.

class SocketActivate : public testing::Test {
protected:
    void SetUp() override {
        if (std::system("command -v systemd-socket-activate >/dev/null") != 0) GTEST_SKIP() << "no systemd here";
    }
    [[nodiscard]] ServerOptions options(std::vector<std::string> wrapper, std::vector<std::string> arguments) const {
        wrapper.insert(wrapper.begin(), "systemd-socket-activate");
        wrapper.insert(wrapper.end(), {"--listen", path_});
        return {.arguments = std::move(arguments), .wrapper = std::move(wrapper), .wait_until_listening = false};
    }
    /// The socket's file is there a little before anybody listens.
    [[nodiscard]] std::string hello(const Server& server) {
        EXPECT_TRUE(server.logs("Listening on " + path_));
        return Client(0, {.unix_socket = path_}).receive().value_or("");
    }

    TemporaryFolder folder_;
    std::string path_ = folder_.path() + "/socket";
};

TEST_F(SocketActivate, HandsOverASocketThatListens) {
    Server server(options({"--fdname", "web"}, {"echo", "hello"}));
    EXPECT_EQ(hello(server), "hello");
    EXPECT_EQ(hello(server), "hello");
    EXPECT_THAT(server.log(), HasSubstr("listening on unix:" + path_));
    server.signal(SIGTERM);
    EXPECT_EQ(server.wait(), 0);
}

TEST_F(SocketActivate, HandsOverEachConnectionToAServerOfItsOwn) {
    const Server server(options({"--accept"}, {"--accept-fd", "echo", "hello"}));
    EXPECT_EQ(hello(server), "hello");
    EXPECT_EQ(hello(server), "hello");
}

TEST_F(SocketActivate, HandsOverEachConnectionAsInetdDoes) {
    const Server server(options({"--accept", "--inetd"}, {"--accept-fd", "echo", "hello"}));
    EXPECT_EQ(hello(server), "hello");
    EXPECT_EQ(hello(server), "hello");
}

}  // namespace
}  // namespace wsinetd::fixtures::handed_over_test
