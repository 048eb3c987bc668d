// Spec section 4: nothing outlives its session; and what the server does when the machine has no more to give.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <sstream>

#include "fixtures/client.hpp"
#include "fixtures/command.hpp"
#include "fixtures/server.hpp"
#include "fixtures/wire.hpp"

namespace wsinetd::fixtures::nothing_outlives_test {
namespace {

using testing::ElementsAre;

/// A time stamp of the log in milliseconds: 2026-01-31T23:59:59.123Z.
std::int64_t milliseconds(const std::string& stamp) {
    std::tm time{};
    ::strptime(stamp.c_str(), "%Y-%m-%dT%H:%M:%S", &time);
    return std::int64_t{::timegm(&time)} * 1000 + std::stoi(stamp.substr(20, 3));
}

/// When the log says `text`, line by line.
std::vector<std::int64_t> times_of(const Server& server, const std::string& text) {
    std::vector<std::int64_t> times;
    std::istringstream log(server.log());
    for (std::string line; std::getline(log, line);)
        if (line.find(text) != std::string::npos) times.push_back(milliseconds(line));
    return times;
}

// Whatever it does to stay.

TEST(NothingOutlives, ADaemonThatHoldsStdoutOpenDoesNotHoldTheClose) {
    Server server(bash("setsid sleep 1000 & echo all; exit 3"));
    Client client(server.port());
    EXPECT_THAT(client.receive_all(), ElementsAre("all"));
    EXPECT_EQ(client.closed(), closed_with(4003, "exit status 3"));
    EXPECT_TRUE(leaves_nothing(server));
}

TEST(NothingOutlives, ADaemonThatGoesOnPrintingIsKilledAllTheSame) {
    Server server(bash("setsid yes & exit 3"));
    Client client(server.port());
    EXPECT_EQ(client.closed(), closed_with(4003, "exit status 3"));
    EXPECT_TRUE(leaves_nothing(server));
}

TEST(NothingOutlives, WhatComesToTheServerWhileItsCommandGoesOnIsEnded) {
    Server server({"--log-level", "debug", "python3", "-c", R"(
import ctypes, os, time
no_subreaper = ctypes.CDLL(None).prctl(36, 0, 0, 0, 0)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.execvp("sleep", ["sleep", "1000"])
    os._exit(0)
os.wait()
print("away", flush=True)
input()
)"});
    Client client(server.port());
    EXPECT_EQ(client.receive(), "away");
    EXPECT_TRUE(server.logs("leftover killed"));
    EXPECT_TRUE(eventually([&] { return server.descendants().size() == 1; }));
    client.send("");
    EXPECT_EQ(client.closed(), closed_with(1000));
}

TEST(NothingOutlives, ACommandThatIsStoppedEnds) {
    Server server(bash("echo ready; kill -STOP $$; echo never"));
    Client client(server.port());
    EXPECT_EQ(client.receive(), "ready");
    const pid_t command = only_command(server);
    client.close();
    EXPECT_TRUE(ends(command));
    EXPECT_TRUE(leaves_nothing(server));
}

TEST(NothingOutlives, AProcessThatKeepsForkingIsCaught) {
    TemporaryFolder folder;
    const std::string hare = folder.script("hare", "#!/bin/sh\nsleep 0.005\n\"$0\" &\n");
    Server server(bash("setsid " + hare + " > /dev/null & echo started; cat"));
    Client client(server.port());
    EXPECT_EQ(client.receive(), "started");
    client.close();
    EXPECT_TRUE(leaves_nothing(server));
}

TEST(NothingOutlives, AProcessThatIgnoresEverySignalItCanEnds) {
    Server server(
        bash("for s in $(seq 1 64); do trap '' $s 2> /dev/null; done; echo ready; while :; do sleep 1000; done"));
    Client client(server.port());
    EXPECT_EQ(client.receive(), "ready");
    client.reset();
    EXPECT_TRUE(leaves_nothing(server));
}

TEST(NothingOutlives, ZombiesOfACommandAreNotItsSuccessors) {
    Server server(bash("for i in 1 2 3 4 5; do (true &) ; done; echo ready; cat"));
    Client client(server.port());
    EXPECT_EQ(client.receive(), "ready");
    client.close();
    EXPECT_TRUE(leaves_nothing(server));
}

TEST(NothingOutlives, ThePipesAndSocketsOfASessionAreClosed) {
    Server server({"cat"});
    Client(server.port()).close();
    ASSERT_TRUE(leaves_nothing(server));
    ASSERT_TRUE(server.logs("session ends"));
    const std::size_t before = server.descriptors();
    {
        std::vector<Client> clients;
        for (int i = 0; i < 20; ++i) clients.emplace_back(server.port());
        for (Client& client : clients) client.close();
    }
    EXPECT_TRUE(leaves_nothing(server));
    EXPECT_TRUE(eventually([&] { return server.descriptors() <= before; }));
}

// Ends that meet.

TEST(NothingOutlives, ACommandThatExitsOnEndOfFileIsNotSignalled) {
    TemporaryFolder folder;
    const std::string log = folder.path() + "/log";
    Server server(bash("trap 'echo INT >> " + log + "' INT; cat > /dev/null; echo eof >> " + log + "; exit 9"));
    Client client(server.port());
    EXPECT_EQ(client.close(1000), closed_with(1000));
    EXPECT_TRUE(server.logs("code=1000 reason=\"\" exit=\"exited with status 9\""));
    EXPECT_EQ(contents_of(log), "eof\n");
}

/// In the background a shell's children ignore SIGINT, so that it is SIGTERM that they tell of.
TEST(NothingOutlives, TheWholeGroupGetsTheSignals) {
    TemporaryFolder folder;
    const std::string log = folder.path() + "/log";
    const std::string child = "trap 'echo TERM >> " + log + "; exit' TERM; echo ready; while :; do sleep 0.01; done";
    Server server(
        bash("bash -c \"" + child + "\" & bash -c \"" + child + "\" & trap : INT TERM; wait; wait; wait; wait"));
    Client client(server.port());
    EXPECT_EQ(client.receive(), "ready");
    EXPECT_EQ(client.receive(), "ready");
    client.close();
    EXPECT_TRUE(leaves_nothing(server));
    EXPECT_EQ(contents_of(log), "TERM\nTERM\n");
}

TEST(NothingOutlives, ACloseOfTheClientAndAnExitAtOnceAreOneEnd) {
    Server server({"true"});
    for (int i = 0; i < 100; ++i) {
        Wire client(server.port());
        client.send(close_frame(1001));
        const Closed closed = client.closed();
        EXPECT_TRUE(closed == closed_with(1001) || closed == closed_with(1000)) << closed.code.value_or(1006);
        EXPECT_TRUE(client.ends_in_silence());
    }
    EXPECT_TRUE(leaves_nothing(server));
}

// When the machine runs out.

TEST(OutOfMeans, OutOfDescriptorsTheLogSaysSoOncePerSecondAtMost) {
    Server server({.arguments = {"cat"}, .descriptors = 40});
    std::vector<RawClient> crowd;
    for (int i = 0; i < 60; ++i) crowd.emplace_back(server.port());
    ASSERT_TRUE(eventually([&] { return times_of(server, "cannot accept connections").size() == 2; }));
    const std::vector<std::int64_t> times = times_of(server, "cannot accept connections");
    EXPECT_GE(times[1] - times[0], 1000);
}

TEST(OutOfMeans, ASessionThatIsOpenGoesOnWithoutDescriptorsToSpare) {
    Server server({.arguments = {"cat"}, .descriptors = 40});
    Client client(server.port());
    std::vector<RawClient> crowd;
    for (int i = 0; i < 60; ++i) crowd.emplace_back(server.port());
    ASSERT_TRUE(server.logs("cannot accept connections"));
    client.send("still here");
    EXPECT_EQ(client.receive(), "still here");
    EXPECT_EQ(client.close(), closed_with(1000));
}

TEST(OutOfMeans, AnUpgradeForWhichThereAreNoPipesIsA500) {
    Server server({.arguments = {"cat"}, .descriptors = 40});
    std::vector<RawClient> crowd;  // each a socket, but not yet a command
    std::vector<std::string> answers;
    while (server.descriptors() < 39) {
        const std::size_t before = server.descriptors();
        crowd.emplace_back(server.port());
        ASSERT_TRUE(eventually([&] { return server.descriptors() > before; }));
    }
    crowd.back().send(upgrade_request());
    EXPECT_THAT(crowd.back().receive_until("\r\n\r\n"), testing::StartsWith("HTTP/1.1 500 "));
    EXPECT_TRUE(server.logs("cannot start the command"));
    crowd.clear();
    EXPECT_TRUE(eventually([&] { return status_of(server.port(), upgrade_request()) == 101; }));
}

TEST(OutOfMeans, AForkThatFailsIsA500AndTheNextThatDoesNotIsServed) {
    if (::getuid() != 0) GTEST_SKIP() << "needs root to become a user of its own";
    // A user nobody else is, for the kernel counts all processes of one; no capability but to find the program
    // anywhere. The server's two threads and one command, and ThreadSanitizer's own.
    const std::string processes = sanitizers == "thread" ? "4" : "3";
    const std::string user = std::to_string(1'000'000 + ::getpid());
    Server server({.arguments = {"--threads", "1", "cat"},
                   .wrapper = {"setpriv", "--reuid", user, "--regid", user, "--clear-groups",
                               "--inh-caps=-all,+dac_override", "--ambient-caps=-all,+dac_override",
                               "--bounding-set=-all,+dac_override", "prlimit", "--nproc=" + processes}});
    {
        Client client(server.port());
        EXPECT_EQ(status_of(server.port(), upgrade_request()), 500);
        EXPECT_TRUE(server.logs("cannot start the command"));
        client.send("still here");
        EXPECT_EQ(client.receive(), "still here");
        client.close();
    }
    ASSERT_TRUE(leaves_nothing(server));
    Client client(server.port());
    client.send("served");
    EXPECT_EQ(client.receive(), "served");
}

}  // namespace
}  // namespace wsinetd::fixtures::nothing_outlives_test
