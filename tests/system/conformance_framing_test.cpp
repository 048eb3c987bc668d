// RFC 6455, sections 5.2 to 5.6, case by case, in the order of the Autobahn test suite: 1 messages, 2 pings, 3 reserved
// bits, 4 opcodes, 5 fragments, 9 and 10 large messages. Each case whole and byte by byte.
#include "fixtures/conformance.hpp"
#include "fixtures/server.hpp"

namespace wsinetd::fixtures::conformance_framing_test {
namespace {

using namespace std::string_literals;

Closed error(std::string reason) { return closed_with(1002, std::move(reason)); }
std::string text(std::string_view payload) { return client_frame(1, payload); }
std::string ping(std::string_view payload) { return client_frame(9, payload); }
std::string repeat(int count, const std::string& bytes) {
    std::string all;
    for (int i = 0; i < count; ++i) all += bytes;
    return all;
}

/// A header whose length is written in `bytes` bytes, 0, 2 or 8, whatever it is; its mask is all zero.
std::string header_of(unsigned first_byte, unsigned bytes, std::uint64_t length) {
    std::string header(1, static_cast<char>(first_byte));
    header += static_cast<char>(0x80U | (bytes == 0 ? length : bytes == 2 ? 126U : 127U));
    for (unsigned i = bytes; i-- > 0;) header += static_cast<char>(length >> (8 * i));
    return header + std::string(4, '\0');
}

class Frames : public testing::TestWithParam<Accepted> {};

TEST_P(Frames, AreTaken) {
    Server server({"cat"});
    for (const Arrival arrival : arrivals) {
        Wire client(server.port());
        expect_accepted(client, GetParam(), arrival);
    }
}

class WrongFrames : public testing::TestWithParam<Failed> {};

TEST_P(WrongFrames, FailTheConnection) {
    Server server({"cat"});
    for (const Arrival arrival : arrivals) {
        Wire client(server.port());
        expect_failed(client, GetParam(), arrival);
    }
}

std::vector<Accepted> texts_of_telling_sizes() {
    static std::vector<std::string> names;
    std::vector<Accepted> rows;
    names.reserve(100);
    for (const std::size_t size : {0, 1, 125, 126, 127, 128, 65535, 65536, 65537}) {
        names.push_back("Of" + std::to_string(size));
        const std::string payload(size, '*');
        rows.push_back({names.back().c_str(), text(payload), {payload}});
    }
    return rows;
}
INSTANTIATE_TEST_SUITE_P(ConformanceTexts, Frames, testing::ValuesIn(texts_of_telling_sizes()), name_of);

INSTANTIATE_TEST_SUITE_P(
    ConformancePings, Frames,
    testing::Values(
        Accepted{"Empty", ping(""), {}, {""}}, Accepted{"WithText", ping("Hello, world!"), {}, {"Hello, world!"}},
        Accepted{"WithBytes", ping("\x00\xff\xfe\xfd\xfc\xfb\x00\xff"s), {}, {"\x00\xff\xfe\xfd\xfc\xfb\x00\xff"s}},
        Accepted{"Of124", ping(std::string(124, '\xfe')), {}, {std::string(124, '\xfe')}},
        Accepted{"Of125", ping(std::string(125, '\xfe')), {}, {std::string(125, '\xfe')}},
        Accepted{"PongUnasked", client_frame(10, "")}, Accepted{"PongUnaskedWithPayload", client_frame(10, "unasked")},
        Accepted{"PongOf125", client_frame(10, std::string(125, '\xff'))},
        Accepted{"PongThenPing", client_frame(10, "unasked") + ping("asked"), {}, {"asked"}},
        Accepted{"Ten",
                 ping("0") + ping("1") + ping("2") + ping("3") + ping("4") + ping("5") + ping("6") + ping("7") +
                     ping("8") + ping("9"),
                 {},
                 {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"}},
        Accepted{"WithAMaskOfZero", plain_header(9, 5) + "plain", {}, {"plain"}},
        Accepted{"BehindATextAndBeforeOne", text("a") + ping("p") + text("b"), {"a", "b"}, {"p"}}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    ConformanceControl, WrongFrames,
    testing::Values(
        Failed{"PingOf126", header_of(0x89, 2, 126).substr(0, 2), error("control frame too long")},
        Failed{"PongOf126", header_of(0x8a, 2, 126).substr(0, 2), error("control frame too long")},
        Failed{"CloseOf126", header_of(0x88, 2, 126).substr(0, 2), error("control frame too long")},
        Failed{"PingInEightBytes", header_of(0x89, 8, 5).substr(0, 2), error("control frame too long")},
        Failed{"PingOf5InTwoBytes", header_of(0x89, 2, 5).substr(0, 2), error("control frame too long")},
        Failed{"FragmentedPing", "\x09", error("fragmented control frame")},
        Failed{"FragmentedPong", "\x0a", error("fragmented control frame")},
        Failed{"FragmentedClose", "\x08", error("fragmented control frame")},
        Failed{"FragmentedPingAmidAMessage", client_frame(1, "a", false) + "\x09", error("fragmented control frame")},
        Failed{"UnmaskedPing", "\x89\x00"s, error("frame without a mask")},
        Failed{"UnmaskedPong", "\x8a\x05", error("frame without a mask")},
        Failed{"UnmaskedClose", "\x88\x02", error("frame without a mask")},
        Failed{"UnmaskedPingAmidAMessage", client_frame(1, "a", false) + "\x89\x00"s, error("frame without a mask")}),
    name_of_failed);

/// Every frame's first byte that has a reserved bit set or a reserved opcode, alone or amid a message.
TEST(Conformance, EveryReservedBitAndOpcodeFailsTheConnectionAtItsByte) {
    Server server({"cat"});
    for (unsigned first = 0; first < 256; ++first) {
        const unsigned opcode = first & 15U;
        const bool reserved = (first & 0x70U) != 0;
        const bool unknown = (opcode > 2 && opcode < 8) || opcode > 10;
        if (!reserved && !unknown) continue;
        const bool amid_a_message = first % 3 == 0;
        Wire client(server.port());
        client.send((amid_a_message ? client_frame(1, "in", false) : "") + static_cast<char>(first));
        EXPECT_EQ(client.closed(), error(reserved ? "reserved bit set" : "reserved opcode")) << first;
    }
}

INSTANTIATE_TEST_SUITE_P(
    ConformanceLengths, WrongFrames,
    testing::Values(
        Failed{"0InTwoBytes", "\x81\xfe\x00\x00"s, error("length not in its shortest form")},
        Failed{"125InTwoBytes", "\x81\xfe\x00\x7d"s, error("length not in its shortest form")},
        Failed{"0InEightBytes", header_of(0x81, 8, 0).substr(0, 8), error("length not in its shortest form")},
        Failed{"125InEightBytes", header_of(0x81, 8, 125).substr(0, 8), error("length not in its shortest form")},
        Failed{"126InEightBytes", header_of(0x81, 8, 126).substr(0, 8), error("length not in its shortest form")},
        Failed{"65535InEightBytes", header_of(0x81, 8, 65535).substr(0, 8), error("length not in its shortest form")},
        Failed{"OfAContinuation", client_frame(1, "a", false) + "\x80\xfe\x00\x7d"s,
               error("length not in its shortest form")},
        Failed{"TheTopBit", "\x81\xff\x80"s, error("length with its top bit set")},
        Failed{"AllBits", "\x81\xff\xff"s, error("length with its top bit set")},
        Failed{"TheTopBitOfAContinuation", client_frame(1, "a", false) + "\x80\xff\x80"s,
               error("length with its top bit set")},
        Failed{"AllBitsButTheTopOne", header_of(0x81, 8, 0x7fffffffffffffff).substr(0, 10), closed_with(1009)},
        Failed{"Unmasked", "\x81\x05", error("frame without a mask")},
        Failed{"UnmaskedEmpty", "\x81\x00"s, error("frame without a mask")},
        Failed{"UnmaskedBehindAMaskedOne", text("a") + "\x81\x01", error("frame without a mask")},
        Failed{"UnmaskedInTwoBytes", "\x81\x7e", error("frame without a mask")},
        Failed{"UnmaskedInEightBytes", "\x81\x7f", error("frame without a mask")},
        Failed{"UnmaskedContinuation", client_frame(1, "a", false) + "\x80\x01", error("frame without a mask")}),
    name_of_failed);

INSTANTIATE_TEST_SUITE_P(
    ConformanceFragments, Frames,
    testing::Values(
        Accepted{"Two", client_frame(1, "fragment1", false) + client_frame(0, "fragment2"), {"fragment1fragment2"}},
        Accepted{"TwoWithAPingBetween",
                 client_frame(1, "fragment1", false) + ping("ping") + client_frame(0, "fragment2"),
                 {"fragment1fragment2"},
                 {"ping"}},
        Accepted{"TwoWithAPongBetween",
                 client_frame(1, "fragment1", false) + client_frame(10, "pong") + client_frame(0, "fragment2"),
                 {"fragment1fragment2"}},
        Accepted{"Five",
                 client_frame(1, "1", false) + client_frame(0, "2", false) + ping("a") + client_frame(0, "3", false) +
                     client_frame(0, "4", false) + ping("b") + client_frame(0, "5"),
                 {"12345"},
                 {"a", "b"}},
        Accepted{"ThreeEmpty", client_frame(1, "", false) + client_frame(0, "", false) + client_frame(0, ""), {""}},
        Accepted{"AnEmptyOneAtEachEnd",
                 client_frame(1, "", false) + client_frame(0, "middle", false) + client_frame(0, ""),
                 {"middle"}},
        Accepted{"OfOneByteEach", fragments_of(1, "Hello, world", 1), {"Hello, world"}},
        Accepted{"TwoMessages",
                 client_frame(1, "a", false) + client_frame(0, "b") + client_frame(1, "c", false) +
                     client_frame(0, "d") + text("e"),
                 {"ab", "cd", "e"}},
        Accepted{"ALongOneAmidShortOnes",
                 client_frame(1, "<", false) + client_frame(0, std::string(70000, 'x'), false) + ping("p") +
                     client_frame(0, ">"),
                 {"<" + std::string(70000, 'x') + ">"},
                 {"p"}},
        Accepted{"64KiBInFragmentsOf1300", fragments_of(1, std::string(65536, '*'), 1300), {std::string(65536, '*')}}),
    name_of);

TEST(ConformanceFragments, OfAMebibyteAreTakenLargeAndSmall) {
    Server server({"cat"});
    const std::string payload(1048576, '*');
    for (const Arrival arrival : arrivals)
        for (const std::string& frames :
             {text(payload), fragments_of(1, payload, 65536), fragments_of(1, payload, 256)}) {
            Wire client(server.port());
            expect_accepted(client, Accepted{"", frames, {payload}}, arrival);
        }
}

INSTANTIATE_TEST_SUITE_P(
    ConformanceFragments, WrongFrames,
    testing::Values(
        Failed{"ContinuationOfNothing", "\x80", error("continuation without a message")},
        Failed{"ContinuationOfNothingThatGoesOn", "\x00"s, error("continuation without a message")},
        Failed{"ContinuationOfNothingBehindAMessage", text("a") + "\x80", error("continuation without a message")},
        Failed{"ContinuationOfNothingBehindAPing", ping("a") + "\x00"s, error("continuation without a message")},
        Failed{"ContinuationBehindTheLastFragment", client_frame(1, "a", false) + client_frame(0, "b") + "\x00"s,
               error("continuation without a message")},
        Failed{"TextInAMessage", client_frame(1, "a", false) + "\x81", error("new message inside a message")},
        Failed{"TextInAMessageThatGoesOn", client_frame(1, "a", false) + client_frame(0, "b", false) + "\x01",
               error("new message inside a message")},
        Failed{"BinaryInAMessage", client_frame(1, "a", false) + "\x82", error("new message inside a message")},
        Failed{"TextBehindAPingInAMessage", client_frame(1, "a", false) + ping("p") + "\x81",
               error("new message inside a message")}),
    name_of_failed);

/// 1.2, 9.2: the same frames to an endpoint that takes bytes.
TEST(Conformance, BinaryMessagesOfEverySizeAreTaken) {
    Server server({"--binary", "--max-message-size", "0", "cat"});
    std::string all;
    std::string sent;
    for (const std::size_t size : {0, 1, 125, 126, 127, 128, 65535, 65536, 65537, 300000}) {
        std::string payload(size, '\0');
        for (std::size_t i = 0; i < size; ++i) payload[i] = static_cast<char>(i * 31 + size);
        all += payload + payload;
        sent += client_frame(2, payload) + fragments_of(2, payload, 1 + size / 3);
    }
    for (const Arrival arrival : arrivals) {
        Wire client(server.port());
        send(client, sent, arrival);
        std::string echo;
        while (echo.size() < all.size()) {
            const auto frame = client.frame();
            ASSERT_TRUE(frame && is_proper(frame->head) && frame->head.fin && frame->head.opcode == 2);
            echo += frame->payload;
        }
        EXPECT_TRUE(echo == all);
    }
}

TEST(Conformance, EveryMaskKeyUnmasks) {
    Server server({"cat"});
    Wire client(server.port());
    for (const std::string key : {"\x00\x00\x00\x00"s, "\xff\xff\xff\xff"s, "\x01\x02\x03\x04"s, "\x80\x00\x00\x01"s})
        for (const std::size_t size : {1, 3, 4, 5, 31, 200, 70000}) {
            std::string payload(size, 'm');
            std::string frame = plain_header(1, size);
            frame.replace(frame.size() - 4, 4, key);
            for (std::size_t i = 0; i < size; ++i) frame += static_cast<char>(payload[i] ^ key[i % 4]);
            client.send(frame);
            ASSERT_TRUE(client.message() == payload) << size;
        }
}

}  // namespace
}  // namespace wsinetd::fixtures::conformance_framing_test
