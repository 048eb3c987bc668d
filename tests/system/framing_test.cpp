// Spec section 3: content-length, the base protocol of language servers and debuggers, and jsonl.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "fixtures/client.hpp"
#include "fixtures/command.hpp"
#include "fixtures/server.hpp"
#include "fixtures/wire.hpp"

namespace wsinetd::fixtures::framing_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

std::vector<std::string> by_length(std::vector<std::string> rest) {
    rest.insert(rest.begin(), {"--framing", "content-length"});
    return rest;
}
std::vector<std::string> with_length(const std::string& script, std::vector<std::string> options = {}) {
    return by_length(bash(script, std::move(options)));
}
std::vector<std::string> jsonl(const std::string& script, std::vector<std::string> options = {}) {
    options.insert(options.begin(), {"--framing", "jsonl"});
    return bash(script, std::move(options));
}

/// Reads bodies and answers each with the same, as a language server does with requests; `code` may change `$body`.
std::string perl_server(const std::string& code = "") {
    return R"(use strict; binmode STDIN; binmode STDOUT; $| = 1;
        for (;;) {
            my $length;
            while (defined(my $line = <STDIN>)) {
                last if $line eq "\r\n";
                $line =~ /^Content-Length: ([0-9]+)\r\n$/ or die "bad header: $line";
                $length = $1;
            }
            exit 0 unless defined $length;
            my $body = "";
            while (length($body) < $length) {
                read(STDIN, $body, $length - length($body), length($body)) or die "cut short";
            }
            )" +
           code + R"(
            print "Content-Type: application/vscode-jsonrpc; charset=utf-8\r\nContent-Length: " . length($body) . "\r\n\r\n" . $body;
        })";
}
std::vector<std::string> echo(std::vector<std::string> options = {}, const std::string& code = "") {
    for (const std::string& word : {std::string("perl"), std::string("-e"), perl_server(code)}) options.push_back(word);
    return by_length(std::move(options));
}

// content-length, both ways.

TEST(ContentLength, AMessageIsABodyBothWays) {
    Server server(echo());
    Client client(server.port());
    for (const char* text :
         {R"({"jsonrpc":"2.0","id":1,"method":"initialize"})", "", "two\r\n\r\nlines\n", "h\u00e9llo \U0001f600"}) {
        client.send(text);
        EXPECT_EQ(client.receive(), text);
        EXPECT_TRUE(client.received_text());
    }
    EXPECT_EQ(client.close(), closed_with(1000));
}

TEST(ContentLength, TheCommandGetsTheLengthInBytesAndNothingElse) {
    TemporaryFolder folder;
    const std::string got = folder.path() + "/got";
    Server server(with_length("cat > " + got));
    Wire client(server.port());
    client.send(client_frame(1, "h\u00e9") + client_frame(1, "") + client_frame(1, "{}\n"));
    client.socket().finish();
    EXPECT_TRUE(server.logs("session ends"));
    EXPECT_EQ(contents_of(got),
              "Content-Length: 3\r\n\r\nh\u00e9Content-Length: 0\r\n\r\nContent-Length: 3\r\n\r\n{}\n");
}

TEST(ContentLength, EverySizeIsEchoedByteForByte) {
    Server server(echo());
    Wire client(server.port());
    for (const std::size_t size : {1U, 9U, 10U, 99U, 100U, 125U, 126U, 65509U, 65510U, 65535U, 65536U, 65537U, 69632U,
                                   131072U, 200000U, 1024U * 1024U}) {
        std::string text(size, 'x');
        for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>('!' + (i * 7 + i / 90) % 90);
        client.send(client_frame(1, text));
        ASSERT_EQ(client.message(), text) << size;
    }
}

TEST(ContentLength, ManyMessagesAtOnceKeepTheirOrderAndBytes) {
    Server server(echo());
    Client client(server.port());
    std::vector<std::string> sent;
    for (int i = 0; i < 3000; ++i)
        sent.push_back(i % 7 == 0 ? "" : std::to_string(i) + std::string(i % 100 == 0 ? 3000 : 3, 'y'));
    for (const std::string& text : sent) client.send(text);
    for (const std::string& text : sent) ASSERT_EQ(client.receive(), text);
}

