// Spec section 4: how sessions and commands end.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <csignal>
#include <fstream>
#include <random>

#include "fixtures/client.hpp"
#include "fixtures/command.hpp"
#include "fixtures/server.hpp"

namespace wsinetd::fixtures::lives_and_deaths_test {
namespace {

using testing::HasSubstr;

// The command ends.

struct ExitCase {
    const char* script;
    Closed closed;
};

class CommandEnds : public testing::TestWithParam<ExitCase> {};

TEST_P(CommandEnds, AndTheCloseCodeTellsHow) {
    Server server(bash(GetParam().script));
    Client client(server.port());
    EXPECT_EQ(client.closed(), GetParam().closed);
}

INSTANTIATE_TEST_SUITE_P(LivesAndDeaths, CommandEnds,
                         testing::Values(ExitCase{"exit 0", closed_with(1000)},
                                         ExitCase{"exit 1", closed_with(4001, "exit status 1")},
                                         ExitCase{"exit 3", closed_with(4003, "exit status 3")},
                                         ExitCase{"exit 255", closed_with(4255, "exit status 255")},
                                         ExitCase{"kill -9 $$", closed_with(4137, "killed by SIGKILL")},
                                         ExitCase{"kill -TERM $$", closed_with(4143, "killed by SIGTERM")},
                                         ExitCase{"kill -SEGV $$", closed_with(4139, "killed by SIGSEGV")}));

TEST(LivesAndDeaths, EverythingThatWasPrintedArrivesBeforeTheClose) {
    Server server(bash("seq 1 1500000; exit 3"));  // more than 10 MB
    Client client(server.port());
    int next = 1;
    while (const auto line = client.receive()) {
        ASSERT_EQ(*line, std::to_string(next));
        ++next;
    }
    EXPECT_EQ(next, 1500001);
    EXPECT_EQ(client.closed(), closed_with(4003, "exit status 3"));
}

TEST(LivesAndDeaths, ALastLineWithoutANewlineArrives) {
    Server server({"printf", "no newline"});
    Client client(server.port());
    EXPECT_THAT(client.receive_all(), testing::ElementsAre("no newline"));
    EXPECT_EQ(client.closed(), closed_with(1000));
}

TEST(LivesAndDeaths, AClientThatReadsLateStillGetsEverything) {
    TemporaryFolder folder;
    Server server(bash("seq 1 100000; echo done > " + folder.path() + "/done; exit 4"));
    Client client(server.port(), {.receive_buffer = 4096});
    first_line_of(folder.path() + "/done");
    EXPECT_EQ(client.receive_all().size(), 100000U);
    EXPECT_EQ(client.closed(), closed_with(4004, "exit status 4"));
}

TEST(LivesAndDeaths, WhatRemainsOfTheGroupIsKilledAfterTheCommand) {
    Server server(bash("sleep 1000 & echo $!; exit 5"));
    Client client(server.port());
    const pid_t left = std::stoi(client.receive().value());
    EXPECT_EQ(client.closed(), closed_with(4005, "exit status 5"));
    EXPECT_TRUE(ends(left));
    EXPECT_TRUE(leaves_nothing(server));
}

TEST(LivesAndDeaths, ABackgroundProcessMayStillFinishItsLineWithinAHundredMilliseconds) {
    Server server(bash("(sleep 0.02; echo late) & exit 0"));
    Client client(server.port());
    EXPECT_THAT(client.receive_all(), testing::ElementsAre("late"));
    EXPECT_EQ(client.closed(), closed_with(1000));
}

TEST(LivesAndDeaths, ACommandThatClosesItsStdoutIsBroughtToItsEnd) {
    Server server(bash("echo all; exec >&-; sleep 1000"));
    Client client(server.port());
    EXPECT_THAT(client.receive_all(), testing::ElementsAre("all"));
    EXPECT_EQ(client.closed(), closed_with(1000));
    EXPECT_TRUE(leaves_nothing(server));
}

TEST(LivesAndDeaths, ACommandThatClosedItsStdoutKeepsAnExitStatusOfItsOwn) {
    Server server(bash("exec >&-; cat > /dev/null; exit 6"));
    Client client(server.port());
    EXPECT_EQ(client.closed(), closed_with(4006, "exit status 6"));
}

TEST(LivesAndDeaths, ACommandThatClosesItsStdinKeepsItsSession) {
    TemporaryFolder folder;
    Server server(bash("exec <&-; echo ready; until [ -e " + folder.path() + "/go ]; do sleep 0.01; done; echo bye"));
    Client client(server.port());
    EXPECT_EQ(client.receive(), "ready");
    for (int i = 0; i < 100; ++i) client.send(std::string(10000, 'x'));
    std::ofstream(folder.path() + "/go") << "go\n";
    EXPECT_EQ(client.receive(), "bye");
    EXPECT_EQ(client.closed(), closed_with(1000));
}

// The client goes.

TEST(LivesAndDeaths, TheCommandSeesEndOfFileWhenTheClientCloses) {
    TemporaryFolder folder;
    Server server(bash("cat > /dev/null; echo eof > " + folder.path() + "/seen"));
    Client client(server.port());
    EXPECT_EQ(client.close(1000), closed_with(1000));
    EXPECT_EQ(first_line_of(folder.path() + "/seen"), "eof");
}

TEST(LivesAndDeaths, ACloseIsAnsweredWithItsCode) {
    Server server({"cat"});
    for (const std::uint16_t code : {1000, 1001, 1011, 3000, 4999}) {
        Client client(server.port());
        EXPECT_EQ(client.close(code, "because").code, code);
    }
}

TEST(LivesAndDeaths, ACloseWithoutACodeIsAnsweredWithoutOne) {
    Server server({"cat"});
    Client client(server.port());
    EXPECT_EQ(client.close(0), (Closed{{}, "", true}));
}

TEST(LivesAndDeaths, TheLadderIsInterruptThenTerminateThenKill) {
    TemporaryFolder folder;
    const std::string log = folder.path() + "/signals";
    Server server(bash("trap 'echo INT >> " + log + "' INT; trap 'echo TERM >> " + log +
                       "' TERM; echo ready; while :; do sleep 0.01; done"));
    Client client(server.port());
    EXPECT_EQ(client.receive(), "ready");
    client.close();
    EXPECT_TRUE(server.logs("killed by SIGKILL"));
    EXPECT_EQ(contents_of(log), "INT\nTERM\n");
}

TEST(LivesAndDeaths, CloseGraceGivesACommandTimeToEndByItself) {
    Server server(bash("cat > /dev/null; sleep 0.5; exit 7", {"--close-grace", "20s"}));
    Client client(server.port());
    client.close();
    EXPECT_TRUE(server.logs("exited with status 7"));
}

enum class Departure { fin, reset };

class ClientGoes : public testing::TestWithParam<Departure> {
protected:
    static void leave(Client& client) {
        if (GetParam() == Departure::fin)
            client.finish();
        else
            client.reset();
    }
};

TEST_P(ClientGoes, AndItsCommandEnds) {
    Server server({"sleep", "1000"});
    Client client(server.port());
    ASSERT_TRUE(eventually([&] { return server.descendants().size() == 1; }));
    leave(client);
    EXPECT_TRUE(leaves_nothing(server));
}

TEST_P(ClientGoes, WhileTheCommandDoesNotRead) {
    Server server({"sleep", "1000"});
    Client client(server.port());
    ASSERT_TRUE(eventually([&] { return server.descendants().size() == 1; }));
    // More than the pipe holds, but no more than the server and its kernel take: a FIN must be able to arrive.
    for (int i = 0; i < 3; ++i) client.send(std::string(40000, 'x'));
    ASSERT_TRUE(eventually([&] {
        int unacknowledged = 1;
        ::ioctl(client.fd(), SIOCOUTQ, &unacknowledged);
        return unacknowledged == 0;
    }));
    leave(client);
    EXPECT_TRUE(leaves_nothing(server));
}

/// The FIN waits behind what nobody takes: only an answer to a ping can tell.
TEST(LivesAndDeaths, AClientThatClosesWithMoreToSendThanAnybodyTakesIsGone) {
    Server server({"--max-message-size", "0", "--ping-interval", "10m", "sleep", "1000"});
    RawClient client(server.port());
    client.send(upgrade_request());
    client.receive_until("\r\n\r\n");
    const std::string flood = client_frame(1, std::string(60000, 'x'));
    std::size_t sent = 0;
    ASSERT_TRUE(eventually([&] {  // until neither the server nor any kernel takes more
        const std::size_t some = client.send_some(std::string_view(flood).substr(sent % flood.size()));
        sent += some;
        return some == 0 && sent > 1'000'000;
    }));
    client = RawClient(server.port());
    EXPECT_TRUE(leaves_nothing(server));
}

TEST_P(ClientGoes, WhileItDoesNotRead) {
    Server server({"yes"});
    Client client(server.port(), {.receive_buffer = 4096});
    ASSERT_TRUE(eventually([&] { return server.descendants().size() == 1; }));
    leave(client);
    EXPECT_TRUE(leaves_nothing(server));
}

INSTANTIATE_TEST_SUITE_P(LivesAndDeaths, ClientGoes, testing::Values(Departure::fin, Departure::reset),
                         [](const auto& param) { return param.param == Departure::fin ? "WithFin" : "WithReset"; });

TEST(LivesAndDeaths, AClientThatAnswersNoPingIsGone) {
    Server server({"--ping-interval", "100ms", "sleep", "1000"});
    RawClient client(server.port());
    client.send(upgrade_request());
    client.receive_until("\r\n\r\n");
    EXPECT_EQ(client.receive(2), std::string("\x89\x00", 2));
    EXPECT_TRUE(server.logs("ping timeout"));
    EXPECT_TRUE(leaves_nothing(server));
}

TEST(LivesAndDeaths, AClientThatAnswersPingsStays) {
    Server server({"--ping-interval", "50ms", "cat"});
    RawClient client(server.port());
    client.send(upgrade_request());
    client.receive_until("\r\n\r\n");
    for (int i = 0; i < 10; ++i) {
        ASSERT_EQ(client.receive(2), std::string("\x89\x00", 2));
        client.send(client_frame(10, ""));
    }
    client.send(client_frame(1, "hello"));
    std::string answer;
    while ((answer = client.receive(2)) == std::string("\x89\x00", 2)) client.send(client_frame(10, ""));
    EXPECT_EQ(answer + client.receive(5), "\x81\x05hello");
}

TEST(LivesAndDeaths, ASlotIsFreeAsSoonAsTheCommandIsReaped) {
    Server server({"--max-processes", "1", "true"});
    for (int i = 0; i < 20; ++i) {
        Client client(server.port());
        EXPECT_EQ(client.closed(), closed_with(1000));
    }
}

TEST(LivesAndDeaths, IdleSessionsAreClosedAfterTheIdleTimeout) {
    Server server({"--idle-timeout", "200ms", "--ping-interval", "20ms", "cat"});
    Client client(server.port());
    client.send("hello");
    EXPECT_EQ(client.receive(), "hello");
    EXPECT_EQ(client.closed(), closed_with(1000, "idle timeout"));
}

// Nothing outlives its session.

TEST(LivesAndDeaths, ADaemonThatForkedTwiceInASessionOfItsOwnEnds) {
    TemporaryFolder folder;
    const std::string pid_file = folder.path() + "/pid";
    Server server(bash("env -i /usr/bin/setsid /bin/bash -c '(/bin/bash -c \"echo \\$\\$ > " + pid_file +
                       "; exec /bin/sleep 1000\" <&- >/dev/null 2>&1 &)'; until [ -s " + pid_file +
                       " ]; do sleep 0.01; done; echo started; cat"));
    Client client(server.port());
    EXPECT_EQ(client.receive(), "started");
    const pid_t daemon = std::stoi(first_line_of(pid_file));
    EXPECT_TRUE(is_running(daemon));
    client.close();
    EXPECT_TRUE(ends(daemon));
    EXPECT_TRUE(leaves_nothing(server));
}

TEST(LivesAndDeaths, ADaemonOfARunningCommandIsLeftAlone) {
    TemporaryFolder folder;
    const std::string pid_file = folder.path() + "/pid";
    Server server(
        bash("setsid bash -c '(bash -c \"echo \\$\\$ > " + pid_file + "; exec sleep 1000\" >/dev/null 2>&1 &)'; cat"));
    Client keeper(server.port());
    const pid_t daemon = std::stoi(first_line_of(pid_file));
    for (int i = 0; i < 3; ++i) {  // others come and go
        Client other(server.port());
        other.close();
    }
    ASSERT_TRUE(eventually([&] { return server.log().find("session ends") != std::string::npos; }));
    EXPECT_TRUE(is_running(daemon));
    keeper.send("still here");
    EXPECT_EQ(keeper.receive(), "still here");
    keeper.close();
    EXPECT_TRUE(ends(daemon));
}

TEST(LivesAndDeaths, AChildTheServerWasGivenBeforeItBecameTheServerIsLeftAlone) {
    TemporaryFolder folder;
    const std::string pid_file = folder.path() + "/pid";
    Server server({.arguments = {"true"},
                   .wrapper = {"bash", "-c", "sleep 1000 & echo $! > " + pid_file + "; exec \"$0\" \"$@\""}});
    const pid_t helper = std::stoi(first_line_of(pid_file));
    for (int i = 0; i < 5; ++i) Client(server.port()).closed();
    server.signal(SIGTERM);
    EXPECT_EQ(server.wait(), 0);
    EXPECT_TRUE(is_running(helper));
    ::kill(helper, SIGKILL);
}

TEST(LivesAndDeaths, SigkillToTheServerLeavesNoCommandBehind) {
    Server server({"sleep", "1000"});
    Client one(server.port());
    Client two(server.port());
    ASSERT_TRUE(eventually([&] { return server.descendants().size() == 2; }));
    const std::vector<pid_t> commands = server.descendants();
    server.signal(SIGKILL);
    server.wait();
    for (const pid_t command : commands) EXPECT_TRUE(ends(command));
}

// What a command inherits.

TEST(LivesAndDeaths, ACommandLeadsAProcessGroupAndSessionOfItsOwn) {
    Server server(bash("read -a stat < /proc/$$/stat; echo $$ ${stat[4]} ${stat[5]} ${stat[6]}"));
    Client client(server.port());
    std::istringstream line(client.receive().value());
    int pid = 0, group = 0, session = 0, terminal = 0;
    line >> pid >> group >> session >> terminal;
    EXPECT_EQ(group, pid);
    EXPECT_EQ(session, pid);
    EXPECT_EQ(terminal, 0);
}

TEST(LivesAndDeaths, ACommandInheritsNoDescriptorButThree) {
    Server server(bash("for fd in /proc/self/fd/*; do echo ${fd##*/}; done"));
    Client other(server.port());  // so that there are sockets it could inherit
    Client client(server.port());
    // 3 is the directory that bash itself reads.
    EXPECT_THAT(client.receive_all(), testing::ElementsAre("0", "1", "2", "3"));
}

TEST(LivesAndDeaths, AnExitStatusIsToldAlsoWhereTheServerInheritedThatChildrenAreIgnored) {
    Server server({.arguments = bash("exit 3"), .wrapper = {"bash", "-c", "trap '' CHLD; exec \"$0\" \"$@\""}});
    Client client(server.port());
    EXPECT_EQ(client.closed(), closed_with(4003, "exit status 3"));
}

TEST(LivesAndDeaths, ABlockedSignalThatTheServerInheritedStopsItAllTheSame) {
    Server server({.arguments = {"cat"},
                   .wrapper = {"perl", "-MPOSIX", "-e",
                               "sigprocmask(SIG_BLOCK, POSIX::SigSet->new(SIGTERM, SIGINT)); exec @ARGV"}});
    server.signal(SIGTERM);
    EXPECT_EQ(server.wait(), 0);
}

TEST(LivesAndDeaths, ACommandHasDefaultSignalHandlingWhateverTheServerInherited) {
    Server server({.arguments = bash("grep -E 'Sig(Blk|Ign)' /proc/self/status | tr -d '\\t'"),
                   .wrapper = {"nohup", "bash", "-c", "trap '' INT TERM PIPE USR1; exec \"$0\" \"$@\""}});
    Client client(server.port());
    EXPECT_THAT(client.receive_all(), testing::ElementsAre("SigBlk:0000000000000000", "SigIgn:0000000000000000"));
}

// The server stops.

class ServerStops : public testing::TestWithParam<int> {};

TEST_P(ServerStops, AndClosesEverySessionWith1001) {
    Server server({"cat"});
    Client one(server.port());
    Client two(server.port());
    server.signal(GetParam());
    EXPECT_EQ(one.closed(), closed_with(1001, "server shutting down"));
    EXPECT_EQ(two.closed(), closed_with(1001, "server shutting down"));
    EXPECT_EQ(server.wait(), 0);
}

INSTANTIATE_TEST_SUITE_P(LivesAndDeaths, ServerStops, testing::Values(SIGTERM, SIGINT),
                         [](const auto& param) { return param.param == SIGTERM ? "OnTerminate" : "OnInterrupt"; });

TEST(LivesAndDeaths, TheServerStopsWithStubbornCommandsAndTheirDaemons) {
    TemporaryFolder folder;
    Server server(
        bash("trap '' INT TERM; (setsid sleep 1000 >/dev/null 2>&1 &); echo ready; while :; do sleep 1000; done"));
    Client client(server.port());
    EXPECT_EQ(client.receive(), "ready");
    const std::vector<pid_t> all = server.descendants();
    server.signal(SIGTERM);
    EXPECT_EQ(client.closed(), closed_with(1001, "server shutting down"));
    EXPECT_EQ(server.wait(), 0);
    for (const pid_t pid : all) EXPECT_TRUE(ends(pid));
}

TEST(LivesAndDeaths, TheServerExitsWithinTheShutdownGraceThoughACommandTakesLonger) {
    Server server(bash("trap '' INT TERM; echo ready; while :; do sleep 1000; done",
                       {"--close-grace", "1h", "--shutdown-grace", "200ms"}));
    Client client(server.port());
    EXPECT_EQ(client.receive(), "ready");
    const std::vector<pid_t> all = server.descendants();
    server.signal(SIGTERM);
    EXPECT_EQ(server.wait(), 0);
    for (const pid_t pid : all) EXPECT_TRUE(ends(pid));
}

TEST(LivesAndDeaths, ASecondSignalEndsTheServerAtOnce) {
    Server server(bash("trap '' INT TERM; echo ready; while :; do sleep 1000; done",
                       {"--close-grace", "1h", "--shutdown-grace", "1h"}));
    Client client(server.port());
    EXPECT_EQ(client.receive(), "ready");
    const std::vector<pid_t> all = server.descendants();
    server.signal(SIGTERM);
    ASSERT_TRUE(server.logs("stopping"));
    server.signal(SIGTERM);
    server.wait();
    for (const pid_t pid : all) EXPECT_TRUE(ends(pid));
}

TEST(LivesAndDeaths, SighupLeavesSessionsAlone) {
    Server server({"cat"});
    Client client(server.port());
    server.signal(SIGHUP);
    ASSERT_TRUE(server.logs("SIGHUP"));
    client.send("still here");
    EXPECT_EQ(client.receive(), "still here");
}

// When the machine runs out.

TEST(LivesAndDeaths, OutOfDescriptorsTheServerKeepsRunningAndServesAgain) {
    Server server({.arguments = {"cat"}, .descriptors = 40});
    std::vector<RawClient> crowd;
    for (int i = 0; i < 60; ++i) {
        crowd.emplace_back(server.port());
        crowd.back().send(upgrade_request());
    }
    EXPECT_TRUE(server.logs("cannot accept connections"));
    crowd.clear();
    ASSERT_TRUE(eventually([&] { return status_of(server.port(), upgrade_request()) == 101; }));
    ASSERT_TRUE(leaves_nothing(server));
    Client client(server.port());
    client.send("served");
    EXPECT_EQ(client.receive(), "served");
}

TEST(LivesAndDeaths, ACommandThatCannotBeStartedIsA500) {
    TemporaryFolder folder;
    const std::string script = folder.script("fleeting", "#!/bin/sh\necho here\n");
    Server server({script});
    EXPECT_EQ(status_of(server.port(), upgrade_request()), 101);
    ::unlink(script.c_str());
    EXPECT_EQ(status_of(server.port(), upgrade_request()), 500);
    EXPECT_TRUE(server.logs("cannot start the command"));
}

/// Connections end at any moment, commands do what they can to stay: nothing may be left.
TEST(LivesAndDeaths, TwoThousandConnectionsResetAtRandomMomentsLeaveNothingBehind) {
    const std::string stubborn =
        "trap '' INT TERM; (setsid sleep 1000 >/dev/null 2>&1 &); sleep 1000 & echo ready; while read -r line; do echo "
        "\"$line\"; done; sleep 1000";
    Server server(bash(stubborn, {"--max-processes", "64"}));
    Client(server.port()).close();
    ASSERT_TRUE(leaves_nothing(server));
    const std::size_t descriptors_before = server.descriptors();
    std::mt19937 random(7);
    std::vector<RawClient> open;
    for (int i = 0; i < 2000; ++i) {
        RawClient client(server.port());
        const std::string bytes = upgrade_request() + client_frame(1, "hello") + client_frame(1, std::string(500, 'x'));
        client.send(std::string_view(bytes).substr(0, random() % (bytes.size() + 1)));
        open.push_back(std::move(client));
        if (open.size() > 40 || random() % 3 == 0) {
            const std::size_t which = random() % open.size();
            open[which].reset();
            open.erase(open.begin() + static_cast<std::ptrdiff_t>(which));
        }
    }
    for (RawClient& client : open) client.reset();
    EXPECT_TRUE(leaves_nothing(server));
    EXPECT_TRUE(eventually([&] { return server.descriptors() <= descriptors_before; }));
    Client client(server.port());
    EXPECT_EQ(client.receive(), "ready");
    client.send("served");
    EXPECT_EQ(client.receive(), "served");
}

}  // namespace
}  // namespace wsinetd::fixtures::lives_and_deaths_test
