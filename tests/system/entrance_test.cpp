// How clients come in: loops take turns at the listeners (docs/decisions/0016).
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "fixtures/client.hpp"
#include "fixtures/command.hpp"
#include "fixtures/server.hpp"

namespace wsinetd::fixtures::entrance_test {
namespace {

using testing::AllOf;
using testing::Each;
using testing::SizeIs;

constexpr const char* plain_get = "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";

/// How many commands each thread of the server has started that still run: of each that has started any, for beside the
/// loops there are the main thread and those of a sanitizer.
std::vector<std::size_t> commands_by_thread(const Server& server) {
    const std::filesystem::path tasks = "/proc/" + std::to_string(server.pid()) + "/task";
    std::vector<std::size_t> counts;
    for (const auto& thread : std::filesystem::directory_iterator(tasks)) {
        std::ifstream children(thread.path() / "children");
        counts.push_back(static_cast<std::size_t>(std::distance(std::istream_iterator<int>(children), {})));
    }
    std::erase(counts, 0U);
    return counts;
}

/// `count` more, one after the other, each with its command running.
void come(std::vector<Client>& clients, const Server& server, int count, const std::string& path = {}) {
    for (int i = 0; i < count; ++i) {
        Client& client =
            clients.emplace_back(path.empty() ? server.port() : std::uint16_t{0}, ClientOptions{.unix_socket = path});
        client.send("served");
        ASSERT_EQ(client.receive(), "served");
    }
}

bool is_answered(RawClient& client) {
    pollfd poll{client.fd(), POLLIN, 0};
    return ::poll(&poll, 1, 0) == 1;
}

TEST(Entrance, ConnectionsAreSpreadEvenlyOverTheLoops) {
    Server server({"--threads", "3", "cat"});
    std::vector<Client> clients;
    come(clients, server, 12);
    EXPECT_THAT(commands_by_thread(server), AllOf(SizeIs(3), Each(4U)));
}

TEST(Entrance, ConnectionsOfAllListenersAreSpreadEvenlyOverTheLoops) {
    const TemporaryFolder folder;
    const std::string path = folder.path() + "/socket";
    Server server({"--threads", "2", "--address", "127.0.0.1", "--unix-socket", path, "cat"});
    std::vector<Client> clients;
    come(clients, server, 6);
    come(clients, server, 4, path);
    // Which loop minds the one listener was decided before the other's connections came.
    const std::vector<std::size_t> counts = commands_by_thread(server);
    ASSERT_THAT(counts, SizeIs(2));
    EXPECT_LE(std::max(counts[0], counts[1]) - std::min(counts[0], counts[1]), 2U);
}

TEST(Entrance, TheLoopsOfThoseThatHaveGoneAreFilledUpAgain) {
    Server server({"--threads", "2", "cat"});
    std::vector<Client> clients;
    come(clients, server, 4);
    const std::size_t descriptors_of_four = server.descriptors();
    come(clients, server, 4);
    std::vector<Client> of_one_loop;
    for (std::size_t i = 1; i < 8; i += 2) of_one_loop.push_back(std::move(clients[i]));
    clients = std::move(of_one_loop);
    ASSERT_TRUE(eventually([&] { return server.descriptors() <= descriptors_of_four; }));
    come(clients, server, 6);
    EXPECT_THAT(commands_by_thread(server), AllOf(SizeIs(2), Each(5U)));
}

TEST(Entrance, AtTheLimitOfConnectionsEveryListenerWaitsAndEachGoesOn) {
    const TemporaryFolder folder;
    const std::string path = folder.path() + "/socket";
    Server server({"--max-connections", "1", "--address", "127.0.0.1", "--unix-socket", path, "cat"});
    for (int round = 0; round < 3; ++round) {
        RawClient first(server.port());
        first.send(plain_get);
        EXPECT_EQ(status_in(receive_answer(first).head), 426);
        RawClient by_tcp(server.port());
        RawClient by_path(0, path);
        by_tcp.send(plain_get);
        by_path.send(plain_get);
        EXPECT_FALSE(is_answered(by_tcp) || is_answered(by_path));
        first.finish();
        ASSERT_TRUE(eventually([&] { return is_answered(by_tcp) || is_answered(by_path); }));
        RawClient& second = is_answered(by_tcp) ? by_tcp : by_path;
        RawClient& third = is_answered(by_tcp) ? by_path : by_tcp;
        EXPECT_EQ(status_in(receive_answer(second).head), 426);
        second.finish();
        EXPECT_EQ(status_in(receive_answer(third).head), 426);
        third.finish();
    }
}

TEST(Entrance, WhoHasResetTheConnectionBeforeItWasAcceptedStartsNothing) {
    const TemporaryFolder folder;
    const std::string started = folder.path() + "/started";
    Server server(bash("echo x >> " + started + "; cat", {"--max-connections", "1", "--max-per-client", "100"}));
    RawClient holder(server.port());
    holder.send(plain_get);
    EXPECT_EQ(status_in(receive_answer(holder).head), 426);
    for (int i = 0; i < 20; ++i) {
        RawClient gone(server.port());
        gone.send(upgrade_request());
        gone.reset();
    }
    holder.finish();
    Client client(server.port());
    client.send("served");
    EXPECT_EQ(client.receive(), "served");
    EXPECT_EQ(std::filesystem::file_size(started), 2U);
}

TEST(Entrance, EveryoneOfACrowdIsServedWhateverTheLoops) {
    for (const char* threads : {"1", "2", "5"}) {
        Server server({"--threads", threads, "--max-connections", "7", "cat"});
        std::vector<RawClient> crowd;
        for (int i = 0; i < 200; ++i)
            crowd.emplace_back(server.port()).send("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n");
        for (RawClient& each : crowd) {
            EXPECT_EQ(status_in(receive_answer(each).head), 426);
            each.finish();
        }
    }
}

TEST(Entrance, WhoeverWaitsWhenTheServerStopsIsRefused) {
    Server server({"--max-connections", "1", "cat"});
    Client holder(server.port());
    holder.send("served");
    ASSERT_EQ(holder.receive(), "served");
    RawClient waiting(server.port());
    waiting.send(plain_get);
    server.signal(SIGTERM);
    EXPECT_EQ(waiting.receive_all(), "");
    EXPECT_EQ(holder.closed().code, 1001);
    EXPECT_EQ(server.wait(), 0);
}

}  // namespace
}  // namespace wsinetd::fixtures::entrance_test