TEST(ContentLength, AMessageAndItsHeaderComeInOneWrite) {
    Server server(by_length(
        {"perl", "-e",
         R"($| = 1; while ($n = sysread(STDIN, $_, 200000)) { printf "Content-Length: %d\r\n\r\n%d", length($n), $n })"}));
    Wire client(server.port());
    for (const std::size_t size : {0U, 1U, 125U, 126U, 4000U, 60000U}) {
        client.send(client_frame(1, std::string(size, 'x')));
        EXPECT_EQ(client.message(), std::to_string(size + std::to_string(size).size() + 20));
    }
}

// content-length, from the client.

TEST(ContentLength, AMessageInFragmentsIsOneBody) {
    Server server(echo());
    Client client(server.port());
    client.send_fragments({"one ", "", "two ", "three"});
    EXPECT_EQ(client.receive(), "one two three");
    client.send_fragments({"", "", ""});
    EXPECT_EQ(client.receive(), "");
    client.send("next");
    EXPECT_EQ(client.receive(), "next");
}

TEST(ContentLength, AMessageInFragmentsIsHeldUpTo256KiB) {
    const std::string half(128 * 1024, 'x');
    Server server(echo());
    Wire exact(server.port());
    exact.send(client_frame(1, half, false) + client_frame(9, "ping") + client_frame(0, half));
    EXPECT_EQ(exact.frame()->payload, "ping");
    EXPECT_EQ(exact.message(), half + half);
    exact.send(client_frame(1, half, false) + client_frame(0, half, false) + client_frame(0, ""));
    EXPECT_EQ(exact.message(), half + half);
    Wire longer(server.port());
    longer.send(client_frame(1, half, false) + client_frame(0, half, false) + client_frame(0, "x"));
    EXPECT_EQ(longer.closed(), closed_with(1009));
}

TEST(ContentLength, AMessageInOneFrameMayBeLongerAndIsWrittenAsItArrives) {
    TemporaryFolder folder;
    const std::string got = folder.path() + "/got";
    Server server(with_length("cat > " + got));
    Wire client(server.port());
    client.send(plain_header(1, 1'000'000) + std::string(1000, 'x'));
    EXPECT_TRUE(
        eventually([&] { return contents_of(got) == "Content-Length: 1000000\r\n\r\n" + std::string(1000, 'x'); }));
}

TEST(ContentLength, AMessageInFragmentsThatIsNotFinishedLeavesNoTrace) {
    TemporaryFolder folder;
    const std::string got = folder.path() + "/got";
    Server server(with_length("cat > " + got));
    Wire client(server.port());
    client.send(client_frame(1, "kept") + client_frame(1, "lost", false));
    client.socket().finish();
    EXPECT_TRUE(server.logs("session ends"));
    EXPECT_EQ(contents_of(got), "Content-Length: 4\r\n\r\nkept");
}

TEST(ContentLength, TheMessageSizeHasItsLimitAsEverywhere) {
    Server server(echo({"--max-message-size", "1000"}));
    Wire client(server.port());
    client.send(client_frame(1, std::string(1000, 'x')));
    EXPECT_EQ(client.message(), std::string(1000, 'x'));
    client.send(client_frame(1, std::string(1001, 'x')));
    EXPECT_EQ(client.closed(), closed_with(1009));
}

