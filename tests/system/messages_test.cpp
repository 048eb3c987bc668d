// Spec section 3: what becomes of messages on their way to a command, and of its output on the way back.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "fixtures/client.hpp"
#include "fixtures/command.hpp"
#include "fixtures/server.hpp"
#include "fixtures/wire.hpp"

namespace wsinetd::fixtures::messages_test {
namespace {

using testing::ElementsAre;

constexpr std::size_t piece = 64 * 1024;

/// Around every change of form: of a frame's length, of a piece, of a buffer.
const std::vector<std::size_t> telling_sizes = {
    0,     1,     2,         124,   125,   126,   127,           128,       65533,         65534,     65535,
    65536, 65537, piece + 2, 69632, 98304, 98305, 2 * piece - 1, 2 * piece, 2 * piece + 1, 200 * 1024};

/// Text without line ends, of any character a client may send.
std::string random_text(std::mt19937& random, std::size_t size) {
    static const std::vector<std::string> wide = {"\u00e9", "\u20ac", "\U0001f600", "\u0800", "\uffff", "\U0010ffff"};
    std::string text;
    while (text.size() < size) {
        const std::string& next = wide[random() % wide.size()];
        if (random() % 8 == 0 && text.size() + next.size() <= size)
            text += next;
        else
            text += static_cast<char>(' ' + random() % 95);
    }
    return text;
}

std::string random_bytes(std::mt19937& random, std::size_t size) {
    std::string bytes(size, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    return bytes;
}

/// What a command got on stdin, once its session has ended.
std::string stdin_of(const Server& server, const std::string& path) {
    EXPECT_TRUE(server.logs("session ends"));
    return contents_of(path);
}

// Lines, from the client.

TEST(Messages, AMessageIsALineOfTheCommandsInput) {
    Server server({"cat", "-A"});
    Client client(server.port());
    for (const char* text : {"hello", "two words", "tab\t", "ends in CR\r"}) client.send(text);
    EXPECT_EQ(client.receive(), "hello$");
    EXPECT_EQ(client.receive(), "two words$");
    EXPECT_EQ(client.receive(), "tab^I$");
    EXPECT_EQ(client.receive(), "ends in CR^M$");
}

TEST(Messages, AnEmptyMessageIsAnEmptyLine) {
    Server server({"cat", "-A"});
    Client client(server.port());
    client.send("");
    EXPECT_EQ(client.receive(), "$");
}

TEST(Messages, ALineFeedInAMessageMakesTwoLinesOfIt) {
    Server server({"cat"});
    Client client(server.port());
    client.send("one\ntwo");
    EXPECT_EQ(client.receive(), "one");
    EXPECT_EQ(client.receive(), "two");
}

TEST(Messages, AMessageAndItsNewlineComeInOneWrite) {
    Server server({"perl", "-e", "$| = 1; while ($n = sysread(STDIN, $_, 100000)) { print \"$n\\n\" }"});
    Wire client(server.port());
    for (const std::size_t size : {0U, 1U, 125U, 126U, 4095U, 4096U, 60000U}) {
        client.send(client_frame(1, std::string(size, 'x')));
        EXPECT_EQ(client.message(), std::to_string(size + 1));
    }
}

// Lines, from the command.

TEST(Messages, ALineIsATextMessage) {
    Server server({"echo", "hello"});
    Client client(server.port());
    EXPECT_EQ(client.receive(), "hello");
    EXPECT_TRUE(client.received_text());
}

TEST(Messages, TheNewlineAndOneCarriageReturnBeforeItAreRemoved) {
    Server server({"printf", R"(a\nb\r\n\r\n\r\r\nc\rd\n\n)"});
    EXPECT_THAT(Client(server.port()).receive_all(), ElementsAre("a", "b", "", "\r", "c\rd", ""));
}

TEST(Messages, ALastLineWithoutANewlineCounts) {
    Server server({"printf", R"(first\nno newline)"});
    EXPECT_THAT(Client(server.port()).receive_all(), ElementsAre("first", "no newline"));
}

TEST(Messages, ALastLineKeepsTheCarriageReturnThatNoNewlineFollows) {
    Server server({"printf", R"(last\r)"});
    EXPECT_THAT(Client(server.port()).receive_all(), ElementsAre("last\r"));
}

TEST(Messages, ACommandThatPrintsNothingSendsNothing) {
    Server server({"true"});
    EXPECT_THAT(Client(server.port()).receive_all(), ElementsAre());
}

TEST(Messages, ALineWrittenInManyPiecesIsOneMessage) {
    Server server(bash("for i in 1 2 3 4 5; do printf %s $i; sleep 0.01; done; echo; echo end"));
    EXPECT_THAT(Client(server.port()).receive_all(), ElementsAre("12345", "end"));
}

TEST(Messages, ALineOf200KiBIsOneMessage) {
    Server server(bash("head -c 204800 /dev/zero | tr '\\0' x; echo; echo end"));
    EXPECT_THAT(Client(server.port()).receive_all(), ElementsAre(std::string(204800, 'x'), "end"));
}

TEST(Messages, ALineOfAtMost64KiBIsOneFrameAndALongerOneIsFragments) {
    Server server(bash("head -c $QUERY_STRING /dev/zero | tr '\\0' x; echo"));
    Wire exact(server.port(), "/?65536");
    EXPECT_TRUE(exact.head()->fin);
    Wire longer(server.port(), "/?65537");
    const auto first = longer.frame();
    EXPECT_FALSE(first->head.fin);
    EXPECT_EQ(first->head.opcode, 1U);
    std::string message = first->payload;
    for (bool last = false; !last;) {
        const auto next = longer.frame();
        EXPECT_EQ(next->head.opcode, 0U);
        message += next->payload;
        last = next->head.fin;
    }
    EXPECT_EQ(message, std::string(65537, 'x'));
}

// Both ways.

TEST(Messages, EverySizeIsEchoedByteForByte) {
    std::mt19937 random(1);
    Server server({"cat"});
    Wire client(server.port());
    for (const std::size_t size : telling_sizes) {
        const std::string text = random_text(random, size);
        client.send(client_frame(1, text));
        ASSERT_EQ(client.message(), text) << size;
    }
}

TEST(Messages, ManyMessagesAtOnceKeepTheirOrderAndBytes) {
    std::mt19937 random(2);
    Server server({"cat"});
    Wire client(server.port());
    std::vector<std::string> sent;
    std::string frames;
    for (int i = 0; i < 2000; ++i) {
        sent.push_back(random_text(random, random() % (i % 50 == 0 ? 3000 : 40)));
        frames += client_frame(1, sent.back());
    }
    client.send(frames);
    for (const std::string& text : sent) ASSERT_EQ(client.message(), text);
}

TEST(Messages, FragmentsOfAnySizeAreOneMessage) {
    std::mt19937 random(3);
    Server server({"cat"});
    Client client(server.port());
    for (const std::size_t size : telling_sizes) {
        const std::string text = random_text(random, size);
        const std::size_t cut = random() % (size + 1);
        const std::size_t second = cut + random() % (size - cut + 1);
        client.send_fragments({text.substr(0, cut), text.substr(cut, second - cut), "", text.substr(second)});
        ASSERT_EQ(client.receive(), text) << size;
    }
}

TEST(Messages, ControlFramesMayComeBetweenTheFragmentsOfAMessage) {
    Server server({"cat"});
    Wire client(server.port());
    client.send(client_frame(1, "Hel", false) + client_frame(9, "one") + client_frame(0, "", false) +
                client_frame(10, "unasked") + client_frame(9, "two") + client_frame(0, "lo"));
    EXPECT_EQ(client.frame()->payload, "one");
    EXPECT_EQ(client.frame()->payload, "two");
    EXPECT_EQ(client.message(), "Hello");
}

TEST(Messages, FramesBehindTheRequestInOnePacketAreKept) {
    Server server({"cat"});
    RawClient client(server.port());
    client.send(upgrade_request() + client_frame(1, "early") + client_frame(1, "bird"));
    client.receive_until("\r\n\r\n");
    EXPECT_EQ(client.receive(13),
              "\x81\x05"
              "early\x81\x04"
              "bird");
}

// Raw.

TEST(RawFraming, BytesPassBothWaysAsTheyAre) {
    std::mt19937 random(4);
    Server server({"--framing", "raw", "cat"});
    Wire client(server.port());
    for (const std::size_t size : telling_sizes) {
        const std::string bytes = random_bytes(random, size);
        client.send(client_frame(2, bytes));
        std::string echo;
        while (echo.size() < size) {
            const auto frame = client.frame();
            ASSERT_EQ(frame->head.opcode, 2U);
            echo += frame->payload;
        }
        ASSERT_EQ(echo, bytes) << size;
    }
}

TEST(RawFraming, WhateverWasReadIsAMessageOfAtMost64KiB) {
    Server server({"--binary", "head", "-c", "1000000", "/dev/zero"});
    Wire client(server.port());
    std::size_t total = 0;
    while (const auto frame = client.frame()) {
        if (frame->head.opcode == 8) break;
        EXPECT_EQ(frame->head.opcode, 2U);
        EXPECT_TRUE(frame->head.fin);
        EXPECT_GT(frame->head.length, 0U);
        EXPECT_LE(frame->head.length, piece);
        total += frame->head.length;
    }
    EXPECT_EQ(total, 1000000U);
}

TEST(RawFraming, TextIsTakenAsBytes) {
    Server server({"--binary", "cat"});
    Client client(server.port());
    client.send("caf\u00e9\n");
    EXPECT_EQ(client.receive(), "caf\u00e9\n");
    EXPECT_FALSE(client.received_text());
}

TEST(RawFraming, TextIsJudgedAsText) {
    Server server({"--binary", "cat"});
    Wire client(server.port());
    client.send(client_frame(1, "caf\xe9"));
    EXPECT_EQ(client.closed(), closed_with(1007));
}

TEST(RawFraming, AnEmptyMessageIsNothing) {
    Server server({"--binary", "cat"});
    Client client(server.port());
    client.send_binary("");
    client.send("");
    client.send_binary("x");
    EXPECT_EQ(client.receive(), "x");
}

// Binary to a text endpoint.

TEST(OnBinary, ClosesByDefault) {
    Server server({"cat"});
    Client client(server.port());
    client.send_binary("text, by chance");
    EXPECT_EQ(client.closed(), closed_with(1003));
}

TEST(OnBinary, CloseIsSaidAtTheFirstByteOfAFrame) {
    Server server({"--on-binary", "close", "cat"});
    Wire client(server.port());
    client.send("\x82");
    EXPECT_EQ(client.closed(), closed_with(1003));
}

TEST(OnBinary, IgnoreDropsTheMessageAndNothingElse) {
    Server server({"--on-binary", "ignore", "cat"});
    Client client(server.port());
    client.send("before");
    client.send_binary("\xff\xfe");
    client.send_binary(std::string(3 * piece, '\xff'));
    client.send("after");
    EXPECT_EQ(client.receive(), "before");
    EXPECT_EQ(client.receive(), "after");
}

TEST(OnBinary, IgnoreDropsEachFragmentOfAMessageAndAnswersAPingBetweenThem) {
    Server server({"--on-binary", "ignore", "cat"});
    Wire client(server.port());
    client.send(client_frame(2, "one", false) + client_frame(9, "?") + client_frame(0, "two", true) +
                client_frame(1, "text"));
    EXPECT_EQ(client.frame()->payload, "?");
    EXPECT_EQ(client.message(), "text");
}

TEST(OnBinary, AcceptTakesItAsTextIfItIsUtf8) {
    Server server({"--on-binary", "accept", "cat"});
    Client client(server.port());
    client.send_binary("caf\u00e9");
    EXPECT_EQ(client.receive(), "caf\u00e9");
    EXPECT_TRUE(client.received_text());
    client.send_binary("caf\xe9");
    EXPECT_EQ(client.closed(), closed_with(1007));
}

// --max-message-size.

TEST(MaxMessageSize, IsExact) {
    Server server({"--max-message-size", "1000", "cat"});
    Client client(server.port());
    client.send(std::string(1000, 'x'));
    EXPECT_EQ(client.receive(), std::string(1000, 'x'));
    client.send(std::string(1001, 'x'));
    EXPECT_EQ(client.closed(), closed_with(1009));
}

TEST(MaxMessageSize, IsAMebibyteByDefault) {
    Server server({"perl", "-ne", "$| = 1; print length($_) - 1, \"\\n\""});
    Client client(server.port());
    client.send(std::string(1024 * 1024, 'x'));
    EXPECT_EQ(client.receive(), "1048576");
    Wire other(server.port());
    other.send(plain_header(1, 1024 * 1024 + 1));
    EXPECT_EQ(other.closed(), closed_with(1009));
}

TEST(MaxMessageSize, IsJudgedAtTheHeaderThatShowsIt) {
    Server server({"--max-message-size", "1000", "cat"});
    Wire small(server.port());
    small.send("\x81\xfe\x03\xe9");
    EXPECT_EQ(small.closed(), closed_with(1009));
    Wire large(server.port());
    large.send(std::string("\x81\xff\x7f\xff\xff\xff\xff\xff\xff\xff", 10));
    EXPECT_EQ(large.closed(), closed_with(1009));
}

TEST(MaxMessageSize, CountsAllFragmentsOfAMessage) {
    Server server({"--max-message-size", "1000", "cat"});
    Wire exact(server.port());
    const std::string half(500, 'x');
    exact.send(client_frame(1, half, false) + client_frame(0, half) + client_frame(1, half, false) +
               client_frame(0, half, false) + client_frame(0, ""));
    EXPECT_EQ(exact.message(), half + half);
    EXPECT_EQ(exact.message(), half + half);
    exact.send(client_frame(1, half, false) + client_frame(0, half, false) + plain_header(0, 1));
    EXPECT_EQ(exact.closed(), closed_with(1009));
}

TEST(MaxMessageSize, ZeroIsNoLimit) {
    Server server({"--max-message-size", "0", "perl", "-ne", "$| = 1; print length($_) - 1, \"\\n\""});
    Client client(server.port());
    client.send(std::string(5'000'000, 'x'));
    EXPECT_EQ(client.receive(), "5000000");
}

// What is refused leaves no trace, if it was small.

struct Refused {
    const char* name;
    std::string frames;
    std::uint16_t code;
};

class SmallMessage : public testing::TestWithParam<Refused> {};

TEST_P(SmallMessage, ThatIsRefusedLeavesNoTrace) {
    TemporaryFolder folder;
    const std::string got = folder.path() + "/got";
    Server server(bash("cat > " + got, {"--max-message-size", "70000"}));
    Wire client(server.port());
    client.send(client_frame(1, "kept") + GetParam().frames + client_frame(1, "never judged"));
    EXPECT_EQ(client.closed().code, GetParam().code);
    client.socket().finish();
    EXPECT_EQ(stdin_of(server, got), "kept\n");
}

INSTANTIATE_TEST_SUITE_P(Messages, SmallMessage,
                         testing::Values(Refused{"NotUtf8", client_frame(1, std::string(1000, 'x') + "\xff"), 1007},
                                         Refused{"NotUtf8AtTheEndOf64KiB",
                                                 client_frame(1, std::string(65535, 'x') + "\xff"), 1007},
                                         Refused{"Unfinished", client_frame(1, std::string(1000, 'x') + "\xc3"), 1007},
                                         Refused{"Binary", client_frame(2, "binary"), 1003},
                                         Refused{"TooLarge", client_frame(1, std::string(70001, 'x')), 1009},
                                         Refused{"Unmasked", std::string("\x81\x05hello", 7), 1002},
                                         Refused{"Reserved", client_frame(3, "reserved"), 1002}),
                         [](const auto& param) { return param.param.name; });

TEST(Messages, AMessageThatTheClientNeverFinishesLeavesNoTraceIfItIsSmall) {
    TemporaryFolder folder;
    const std::string got = folder.path() + "/got";
    Server server(bash("cat > " + got));
    Wire client(server.port());
    client.send(client_frame(1, "kept") + plain_header(1, 1000) + std::string(999, 'x'));
    client.socket().finish();
    EXPECT_EQ(stdin_of(server, got), "kept\n");
}

TEST(Messages, ALargeMessageIsWrittenAsItArrives) {
    TemporaryFolder folder;
    const std::string got = folder.path() + "/got";
    Server server(bash("cat > " + got));
    Wire client(server.port());
    client.send(plain_header(1, 100000) + std::string(1000, 'x'));
    EXPECT_TRUE(eventually([&] { return contents_of(got) == std::string(1000, 'x'); }));
}

TEST(Messages, AFragmentIsWrittenAsItArrives) {
    TemporaryFolder folder;
    const std::string got = folder.path() + "/got";
    Server server(bash("cat > " + got));
    Wire client(server.port());
    client.send(client_frame(1, "half a ", false));
    EXPECT_TRUE(eventually([&] { return contents_of(got) == "half a "; }));
    client.send(client_frame(0, "message"));
    EXPECT_TRUE(eventually([&] { return contents_of(got) == "half a message\n"; }));
}

// What a command prints is repaired (WHATWG Encoding, UTF-8 decoder).

struct Repair {
    const char* printed;  ///< as printf's format
    std::string arrives;
};

class Output : public testing::TestWithParam<Repair> {};

TEST_P(Output, ThatIsNoUtf8IsRepaired) {
    Server server({"printf", GetParam().printed});
    EXPECT_THAT(Client(server.port()).receive_all(), ElementsAre(GetParam().arrives));
}

#define BAD "\xef\xbf\xbd"

INSTANTIATE_TEST_SUITE_P(Messages, Output,
                         testing::Values(Repair{R"(a\xffb\n)", "a" BAD "b"},                // never part of UTF-8
                                         Repair{R"(\x80\n)", BAD},                          // a lone continuation
                                         Repair{R"(\xc3\n)", BAD},                          // cut by the line's end
                                         Repair{R"(\xc3)", BAD},                            // cut by the output's end
                                         Repair{R"(\xf0\x9f\x98\n)", BAD},                  // one for a longest prefix
                                         Repair{R"(\xf0\x9f\x98a\n)", BAD "a"},             // which keeps what follows
                                         Repair{R"(\xc0\xaf\n)", BAD BAD},                  // overlong
                                         Repair{R"(\xe0\x80\xaf\n)", BAD BAD BAD},          // overlong
                                         Repair{R"(\xed\xa0\x80\n)", BAD BAD BAD},          // a surrogate
                                         Repair{R"(\xf4\x90\x80\x80\n)", BAD BAD BAD BAD},  // above U+10FFFF
                                         Repair{R"(\xe2\x82\xe2\x82\xac\n)", BAD "\u20ac"},
                                         Repair{R"(\xff\xff\r\n)", BAD BAD}));

TEST(Messages, ACharacterThatComesInTwoReadsIsWhole) {
    Gate gate;
    Server server(bash("head -c 65535 /dev/zero | tr '\\0' x; printf '\\xe2\\x82'; echo reached >&2; " + gate.wait() +
                       "; printf '\\xac!\\n'"));
    Client client(server.port());
    EXPECT_TRUE(server.logs("reached"));
    gate.open();
    EXPECT_EQ(client.receive(), std::string(65535, 'x') + "\u20ac!");
}

TEST(Messages, AnInvalidSequenceAcrossReadsAndFragmentsIsRepaired) {
    Gate gate;
    Server server(bash("head -c 65535 /dev/zero | tr '\\0' x; printf '\\xe2\\x82'; echo reached >&2; " + gate.wait() +
                       "; printf '!\\xf0\\x9f\\n'"));
    Client client(server.port());
    EXPECT_TRUE(server.logs("reached"));
    gate.open();
    EXPECT_EQ(client.receive(), std::string(65535, 'x') + BAD "!" BAD);
}

TEST(Messages, TextThatTriplesWhenItIsRepairedArrivesWhole) {
    Server server(bash("head -c 300000 /dev/zero | tr '\\0' '\\377'; echo; echo end"));
    Client client(server.port());
    std::string repaired;
    for (int i = 0; i < 300000; ++i) repaired += BAD;
    EXPECT_EQ(client.receive(), repaired);
    EXPECT_EQ(client.receive(), "end");
}

TEST(Messages, NoOutputWhateverBreaksAClient) {
    Server server({"head", "-c", "3000000", "/dev/urandom"});
    Client client(server.port());  // Beast fails the connection on text that is no UTF-8
    while (client.receive()) {
    }
    EXPECT_EQ(client.closed(), closed_with(1000));
}

#undef BAD

// --framing null.

TEST(Messages, ARecordMayHoldNewlinesBothWays) {
    Server server({"--framing", "null", "cat"});
    Client client(server.port());
    for (const std::string text : {"two\nlines", "", "\r", "ends in CR LF\r\n"}) {
        client.send(text);
        EXPECT_EQ(client.receive(), text);
        EXPECT_TRUE(client.received_text());
    }
    EXPECT_EQ(client.close(1000), closed_with(1000));
}

TEST(Messages, ALastRecordWithoutNulCounts) {
    Server server({"--framing", "null", "printf", R"(one\0\0three\nlines)"});
    Client client(server.port());
    EXPECT_THAT(client.receive_all(), ElementsAre("one", "", "three\nlines"));
    EXPECT_EQ(client.closed(), closed_with(1000));
}

TEST(Messages, ALongRecordPassesInFragmentsOfOneMessage) {
    const std::string text(3 * piece + 1, 'x');
    Server server({"--framing", "null", "cat"});
    Client client(server.port());
    client.send(text);
    EXPECT_TRUE(client.receive() == text);
}

// --eof-message.

TEST(EofMessage, EndsTheCommandsInputAndItsOutputGoesOn) {
    Server server({"--eof-message", "quit", "sort", "-r"});
    Client client(server.port());
    for (const char* text : {"a", "quits", "b", "quit", "c"}) client.send(text);
    EXPECT_THAT(client.receive_all(), ElementsAre("quits", "b", "a"));
    EXPECT_EQ(client.closed(), closed_with(1000));
}

TEST(EofMessage, IsFoundInFragmentsAndWhatIsOnlyLikeItPasses) {
    Server server({"--eof-message", "quit", "sort"});
    Client client(server.port());
    client.send_fragments({"qu", "ite"});
    client.send_fragments({"q", "", "uit", "s"});
    client.send("before");
    client.send_fragments({"q", "u", "it"});
    client.send("after");
    EXPECT_THAT(client.receive_all(), ElementsAre("before", "quite", "quits"));
    EXPECT_EQ(client.closed(), closed_with(1000));
}

TEST(EofMessage, IsNoBinaryMessage) {
    Server server({"--eof-message", "quit", "--on-binary", "accept", "sort"});
    Client client(server.port());
    client.send_binary("quit");
    client.send("quit");
    EXPECT_THAT(client.receive_all(), ElementsAre("quit"));
}

TEST(EofMessage, ComesBehindInputThatTheCommandIsSlowToTake) {
    Gate gate;
    Server server(bash(gate.wait() + "; wc -c", {"--eof-message", "quit"}));
    Client client(server.port());
    for (int i = 0; i < 20; ++i) client.send(std::string(9999, 'x'));
    client.send("quit");
    gate.open();
    EXPECT_EQ(client.receive(), "200000");
    EXPECT_EQ(client.closed(), closed_with(1000));
}

}  // namespace
}  // namespace wsinetd::fixtures::messages_test
