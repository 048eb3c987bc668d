// Spec section 2: a command's messages as Server-sent events (WHATWG HTML, 9.2).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>

#include "fixtures/answer.hpp"
#include "fixtures/command.hpp"
#include "fixtures/tls_client.hpp"

namespace wsinetd::fixtures::events_test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

const std::string accept = "Accept: text/event-stream\r\n";

Answer events(const Server& server, const std::string& headers = "", const std::string& target = "/") {
    return ask_once(server.port(), {.target = target, .headers = accept + headers});
}

/// The events that a command of bash's makes, with the last.
std::string events_of(const std::string& script, std::vector<std::string> options = {}) {
    const Server server(bash(script, std::move(options)));
    return events(server).body;
}

int status_with(const Server& server, const std::string& headers, const std::string& method = "GET") {
    return status_in(ask_once(server.port(), {.method = method, .headers = headers}).head);
}

/// A client that has asked and has the head of its answer.
RawClient listening(const Server& server, int receive_buffer = 0) {
    RawClient client(server.port(), "127.0.0.1", receive_buffer);
    client.send(request_for({.headers = accept}));
    EXPECT_THAT(client.receive_until("\r\n\r\n"), StartsWith("HTTP/1.1 200 OK\r\n"));
    return client;
}

// What comes.

TEST(Events, EachMessageIsAnEventWithAnIdAndTheLastIsTheExitStatus) {
    EXPECT_EQ(events_of("echo one; echo; echo two; printf three"),
              "id: 1\ndata: one\n\n"
              "id: 2\ndata:\n\n"
              "id: 3\ndata: two\n\n"
              "id: 4\ndata: three\n\n"
              "event: close\ndata: 0\n\n");
}

