// Compressed messages (RFC 7692) among others, as the receiver has them.
#include <gmock/gmock.h>

#include "fixtures/deflated.hpp"
#include "fixtures/every_split.hpp"
#include "websocket/client_frame.hpp"
#include "websocket/receiver.hpp"

namespace wsinetd::websocket::receiver_deflate_test {
namespace {

using fixtures::deflated;
using fixtures::every_split;
using fixtures::noise;
using fixtures::Pieces;
using fixtures::prose;
using fixtures::text_of;
using testing::ElementsAre;
using Events = std::vector<std::string>;

const std::string hello = raw("\xf2\x48\xcd\xc9\xc9\x07\x00");

/// A caller who keeps its promises. The pieces of a message are joined: `text<Hello>`; `text<Hel` is under way.
class Connection {
public:
    explicit Connection(std::uint64_t max_message = 0, BinaryPolicy binary = BinaryPolicy::accept)
        : inflation_(shared_), receiver_(max_message, binary, &inflation_) {}

    void read(std::string_view bytes) {
        std::vector<std::byte> all(left_.size() + bytes.size());
        std::ranges::copy(left_, all.begin());
        std::ranges::copy(fixtures::bytes_of(bytes), all.begin() + static_cast<std::ptrdiff_t>(left_.size()));
        std::span<std::byte> rest(all);
        while (const auto event = receiver_.next(rest)) take(*event);
        left_.assign(rest.begin(), rest.end());
    }
    Events events;
    std::size_t largest = 0;  ///< piece, in bytes

private:
    void take(const Event& event) {
        if (const auto* data = std::get_if<Data>(&event)) {
            if (data->piece.first) events.push_back(data->type == Opcode::text ? "text<" : "binary<");
            events.back() += text_of(data->piece.bytes) + (data->piece.last ? ">" : "");
            largest = std::max(largest, data->piece.bytes.size());
        } else if (const auto* ping = std::get_if<Ping>(&event)) {
            if (!events.empty() && !events.back().ends_with('>')) return;  // not into a message that is under way
            events.push_back("ping " + text_of(ping->payload));
        } else if (const auto* close = std::get_if<CloseReceived>(&event)) {
            events.push_back("close " + std::to_string(close->code.value_or(0)));
        } else if (const auto* failure = std::get_if<Failure>(&event)) {
            events.push_back("fail " + std::to_string(failure->code) + ' ' + std::string(failure->reason));
        }
    }

