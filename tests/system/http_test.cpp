// Spec section 2: what the server makes of a request.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <thread>

#include "fixtures/client.hpp"
#include "fixtures/every_split.hpp"
#include "fixtures/server.hpp"

namespace wsinetd::fixtures::http_test {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr std::string_view plain_get = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// The statuses of all answers until the server closes.
std::vector<int> statuses_until_the_end(RawClient& client) {
    std::vector<int> all;
    for (Answer answer = receive_answer(client); !answer.head.empty(); answer = receive_answer(client))
        all.push_back(status_in(answer.head));
    return all;
}

/// Whether the server closes without another byte, and without a reset.
bool closes(RawClient& client) { return client.receive(1).empty() && !client.was_reset(); }

// The upgrade.

TEST(Http, TheRfcsExampleIsAnsweredWithTheRfcsAccept) {
    Server server({"cat"});
    RawClient client(server.port());
    client.send(
        "GET /chat HTTP/1.1\r\n"
        "Host: localhost\r\n"
        "Upgrade: websocket\r\n"
        "Connection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        "Origin: http://localhost\r\n"
        "Sec-WebSocket-Protocol: chat, superchat\r\n"
        "Sec-WebSocket-Version: 13\r\n"
        "\r\n");
    EXPECT_EQ(client.receive_until("\r\n\r\n"),
              "HTTP/1.1 101 Switching Protocols\r\n"
              "Upgrade: websocket\r\n"
              "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
              "Connection: Upgrade\r\n"
              "\r\n");
}

TEST(Http, AnUpgradeMaySpellItsTokensAsItLikes) {
    Server server({"cat"});
    for (const Headers& changes : {Headers{{"Connection", "keep-alive, Upgrade"}}, Headers{{"Connection", "upgrade"}},
                                   Headers{{"Connection", "UPGRADE ,close"}}, Headers{{"Upgrade", "WebSocket"}},
                                   Headers{{"Upgrade", "WEBSOCKET"}}, Headers{{"Upgrade", "h2c, websocket"}}})
        EXPECT_EQ(status_of(server.port(), upgrade_request(changes)), 101) << changes[0].second;
    EXPECT_EQ(status_of(server.port(),
                        "GET / HTTP/1.1\r\nhOST:localhost\r\nUPGRADE:websocket\r\nconnection: keep-alive\r\n"
                        "CONNECTION:\tUpgrade \t\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                        "SEC-WEBSOCKET-VERSION:13\r\n\r\n"),
              101);
}

TEST(Http, UnknownExtensionsAndSubprotocolsAreNotTaken) {
    Server server({"cat"});
    const std::string answer =
        answer_to(server.port(),
                  upgrade_request({{"Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits, x-foo"},
                                   {"Sec-WebSocket-Protocol", "chat"}}));
    EXPECT_EQ(status_in(answer), 101);
    EXPECT_THAT(answer, AllOf(Not(HasSubstr("Extensions")), Not(HasSubstr("Protocol:"))));
}

TEST(Http, FramesBehindTheUpgradeInTheSamePacketAreKept) {
    Server server({"cat"});
    RawClient client(server.port());
    client.send(upgrade_request() + client_frame(1, "one") + client_frame(1, "two"));
    client.receive_until("\r\n\r\n");
    EXPECT_EQ(client.receive(10), "\x81\x03one\x81\x03two");
}

TEST(Http, FramesBehindTheUpgradeAreKeptHoweverTheBytesArrive) {
    Server server({"cat"});
    const auto check = [&](const Pieces& pieces) {
        RawClient client(server.port());
        for (std::size_t i = 0; i < pieces.size(); ++i) {
            if (i > 0) std::this_thread::sleep_for(1ms);  // makes separate arrivals likely; the outcome is the same
            client.send(pieces[i]);
        }
        ASSERT_THAT(client.receive_until("\r\n\r\n"), StartsWith("HTTP/1.1 101 "));
        ASSERT_EQ(client.receive(7), "\x81\x05hello");
    };
    const std::string request = upgrade_request();
    const std::string bytes = request + client_frame(1, "hello");
    // A command for each: every cut in and around the head's end and the frame, some before.
    for (std::size_t cut = 1; cut < bytes.size(); cut += cut < request.size() - 8 ? 13 : 1)
        check({bytes.substr(0, cut), bytes.substr(cut)});
    Pieces single;
    for (const char c : bytes) single.emplace_back(1, c);
    check(single);
}

TEST(Http, The101SaysThatTheCommandRuns) {
    Server server({"sleep", "1000"});
    std::vector<RawClient> clients;
    for (std::size_t i = 1; i <= 10; ++i) {
        clients.emplace_back(server.port());
        clients.back().send(upgrade_request());
        ASSERT_THAT(clients.back().receive_until("\r\n\r\n"), StartsWith("HTTP/1.1 101 "));
        EXPECT_EQ(server.descendants().size(), i);
    }
}

TEST(Http, AnAbsoluteTargetIsAPathToo) {
    Server server({"sh", "-c", "echo $PATH_INFO $HTTP_HOST"});
    RawClient client(server.port());
    client.send(
        upgrade_request({{"Host", "other.example"}}, "http://localhost:81/chat?x"));  // RFC 9112, 3.2.2: wins over Host
    EXPECT_THAT(client.receive_until("\r\n\r\n"), StartsWith("HTTP/1.1 101 "));
    EXPECT_EQ(client.receive(20), "\x81\x12/chat localhost:81");
}

TEST(Http, AnUpgradeOfAnotherVersionIsToldTheRightOne) {
    Server server({"cat"});
    for (const char* version : {"0", "7", "8", "12", "14", "13, 8", "8, 13", "013", "13.0", "x", ""}) {
        const std::string answer = answer_to(server.port(), upgrade_request({{"Sec-WebSocket-Version", version}}));
        EXPECT_THAT(answer, StartsWith("HTTP/1.1 426 Upgrade Required\r\n")) << version;
        EXPECT_THAT(answer, HasSubstr("\r\nSec-WebSocket-Version: 13\r\n")) << version;
    }
}

// The limits of a head.

TEST(Http, AHeadHasSixteenKibibytesAndNotOneMore) {
    Server server({"cat"});
    for (const std::string& base :
         {upgrade_request({{"X-Pad", "x"}}), std::string("GET / HTTP/1.1\r\nHost: localhost\r\nX-Pad: x\r\n\r\n")}) {
        std::string fits = base;
        fits.insert(fits.size() - 4, std::string(16384 - base.size(), 'x'));
        ASSERT_EQ(fits.size(), 16384U);
        EXPECT_EQ(status_of(server.port(), fits),
                  base.starts_with("GET / HTTP/1.1\r\nHost: localhost\r\nX") ? 426 : 101);
        fits.insert(fits.size() - 4, "x");
        EXPECT_THAT(answer_to(server.port(), fits), StartsWith("HTTP/1.1 431 Request Header Fields Too Large\r\n"));
    }
}

TEST(Http, AHeadThatNeverEndsIsRefusedAtTheLimit) {
    Server server({"cat"});
    for (const std::string& start :
         {std::string("GET / HTTP/1.1\r\nHost: localhost\r\nX: "), std::string("GET /"), std::string("G")}) {
        RawClient client(server.port());
        client.send(start + std::string(16384 - start.size(), 'x'));
        EXPECT_THAT(receive_answer(client).head,
                    AllOf(StartsWith("HTTP/1.1 431 "), HasSubstr("\r\nConnection: close\r\n")));
        EXPECT_TRUE(closes(client));
    }
}

TEST(Http, AnEnvironmentThatTheSystemRefusesIsA431) {
    // A command's arguments and environment have a quarter of the stack's limit together (execve(2)): here 1 MiB, which
    // the server's own fit into, and so does a small request's environment, but not a large one's.
    std::vector<std::string> arguments;
    for (const char* name : {"A", "B", "C", "D", "E", "F", "G", "H", "I"}) {
        arguments.emplace_back("--env");
        arguments.push_back(std::string(name) + "=" + std::string(115'500, 'x'));
    }
    arguments.emplace_back("true");
    Server server({.arguments = arguments,
                   .wrapper = {"bash", "-c", "ulimit -s 4096; exec env -i \"PATH=$PATH\" \"$0\" \"$@\""}});
    EXPECT_EQ(status_of(server.port(), upgrade_request()), 101);
    EXPECT_EQ(status_of(server.port(), upgrade_request({{"Cookie", std::string(16'000, 'x')}})), 431);
    EXPECT_EQ(status_of(server.port(), upgrade_request()), 101);
}

// Plain requests.

TEST(Http, APlainRequestIsToldToUpgrade) {
    Server server({"cat"});
    for (const char* method : {"GET", "POST", "PUT", "DELETE", "PATCH", "BREW"}) {
        RawClient client(server.port());
        client.send(std::string(method) + " /some/where?x HTTP/1.1\r\nHost: localhost\r\n\r\n");
        const Answer answer = receive_answer(client);
        EXPECT_THAT(answer.head,
                    AllOf(StartsWith("HTTP/1.1 426 Upgrade Required\r\n"), HasSubstr("\r\nUpgrade: websocket\r\n"),
                          HasSubstr("\r\nConnection: Upgrade\r\n"), HasSubstr("\r\nSec-WebSocket-Version: 13\r\n"),
                          HasSubstr("\r\nContent-Type: text/plain; charset=utf-8\r\n")));
        EXPECT_THAT(answer.body, AllOf(StartsWith("426 Upgrade Required\n"), EndsWith("\n")));
    }
    EXPECT_TRUE(server.descendants().empty());
}

TEST(Http, AConnectionIsKeptForTheNextRequestAndForTheUpgrade) {
    Server server({"cat"});
    RawClient client(server.port());
    for (int i = 0; i < 3; ++i) {
        client.send(plain_get);
        EXPECT_EQ(status_in(receive_answer(client).head), 426);
    }
    client.send(upgrade_request({{"Origin", "http://evil.example"}}));
    EXPECT_EQ(status_in(receive_answer(client).head), 403);
    client.send(upgrade_request());
    EXPECT_EQ(status_in(client.receive_until("\r\n\r\n")), 101);
    client.send(client_frame(1, "hello"));
    EXPECT_EQ(client.receive(7), "\x81\x05hello");
}

TEST(Http, PipelinedRequestsAreAnsweredInOrder) {
    Server server({"cat"});
    RawClient client(server.port());
    client.send("HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n" + std::string(plain_get) + "\r\n" +
                "OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n" + upgrade_request({{"Host", "evil.example"}}) +
                upgrade_request() + client_frame(1, "hello"));
    const std::string head = client.receive_until("\r\n\r\n");
    EXPECT_EQ(status_in(head), 426);
    EXPECT_GT(length_in(head), 0U);  // RFC 9110, 9.3.2: as GET's, and without the body
    for (const int status : {426, 204, 421}) EXPECT_EQ(status_in(receive_answer(client).head), status);
    EXPECT_EQ(status_in(client.receive_until("\r\n\r\n")), 101);
    EXPECT_EQ(client.receive(7), "\x81\x05hello");
}

TEST(Http, ACloseThatIsAskedForIsGiven) {
    Server server({"cat"});
    RawClient client(server.port());
    client.send("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n" + std::string(plain_get));
    const Answer answer = receive_answer(client);
    EXPECT_THAT(answer.head, AllOf(StartsWith("HTTP/1.1 426 "), HasSubstr("\r\nConnection: Upgrade, close\r\n")));
    EXPECT_TRUE(closes(client));
}

TEST(Http, ABodyNobodyWantsIsNoSecondRequest) {
    Server server({"cat"});
    for (const std::string& framing : {"Content-Length: " + std::to_string(plain_get.size()) + "\r\n\r\n",
                                       std::string("Transfer-Encoding: chunked\r\n\r\n")}) {
        RawClient client(server.port());
        client.send("POST / HTTP/1.1\r\nHost: localhost\r\n" + framing + std::string(plain_get));
        EXPECT_THAT(statuses_until_the_end(client), testing::ElementsAre(426));
    }
}

TEST(Http, Version10IsAnsweredInKindAndClosed) {
    Server server({"cat"});
    RawClient client(server.port());
    client.send("GET / HTTP/1.0\r\n\r\n");
    EXPECT_THAT(receive_answer(client).head, AllOf(StartsWith("HTTP/1.0 426 "), HasSubstr("close\r\n")));
    EXPECT_TRUE(closes(client));
}

TEST(Http, Version10MayAskToKeepTheConnection) {
    Server server({"cat"});
    RawClient client(server.port());
    for (int i = 0; i < 2; ++i) {
        client.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
        EXPECT_THAT(receive_answer(client).head, AllOf(StartsWith("HTTP/1.0 426 "), HasSubstr("keep-alive\r\n")));
    }
}

TEST(Http, Version10CannotUpgrade) {
    Server server({"cat"});
    EXPECT_THAT(answer_to(server.port(), upgrade_request({}, "/", "HTTP/1.0")), StartsWith("HTTP/1.0 426 "));
}

TEST(Http, OtherVersionsAreNotSpoken) {
    Server server({"cat"});
    EXPECT_EQ(status_of(server.port(), "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 505);
    EXPECT_EQ(status_of(server.port(), upgrade_request({}, "/", "HTTP/2.0")), 505);
}

// Extra headers.

TEST(Http, ExtraHeadersStandOnTheResponsesTheyAreFor) {
    Server server({"--header", "X-All: a", "--header=X-All:b", "--header-ws", "X-Upgrade: yes", "--header-http",
                   "X-Http: yes", "cat"});
    const std::string upgraded = answer_to(server.port(), upgrade_request());
    EXPECT_THAT(upgraded,
                AllOf(StartsWith("HTTP/1.1 101 "), HasSubstr("\r\nX-All: a\r\n"), HasSubstr("\r\nX-All: b\r\n"),
                      HasSubstr("\r\nX-Upgrade: yes\r\n"), Not(HasSubstr("X-Http"))));
    for (const std::string& request : {std::string(plain_get), upgrade_request({{"Origin", "null"}}),
                                       std::string("nonsense\r\n\r\n"), std::string(16384, 'x')}) {
        const std::string refused = answer_to(server.port(), request);
        EXPECT_THAT(refused,
                    AllOf(StartsWith("HTTP/1.1 4"), HasSubstr("\r\nX-All: a\r\n"), HasSubstr("\r\nX-All: b\r\n"),
                          HasSubstr("\r\nX-Http: yes\r\n"), Not(HasSubstr("X-Upgrade"))));
    }
}

// Several refusals at once.

TEST(Http, OfSeveralRefusalsTheFirstOfTheOrderIsGiven) {
    TemporaryFolder folder;
    const std::string script = folder.script("fleeting", "#!/bin/sh\necho ready\ncat\n");
    Server server({"--max-processes", "1", script});
    const std::uint16_t port = server.port();
    const Headers bad_host{{"Host", "evil.example"}, {"Origin", "http://other.example"}};
    const Headers bad_origin{{"Origin", "http://other.example"}};
    auto with = [](Headers headers, const Headers& more) {
        headers.insert(headers.end(), more.begin(), more.end());
        return headers;
    };
    {
        Client only(port);
        EXPECT_EQ(only.receive(), "ready");
        std::filesystem::remove(script);
        EXPECT_EQ(status_of(port, "OPTIONS * HTTP/1.0\r\n: \r\n\r\n"), 400);
        EXPECT_EQ(status_of(port, upgrade_request(
                                      with(bad_host, {{"Sec-WebSocket-Key", ""}, {"Sec-WebSocket-Version", ""}}))),
                  400);
        EXPECT_EQ(status_of(port, upgrade_request(bad_host, "*", "HTTP/1.1", "OPTIONS")), 400);
        EXPECT_EQ(status_of(port, upgrade_request(with(bad_host, {{"Sec-WebSocket-Version", "8"}}))), 426);
        EXPECT_EQ(status_of(port, "GET / HTTP/1.1\r\nHost: evil.example\r\nOrigin: null\r\n\r\n"), 426);
        EXPECT_EQ(status_of(port, upgrade_request(bad_host)), 421);
        EXPECT_EQ(status_of(port, upgrade_request(bad_origin)), 403);
        EXPECT_EQ(status_of(port, upgrade_request()), 503);
        only.close();
    }
    EXPECT_TRUE(eventually([&] { return status_of(port, upgrade_request()) == 500; }));
    EXPECT_EQ(status_of(port, upgrade_request(bad_origin)), 403);
}

// Limits.

TEST(Http, BeyondTheLimitOfProcessesIsA503ThatSaysWhenToTryAgain) {
    Server server({"--max-processes", "2", "cat"});
    Client one(server.port());
    Client two(server.port());
    EXPECT_THAT(answer_to(server.port(), upgrade_request()),
                AllOf(StartsWith("HTTP/1.1 503 Service Unavailable\r\n"), HasSubstr("\r\nRetry-After: ")));
    EXPECT_TRUE(server.logs("--max-processes"));
    one.close();
    EXPECT_TRUE(eventually([&] { return status_of(server.port(), upgrade_request()) == 101; }));
    two.send("untouched");
    EXPECT_EQ(two.receive(), "untouched");
}

TEST(Http, BeyondTheLimitOfConnectionsAcceptWaits) {
    Server server({"--max-connections", "2", "cat"});
    RawClient one(server.port());
    Client two(server.port());
    RawClient waiting(server.port());  // in the kernel's queue
    waiting.send(plain_get);
    one.send(plain_get);
    EXPECT_EQ(status_in(receive_answer(one).head), 426);
    two.send("hello");
    EXPECT_EQ(two.receive(), "hello");
    pollfd poll{waiting.fd(), POLLIN, 0};
    EXPECT_EQ(::poll(&poll, 1, 0), 0);
    one.finish();
    EXPECT_EQ(status_in(receive_answer(waiting).head), 426);
    two.send("still here");
    EXPECT_EQ(two.receive(), "still here");
}

TEST(Http, AZeroIsNoLimit) {
    Server server({"--max-connections", "0", "--max-processes", "0", "cat"});
    std::vector<Client> clients;
    for (int i = 0; i < 5; ++i) clients.emplace_back(server.port()).send("hello");
    for (Client& each : clients) EXPECT_EQ(each.receive(), "hello");
}

TEST(Http, ManyMoreConnectionsThanTheLimitAreAllServedInTheEnd) {
    Server server({"--max-connections", "3", "--threads", "2", "true"});
    std::vector<RawClient> crowd;
    for (int i = 0; i < 50; ++i) {
        crowd.emplace_back(server.port());
        crowd.back().send("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        crowd.back().finish();
    }
    for (RawClient& each : crowd) EXPECT_EQ(status_in(receive_answer(each).head), 426);
}

// The handshake's time.

TEST(Http, AConnectionThatSaysNothingIsClosedAfterTheHandshakeTimeout) {
    Server server({"--handshake-timeout", "50ms", "cat"});
    RawClient client(server.port());
    EXPECT_TRUE(closes(client));
}

TEST(Http, ARequestThatIsNotCompleteInTimeIsClosed) {
    Server server({"--handshake-timeout", "50ms", "cat"});
    RawClient client(server.port());
    const std::string request = upgrade_request();
    client.send(request.substr(0, request.size() - 1));
    EXPECT_EQ(client.receive_all(), "");
}

TEST(Http, AByteNowAndThenDoesNotExtendTheHandshakeTimeout) {
    Server server({"--handshake-timeout", "200ms", "cat"});
    RawClient client(server.port());
    client.send("GET / HTTP/1.1\r\nHost: localhost\r\nX: ");
    int sent = 0;
    for (pollfd poll{client.fd(), POLLIN, 0}; ::poll(&poll, 1, 5) == 0 && sent < 5000; ++sent) client.send_some("x");
    EXPECT_LT(sent, 5000);  // 25 s of bytes, each sooner than the timeout
    EXPECT_EQ(client.receive_all(), "");
}

TEST(Http, TheNextRequestOfAConnectionHasTheSameTime) {
    Server server({"--handshake-timeout", "1s", "cat"});
    RawClient client(server.port());
    client.send(plain_get);
    EXPECT_EQ(status_in(receive_answer(client).head), 426);
    client.send("GET / HTTP/1.1\r\n");
    EXPECT_EQ(client.receive_all(), "");
}

TEST(Http, TheHandshakeTimeoutDoesNotConcernWhoHasUpgradedOrIsKeptAlive) {
    Server server({"--handshake-timeout", "1s", "cat"});
    Client session(server.port());
    RawClient kept(server.port());
    kept.send(plain_get);
    EXPECT_EQ(status_in(receive_answer(kept).head), 426);
    RawClient clock(server.port());
    EXPECT_TRUE(closes(clock));  // its time began after theirs
    session.send("hello");
    EXPECT_EQ(session.receive(), "hello");
    kept.send(plain_get);
    EXPECT_EQ(status_in(receive_answer(kept).head), 426);
}

TEST(Http, AClientThatAsksAndNeverReadsIsClosed) {
    Server server({"--handshake-timeout", "1s", "--threads", "1", "cat"});
    RawClient greedy(server.port(), "127.0.0.1", 4096);
    greedy.send(plain_get);
    receive_answer(greedy);
    std::string requests;
    for (int i = 0; i < 1000; ++i) requests += plain_get;
    const std::size_t descriptors = server.descriptors();
    // Until neither side's kernel takes any more; then what is open is the server's to end.
    EXPECT_TRUE(eventually([&] { return greedy.send_some(requests) == 0; }));
    EXPECT_TRUE(eventually([&] { return server.descriptors() < descriptors; }));
    Client other(server.port());
    other.send("hello");
    EXPECT_EQ(other.receive(), "hello");
}

TEST(Http, ConnectionsWithoutASessionDoNotDelayTheServersStop) {
    Server server({"--handshake-timeout", "1h", "--shutdown-grace", "1h", "cat"});
    RawClient silent(server.port());
    RawClient half(server.port());
    half.send("GET / HTTP/1.1\r\nHost: ");
    RawClient kept(server.port());
    kept.send(plain_get);
    EXPECT_EQ(status_in(receive_answer(kept).head), 426);
    RawClient refused(server.port());
    refused.send("nonsense\r\n\r\n");
    EXPECT_EQ(status_in(receive_answer(refused).head), 400);
    server.signal(SIGTERM);
    EXPECT_EQ(server.wait(), 0);
}

// Commands that cannot be started.

TEST(Http, AScriptWithAMissingInterpreterIsA500AndTheLogSaysWhy) {
    TemporaryFolder folder;
    Server server({folder.script("lost", "#!/no/such/interpreter\n")});
    const std::string answer = answer_to(server.port(), upgrade_request());
    EXPECT_THAT(answer, AllOf(StartsWith("HTTP/1.1 500 Internal Server Error\r\n"), Not(HasSubstr("/no/such"))));
    EXPECT_TRUE(server.logs("error cannot start the command"));
    EXPECT_THAT(server.log(), AllOf(HasSubstr("command=" + folder.path() + "/lost"), HasSubstr("interpreter")));
    EXPECT_THAT(server.log(), Not(HasSubstr("session begins")));
}

TEST(Http, AScriptWithoutAFirstLineIsA500AndTheLogSaysWhatIsMissing) {
    TemporaryFolder folder;
    Server server({folder.script("bare", "echo hello\n")});
    EXPECT_EQ(status_of(server.port(), upgrade_request()), 500);
    EXPECT_TRUE(server.logs("error cannot start the command"));
    EXPECT_THAT(server.log(), HasSubstr("Exec format error: a script needs a first line such as #!/bin/sh"));
}

TEST(Http, ACommandThatLostItsRightsIsA500) {
    TemporaryFolder folder;
    const std::string script = folder.script("locked", "#!/bin/sh\n");
    Server server({script});
    std::filesystem::permissions(script, std::filesystem::perms::owner_read);
    EXPECT_EQ(status_of(server.port(), upgrade_request()), 500);
    EXPECT_TRUE(server.logs("Permission denied"));
}

TEST(Http, A500LeavesNothingBehindAndItsSlotFree) {
    TemporaryFolder folder;
    Server server({"--max-processes", "1", folder.script("lost", "#!/no/such/interpreter\n")});
    EXPECT_EQ(status_of(server.port(), upgrade_request()), 500);
    const std::size_t descriptors = server.descriptors();
    RawClient client(server.port());
    for (int i = 0; i < 50; ++i) {
        client.send(upgrade_request());
        ASSERT_EQ(status_in(receive_answer(client).head), 500);
    }
    client.reset();
    EXPECT_TRUE(eventually([&] { return server.descriptors() <= descriptors; }));
    EXPECT_TRUE(server.descendants().empty());
}

}  // namespace
}  // namespace wsinetd::fixtures::http_test