TEST(ContentLength, WhatACommandDoesNotReadYetIsKeptWholeAndInOrder) {
    Gate gate;
    Server server(with_length(gate.wait() + "; exec perl -e '" + perl_server() + "'"));
    Wire client(server.port());
    // More than the pipe holds, and for which the headers outweigh the frames.
    std::string frames;
    for (int i = 0; i < 20'000; ++i) frames += client_frame(1, i % 5 == 0 ? std::to_string(i) : "");
    client.socket().send_some(frames.substr(0, 30'000));
    std::size_t sent = 30'000;
    gate.open();
    std::thread sender([&] { client.send(std::string_view(frames).substr(sent)); });
    for (int i = 0; i < 20'000; ++i) {
        const auto message = client.message();
        if (message != (i % 5 == 0 ? std::to_string(i) : "")) {
            ADD_FAILURE() << i;
            break;
        }
    }
    sender.join();
}

TEST(ContentLength, ACloseBehindABacklogIsSeen) {
    TemporaryFolder folder;
    const std::string got = folder.path() + "/got";
    Gate gate;
    Server server(with_length(gate.wait() + "; cat > " + got + "; exit 3"));
    Wire client(server.port());
    std::string frames;
    for (int i = 0; i < 5000; ++i) frames += client_frame(1, "");  // 105,000 bytes for the command
    client.send(frames + close_frame(1000));
    gate.open();
    EXPECT_EQ(client.closed(), closed_with(1000));
    client.socket().finish();
    EXPECT_TRUE(server.logs("exited with status 3"));
    EXPECT_EQ(contents_of(got).size(), 5000U * 21);
}

TEST(ContentLength, TheEofMessageClosesStdin) {
    Server server(echo({"--eof-message", "EOF"}));
    Client client(server.port());
    client.send_fragments({"", "EO", "", "X"});
    EXPECT_EQ(client.receive(), "EOX");
    client.send_fragments({"E", "OF, no"});
    EXPECT_EQ(client.receive(), "EOF, no");
    client.send("EO");
    EXPECT_EQ(client.receive(), "EO");
    client.send_fragments({"E", "OF"});
    EXPECT_EQ(client.closed(), closed_with(1000));
}

TEST(ContentLength, BinaryIsTakenAsForEveryTextFraming) {
    Server refuses(echo());
    Client refused(refuses.port());
    refused.send_binary("{}");
    EXPECT_EQ(refused.closed(), closed_with(1003));
    Server ignores(echo({"--on-binary", "ignore"}));
    Client ignored(ignores.port());
    ignored.send_binary(std::string(300'000, 'x'));
    ignored.send("{}");
    EXPECT_EQ(ignored.receive(), "{}");
    Server accepts(echo({"--on-binary", "accept"}));
    Client accepted(accepts.port());
    accepted.send_binary("{}");
    EXPECT_EQ(accepted.receive(), "{}");
}

// content-length, from the command.

TEST(ContentLength, AnyHeaderThatSaysTheLengthWillDo) {
    Server server(with_length(
        R"(printf 'content-length:2\r\nContent-Type: a\r\n\r\n{}Content-Type: a\r\nX: y\r\nCONTENT-LENGTH:  1 \r\n\r\n1Content-Length: 0\n\n')"));
    EXPECT_THAT(Client(server.port()).receive_all(), ElementsAre("{}", "1", ""));
}

TEST(ContentLength, WhatStandsBeforeAHeaderIsLogged) {
    Server server(with_length(R"(echo 'Starting "the" server'; printf 'Content-Length: 2\r\n\r\n{}'; echo INFO: bye)"));
    Client client(server.port());
    EXPECT_THAT(client.receive_all(), ElementsAre("{}"));
    EXPECT_EQ(client.closed(), closed_with(1000));
    EXPECT_TRUE(server.logs("session ends"));
    EXPECT_THAT(server.log(), HasSubstr("stray output"));
    EXPECT_THAT(server.log(), HasSubstr("Starting"));
    EXPECT_THAT(server.log(), HasSubstr("INFO: bye"));
}

struct Unframed {
    const char* name;
    const char* script;
    const char* reason;
};

class UnframedOutput : public testing::TestWithParam<Unframed> {};

TEST_P(UnframedOutput, IsClosedWith1011BehindWhatWasComplete) {
    Server server(with_length(std::string(R"(printf 'Content-Length: 2\r\n\r\n{}'; )") + GetParam().script));
    Client client(server.port());
    EXPECT_EQ(client.receive(), "{}");
    EXPECT_EQ(client.closed(), closed_with(1011, GetParam().reason));
    EXPECT_TRUE(server.logs("output cannot be framed"));
}

INSTANTIATE_TEST_SUITE_P(
    ContentLength, UnframedOutput,
    testing::Values(Unframed{"Flood", "yes", "output is not framed by Content-Length"},
                    Unframed{"NoNumber", R"(printf 'Content-Length: two\r\n\r\n{}'; sleep 60)",
                             "output has a Content-Length that is not a number"},
                    Unframed{"NoLength", R"(printf 'Content-Type: json\r\n\r\n{}'; sleep 60)",
                             "output has a header without Content-Length"},
                    Unframed{"NoField", R"(printf 'Content-Length: 2\r\noops\r\n\r\n{}'; sleep 60)",
                             "output has a header line that is not \"Name: value\""},
                    Unframed{"EndInHeader", R"(printf 'Content-Length: 2\r\n')", "output ends within a header"},
                    Unframed{"EndInShortBody", R"(printf 'Content-Length: 3\r\n\r\n{}'; exit 3)",
                             "output ends within a body, short of its Content-Length"},
                    Unframed{"EndInLongBody", R"(printf 'Content-Length: 300000\r\n\r\n'; head -c 200000 /dev/zero)",
                             "output ends within a body, short of its Content-Length"}),
    [](const auto& param) { return param.param.name; });

TEST(ContentLength, ABodyThatIsCutShortIsNoMessage) {
    Server server(with_length(R"(printf 'Content-Length: 300000\r\n\r\n'; head -c 200000 /dev/zero | tr '\0' x)"));
    Wire client(server.port());
    EXPECT_EQ(client.message(), std::nullopt);
    EXPECT_EQ(client.closed().code, 1011);
}

TEST(ContentLength, InvalidUtf8IsRepairedAndEndsWithItsBody) {
    Server server(with_length(R"(printf 'Content-Length: 2\r\n\r\na\xc3Content-Length: 2\r\n\r\n\xa4b')"));
    EXPECT_THAT(Client(server.port()).receive_all(), ElementsAre("a\ufffd", "\ufffdb"));
}

/// Far more than the server may hold.
TEST(ContentLength, ABodyOfAnyLengthPassesInConstantMemory) {
    constexpr std::uint64_t size = 200'000'000;
    Server server(
        with_length("printf 'Content-Length: 200000000\\r\\n\\r\\n'; head -c 200000000 /dev/zero | tr '\\0' x"));
    const std::size_t before = server.private_kib();
    Wire client(server.port());
    std::uint64_t total = 0;
    std::size_t most = 0;
    for (bool last = false; !last;) {
        const auto head = client.head();
        ASSERT_TRUE(head && head->opcode < 8);
        for (std::uint64_t left = head->length; left > 0;) left -= client.some(left).size();
        if (total / 50'000'000 != (total + head->length) / 50'000'000) most = std::max(most, server.private_kib());
        total += head->length;
        last = head->fin;
    }
    EXPECT_EQ(total, size);
    EXPECT_EQ(client.closed().code, 1000);
    EXPECT_LT(most, before + (sanitized ? 16 * 1024 : 2048));
}

TEST(ContentLength, AClientThatDoesNotReadStopsTheCommandAndLosesNothing) {
    Server server(by_length({"perl", "-e", R"(print "Content-Length: 1000000\r\n\r\n", "x" x 1000000 for 1 .. 20)"}));
    Wire client(server.port(), "/", 4096);
    EXPECT_TRUE(stops_at_write(only_command(server)));
    for (int i = 0; i < 20; ++i) ASSERT_EQ(client.message(), std::string(1'000'000, 'x'));
    EXPECT_EQ(client.closed(), closed_with(1000));
}

TEST(ContentLength, WhatWasCompleteReachesASlowClientBeforeThe1011) {
    Server server(by_length(
        {"perl", "-e",
         R"(print "Content-Length: 1000\r\n\r\n", "x" x 1000 for 1 .. 5000; print "Content-Length: ?\r\n\r\n")"}));
    Wire client(server.port(), "/", 4096);
    EXPECT_TRUE(stops_at_write(only_command(server)));
    for (int i = 0; i < 5000; ++i) ASSERT_EQ(client.message(), std::string(1000, 'x'));
    EXPECT_EQ(client.closed(), closed_with(1011, "output has a Content-Length that is not a number"));
}

TEST(ContentLength, OutputGoesOnWhileAMessageIsHeld) {
    Gate gate;
    Server server(with_length(gate.wait() +
                              "; printf 'Content-Length: 1000000\\r\\n\\r\\n'; head -c 1000000 /dev/zero | tr '\\0' x" +
                              "; exec perl -e '" + perl_server() + "'"));
    Wire client(server.port());
    const std::string half(100'000, 'y');
    client.send(client_frame(1, half, false) + client_frame(9, "?"));
    EXPECT_EQ(client.frame()->payload, "?");
    gate.open();
    ASSERT_EQ(client.message(), std::string(1'000'000, 'x'));
    client.send(client_frame(0, half));
    EXPECT_EQ(client.message(), half + half);
}

TEST(ContentLength, ACommandMayEndWhileAMessageIsHeld) {
    Gate gate;
    Server server(
        with_length(gate.wait() +
                    "; printf 'Content-Length: 1000000\\r\\n\\r\\n'; head -c 1000000 /dev/zero | tr '\\0' x; exit 5"));
    Wire client(server.port());
    client.send(client_frame(1, std::string(200'000, 'y'), false) + client_frame(9, "?"));
    EXPECT_EQ(client.frame()->payload, "?");
    gate.open();
    ASSERT_EQ(client.message(), std::string(1'000'000, 'x'));
    EXPECT_EQ(client.closed(), closed_with(4005, "exit status 5"));
}

TEST(ContentLength, WhatIsSentToACommandThatHasClosedStdinIsDropped) {
    Gate gate;
    Server server(with_length("exec 0<&-; printf 'Content-Length: 2\\r\\n\\r\\n{}'; " + gate.wait() +
                              "; printf 'Content-Length: 1\\r\\n\\r\\n1'"));
    Wire client(server.port());
    EXPECT_EQ(client.message(), "{}");
    const std::string half(128 * 1024, 'y');
    client.send(client_frame(1, "seen by nobody") + client_frame(1, half, false) + client_frame(0, half, false) +
                client_frame(0, half) + client_frame(9, "?"));
    EXPECT_EQ(client.frame()->payload, "?");
    gate.open();
    EXPECT_EQ(client.message(), "1");
    EXPECT_EQ(client.closed(), closed_with(1000));
}

TEST(ContentLength, AClientThatSendsFragmentsAndReadsNothingIsServedWhenItReads) {
    const std::string answer(100'000, 'z');
    Server server(echo({}, R"($body .= "z" x 100000;)"));
    Wire client(server.port(), "/", 4096);
    const std::string half(100'000, 'y');
    std::string frames;
    for (int i = 0; i < 100; ++i) frames += client_frame(1, half, false) + client_frame(0, half);
    std::thread sender([&] { client.send(frames); });
    for (int i = 0; i < 100; ++i) {
        if (client.message() != half + half + answer) {
            ADD_FAILURE() << i;
            break;
        }
    }
    sender.join();
}

TEST(ContentLength, ItsMessagesAreServerSentEvents) {
    Server server(
        with_length(R"(echo banner; printf 'Content-Length: 2\r\n\r\n{}Content-Length: 3\r\n\r\na\nb'; exit 3)"));
    const std::string answer =
        answer_to(server.port(), "GET / HTTP/1.0\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n");
    EXPECT_EQ(status_in(answer), 200);
    RawClient client(server.port());
    client.send("GET / HTTP/1.0\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n");
    client.receive_until("\r\n\r\n");
    EXPECT_EQ(client.receive_all(), "id: 1\ndata: {}\n\nid: 2\ndata: a\ndata: b\n\nevent: close\ndata: 3\n\n");
    EXPECT_TRUE(server.logs("banner"));
}

TEST(ContentLength, EventsEndWithWhatWasCompleteWhereOutputCannotBeFramed) {
    Server server(with_length(
        R"(printf 'Content-Length: 2\r\n\r\n{}Content-Length: x\r\n\r\n'; trap 'exit 4' INT; cat; sleep 60 & wait)"));
    RawClient client(server.port());
    client.send("GET / HTTP/1.0\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n");
    client.receive_until("\r\n\r\n");
    EXPECT_EQ(client.receive_all(), "id: 1\ndata: {}\n\nevent: close\ndata: 4\n\n");
    EXPECT_TRUE(server.logs("output cannot be framed"));
}

TEST(ContentLength, AnEventThatIsCutShortHasNoEnd) {
    Server server(with_length(R"(printf 'Content-Length: 9000\r\n\r\n'; head -c 8000 /dev/zero | tr '\0' x)"));
    RawClient client(server.port());
    client.send("GET / HTTP/1.0\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n");
    client.receive_until("\r\n\r\n");
    const std::string events = client.receive_all();
    EXPECT_THAT(events, HasSubstr("data: xxxx"));
    EXPECT_THAT(events, Not(HasSubstr("\n\n")));
}

// jsonl.

TEST(Jsonl, ALineOfJsonIsAMessageAndAllElseIsLogged) {
    Server server(jsonl(
        R"(echo 'Server 1.0 listening'; echo '{"jsonrpc":"2.0"}'; echo; echo '{"cut":'; echo ' [1]'; printf '"last"')"));
    Client client(server.port());
    EXPECT_THAT(client.receive_all(), ElementsAre(R"({"jsonrpc":"2.0"})", " [1]", R"("last")"));
    EXPECT_EQ(client.closed(), closed_with(1000));
    EXPECT_TRUE(server.logs("session ends"));
    EXPECT_THAT(server.log(), HasSubstr("stray output"));
    EXPECT_THAT(server.log(), HasSubstr("Server 1.0 listening"));
    EXPECT_THAT(server.log(), HasSubstr("cut"));
}

TEST(Jsonl, AMessageIsALineOfInput) {
    Server server(jsonl("cat"));
    Client client(server.port());
    for (const std::string text :
         {std::string(R"({"id":1})"), "\"" + std::string(1'000'000, 'x') + "\"", std::string("\"h\u00e9\"")}) {
        client.send(text);
        EXPECT_EQ(client.receive(), text);
    }
    client.send_fragments({"[", "1", "]"});
    EXPECT_EQ(client.receive(), "[1]");
}

TEST(Jsonl, ALongLineThatIsNoJsonIsLoggedInParts) {
    Server server(jsonl("head -c 200000 /dev/zero | tr '\\0' x; echo; echo '{}'"));
    EXPECT_THAT(Client(server.port()).receive_all(), ElementsAre("{}"));
    EXPECT_TRUE(server.logs(std::string(2048, 'x')));
}

TEST(Jsonl, ALongLineThatTurnsOutToBeNoneIsClosedWith1011) {
    Server server(jsonl("echo '{}'; printf '\"'; head -c 200000 /dev/zero | tr '\\0' x; echo; sleep 60"));
    Client client(server.port());
    EXPECT_EQ(client.receive(), "{}");
    EXPECT_EQ(client.closed(), closed_with(1011, "a line of the output is JSON at its beginning only"));
}

TEST(Jsonl, ItsMessagesAreServerSentEvents) {
    Server server(jsonl("echo banner; echo '{}'; echo '[1]'"));
    RawClient client(server.port());
    client.send("GET / HTTP/1.0\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n");
    client.receive_until("\r\n\r\n");
    EXPECT_EQ(client.receive_all(), "id: 1\ndata: {}\n\nid: 2\ndata: [1]\n\nevent: close\ndata: 0\n\n");
    EXPECT_TRUE(server.logs("banner"));
}

}  // namespace
}  // namespace wsinetd::fixtures::framing_test
