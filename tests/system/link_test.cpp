// Slow links, bad links and links that break (spec section 3, "Backpressure"): real TCP over a wire of the test's own.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fixtures/client.hpp"
#include "fixtures/command.hpp"
#include "fixtures/link.hpp"
#include "fixtures/server.hpp"
#include "fixtures/wire.hpp"

namespace wsinetd::fixtures {
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

constexpr int lines = 40'000;
const std::string many_lines = "exec seq -f '%.0f " + std::string(200, '.') + "' " + std::to_string(lines);

/// Reads lines while `more` holds; they come in order.
template <typename More>
void read_lines(Client& client, int& line, More more) {
    while (line < lines && more()) {
        const auto message = client.receive();
        ASSERT_TRUE(message) << "cut after " << line << " lines";
        ASSERT_EQ(*message, std::to_string(++line) + ' ' + std::string(200, '.'));
    }
}

/// 64 kbit/s are one packet in 0.2 s, so megabytes under way take minutes, and a ping behind them takes as long.
TEST_F(OverALink, ASlowOneWithMuchInFlightIsNotTakenForADeadOne) {
    link->become({.delay = 50ms});
    const auto server = serve({"--ping-interval", "400ms", "--threads", "1"}, many_lines);
    Client client = connect(*server);
    int line = 0;
    read_lines(client, line, [&] { return line < 10'000; });
    link->become({.bits_per_second = 64'000, .delay = 50ms});
    const auto end = Clock::now() + 8 * 400ms;
    read_lines(client, line, [&] { return Clock::now() < end; });
    EXPECT_GT(link->waiting(), 1'000'000u);
    link->become({});
    read_lines(client, line, [] { return true; });
    EXPECT_EQ(client.closed(), closed_with(1000));
}

/// How many pings a neighbour gets, one an interval, between the break and the end of the client's command.
int intervals_until_it_ends(const Link& link, const Server& server, pid_t command,
                            const std::function<void()>& breaks) {
    std::optional<Wire> neighbour;
    {
        const auto side = link.at_server();
        neighbour.emplace(server.port(), "/?neighbour");
    }
    int pings = 0;
    for (bool broken = false; is_running(command);) {
        const auto frame = neighbour->frame();
        if (!frame) throw std::runtime_error("the neighbour was cut off too");
        neighbour->send(client_frame(10, frame->payload));
        if (frame->head.opcode == 9 && broken) ++pings;
        if (!broken) breaks();
        broken = true;
    }
    return pings;
}

constexpr const char* neighbour_sleeps = "[ \"$QUERY_STRING\" ] && exec sleep 1000; ";
/// One until the ping, two of silence, and what the ladder takes.
constexpr int few = 5;

TEST_F(OverALink, AnIdlePeerThatVanishedIsGoneTwoIntervalsAfterThePing) {
    const auto server = serve({"--ping-interval", "300ms"}, neighbour_sleeps + std::string("exec sleep 1000"));
    const Client client = connect(*server);
    const pid_t command = only_command(*server);
    EXPECT_LE(intervals_until_it_ends(*link, *server, command, [&] { link->become({.cut = true}); }), few);
    EXPECT_THAT(server->log(), AnyOf(HasSubstr("ping timeout"), HasSubstr("connection lost")));
}

TEST_F(OverALink, APeerThatVanishedWithMuchInFlightIsGoneInTwoIntervals) {
    link->become({.bits_per_second = 20'000'000, .delay = 10ms});
    const auto server = serve({"--ping-interval", "300ms"}, neighbour_sleeps + std::string("exec yes"));
    Client client = connect(*server);
    const pid_t command = only_command(*server);
    for (int i = 0; i < 10'000; ++i) ASSERT_TRUE(client.receive());
    EXPECT_LE(intervals_until_it_ends(*link, *server, command, [&] { link->become({.cut = true}); }), few);
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
}  // namespace wsinetd::fixtures