    Compressors shared_;
    Inflation inflation_;
    Receiver receiver_;
    std::vector<std::byte> left_;
};

Events events_of(const Pieces& pieces, std::uint64_t max_message = 0, BinaryPolicy binary = BinaryPolicy::accept) {
    Connection connection(max_message, binary);
    for (const std::string& piece : pieces) connection.read(piece);
    return connection.events;
}
Events events_of(const std::string& bytes, std::uint64_t max_message = 0, BinaryPolicy binary = BinaryPolicy::accept) {
    return events_of(Pieces{bytes}, max_message, binary);
}

const std::string reserved = "fail 1002 reserved bit set";
const std::string corrupt = "fail 1007 corrupt compressed data";

TEST(ReceiverOfDeflate, ReadsTheRfcsExamplesHoweverTheyAreSplit) {  // RFC 7692, 7.2.3
    for (const std::string& message :
         {client_frame(0xc1, hello), client_frame(0x41, hello.substr(0, 3)) + client_frame(0x80, hello.substr(3)),
          client_frame(0xc1, raw("\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00")),
          client_frame(0xc1, raw("\xf3\x48\xcd\xc9\xc9\x07\x00\x00")),
          client_frame(0xc1, raw("\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00"))})
        every_split(message + message, [&](const Pieces& pieces) {
            ASSERT_THAT(events_of(pieces), ElementsAre("text<Hello>", "text<Hello>"));
        });
    EXPECT_THAT(events_of(client_frame(0xc1, raw("\x00"))), ElementsAre("text<>"));
}

TEST(ReceiverOfDeflate, ReadsARichStreamHoweverItIsSplit) {
    const std::string text = deflated(
        "Gr\xc3\xbc\xc3\x9f"
        "e \xf0\x9f\x98\x80");
    const std::string stream =
        client_frame(0x81, "plain") + client_frame(0xc1, text) + client_frame(0x89, "a") +
        client_frame(0xc2, deflated(noise(50))) + client_frame(0x41, text.substr(0, 2)) + client_frame(0x00, "") +
        client_frame(0x8a, "b") + client_frame(0x00, text.substr(2, 5)) + client_frame(0x80, text.substr(7)) +
        client_frame(0x01, "plain ") + client_frame(0x80, "again") + client_frame(0xc1, raw("\x00")) +
        client_frame(0x41, "") + client_frame(0x80, raw("\x00")) + client_frame(0x89, "c") +
        client_frame(0x88, "\x03\xe8");
    every_split(stream, [&](const Pieces& pieces) {
        ASSERT_THAT(events_of(pieces), ElementsAre("text<plain>",
                                                   "text<Gr\xc3\xbc\xc3\x9f"
                                                   "e \xf0\x9f\x98\x80>",
                                                   "ping a", "binary<" + noise(50) + ">",
                                                   "text<Gr\xc3\xbc\xc3\x9f"
                                                   "e \xf0\x9f\x98\x80>",
                                                   "text<plain again>", "text<>", "text<>", "ping c", "close 1000"));
    });
}

TEST(ReceiverOfDeflate, ReadsMessagesOfEveryKindOfLength) {
    for (const std::size_t size : {1U, 125U, 32767U, 32768U, 32769U, 65536U, 200'000U})
        for (const std::string& text : {std::string(size, 'x'), prose(size), noise(size)}) {
            const std::string frame = client_frame(0xc2, deflated(text));
            EXPECT_THAT(events_of(frame + frame), ElementsAre("binary<" + text + ">", "binary<" + text + ">")) << size;
            Connection connection;
            for (std::size_t at = 0; at < frame.size(); at += 1000) connection.read(frame.substr(at, 1000));
            EXPECT_THAT(connection.events, ElementsAre("binary<" + text + ">")) << size;
            EXPECT_LE(connection.largest, most_inflated);
        }
}

TEST(ReceiverOfDeflate, WantsRsv1InTheFirstFrameOfAMessageOnly) {  // RFC 7692, 6 and 8
    for (unsigned first = 0; first < 256; ++first) {
        const unsigned opcode = first & 0x0f;
        const bool fine = (first & 0x70) == 0x40 && (opcode == 1 || opcode == 2);
        if ((first & 0x70) == 0) continue;
        const Events events = events_of(client_frame(first, hello));
        if (fine)
            EXPECT_THAT(events, ElementsAre(testing::HasSubstr("<Hello"))) << first;
        else
            EXPECT_THAT(events, ElementsAre(reserved)) << first;
        const Events within = events_of(client_frame(0x41, hello.substr(0, 1)) + client_frame(first, hello.substr(1)));
        EXPECT_EQ(within.back(), fine ? "fail 1002 new message inside a message" : reserved) << first;
    }
}

TEST(ReceiverOfDeflate, WantsNoRsv1WhereNothingWasAgreedOn) {
    Receiver receiver(0, BinaryPolicy::accept);
    std::string bytes = client_frame(0xc1, hello);
    auto rest = fixtures::writable_bytes_of(bytes);
    const auto event = receiver.next(rest);
    ASSERT_TRUE(event);
    EXPECT_EQ(std::get<Failure>(*event).code, 1002);
}

TEST(ReceiverOfDeflate, CountsWhatIsInflated) {
    const std::string text(5000, 'x');
    EXPECT_THAT(events_of(client_frame(0xc1, deflated(text)), 5000), ElementsAre("text<" + text + ">"));
    EXPECT_THAT(events_of(client_frame(0xc1, deflated(text)), 4999), ElementsAre("fail 1009 "));
    const std::string payload = deflated(noise(1000));
    EXPECT_GT(payload.size(), 1000u);  // more than the limit, but not when it is inflated
    EXPECT_THAT(events_of(client_frame(0xc2, payload), 1000), ElementsAre("binary<" + noise(1000) + ">"));
    const std::string two = client_frame(0xc1, deflated(text)) + client_frame(0x81, std::string(5000, 'y'));
    EXPECT_THAT(events_of(two, 5000), ElementsAre("text<" + text + ">", "text<" + std::string(5000, 'y') + ">"));
}

TEST(ReceiverOfDeflate, CountsAllFragments) {
    const std::string payload = deflated(prose(3000));
    std::string frames = client_frame(0x41, payload.substr(0, 10));
    for (std::size_t at = 10; at < payload.size(); at += 100) frames += client_frame(0x00, payload.substr(at, 100));
    frames += client_frame(0x80, "");
    EXPECT_EQ(events_of(frames, 3000), Events{"text<" + prose(3000) + ">"});
    EXPECT_EQ(events_of(frames, 2999).back(), "fail 1009 ");
    EXPECT_EQ(events_of(frames, 1).back(), "fail 1009 ");
}

TEST(ReceiverOfDeflate, FailsOnABombHavingMadeNoMoreThanItsLimit) {
    const std::string bomb = client_frame(0xc1, deflated(std::string(20'000'000, 'x')));
    const Events events = events_of(bomb, 100'000);
    ASSERT_EQ(events.size(), 2u);
    EXPECT_LE(events[0].size(), 100'005u);
    EXPECT_EQ(events[1], "fail 1009 ");
    EXPECT_EQ(events_of(bomb, most_inflated - 1), Events{"fail 1009 "});
    EXPECT_EQ(events_of(bomb)[0].size(), 20'000'006u);
}

TEST(ReceiverOfDeflate, TakesTheLargestLimit) {
    EXPECT_THAT(events_of(client_frame(0xc1, hello), UINT64_MAX), ElementsAre("text<Hello>"));
}

TEST(ReceiverOfDeflate, JudgesTextThatIsInflated) {
    for (const std::string text : {"\xff", "ab\xc3(", "\xe2\x82", "\xed\xa0\x80", "a\xf0\x9f"}) {
        every_split(client_frame(0xc1, deflated(text)),
                    [&](const Pieces& pieces) { ASSERT_THAT(events_of(pieces), ElementsAre("fail 1007 ")); });
        EXPECT_THAT(events_of(client_frame(0xc2, deflated(text))), ElementsAre("binary<" + text + ">"));
        EXPECT_THAT(events_of(client_frame(0xc2, deflated(text)), 0, BinaryPolicy::as_text), ElementsAre("fail 1007 "));
    }
    EXPECT_THAT(events_of(client_frame(0xc2, hello), 0, BinaryPolicy::refuse), ElementsAre("fail 1003 "));
}

TEST(ReceiverOfDeflate, JudgesALaterMessageAfresh) {
    const std::string frames = client_frame(0xc1, deflated("\xc3\xbc")) + client_frame(0x81, "\xc3\xbc") +
                               client_frame(0xc1, deflated("\xc3"));
    EXPECT_THAT(events_of(frames), ElementsAre("text<\xc3\xbc>", "text<\xc3\xbc>", "fail 1007 "));
}

TEST(ReceiverOfDeflate, FailsOnCorruptDataHavingHandedOnNothing) {
    for (const std::string& payload :
         {std::string("\x07"), raw("\x00\x05\x00\xfa\xfe"), raw("\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c"),
          deflated(prose(2000)).substr(0, 300), raw("\xf2\x00\x11\x00\x00"), noise(5000)})
        EXPECT_THAT(events_of(client_frame(0xc2, payload)), ElementsAre(corrupt)) << payload.size();
}

TEST(ReceiverOfDeflate, FailsOnWhatIsWrongFirst) {
    // Of a long frame, which comes as it is cut: a byte that is no text, then a block of no type.
    const std::string payload = fixtures::flushed("ab\xff") + "\x07";
    const std::string frame = client_frame(0xc1, payload + std::string(70'000, 'x'));
    for (const std::size_t size :
         {frame.size(), std::size_t{14} + payload.size(), std::size_t{14} + payload.size() - 1})
        EXPECT_EQ(events_of(frame.substr(0, size)).back(), "fail 1007 ") << size;
    EXPECT_EQ(events_of(frame, 1).back(), "fail 1009 ");
}

TEST(ReceiverOfDeflate, FailsOnAMessageThatEndsTooSoonInALaterFrame) {
    const std::string payload = deflated(prose(2000));
    const Events events =
        events_of(client_frame(0x41, payload.substr(0, 300)) + client_frame(0x80, payload.substr(300, 100)));
    EXPECT_EQ(events.back(), corrupt);
}

TEST(ReceiverOfDeflate, HandsOnNothingOfASmallFrameThatIsNotWhole) {
    const std::string frame = client_frame(0xc2, deflated(noise(20'000)));
    Connection connection;
    connection.read(frame.substr(0, frame.size() - 1));
    EXPECT_THAT(connection.events, testing::IsEmpty());
    connection.read(frame.substr(frame.size() - 1));
    EXPECT_EQ(connection.events, Events{"binary<" + noise(20'000) + ">"});
}

TEST(ReceiverOfDeflate, HandsOnALongFrameAsItComes) {
    const std::string frame = client_frame(0xc2, deflated(noise(100'000)));
    Connection connection;
    connection.read(frame.substr(0, 50'000));
    ASSERT_EQ(connection.events.size(), 1u);
    EXPECT_GT(connection.events[0].size(), 10'000u);
    connection.read(frame.substr(50'000));
    EXPECT_EQ(connection.events, Events{"binary<" + noise(100'000) + ">"});
}

TEST(ReceiverOfDeflate, KeepsNothingOfTheMessagesBefore) {  // RFC 7692, 7.2.3.2
    const std::string frames = client_frame(0xc1, hello) + client_frame(0xc1, raw("\xf2\x00\x11\x00\x00"));
    EXPECT_EQ(events_of(frames).back(), corrupt);
}

}  // namespace
}  // namespace wsinetd::websocket::receiver_deflate_test
