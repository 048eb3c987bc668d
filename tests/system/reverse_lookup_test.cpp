// Spec section 1, --reverse-lookup: REMOTE_HOST is a name.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "fixtures/client.hpp"
#include "fixtures/server.hpp"

namespace wsinetd::fixtures::reverse_lookup_test {
namespace {

using testing::ElementsAre;

/// The first name that /etc/hosts has for `address`; empty: none.
std::string name_in_hosts(const std::string& address) {
    std::ifstream file("/etc/hosts");
    for (std::string line; std::getline(file, line);) {
        std::istringstream words(line);
        std::string first;
        std::string name;
        if (words >> first >> name && first == address) return name;
    }
    return {};
}

const std::vector<std::string> print{"sh", "-c", "echo $REMOTE_HOST $REMOTE_ADDR"};

std::vector<std::string> printing(std::vector<std::string> options) {
    options.insert(options.end(), print.begin(), print.end());
    return options;
}

TEST(ReverseLookup, IsOffUnlessAskedFor) {
    for (const std::vector<std::string>& options : {std::vector<std::string>{}, {"--reverse-lookup=false"}}) {
        Server server(printing(options));
        EXPECT_THAT(Client(server.port()).receive_all(), ElementsAre("127.0.0.1 127.0.0.1"));
    }
}

TEST(ReverseLookup, GivesTheCommandTheNameOfItsClient) {
    const std::string name = name_in_hosts("127.0.0.1");
    if (name.empty()) GTEST_SKIP() << "/etc/hosts has no name for 127.0.0.1";
    for (const char* option : {"--reverse-lookup", "--reverselookup", "--reverselookup=true"}) {
        Server server(printing({option}));
        for (int i = 0; i < 3; ++i)
            EXPECT_THAT(Client(server.port()).receive_all(), ElementsAre(name + " 127.0.0.1")) << option;
    }
}

TEST(ReverseLookup, OfManyClientsAtOnceLosesNone) {
    const std::string name = name_in_hosts("127.0.0.1");
    if (name.empty()) GTEST_SKIP() << "/etc/hosts has no name for 127.0.0.1";
    Server server({"--reverse-lookup", "--threads", "2", "sh", "-c", "read line; echo $REMOTE_HOST $line"});
    std::vector<Client> clients;
    for (int i = 0; i < 20; ++i) clients.emplace_back(server.port());
    for (Client& client : clients) client.send("x");
    for (Client& client : clients) EXPECT_THAT(client.receive_all(), ElementsAre(name + " x"));
    server.signal(SIGTERM);
    EXPECT_EQ(server.wait(), 0);
}

TEST(ReverseLookup, OverAUnixSocketThereIsNothingToLookFor) {
    TemporaryFolder folder;
    const std::string path = folder.path() + "/s";
    Server server(printing({"--reverse-lookup", "--unix-socket", path}));
    EXPECT_THAT(Client(0, {.unix_socket = path}).receive_all(), ElementsAre("unix: unix:"));
}

TEST(ReverseLookup, FramesThatFollowTheUpgradeAreKept) {
    Server server({"--reverse-lookup", "cat"});
    RawClient client(server.port());
    client.send(upgrade_request() + std::string("\x81\x82\0\0\0\0hi", 8));
    EXPECT_EQ(status_in(client.receive_until("\r\n\r\n")), 101);
    EXPECT_EQ(client.receive(4), "\x81\x02hi");
}

/// A name server that says nothing, and the file that leads to it. Needs root, for the port and for the mount.
class SilentNameServer {
public:
    SilentNameServer() : socket_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
        // One of the many addresses of loopback, so that tests may run beside each other.
        const in_addr_t host = INADDR_LOOPBACK + (static_cast<in_addr_t>(::getpid()) << 8U & 0xffff00U);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(53);
        address.sin_addr.s_addr = htonl(host);
        bound_ = ::bind(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
        std::array<char, INET_ADDRSTRLEN> text{};
        ::inet_ntop(AF_INET, &address.sin_addr, text.data(), text.size());
        std::ofstream(file()) << "nameserver " << text.data() << "\n";
    }
    ~SilentNameServer() { ::close(socket_); }
    SilentNameServer(const SilentNameServer&) = delete;
    SilentNameServer& operator=(const SilentNameServer&) = delete;

    /// Runs a program for which there is no other; empty where that cannot be.
    [[nodiscard]] std::vector<std::string> wrapper() const {
        const std::string mount = "mount --bind " + file() + " /etc/resolv.conf && mount --bind /dev/null /etc/hosts";
        const bool possible = bound_ && std::system(("unshare -m sh -c '" + mount + "' 2>/dev/null").c_str()) == 0;
        if (!possible) return {};
        return {"unshare", "-m", "sh", "-c", mount + " && exec \"$0\" \"$@\""};
    }
    /// Waits until somebody asks.
    [[nodiscard]] bool was_asked() const {
        pollfd poll{socket_, POLLIN, 0};
        return ::poll(&poll, 1, static_cast<int>(std::chrono::milliseconds(patience).count())) == 1;
    }

private:
    [[nodiscard]] std::string file() const { return folder_.path() + "/resolv.conf"; }

    TemporaryFolder folder_;
    int socket_;
    bool bound_ = false;
};

/// Upgrades, and waits until its name is looked up.
RawClient client_without_a_name(const Server& server, const SilentNameServer& names) {
    RawClient client(server.port());
    client.send(upgrade_request());
    EXPECT_TRUE(names.was_asked());
    return client;
}

TEST(ReverseLookup, TheTimeForANameIsNotTheHandshakes) {
    const SilentNameServer names;
    const std::vector<std::string> wrapper = names.wrapper();
    if (wrapper.empty()) GTEST_SKIP() << "needs root, and a file system of its own";
    Server server({.arguments = printing({"--reverse-lookup", "--handshake-timeout", "200ms", "--threads", "1"}),
                   .wrapper = wrapper});
    RawClient client = client_without_a_name(server, names);
    RawClient silent(server.port());
    EXPECT_EQ(silent.receive_all(), "");  // its time began later and is over
    EXPECT_EQ(status_in(client.receive_until("\r\n\r\n")), 101);
    EXPECT_EQ(client.receive(21),
              "\x81\x13"
              "127.0.0.1 127.0.0.1");
}

TEST(ReverseLookup, TheServerStopsCleanlyThoughALookupIsUnderWay) {
    const SilentNameServer names;
    const std::vector<std::string> wrapper = names.wrapper();
    if (wrapper.empty()) GTEST_SKIP() << "needs root, and a file system of its own";
    Server server({.arguments = printing({"--reverse-lookup"}), .wrapper = wrapper});
    RawClient client = client_without_a_name(server, names);
    server.signal(SIGTERM);
    EXPECT_EQ(client.receive_all(), "");
    EXPECT_EQ(server.wait(), 0);
}

}  // namespace
}  // namespace wsinetd::fixtures::reverse_lookup_test
