// Spec sections 2 and 4: within what limits a CGI program runs, and how it ends.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <optional>

#include "fixtures/answer.hpp"
#include "fixtures/program_tree.hpp"
#include "fixtures/wire.hpp"

namespace wsinetd::fixtures::cgi_end_test {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

constexpr const char* plain = "printf 'Content-Type: text/plain\\n\\n'\n";

class CgiEnd : public testing::Test {
protected:
    void serve(std::vector<std::string> options = {}) {
        options.insert(options.begin(), {"--cgi-dir", tree.root()});
        server.emplace(std::move(options));
    }
    /// A client that has asked for `target` and waits.
    RawClient asking(const std::string& target, const std::string& body = "") {
        RawClient client(server->port());
        client.send(request_for({.target = target, .method = "POST", .body = body}));
        return client;
    }
    /// A program that says where it is, and what signals it gets; it ends by none but SIGKILL.
    void stubborn(const std::string& name) {
        tree.file(name,
                  "#!/bin/bash\ntrap 'echo INT >> " + tree.beside("signals") + "' INT\ntrap 'echo TERM >> " +
                      tree.beside("signals") + "' TERM\n" + plain + "echo begun\nwhile :; do sleep 0.01; done\n",
                  0755);
    }

    ProgramTree tree;
    std::optional<Server> server;
};

TEST_F(CgiEnd, WhenTheClientGoesTheProgramClimbsTheLadder) {
    stubborn("stubborn");
    serve();
    RawClient client = asking("/stubborn");
    client.receive_until("begun");
    client.reset();
    EXPECT_TRUE(leaves_nothing(*server));
    EXPECT_EQ(contents_of(tree.beside("signals")), "INT\nTERM\n");
    EXPECT_TRUE(server->logs("SIGKILL"));
}

TEST_F(CgiEnd, AFinIsAGoodbyeToo) {
    tree.program("begun", std::string(plain) + "echo begun\nexec sleep 1000");
    serve();
    RawClient client = asking("/begun");
    client.receive_until("begun");
    client.finish();
    EXPECT_TRUE(leaves_nothing(*server));
    EXPECT_TRUE(server->logs("SIGINT"));
}

TEST_F(CgiEnd, WhenTheClientGoesBeforeTheAnswerTheProgramEndsToo) {
    tree.program("silent", "echo up > " + tree.beside("up") + "\nexec sleep 1000");
    serve();
    RawClient client = asking("/silent");
    EXPECT_EQ(first_line_of(tree.beside("up")), "up");
    client.reset();
    EXPECT_TRUE(leaves_nothing(*server));
}

TEST_F(CgiEnd, WhenTheClientGoesInTheMiddleOfItsBodyTheProgramEnds) {
    tree.program("silent", "echo up > " + tree.beside("up") + "\nexec sleep 1000");
    serve();
    for (const bool reset : {true, false}) {
        std::filesystem::remove(tree.beside("up"));
        RawClient client(server->port());
        client.send("POST /silent HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nsome");
        EXPECT_EQ(first_line_of(tree.beside("up")), "up");
        if (reset) client.reset();
        if (!reset) client.finish();
        EXPECT_TRUE(leaves_nothing(*server)) << reset;
    }
}

TEST_F(CgiEnd, AClientThatResetsIsNoticedThoughTheProgramDoesNotReadItsBody) {
    tree.program("silent", "echo up > " + tree.beside("up") + "\nexec sleep 1000");
    serve();
    RawClient client(server->port());
    client.send("POST /silent HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000000\r\n\r\n");
    EXPECT_EQ(first_line_of(tree.beside("up")), "up");
    // Until nothing more is taken: the pipe, the server and the socket are full.
    const std::string some(65536, 'x');
    while (client.send_some(some) > 0) {
    }
    client.reset();
    EXPECT_TRUE(leaves_nothing(*server));
}

TEST_F(CgiEnd, NothingAProgramLeavesBehindOutlivesIt) {
    tree.file("forking",
              "#!/bin/bash\n(setsid sleep 1000 >/dev/null 2>&1 &) &\nsleep 1000 >/dev/null 2>&1 &\n" +
                  std::string(plain) + "echo answered\n",
              0755);
    serve();
    EXPECT_EQ(ask_once(server->port(), {.target = "/forking"}).body, "answered\n");
    EXPECT_TRUE(leaves_nothing(*server));
}

TEST_F(CgiEnd, WhatHoldsItsStdoutOpenDoesNotHoldTheAnswer) {
    tree.file("holding", "#!/bin/bash\nsetsid sleep 1000 &\n" + std::string(plain) + "echo answered\n", 0755);
    serve();
    EXPECT_EQ(ask_once(server->port(), {.target = "/holding"}).body, "answered\n");
    EXPECT_TRUE(leaves_nothing(*server));
}

TEST_F(CgiEnd, AProgramThatClosesItsStdoutHasSaidAllItWill) {
    tree.program("closing", std::string(plain) + "echo answered\nexec >&-\nexec sleep 1000");
    serve();
    EXPECT_EQ(ask_once(server->port(), {.target = "/closing"}).body, "answered\n");
    EXPECT_TRUE(leaves_nothing(*server));
}

TEST_F(CgiEnd, TheServersStopEndsWhatRunsAndLeavesNothing) {
    stubborn("stubborn");
    tree.program("silent", "echo up > " + tree.beside("up") + "\nexec sleep 1000");
    serve();
    RawClient answered = asking("/stubborn");
    answered.receive_until("begun");
    RawClient waiting = asking("/silent");
    EXPECT_EQ(first_line_of(tree.beside("up")), "up");
    const std::vector<pid_t> running = server->descendants();
    server->signal(SIGTERM);
    EXPECT_THAT(waiting.receive_all(), StartsWith("HTTP/1.1 503 "));
    EXPECT_FALSE(waiting.was_reset());
    answered.receive_all();
    waiting.finish();
    answered.finish();
    EXPECT_EQ(server->wait(), 0);
    for (const pid_t pid : running) EXPECT_FALSE(is_running(pid));
}

TEST_F(CgiEnd, AProgramThatAnswersNothingForTheIdleTimeoutIsA504) {
    tree.program("silent", "exec sleep 1000");
    serve({"--idle-timeout", "100ms"});
    const Answer answer = ask_once(server->port(), {.target = "/silent"});
    EXPECT_EQ(status_in(answer.head), 504);
    EXPECT_TRUE(server->logs("status=504 why=--idle-timeout"));
    EXPECT_TRUE(leaves_nothing(*server));
}

// RFC 9112, 8: the last chunk would say that it is.
TEST_F(CgiEnd, AnAnswerThatIsCutShortDoesNotLookWhole) {
    tree.program("begun", std::string(plain) + "echo begun\nexec sleep 1000");
    serve({"--idle-timeout", "100ms"});
    RawClient idle = asking("/begun");
    EXPECT_THAT(idle.receive_all(), testing::EndsWith("begun\n\r\n"));
    serve();
    RawClient stopped = asking("/begun");
    stopped.receive_until("begun\n\r\n");
    server->signal(SIGTERM);
    EXPECT_EQ(stopped.receive_all(), "");
    stopped.finish();
    EXPECT_EQ(server->wait(), 0);
    serve();
    RawClient finished = asking("/begun");
    finished.receive_until("begun\n\r\n");
    finished.finish();
    EXPECT_EQ(finished.receive_all(), "");
    EXPECT_TRUE(leaves_nothing(*server));
}

TEST_F(CgiEnd, ProgramsAndSessionsShareTheLimitOfProcesses) {
    tree.program("silent", "echo up > " + tree.beside("up") + "\nexec sleep 1000");
    tree.program("print", std::string(plain) + "echo hello");
    serve({"--max-processes", "2", "cat"});
    RawClient program = asking("/silent");
    EXPECT_EQ(first_line_of(tree.beside("up")), "up");
    {
        Client session(server->port());
        const Answer refused = ask_once(server->port(), {.target = "/print"});
        EXPECT_EQ(status_in(refused.head), 503);
        EXPECT_NE(field(refused.head, "Retry-After"), "-");
        EXPECT_EQ(status_of(server->port(), upgrade_request()), 503);
        EXPECT_EQ(status_of(server->port(), request_for({.headers = "Accept: text/event-stream\r\n"})), 503);
        EXPECT_TRUE(server->logs("--max-processes reached"));
        session.close();
    }
    EXPECT_TRUE(eventually([&] { return status_in(ask_once(server->port(), {.target = "/print"}).head) == 200; }));
    program.reset();
    EXPECT_TRUE(leaves_nothing(*server));
}

TEST_F(CgiEnd, AClientThatIsGoneIsNotRedirected) {
    tree.program("redirecting",
                 "printf 'Location: /forever\\n\\n'\necho up > " + tree.beside("up") + "\ncat > /dev/null");
    tree.program("forever", "echo ran >> " + tree.beside("second") + "\nexec sleep 1000");
    serve();
    RawClient client(server->port());
    client.send("POST /redirecting HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nsome");
    EXPECT_EQ(first_line_of(tree.beside("up")), "up");
    client.reset();
    EXPECT_TRUE(server->logs("command ends"));
    EXPECT_TRUE(leaves_nothing(*server));
    EXPECT_EQ(contents_of(tree.beside("second")), "");
}

TEST_F(CgiEnd, AHalfClosedClientStillGetsTheAnswer) {
    tree.program("count", std::string(plain) + "wc -c");
    serve({"--close-grace", "10s"});  // to whoever has sent FIN the ladder applies
    RawClient client(server->port());
    client.send(request_for({.target = "/count", .method = "POST", .body = std::string(100'000, 'x')}));
    client.finish();
    EXPECT_EQ(std::stoi(receive_whole(client).body), 100'000);
    EXPECT_EQ(client.receive_all(), "");
    EXPECT_FALSE(client.was_reset());
}

TEST_F(CgiEnd, AReaderWhoStopsStopsTheProgramAndCostsLittle) {
    tree.program("print", std::string(plain) + "echo warm");
    tree.program("forever", std::string(plain) + "exec yes 'a line that is printed for ever'");
    serve();
    EXPECT_EQ(ask_once(server->port(), {.target = "/print"}).body, "warm\n");
    EXPECT_TRUE(leaves_nothing(*server));
    const std::size_t before = server->private_kib();
    RawClient client(server->port(), "127.0.0.1", 4096);
    client.send(request_for({.target = "/forever"}));
    EXPECT_TRUE(stops_at_write(only_command(*server)));
    if (!sanitized) EXPECT_LT(server->private_kib(), before + 256);
    // And loses nothing.
    client.receive_until("\r\n\r\n");
    std::string got;
    while (got.size() < 1'000'000) got += receive_chunk(client);
    const std::string line = "a line that is printed for ever\n";
    std::string expected;
    while (expected.size() < got.size()) expected += line;
    expected.resize(got.size());
    EXPECT_TRUE(got == expected);
    client.reset();
    EXPECT_TRUE(leaves_nothing(*server));
}

TEST_F(CgiEnd, AProgramThatReadsNothingStopsTheSenderAndCostsLittle) {
    tree.program("print", std::string(plain) + "echo warm");
    tree.program("silent", "exec sleep 1000");
    serve();
    EXPECT_EQ(ask_once(server->port(), {.target = "/print"}).body, "warm\n");
    EXPECT_TRUE(leaves_nothing(*server));
    const std::size_t before = server->private_kib();
    RawClient client(server->port());
    client.send("POST /silent HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000000\r\n\r\n");
    EXPECT_GT(only_command(*server), 0);
    const std::string some(65536, 'x');
    // The kernel's buffers hold some MiB; what would not stop would take all.
    std::size_t sent = 0;
    std::size_t same = 0;
    EXPECT_TRUE(eventually([&] {
        const std::size_t more = client.send_some(some);
        sent += more;
        same = more == 0 ? same + 1 : 0;
        return same == 50;
    })) << sent;
    if (!sanitized) EXPECT_LT(server->private_kib(), before + 256);
    client.reset();
    EXPECT_TRUE(leaves_nothing(*server));
}

}  // namespace
}  // namespace wsinetd::fixtures::cgi_end_test
