// Slow links, bad links and links that break (spec section 3, "Backpressure"): real TCP over a wire of the test's own.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <thread>

#include "fixtures/client.hpp"
#include "fixtures/command.hpp"
#include "fixtures/link.hpp"
#include "fixtures/server.hpp"
#include "fixtures/wire.hpp"

namespace wsinetd::fixtures::link_test {
namespace {

using namespace std::chrono_literals;
using testing::AnyOf;
using testing::HasSubstr;
using Clock = std::chrono::steady_clock;

class OverALink : public testing::Test {
protected:
    void SetUp() override {
        if (const std::string why = Link::missing(); !why.empty())
            GTEST_SKIP() << "NOT TESTED, how sessions fare over slow and bad links: " << why;
        link = std::make_unique<Link>();
    }

    std::unique_ptr<Server> serve(const std::vector<std::string>& options, const std::string& script) {
        const auto side = link->at_server();
        std::vector<std::string> arguments{"--address", Link::server_address};
        arguments.insert(arguments.end(), options.begin(), options.end());
        return std::make_unique<Server>(bash(script, std::move(arguments)));
    }

    [[nodiscard]] Client connect(const Server& server) const {
        const auto side = link->at_client();
        return Client(server.port(), {.address = Link::server_address});
    }

    std::unique_ptr<Link> link;
};

/// A program that prints so many lines.
std::string prints(int lines) { return "exec seq -f '%.0f " + std::string(200, '.') + "' " + std::to_string(lines); }

/// Reads lines while `more` holds; they come in order.
template <typename More>
void read_lines(Client& client, int& line, More more) {
    while (more()) {
        const auto message = client.receive();
        ASSERT_TRUE(message) << "cut after " << line << " lines";
        ASSERT_EQ(*message, std::to_string(++line) + ' ' + std::string(200, '.'));
    }
}

/// 64 kbit/s are one packet in 0.2 s, so megabytes under way take minutes, and a ping behind them takes as long.
TEST_F(OverALink, ASlowOneWithMuchInFlightIsNotTakenForADeadOne) {
    constexpr int lines = 40'000;
    link->become({.delay = 50ms});
    const auto server = serve({"--ping-interval", "400ms", "--threads", "1"}, prints(lines));
    Client client = connect(*server);
    int line = 0;
    read_lines(client, line, [&] { return line < 10'000; });
    link->become({.bits_per_second = 64'000, .delay = 50ms});
    const auto end = Clock::now() + 8 * 400ms;
    read_lines(client, line, [&] { return Clock::now() < end; });
    EXPECT_GT(link->waiting(), 1'000'000u);
    link->become({});
    read_lines(client, line, [&] { return line < lines; });
    EXPECT_EQ(client.closed(), closed_with(1000));
}

/// A client that is not on the link, does nothing but answer pings, and so has one each interval: the tests' clock.
class Neighbour {
public:
    Neighbour(const Link& link, const Server& server) {
        const auto side = link.at_server();
        wire_.emplace(server.port(), "/?neighbour");
    }
    void next_ping() {
        for (auto frame = wire_->frame(); frame; frame = wire_->frame()) {
            wire_->send(client_frame(10, frame->payload));
            if (frame->head.opcode == 9) return;
        }
        throw std::runtime_error("the neighbour was cut off too");
    }

private:
    std::optional<Wire> wire_;
};

/// How many intervals pass from the break to the end of the client's command.
int intervals_until_it_ends(Link& link, const Server& server, pid_t command) {
    Neighbour neighbour(link, server);
    neighbour.next_ping();
    link.become({.cut = true});
    int intervals = 0;
    for (; is_running(command); ++intervals) neighbour.next_ping();
    return intervals;
}

constexpr const char* neighbour_sleeps = "[ \"$QUERY_STRING\" ] && exec sleep 1000; ";
/// One until the ping, two of silence, and what the ladder takes.
constexpr int few = 5;

TEST_F(OverALink, AnIdlePeerThatVanishedIsGoneTwoIntervalsAfterThePing) {
    const auto server = serve({"--ping-interval", "300ms"}, neighbour_sleeps + std::string("exec sleep 1000"));
    const Client client = connect(*server);
    const pid_t command = only_command(*server);
    EXPECT_LE(intervals_until_it_ends(*link, *server, command), few);
    EXPECT_THAT(server->log(), AnyOf(HasSubstr("ping timeout"), HasSubstr("connection lost")));
}

TEST_F(OverALink, APeerThatVanishedWithMuchInFlightIsGoneInTwoIntervals) {
    link->become({.bits_per_second = 20'000'000, .delay = 10ms});
    const auto server = serve({"--ping-interval", "300ms"}, neighbour_sleeps + std::string("exec yes"));
    Client client = connect(*server);
    const pid_t command = only_command(*server);
    for (int i = 0; i < 10'000; ++i) ASSERT_TRUE(client.receive());
    EXPECT_LE(intervals_until_it_ends(*link, *server, command), few);
    EXPECT_THAT(server->log(), AnyOf(HasSubstr("ping timeout"), HasSubstr("connection lost")));
}

TEST_F(OverALink, APeerThatComesBackInTimeHasLostNothing) {
    const auto server = serve({"--ping-interval", "30s"}, "exec cat");
    Client client = connect(*server);
    for (int round = 0; round < 3; ++round) {
        client.send("before");
        ASSERT_EQ(client.receive(), "before");
        link->become({.cut = true});
        const std::size_t lost = link->lost();
        client.send("meanwhile");
        EXPECT_TRUE(eventually([&] { return link->lost() > lost; }));
        link->become({});
        ASSERT_EQ(client.receive(), "meanwhile");
    }
    EXPECT_EQ(client.close(), closed_with(1000));
}

/// The closing handshake has its 2 s, but not as long as the peer still takes what was printed.
TEST_F(OverALink, ASlowOneIsWaitedForWhenTheCommandHasEndedAndMuchIsInFlight) {
    constexpr int lines = 20'000;
    link->become({.delay = 50ms});
    const auto server = serve({"--ping-interval", "400ms", "--threads", "1"}, prints(lines));
    Client client = connect(*server);
    const pid_t command = only_command(*server);
    int line = 0;
    read_lines(client, line, [&] { return line < 10'000; });
    link->become({.bits_per_second = 64'000, .delay = 50ms});
    EXPECT_TRUE(ends(command));
    const auto end = Clock::now() + 4500ms;  // 2 s for a Close, and 2 s for a FIN
    read_lines(client, line, [&] { return Clock::now() < end && line < lines; });
    EXPECT_GT(link->waiting(), 500'000u);
    client.ping("a socket that is closed would answer this with a reset");
    link->become({});
    read_lines(client, line, [&] { return line < lines; });
    EXPECT_EQ(client.closed(), closed_with(1000));
}

/// The pongs are behind all that the client sends, but every byte of it is a sign of life.
TEST_F(OverALink, ASlowOneThatIsFullOfWhatTheClientSendsIsNotTakenForADeadOne) {
    link->become({.delay = 50ms});
    const auto server = serve({"--ping-interval", "400ms", "--max-message-size", "0"},
                              neighbour_sleeps + std::string("head -c 3000000 | wc -c"));
    Client client = connect(*server);
    Neighbour neighbour(*link, *server);
    std::thread sender([&] { client.send(std::string(3'000'000, 'x')); });
    neighbour.next_ping();
    link->become({.bits_per_second = 64'000, .delay = 50ms});
    for (int interval = 0; interval < 7; ++interval) neighbour.next_ping();
    EXPECT_GT(link->waiting(), 100'000u);
    link->become({});
    sender.join();
    EXPECT_EQ(client.receive(), "3000000");
    EXPECT_EQ(client.closed(), closed_with(1000));
}

/// A fifth of all packets is lost each way, and an answer takes 0.2 s.
TEST_F(OverALink, ABadOneLosesNothingAndKeepsTheOrder) {
    const auto server = serve({}, "exec cat");
    Client client = connect(*server);
    link->become({.delay = 100ms, .loss_percent = 20});
    std::vector<std::string> messages;
    for (int i = 0; i < 100; ++i)
        messages.push_back(std::to_string(i) + std::string(static_cast<std::size_t>(i) * 8, '-'));
    for (const std::string& message : messages) client.send(message);
    for (const std::string& message : messages) ASSERT_EQ(client.receive(), message);
    EXPECT_GT(link->lost(), 0u);
    link->become({});
    EXPECT_EQ(client.close(), closed_with(1000));
}

}  // namespace
}  // namespace wsinetd::fixtures::link_test
