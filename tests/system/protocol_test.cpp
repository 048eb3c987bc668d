// RFC 6455, sections 5 to 8, as a client on the wire sees them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include "fixtures/client.hpp"
#include "fixtures/command.hpp"
#include "fixtures/server.hpp"
#include "fixtures/wire.hpp"

namespace wsinetd::fixtures::protocol_test {
namespace {

using namespace std::string_literals;
using testing::ElementsAre;

/// What a client sends, and how the connection is failed for it.
struct Wrong {
    const char* name;
    std::string bytes;
    Closed closed;
};

std::string name_of(const testing::TestParamInfo<Wrong>& info) { return info.param.name; }

Closed error(std::string reason) { return closed_with(1002, std::move(reason)); }

// 5.7: the RFC's own examples.

TEST(Protocol, AMaskedHelloIsEchoedUnmasked) {
    Server server({"cat"});
    Wire client(server.port());
    client.send("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58");
    EXPECT_EQ(client.socket().receive(7), "\x81\x05Hello");
}

TEST(Protocol, AMaskedPingIsAnsweredByAPongWithItsPayload) {
    Server server({"cat"});
    Wire client(server.port());
    client.send("\x89\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58");
    EXPECT_EQ(client.socket().receive(7), "\x8a\x05Hello");
}

// 5.2 to 5.5: frames that must not be. The connection is failed (7.1.7): a Close, the server's FIN, nothing else.

class WrongFrame : public testing::TestWithParam<Wrong> {};

TEST_P(WrongFrame, FailsTheConnection) {
    Server server({"cat"});
    for (const bool byte_by_byte : {false, true}) {
        Wire client(server.port());
        if (byte_by_byte)
            for (const char byte : GetParam().bytes) client.send({&byte, 1});
        else
            client.send(GetParam().bytes);
        EXPECT_EQ(client.closed(), GetParam().closed);
        client.socket().finish();
        EXPECT_TRUE(client.ends_in_silence());
    }
}

INSTANTIATE_TEST_SUITE_P(
    Protocol, WrongFrame,
    testing::Values(
        Wrong{"Unmasked", "\x81\x05Hello", error("frame without a mask")},
        Wrong{"UnmaskedPing", "\x89\x00"s, error("frame without a mask")},
        Wrong{"UnmaskedClose", "\x88\x00"s, error("frame without a mask")},
        Wrong{"Rsv1", "\xc1", error("reserved bit set")}, Wrong{"Rsv2", "\xa1", error("reserved bit set")},
        Wrong{"Rsv3", "\x91", error("reserved bit set")}, Wrong{"Rsv1InAPing", "\xc9", error("reserved bit set")},
        Wrong{"Rsv1InAContinuation", client_frame(1, "a", false) + "\xc0", error("reserved bit set")},
        Wrong{"Opcode3", "\x83", error("reserved opcode")}, Wrong{"Opcode4", "\x84", error("reserved opcode")},
        Wrong{"Opcode5", "\x85", error("reserved opcode")}, Wrong{"Opcode6", "\x86", error("reserved opcode")},
        Wrong{"Opcode7", "\x87", error("reserved opcode")}, Wrong{"Opcode11", "\x8b", error("reserved opcode")},
        Wrong{"Opcode12", "\x8c", error("reserved opcode")}, Wrong{"Opcode13", "\x8d", error("reserved opcode")},
        Wrong{"Opcode14", "\x8e", error("reserved opcode")}, Wrong{"Opcode15", "\x8f", error("reserved opcode")},
        Wrong{"FragmentedPing", "\x09", error("fragmented control frame")},
        Wrong{"FragmentedPong", "\x0a", error("fragmented control frame")},
        Wrong{"FragmentedClose", "\x08", error("fragmented control frame")},
        Wrong{"PingOf126", client_frame(9, std::string(126, 'x')).substr(0, 2), error("control frame too long")},
        Wrong{"PongOf126", client_frame(10, std::string(126, 'x')).substr(0, 2), error("control frame too long")},
        Wrong{"CloseOf70000", client_frame(8, std::string(70000, 'x')).substr(0, 2), error("control frame too long")},
        Wrong{"125InTwoBytes", "\x81\xfe\x00\x7d"s, error("length not in its shortest form")},
        Wrong{"0InTwoBytes", "\x81\xfe\x00\x00"s, error("length not in its shortest form")},
        Wrong{"65535InEightBytes", "\x81\xff\x00\x00\x00\x00\x00\x00\xff\xff"s,
              error("length not in its shortest form")},
        Wrong{"0InEightBytes", "\x81\xff\x00\x00\x00\x00\x00\x00\x00\x00"s, error("length not in its shortest form")},
        Wrong{"LengthAbove63Bits", "\x81\xff\x80"s, error("length with its top bit set")},
        Wrong{"LoneContinuation", "\x80", error("continuation without a message")},
        Wrong{"LoneContinuationThatGoesOn", "\x00"s, error("continuation without a message")},
        Wrong{"ContinuationAfterAWholeMessage", client_frame(1, "", false) + client_frame(0, "") + "\x80",
              error("continuation without a message")},
        Wrong{"TextInAMessage", client_frame(1, "a", false) + "\x81", error("new message inside a message")},
        Wrong{"BinaryInAMessage", client_frame(1, "a", false) + "\x82", error("new message inside a message")}),
    name_of);

// 5.5.1 and 7.4: Close frames that must not be.

class WrongClose : public testing::TestWithParam<Wrong> {};

TEST_P(WrongClose, FailsTheConnection) {
    Server server({"cat"});
    Wire client(server.port());
    client.send(client_frame(8, GetParam().bytes));
    EXPECT_EQ(client.closed(), GetParam().closed);
    client.socket().finish();
    EXPECT_TRUE(client.ends_in_silence());
}

INSTANTIATE_TEST_SUITE_P(Protocol, WrongClose,
                         testing::Values(Wrong{"OfOneByte", "\x03", error("close frame with half a code")},
                                         Wrong{"WhoseReasonIsNoUtf8", close_payload(1000, "\xff"), closed_with(1007)},
                                         Wrong{"WhoseReasonIsCut", close_payload(1000, "\xe2\x82"), closed_with(1007)}),
                         name_of);

TEST(Protocol, CloseCodesThatMustNotBeSentFailTheConnection) {
    Server server({"cat"});
    for (const std::uint16_t code : {0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535}) {
        Wire client(server.port());
        client.send(close_frame(code));
        EXPECT_EQ(client.closed(), error("close code that must not be sent")) << code;
    }
}

TEST(Protocol, EveryOtherCloseCodeIsEchoed) {
    Server server({"cat"});
    for (const std::uint16_t code :
         {1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999}) {
        Wire client(server.port());
        client.send(close_frame(code, "my reason"));
        EXPECT_EQ(client.closed(), closed_with(code));
    }
}

TEST(Protocol, ACloseMayCarryTheLongestReason) {
    Server server({"cat"});
    Wire client(server.port());
    client.send(close_frame(1000, std::string(123, 'x')));
    EXPECT_EQ(client.closed(), closed_with(1000));
}

// 8.1: text is judged at the first byte that cannot be part of it, in a frame that is not whole too.

class ImpossibleBytes : public testing::TestWithParam<std::string> {};

TEST_P(ImpossibleBytes, FailTheConnectionAsTheyArrive) {
    Server server({"cat"});
    for (const std::size_t announced : {100U, 60000U, 100000U}) {
        Wire client(server.port());
        client.send(plain_header(1, announced) + "valid \u20ac " + GetParam());
        EXPECT_EQ(client.closed(), closed_with(1007));
    }
}

TEST_P(ImpossibleBytes, FailTheConnectionWhereverFragmentsCutThem) {
    Server server({"cat"});
    for (std::size_t cut = 0; cut <= GetParam().size(); ++cut) {
        Wire client(server.port());
        client.send(client_frame(1, GetParam().substr(0, cut), false) + plain_header(0, 100, false) +
                    GetParam().substr(cut));
        EXPECT_EQ(client.closed(), closed_with(1007));
    }
}

INSTANTIATE_TEST_SUITE_P(Protocol, ImpossibleBytes,
                         testing::Values("\x80", "\xbf", "\xc0", "\xc1", "\xf5", "\xff", "\xc3\x28", "\xe0\x80",
                                         "\xe0\x9f", "\xed\xa0", "\xe2\x82\x28", "\xf0\x80", "\xf0\x8f", "\xf4\x90",
                                         "\xf0\x9f\x98\x28"),
                         [](const auto& info) {
                             std::string name = "Bytes";
                             for (const char c : info.param)
                                 for (const int shift : {4, 0})
                                     name += "0123456789ABCDEF"[static_cast<unsigned char>(c) >> shift & 15];
                             return name;
                         });

TEST(Protocol, TextThatEndsInsideACharacterFailsTheConnection) {
    Server server({"cat"});
    for (const char* begun : {"\xc3", "\xe2\x82", "\xf0\x9f\x98"}) {
        Wire client(server.port());
        client.send(client_frame(1, begun));
        EXPECT_EQ(client.closed(), closed_with(1007));
        Wire in_fragments(server.port());
        in_fragments.send(client_frame(1, begun, false) + client_frame(0, ""));
        EXPECT_EQ(in_fragments.closed(), closed_with(1007));
    }
}

TEST(Protocol, ACharacterMayBeCutByFragmentsAndPackets) {
    Server server({"cat"});
    Wire client(server.port());
    for (const std::string character : {"\u00e9", "\u20ac", "\U0001f600"}) {
        for (const char& byte : character)
            client.send(client_frame(&byte == character.data() ? 1 : 0, {&byte, 1}, false) + client_frame(9, ""));
        client.send(client_frame(0, ""));
        EXPECT_EQ(client.message(), character);
    }
}

// 5.5.2 and 5.5.3: pings and pongs.

TEST(Protocol, EveryPingGetsItsPongInOrder) {
    Server server({"cat"});
    Wire client(server.port());
    const std::vector<std::string> payloads = {"", "1", std::string(125, 'x'), "\xff\x00"s, "", "last"};
    std::string frames;
    for (const std::string& payload : payloads) frames += client_frame(9, payload);
    client.send(frames);
    for (const std::string& payload : payloads) {
        const auto pong = client.frame();
        EXPECT_EQ(pong->head.opcode, 10U);
        EXPECT_EQ(pong->payload, payload);
    }
}

TEST(Protocol, ManyPingsInOneSwoopGetTheirPongsInOrder) {
    Server server({"cat"});
    Wire client(server.port());
    std::string frames;
    for (int i = 0; i < 2000; ++i) frames += client_frame(9, std::to_string(i));
    client.send(frames);
    for (int i = 0; i < 2000; ++i) ASSERT_EQ(client.frame()->payload, std::to_string(i));
}

TEST(Protocol, APingInPiecesIsAnsweredWhenItIsWhole) {
    Server server({"cat"});
    Wire client(server.port());
    for (const char byte : client_frame(9, "slow")) client.send({&byte, 1});
    EXPECT_EQ(client.frame()->payload, "slow");
}

TEST(Protocol, AnUnsolicitedPongIsIgnored) {
    Server server({"cat"});
    Wire client(server.port());
    client.send(client_frame(10, "") + client_frame(10, "unasked") + client_frame(1, "text"));
    EXPECT_EQ(client.frame()->payload, "text");
}

// 5.1 and 5.2: what the server sends.

TEST(Protocol, EveryFrameOfTheServerIsUnmaskedShortAndUnreserved) {
    Server server({"cat"});
    Wire client(server.port());
    for (const std::size_t size : {0U, 1U, 125U, 126U, 127U, 65535U, 65536U, 65537U, 200000U})
        client.send(client_frame(1, std::string(size, 'x')) + client_frame(9, "?"));
    client.send(close_frame(1000));
    bool closed = false;
    while (const auto frame = client.frame()) {
        EXPECT_TRUE(is_proper(frame->head)) << frame->head.length;
        closed = frame->head.opcode == 8;
    }
    EXPECT_TRUE(closed);
}

TEST(Protocol, ACloseByTheServerIsAProperFrame) {
    Server server({"bash", "-c", "exit 3"});
    Wire client(server.port());
    EXPECT_EQ(client.socket().receive(17),
              "\x88\x0f\x0f\xa3"
              "exit status 3");
}

// 7: the closing handshake.

TEST(Protocol, TheServerAnswersACloseAndClosesTcpFirst) {
    Server server({"cat"});
    Wire client(server.port());
    client.send(close_frame(1000));
    EXPECT_EQ(client.socket().receive(4), "\x88\x02\x03\xe8");
    EXPECT_TRUE(client.ends_in_silence());
}

TEST(Protocol, ACloseWithoutACodeIsAnsweredWithoutOne) {
    Server server({"cat"});
    Wire client(server.port());
    client.send(client_frame(8, ""));
    EXPECT_EQ(client.socket().receive(2), "\x88\x00"s);
    EXPECT_TRUE(client.ends_in_silence());
}

TEST(Protocol, TheServerClosesTcpOnceItsOwnCloseIsAnswered) {
    Server server({"true"});
    Wire client(server.port());
    EXPECT_EQ(client.closed(), closed_with(1000));
    client.send(close_frame(1000));
    EXPECT_TRUE(client.ends_in_silence());
}

TEST(Protocol, AClientThatNeverAnswersTheCloseIsDropped) {
    Server server({"true"});
    Wire client(server.port());
    EXPECT_EQ(client.closed(), closed_with(1000));
    EXPECT_TRUE(client.ends_in_silence());
}

TEST(Protocol, ACloseBetweenTheFragmentsOfAMessageIsAnswered) {
    Server server({"cat"});
    Wire client(server.port());
    client.send(client_frame(1, "unfinished", false) + close_frame(1001));
    EXPECT_EQ(client.closed(), closed_with(1001));
    EXPECT_TRUE(client.ends_in_silence());
}

TEST(Protocol, WhatFollowsAClientsCloseIsIgnored) {
    TemporaryFolder folder;
    const std::string got = folder.path() + "/got";
    Server server(bash("cat > " + got));
    Wire client(server.port());
    client.send(client_frame(1, "before") + close_frame(1000) + client_frame(1, "after") + client_frame(9, "ping") +
                close_frame(1001) + "\xff\xff");
    EXPECT_EQ(client.frame()->payload, close_payload(1000));
    EXPECT_TRUE(client.ends_in_silence());
    client.socket().finish();
    EXPECT_TRUE(server.logs("session ends"));
    EXPECT_EQ(contents_of(got), "before\n");
}

TEST(Protocol, WhatAClientSendsAfterTheServersCloseIsNotAnswered) {
    Server server({"true"});
    Wire client(server.port());
    EXPECT_EQ(client.closed(), closed_with(1000));
    client.send(client_frame(1, "late") + client_frame(9, "ping") + close_frame(1000));
    EXPECT_TRUE(client.ends_in_silence());
}

TEST(Protocol, NothingIsSentAfterACloseThoughTheCommandGoesOn) {
    Server server({"yes"});
    Wire client(server.port());
    EXPECT_EQ(client.message(), "y");
    client.send(client_frame(9, "ping") + close_frame(1000));
    EXPECT_EQ(client.closed(), closed_with(1000));
    EXPECT_TRUE(client.ends_in_silence());
}

TEST(Protocol, OneErrorIsEnough) {
    Server server({"cat"});
    Wire client(server.port());
    client.send("\x83" + client_frame(9, "ping") + "\x81\x05Hello" + close_frame(1000));
    EXPECT_EQ(client.frame()->payload, close_payload(1002, "reserved opcode"));
    client.socket().finish();
    EXPECT_TRUE(client.ends_in_silence());
}

/// 7.1.7: nothing that comes is processed any more, so no answer could be seen. One that is waited for is the clock.
TEST(Protocol, AFailedConnectionIsClosedWithoutWaitingForAnAnswer) {
    Server server(bash("[ \"$QUERY_STRING\" = end ] || cat"));
    Wire waited_for(server.port(), "/?end");
    EXPECT_EQ(waited_for.closed(), closed_with(1000));
    Wire failed(server.port());
    failed.send("\x83");
    EXPECT_EQ(failed.closed(), error("reserved opcode"));
    EXPECT_TRUE(failed.ends_in_silence());
    char byte = 0;
    EXPECT_EQ(::recv(waited_for.socket().fd(), &byte, 1, MSG_DONTWAIT), -1) << "its patience ran out first";
}

}  // namespace
}  // namespace wsinetd::fixtures::protocol_test
