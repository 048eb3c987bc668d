// How sessions are told that the server stops: --drain and --shutdown-code.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>

#include <array>
#include <csignal>

#include "fixtures/client.hpp"
#include "fixtures/server.hpp"

namespace wsinetd::fixtures::stopping_test {
namespace {

using testing::HasSubstr;

TEST(Stopping, ClosesWithTheCodeThatShutdownCodeSays) {
    Server server({"--shutdown-code", "1012", "cat"});
    Client client(server.port());
    server.signal(SIGTERM);
    EXPECT_EQ(client.closed(), closed_with(1012, "server restarting"));
    EXPECT_EQ(server.wait(), 0);
}

TEST(Stopping, ClosesWith1001Unless) {
    Server server({"cat"});
    Client client(server.port());
    server.signal(SIGTERM);
    EXPECT_EQ(client.closed(), closed_with(1001, "server shutting down"));
}

/// With an hour to go, both would be closed in half of one.
TEST(Stopping, LeavesSessionsAloneUntilTheirTimeComes) {
    Server server({"--threads", "1", "--drain", "1h", "cat"});
    Client first(server.port());
    Client second(server.port());
    server.signal(SIGTERM);
    ASSERT_TRUE(server.logs("stopping"));
    for (Client* client : {&first, &second}) {
        client->send("still here");
        EXPECT_EQ(client->receive(), "still here");
    }
    EXPECT_FALSE(accepts(server.port(), "127.0.0.1"));
    EXPECT_EQ(first.close(), closed_with(1000));
    EXPECT_EQ(second.close(), closed_with(1000));
    EXPECT_EQ(server.wait(), 0);  // with the last of them, an hour early
}

TEST(Stopping, ClosesSessionsOfOneLoopBetweenThoseOfTheOther) {
    Server server({"--threads", "2", "--drain", "1s", "cat"});
    std::array<Client, 2> clients{Client(server.port()), Client(server.port())};  // one for each loop
    server.signal(SIGTERM);
    std::array<pollfd, 2> events{{{clients[0].fd(), POLLIN, 0}, {clients[1].fd(), POLLIN, 0}}};
    ASSERT_GT(::poll(events.data(), events.size(), -1), 0);
    Client& later = clients[events[0].revents != 0 ? 1 : 0];
    later.send("still here");
    EXPECT_EQ(later.receive(), "still here");
}

TEST(Stopping, ClosesSessionsOneAfterTheOther) {
    Server server({"--threads", "1", "--drain", "1s", "cat"});
    std::array<Client, 2> clients{Client(server.port()), Client(server.port())};
    server.signal(SIGTERM);
    std::array<pollfd, 2> events{{{clients[0].fd(), POLLIN, 0}, {clients[1].fd(), POLLIN, 0}}};
    ASSERT_GT(::poll(events.data(), events.size(), -1), 0);
    Client& earlier = clients[events[0].revents != 0 ? 0 : 1];
    Client& later = clients[events[0].revents != 0 ? 1 : 0];
    later.send("still here");
    EXPECT_EQ(later.receive(), "still here");
    EXPECT_EQ(earlier.closed(), closed_with(1001, "server shutting down"));
    EXPECT_EQ(later.closed(), closed_with(1001, "server shutting down"));
    EXPECT_EQ(server.wait(), 0);
}

TEST(Stopping, ClosesAtOnceWhatServesNoCommand) {
    Server server({"--drain", "1h", "cat"});
    RawClient idle(server.port());
    ASSERT_TRUE(eventually([&] { return status_of(server.port(), upgrade_request()) == 101; }));
    server.signal(SIGTERM);
    EXPECT_EQ(idle.receive_all(), "");
}

TEST(Stopping, ShutdownGraceBeginsBehindTheDrain) {
    Server server({"--threads", "1", "--drain", "100ms", "--shutdown-grace", "100ms", "--close-grace", "1h", "bash",
                   "-c", "trap '' INT TERM; echo ready; while :; do sleep 1000; done"});
    Client client(server.port());
    EXPECT_EQ(client.receive(), "ready");
    server.signal(SIGTERM);
    EXPECT_EQ(client.closed(), closed_with(1001, "server shutting down"));
    EXPECT_EQ(server.wait(), 0);
    EXPECT_THAT(server.log(), HasSubstr("sessions still open after --shutdown-grace are ended"));
}

TEST(Stopping, ASecondSignalEndsTheDrain) {
    Server server({"--drain", "1h", "cat"});
    const Client client(server.port());
    server.signal(SIGTERM);
    ASSERT_TRUE(server.logs("stopping"));
    server.signal(SIGTERM);
    EXPECT_EQ(server.wait(), 128 + SIGTERM);
}

/// Events can be followed as long as a session can, and a request that is answered is answered to its end.
TEST(Stopping, WaitsForAnswersThatCommandsGive) {
    const TemporaryFolder folder;
    static_cast<void>(folder.script("slow",
                                    "#!/bin/sh\necho 'Content-Type: text/plain'\necho\necho one\nread line\n"
                                    "echo \"$line\"\n"));
    Server server({"--drain", "1h", "--cgi-dir", folder.path()});
    RawClient client(server.port());
    client.send("POST /slow HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\n");
    EXPECT_THAT(client.receive_until("one\n"), HasSubstr("200 OK"));
    server.signal(SIGTERM);
    ASSERT_TRUE(server.logs("stopping"));
    client.send("two\n");
    EXPECT_THAT(client.receive_all(), HasSubstr("two\n"));  // and is closed, though it could be kept
    EXPECT_EQ(server.wait(), 0);
}

}  // namespace
}  // namespace wsinetd::fixtures::stopping_test