TEST(Events, TheHeadSaysWhatComesAndThatNobodyMayKeepIt) {
    const Server server({"true"});
    const Answer answer = events(server);
    EXPECT_THAT(answer.head, StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_EQ(field(answer.head, "Content-Type"), "text/event-stream");
    EXPECT_EQ(field(answer.head, "Cache-Control"), "no-store");
    EXPECT_EQ(field(answer.head, "X-Content-Type-Options"), "nosniff");
    EXPECT_EQ(field(answer.head, "Transfer-Encoding"), "chunked");
    EXPECT_EQ(field(answer.head, "Content-Length"), "-");
    EXPECT_NE(field(answer.head, "Date"), "-");
}

TEST(Events, TheExitStatusIsTheShells) {
    EXPECT_EQ(events_of("exit 0"), "event: close\ndata: 0\n\n");
    EXPECT_EQ(events_of("exit 3"), "event: close\ndata: 3\n\n");
    EXPECT_EQ(events_of("exit 255"), "event: close\ndata: 255\n\n");
    EXPECT_EQ(events_of("kill -KILL $$"), "event: close\ndata: 137\n\n");
    EXPECT_EQ(events_of("kill -TERM $$"), "event: close\ndata: 143\n\n");
}

TEST(Events, TheCommandsStdinIsAtItsEnd) {
    EXPECT_EQ(events_of("cat; echo end"), "id: 1\ndata: end\n\nevent: close\ndata: 0\n\n");
}

TEST(Events, ACarriageReturnBeginsALineOfTheSameEvent) {
    EXPECT_EQ(events_of(R"(printf 'a\rb\r\nc\r\r\nd\n')"),
              "id: 1\ndata: a\ndata: b\n\nid: 2\ndata: c\ndata:\n\nid: 3\ndata: d\n\nevent: close\ndata: 0\n\n");
}

TEST(Events, NothingInAMessagePassesForAnotherField) {
    EXPECT_EQ(events_of(R"(printf 'event: close\rdata: 0\r\rid: 9\n')"),
              "id: 1\ndata: event: close\ndata: data: 0\ndata:\ndata: id: 9\n\nevent: close\ndata: 0\n\n");
}

TEST(Events, InvalidUtf8IsReplaced) {
    EXPECT_EQ(events_of(R"(printf 'a\xffb\n\xe2\x82\n\xe2\x82\xac\n\xc0\x80')"),
              "id: 1\ndata: a\xef\xbf\xbd"
              "b\n\nid: 2\ndata: \xef\xbf\xbd\n\nid: 3\ndata: \xe2\x82\xac\n\n"
              "id: 4\ndata: \xef\xbf\xbd\xef\xbf\xbd\n\nevent: close\ndata: 0\n\n");
}

TEST(Events, ALongLineIsOneEvent) {
    EXPECT_EQ(events_of("head -c 300000 /dev/zero | tr '\\0' x; echo; echo end"),
              "id: 1\ndata: " + std::string(300'000, 'x') + "\n\nid: 2\ndata: end\n\nevent: close\ndata: 0\n\n");
}

TEST(Events, ManyLinesAreAsManyEventsInOrder) {
    const std::string all = events_of("seq 20000");
    std::string expected;
    for (int i = 1; i <= 20000; ++i) expected += "id: " + std::to_string(i) + "\ndata: " + std::to_string(i) + "\n\n";
    EXPECT_TRUE(all == expected + "event: close\ndata: 0\n\n");
}

TEST(Events, EachComesWhenItIsPrinted) {
    const Gate gate;
    const Server server(bash("echo before; " + gate.wait() + "; echo after"));
    RawClient client = listening(server);
    EXPECT_EQ(receive_chunks_until(client, "before\n\n"), "id: 1\ndata: before\n\n");
    gate.open();
    EXPECT_EQ(receive_chunks_until(client, "close"), "id: 2\ndata: after\n\nevent: close\ndata: 0\n\n");
}

TEST(Events, ACommentComesEveryPingInterval) {
    const Server server({"--ping-interval", "100ms", "sleep", "1000"});
    RawClient client = listening(server);
    for (int i = 0; i < 3; ++i) EXPECT_EQ(receive_chunk(client), ":\n\n");
}

TEST(Events, NoCommentCutsAMessageInTwo) {
    const Gate gate;
    const Server server(
        bash("if [ $PATH_INFO = /quiet ]; then exec sleep 1000; fi; head -c 100000 /dev/zero | tr '\\0' x; " +
                 gate.wait() + "; echo y",
             {"--ping-interval", "20ms", "--threads", "1"}));
    RawClient client = listening(server);
    std::string got;
    while (got.size() < 95'000) got += receive_chunk(client);
    // What the other client gets meanwhile, this one would have got too.
    RawClient other(server.port());
    other.send(request_for({.target = "/quiet", .headers = accept}));
    other.receive_until("\r\n\r\n");
    for (int i = 0; i < 3; ++i) EXPECT_EQ(receive_chunk(other), ":\n\n");
    gate.open();
    got += receive_chunks_until(client, "close\ndata");
    const std::string message = "id: 1\ndata: " + std::string(100'000, 'x') + "y\n\n";
    const auto at = got.find(message);
    ASSERT_NE(at, std::string::npos) << got.size();
    got.erase(at, message.size());  // before and behind it there may be comments, and nothing else
    for (auto comment = got.find(":\n\n"); comment != std::string::npos; comment = got.find(":\n\n"))
        got.erase(comment, 3);
    EXPECT_EQ(got, "event: close\ndata: 0\n\n");
    other.reset();
}

TEST(Events, TheCommandIsToldOfTheLastEventTheClientHas) {
    const Server server(bash("echo \"$HTTP_LAST_EVENT_ID $HTTP_ACCEPT $REQUEST_METHOD $PATH_INFO $QUERY_STRING\""));
    EXPECT_THAT(events(server, "Last-Event-ID: 42\r\n", "/some/path?a=b").body,
                StartsWith("id: 1\ndata: 42 text/event-stream GET /some/path a=b\n\n"));
}

TEST(Events, StderrIsTreatedAsInASession) {
    EXPECT_EQ(events_of("echo err >&2", {"--stderr", "merge"}), "id: 1\ndata: err\n\nevent: close\ndata: 0\n\n");
    const Server server(bash("echo complaint >&2"));
    EXPECT_EQ(events(server).body, "event: close\ndata: 0\n\n");
    EXPECT_TRUE(server.logs("complaint"));
}

TEST(Events, ComeOverTlsAndAUnixSocketToo) {
    const ServerFiles files;
    const Server server(files.options({"sh", "-c", "echo $HTTPS"}));
    TlsRawClient client(server.port());
    client.send("GET / HTTP/1.0\r\nHost: localhost\r\n" + accept + "\r\n");
    EXPECT_THAT(client.receive_all(), testing::EndsWith("\r\n\r\nid: 1\ndata: on\n\nevent: close\ndata: 0\n\n"));
    EXPECT_EQ(client.error(), "");
    const TemporaryFolder folder;
    const std::string path = folder.path() + "/s";
    const Server local({"--unix-socket", path, "echo", "hello"});
    EXPECT_THAT(ask_once(0, {.headers = accept}, path).body, StartsWith("id: 1\ndata: hello\n\n"));
}

// Connections.

TEST(Events, AConnectionIsKeptAfterThem) {
    const Server server({"echo", "hello"});
    RawClient client(server.port());
    for (int i = 0; i < 3; ++i) {
        client.send(request_for({.headers = accept}));
        EXPECT_EQ(receive_whole(client).body, "id: 1\ndata: hello\n\nevent: close\ndata: 0\n\n");
    }
    client.send(request_for({}));
    EXPECT_EQ(status_in(receive_whole(client).head), 426);
}

TEST(Events, OfVersion10EndWithTheConnection) {
    const Server server({"echo", "hello"});
    const Answer answer =
        ask_once(server.port(), {.headers = accept + "Connection: keep-alive\r\n", .minor_version = 0});
    EXPECT_THAT(answer.head, StartsWith("HTTP/1.0 200 OK\r\n"));
    EXPECT_EQ(field(answer.head, "Transfer-Encoding"), "-");
    EXPECT_EQ(answer.body, "id: 1\ndata: hello\n\nevent: close\ndata: 0\n\n");
}

TEST(Events, ABodyThatComesWithTheRequestIsNoSecondRequest) {
    const Server server(bash("echo $PATH_INFO"));
    for (const std::string& length : {std::string("Content-Length: "), std::string()}) {
        const std::string inner = request_for({.target = "/smuggled", .headers = accept});
        RawClient client(server.port());
        std::string request = request_for({.target = "/first", .headers = accept});
        request.insert(request.size() - 2, length.empty() ? "Transfer-Encoding: chunked\r\n"
                                                          : length + std::to_string(inner.size()) + "\r\n");
        client.send(request + inner);
        const std::string all = client.receive_all();
        EXPECT_THAT(all, AllOf(HasSubstr("data: /first"), Not(HasSubstr("smuggled"))));
        EXPECT_FALSE(client.was_reset());
    }
}

TEST(Events, WhenTheClientGoesTheCommandEnds) {
    const Server server({"sleep", "1000"});
    for (const bool reset : {true, false}) {
        RawClient client = listening(server);
        if (reset) client.reset();
        if (!reset) client.finish();
        EXPECT_TRUE(leaves_nothing(server)) << reset;
    }
}

TEST(Events, AClientThatHasSentItsFinGetsWhatTheCommandStillSays) {
    const Server server(bash("trap 'echo interrupted; exit 5' INT; echo begun; while :; do sleep 0.01; done"));
    RawClient client = listening(server);
    EXPECT_EQ(receive_chunks_until(client, "begun\n\n"), "id: 1\ndata: begun\n\n");
    client.finish();
    EXPECT_EQ(receive_chunks_until(client, "close\ndata"), "id: 2\ndata: interrupted\n\nevent: close\ndata: 5\n\n");
    EXPECT_EQ(receive_chunk(client), "");
    EXPECT_EQ(client.receive_all(), "");
    EXPECT_FALSE(client.was_reset());
}

TEST(Events, TheServersStopEndsThemWithTheCloseEvent) {
    Server server(bash("trap 'echo interrupted; exit 5' INT; echo begun; while :; do sleep 0.01; done"));
    RawClient client = listening(server);
    receive_chunks_until(client, "begun\n\n");
    server.signal(SIGTERM);
    EXPECT_EQ(receive_chunks_until(client, "close\ndata"), "id: 2\ndata: interrupted\n\nevent: close\ndata: 5\n\n");
    EXPECT_EQ(receive_chunk(client), "");
    EXPECT_EQ(client.receive_all(), "");
    EXPECT_FALSE(client.was_reset());
    client.finish();
    EXPECT_EQ(server.wait(), 0);
}

TEST(Events, ACommandThatIsIdleForTheTimeoutEnds) {
    const Server server({"--idle-timeout", "100ms", "sleep", "1000"});
    EXPECT_THAT(events(server).body, "event: close\ndata: 130\n\n");
}

TEST(Events, NothingOutlivesThem) {
    const Server server(bash("(setsid sleep 1000 &) ; sleep 1000 & echo begun"));
    EXPECT_EQ(events(server).body, "id: 1\ndata: begun\n\nevent: close\ndata: 0\n\n");
    EXPECT_TRUE(leaves_nothing(server));
}

TEST(Events, AReaderWhoStopsStopsTheCommandCostsLittleAndLosesNothing) {
    // Lines of one byte become events of thirty.
    const Server server(bash("if [ $PATH_INFO = / ]; then exec seq 1000000 1300000; fi; echo warm"));
    EXPECT_THAT(events(server, "", "/warm").body, HasSubstr("warm"));
    EXPECT_TRUE(leaves_nothing(server));
    const std::size_t before = server.private_kib();
    RawClient client = listening(server, 4096);
    EXPECT_TRUE(stops_at_write(only_command(server)));
    if (!sanitized) EXPECT_LT(server.private_kib(), before + 256);
    std::string expected;
    for (int i = 1; i <= 300'001; ++i)
        expected += "id: " + std::to_string(i) + "\ndata: " + std::to_string(999'999 + i) + "\n\n";
    std::string got;
    for (std::string chunk; !(chunk = receive_chunk(client)).empty();) got += chunk;
    EXPECT_TRUE(got == expected + "event: close\ndata: 0\n\n");
}

// Who gets them.

TEST(Events, AreForWhomAsksForThem) {
    const Server server({"true"});
    for (const char* asked : {"text/event-stream", "TEXT/Event-Stream", "text/html, text/event-stream;q=0.5",
                              "text/event-stream;charset=utf-8", "text/html,text/event-stream"})
        EXPECT_EQ(status_with(server, "Accept: " + std::string(asked) + "\r\n"), 200) << asked;
    EXPECT_EQ(status_with(server, "Accept: text/html\r\nAccept: text/event-stream\r\n"), 200);
    for (const char* asked :
         {"*/*", "text/*", "text/event-stream;q=0", "text/event-stream; q=0.000", "text/event-streams",
          "text/html;x=\"text/event-stream\"", "text/html;x=\", text/event-stream\"", ""})
        EXPECT_EQ(status_with(server, "Accept: " + std::string(asked) + "\r\n"), 426) << asked;
    EXPECT_EQ(status_with(server, ""), 426);
}

TEST(Events, AreForGetOnly) {
    const TemporaryFolder folder;
    const std::string file = folder.path() + "/started";
    const Server server({"sh", "-c", "echo started >> " + file});
    for (const char* method : {"HEAD", "POST", "PUT", "DELETE"})
        EXPECT_EQ(status_with(server, accept, method), 426) << method;
    EXPECT_EQ(status_with(server, accept, "OPTIONS"), 204);
    EXPECT_EQ(contents_of(file), "");
}

TEST(Events, OfBytesThereAreNone) {
    const TemporaryFolder folder;
    const std::string file = folder.path() + "/started";
    for (const char* option : {"--framing=raw", "--binary"}) {
        const Server server({option, "sh", "-c", "echo started >> " + file});
        const Answer answer = events(server);
        EXPECT_EQ(status_in(answer.head), 406);
        EXPECT_THAT(answer.body, StartsWith("406 Not Acceptable\n"));
        EXPECT_TRUE(server.logs("--framing raw"));
    }
    EXPECT_EQ(contents_of(file), "");
}

TEST(Events, AnUpgradeThatAlsoAsksForThemIsAnUpgrade) {
    const Server server({"cat"});
    Client client(server.port(), {.headers = {{"Accept", "text/event-stream"}}});
    client.send("hello");
    EXPECT_EQ(client.receive(), "hello");
}

TEST(Events, AStrangersPageGetsNone) {
    const TemporaryFolder folder;
    const std::string file = folder.path() + "/started";
    const Server server({"sh", "-c", "echo started >> " + file});
    EXPECT_EQ(status_with(server, accept + "Origin: http://evil.example\r\n"), 403);
    EXPECT_EQ(status_with(server, accept + "Sec-Fetch-Site: cross-site\r\n"), 403);
    EXPECT_EQ(status_of(server.port(), "GET / HTTP/1.1\r\nHost: evil.example\r\n" + accept + "\r\n"), 421);
    EXPECT_TRUE(server.logs("--origin evil.example would"));
    EXPECT_TRUE(server.logs("--host evil.example would"));
    EXPECT_EQ(contents_of(file), "");
}

TEST(Events, BeyondTheLimitOfProcessesThereAreNone) {
    const Server server({"--max-processes", "1", "sleep", "1000"});
    RawClient first = listening(server);
    const Answer refused = events(server);
    EXPECT_EQ(status_in(refused.head), 503);
    EXPECT_NE(field(refused.head, "Retry-After"), "-");
    first.reset();
    EXPECT_TRUE(leaves_nothing(server));
    listening(server).reset();
}

TEST(Events, ACommandThatCannotStartIsA500) {
    const TemporaryFolder folder;
    const std::string script = folder.script("broken", "#!/no/such/interpreter\n");
    const Server server({script});
    EXPECT_EQ(status_in(events(server).head), 500);
    EXPECT_TRUE(server.logs("the interpreter in its first line"));
}

}  // namespace
}  // namespace wsinetd::fixtures::events_test
