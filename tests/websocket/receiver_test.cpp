#include "websocket/receiver.hpp"

#include <gmock/gmock.h>

#include <utility>

#include "fixtures/every_split.hpp"
#include "websocket/client_frame.hpp"

namespace wsinetd::websocket::receiver_test {
namespace {

using fixtures::every_split;
using fixtures::Pieces;
using fixtures::text_of;
using testing::ElementsAre;
using testing::IsEmpty;
using Events = std::vector<std::string>;

/// `text<Hello>` is a whole message, `text<Hel-` its beginning, `text-l-` its middle, `text-o>` its end.
std::string told(const Event& event) {
    if (const auto* data = std::get_if<Data>(&event))
        return (data->type == Opcode::text ? "text" : "binary") + std::string(data->piece.first ? "<" : "-") +
               text_of(data->piece.bytes) + (data->piece.last ? ">" : "-");
    if (const auto* ping = std::get_if<Ping>(&event)) return "ping " + text_of(ping->payload);
    if (const auto* pong = std::get_if<Pong>(&event)) return "pong " + text_of(pong->payload);
    if (const auto* close = std::get_if<CloseReceived>(&event))
        return "close " + (close->code ? std::to_string(*close->code) : "none") + ' ' + std::string(close->reason);
    const auto& failure = std::get<Failure>(event);
    return "fail " + std::to_string(failure.code) + ' ' + std::string(failure.reason);
}

/// A caller who keeps its promises: what was left comes again, with more behind it.
class Connection {
public:
    explicit Connection(std::uint64_t max_message = 0, BinaryPolicy binary = BinaryPolicy::accept)
        : receiver_(max_message, binary) {}

    Events read(std::string_view bytes) {
        std::vector<std::byte> all(left_.size() + bytes.size());  // no byte more: what reads beyond is found out
        std::ranges::copy(left_, all.begin());
        std::ranges::copy(fixtures::bytes_of(bytes), all.begin() + static_cast<std::ptrdiff_t>(left_.size()));
        std::span<std::byte> rest(all);
        Events events;
        while (const auto event = receiver_.next(rest)) events.push_back(told(*event));
        left_.assign(rest.begin(), rest.end());
        return events;
    }

    Events read(const Pieces& pieces) {
        Events events;
        for (const std::string& piece : pieces)
            for (std::string& event : read(std::string_view(piece))) events.push_back(std::move(event));
        return events;
    }

    [[nodiscard]] std::size_t left() const { return left_.size(); }

private:
    Receiver receiver_;
    std::vector<std::byte> left_;
};

Events events_of(std::string_view bytes, std::uint64_t max_message = 0, BinaryPolicy binary = BinaryPolicy::accept) {
    return Connection(max_message, binary).read(bytes);
}

/// Everything up to the byte before the last is fine, and with the last comes the failure; then nothing follows.
void expect_failure_at_the_last_byte(std::string_view bytes, const std::string& failure, std::uint64_t max_message = 0,
                                     BinaryPolicy binary = BinaryPolicy::accept) {
    Connection connection(max_message, binary);
    for (std::size_t i = 0; i + 1 < bytes.size(); ++i)
        for (const std::string& event : connection.read(bytes.substr(i, 1)))
            ASSERT_FALSE(event.starts_with("fail")) << event << " at byte " << i << " of " << bytes.size();
    ASSERT_THAT(connection.read(bytes.substr(bytes.size() - 1)), ElementsAre("fail " + failure)) << bytes.size();
    ASSERT_THAT(connection.read(client_frame(0x81, "more")), IsEmpty());
    ASSERT_EQ(connection.left(), 0u);
    Events whole = events_of(bytes, max_message, binary);
    ASSERT_FALSE(whole.empty());
    ASSERT_EQ(whole.back(), "fail " + failure);
}

TEST(Receiver, ReadsTheRfcsExamples) {  // 5.7, those that a client may send
    EXPECT_THAT(events_of("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"), ElementsAre("text<Hello>"));
    EXPECT_THAT(events_of("\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"), ElementsAre("pong Hello"));
}

/// What must be known of a message to write its length before it.
TEST(Receiver, TellsHowMuchOfAMessageIsToComeOnceItsLastFrameHasBegun) {
    Receiver receiver(0, BinaryPolicy::accept);
    const auto read = [&](std::string bytes) {
        std::span<std::byte> rest = fixtures::writable_bytes_of(bytes);
        while (receiver.next(rest)) {
        }
    };
    EXPECT_EQ(receiver.to_come(), std::nullopt);
    const std::string whole = client_frame(0x81, std::string(100'000, 'x'));
    read(whole.substr(0, 14 + 1000));
    EXPECT_EQ(receiver.to_come(), 99'000U);
    read(whole.substr(14 + 1000, 98'999));
    EXPECT_EQ(receiver.to_come(), 1U);
    read(whole.substr(14 + 99'999));
    EXPECT_EQ(receiver.to_come(), std::nullopt);
    const std::string fragment = client_frame(0x01, std::string(100'000, 'x'));
    read(fragment.substr(0, 14 + 1000));
    EXPECT_EQ(receiver.to_come(), std::nullopt);
    read(fragment.substr(14 + 1000));
    read(client_frame(0x80, std::string(100'000, 'x')).substr(0, 14 + 10));
    EXPECT_EQ(receiver.to_come(), 99'990U);
}

TEST(Receiver, ReadsARichStreamHoweverItIsSplit) {
    const std::string stream =
        client_frame(0x81, "Hello") + client_frame(0x81, "") + client_frame(0x82, raw("\x00\xff\x80")) +
        client_frame(0x01, "Gr\xc3") + client_frame(0x89, "are you there") + client_frame(0x00, "\xbc\xc3\x9f") +
        client_frame(0x00, "") + client_frame(0x8a, "") + client_frame(0x80, "e \xf0\x9f\x98\x80") +
        client_frame(0x02, "") + client_frame(0x80, "") + client_frame(0x81, std::string(126, 'x')) +
        client_frame(0x89, std::string(125, 'p')) +
        client_frame(0x88,
                     "\x03\xe9"
                     "bye") +
        client_frame(0x81, "late");
    const Events expected{"text<Hello>",
                          "text<>",
                          raw("binary<\x00\xff\x80>"),
                          "text<Gr\xc3-",
                          "ping are you there",
                          "text-\xbc\xc3\x9f-",
                          "text--",
                          "pong ",
                          "text-e \xf0\x9f\x98\x80>",
                          "binary<-",
                          "binary->",
                          "text<" + std::string(126, 'x') + ">",
                          "ping " + std::string(125, 'p'),
                          "close 1001 bye"};
    every_split(stream, [&](const Pieces& pieces) { ASSERT_EQ(Connection(1024).read(pieces), expected); });
}

/// What a frame with this first byte is, by 5.2, 5.4 and 5.5; the payload is empty.
std::string verdict(unsigned first, bool in_message) {
    const bool fin = (first & 0x80) != 0;
    const unsigned opcode = first & 0x0f;
    const std::string end = fin ? ">" : "-";
    if ((first & 0x70) != 0) return "fail 1002 reserved bit set";
    if (opcode == 0) return in_message ? "text-" + end : "fail 1002 continuation without a message";
    if (opcode <= 2 && in_message) return "fail 1002 new message inside a message";
    if (opcode == 1) return "text<" + end;
    if (opcode == 2) return "binary<" + end;
    if (opcode < 8 || opcode > 10) return "fail 1002 reserved opcode";
    if (!fin) return "fail 1002 fragmented control frame";
    return opcode == 8 ? "close none " : opcode == 9 ? "ping " : "pong ";
}

TEST(Receiver, JudgesEveryFirstByteInAndOutOfAMessage) {
    for (unsigned first = 0; first < 256; ++first) {
        const std::string frame = client_frame(first, "");
        const std::string outside = verdict(first, false);
        const std::string inside = verdict(first, true);
        EXPECT_THAT(events_of(frame), ElementsAre(outside)) << first;
        EXPECT_THAT(events_of(client_frame(0x01, "a") + frame), ElementsAre("text<a-", inside)) << first;
        if (outside.starts_with("fail")) expect_failure_at_the_last_byte(frame.substr(0, 1), outside.substr(5));
        if (inside.starts_with("fail"))
            expect_failure_at_the_last_byte(client_frame(0x01, "a") + frame.substr(0, 1), inside.substr(5));
    }
}

TEST(Receiver, JudgesEverySecondByteOfDataAndControlFrames) {
    for (unsigned second = 0; second < 256; ++second) {
        const bool mask = (second & 0x80) != 0;
        const unsigned length = second & 0x7f;
        for (const unsigned first : {0x81u, 0x82u, 0x89u, 0x8au}) {
            const std::string head = big_endian(first << 8 | second, 2);
            const bool control = first >= 0x88;
            if (!mask) {
                expect_failure_at_the_last_byte(head, "1002 frame without a mask");  // 5.1
            } else if (control && length > 125) {
                expect_failure_at_the_last_byte(head, "1002 control frame too long");  // 5.5
            } else if (length > 125) {
                EXPECT_THAT(events_of(head), IsEmpty());
            } else {
                const std::string payload(length, 'x');
                const std::string kind = first == 0x81   ? "text<"
                                         : first == 0x82 ? "binary<"
                                         : first == 0x89 ? "ping "
                                                         : "pong ";
                EXPECT_THAT(events_of(head + std::string(rfc_key) + masked(payload)),
                            ElementsAre(kind + payload + (control ? "" : ">")));
            }
        }
    }
}

TEST(Receiver, FailsTheConnectionOnAnUnmaskedFrame) {
    expect_failure_at_the_last_byte("\x81\x05", "1002 frame without a mask");
    EXPECT_THAT(events_of(raw("\x81\x05Hello")), ElementsAre("fail 1002 frame without a mask"));  // 5.7
}

TEST(Receiver, TakesEveryLengthInItsShortestForm) {
    for (const std::size_t length : {0u, 1u, 124u, 125u, 126u, 127u, 65534u, 65535u, 65536u}) {
        const std::string payload(length, 'x');
        const std::string frame = client_frame(0x81, payload);
        EXPECT_THAT(events_of(frame), ElementsAre("text<" + payload + ">")) << length;
        Connection connection;
        EXPECT_THAT(connection.read(std::string_view(frame).substr(0, frame.size() - 1)), IsEmpty()) << length;
        EXPECT_THAT(connection.read(std::string_view(frame).substr(frame.size() - 1)),
                    ElementsAre("text<" + payload + ">"));
    }
}

TEST(Receiver, RefusesLengthsThatAreNotInTheirShortestForm) {  // 5.2
    for (std::uint64_t length = 0; length < 126; ++length)
        expect_failure_at_the_last_byte(client_header(0x81, length, 16).substr(0, 4),
                                        "1002 length not in its shortest form");
    for (const std::uint64_t length : {0u, 1u, 125u, 126u, 65535u})
        expect_failure_at_the_last_byte(client_header(0x82, length, 64).substr(0, 8),
                                        "1002 length not in its shortest form");
    EXPECT_THAT(events_of(client_header(0x81, 126, 16)), IsEmpty());
    EXPECT_THAT(events_of(client_header(0x81, 65536, 64)), IsEmpty());
}

TEST(Receiver, RefusesALengthWithItsTopBitSet) {  // 5.2
    expect_failure_at_the_last_byte("\x82\xff\x80", "1002 length with its top bit set");
    expect_failure_at_the_last_byte("\x82\xff\xff", "1002 length with its top bit set");
    EXPECT_THAT(events_of(client_header(0x82, 0x7fffffffffffffff, 64) + masked("abc")), ElementsAre("binary<abc-"));
}

TEST(Receiver, DeliversAFrameOf64KibOnlyWhole) {
    const std::string payload(65536, 'x');
    const std::string frame = client_frame(0x81, payload);
    Connection connection;
    for (std::size_t i = 0; i + 1 < frame.size(); i += 1001)
        ASSERT_THAT(connection.read(frame.substr(i, std::min<std::size_t>(1001, frame.size() - 1 - i))), IsEmpty())
            << i;
    EXPECT_EQ(connection.left(), frame.size() - 1);
    EXPECT_THAT(connection.read(frame.substr(frame.size() - 1)), ElementsAre("text<" + payload + ">"));
    EXPECT_EQ(connection.left(), 0u);
}

TEST(Receiver, StreamsALongerFrameAsItArrives) {
    const std::string payload = std::string(70000, 'x') + "end";
    const std::string frame = client_frame(0x82, payload);
    Connection connection;
    EXPECT_THAT(connection.read(frame.substr(0, 14)), IsEmpty());
    EXPECT_EQ(connection.left(), 0u);
    EXPECT_THAT(connection.read(frame.substr(14, 1)), ElementsAre("binary<x-"));
    EXPECT_THAT(connection.read(frame.substr(15, 2)), ElementsAre("binary-xx-"));
    EXPECT_THAT(
        connection.read(frame.substr(17) + client_frame(0x81, "next")),
        ElementsAre("binary-" + std::string(65536, 'x') + "-", "binary-" + payload.substr(65539) + ">", "text<next>"));
}

TEST(Receiver, StreamsTheSameMessageHoweverItIsCut) {
    std::string payload;
    while (payload.size() < 65537)
        payload +=
            "\xe2\x82\xac"
            "abcd";
    const std::string stream = client_frame(0x01, payload) + client_frame(0x89, "p") + client_frame(0x80, payload);
    for (const std::size_t step : {1u, 2u, 3u, 5u, 7u, 13u, 64u, 4096u, 60000u, 65536u, 100000u}) {
        Connection connection;
        std::string message;
        Events others;
        for (std::size_t i = 0; i < stream.size(); i += step)
            for (const std::string& event : connection.read(std::string_view(stream).substr(i, step))) {
                if (!event.starts_with("text")) {
                    others.push_back(event);
                    EXPECT_EQ(message.size(), payload.size());
                    continue;
                }
                EXPECT_EQ(event[4], message.empty() ? '<' : '-');
                message += event.substr(5, event.size() - 6);
                EXPECT_EQ(event.back(), message.size() == 2 * payload.size() ? '>' : '-');
            }
        EXPECT_TRUE(message == payload + payload) << step;
        EXPECT_THAT(others, ElementsAre("ping p")) << step;
    }
}

struct BadText {
    std::string_view bytes;
    std::size_t wrong;  ///< index of the first byte that cannot be part of it
};

constexpr BadText bad_texts[] = {
    {"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xf4\x90\x80\x80"
     "edited",
     12},
    {"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80"
     "edited",
     12},
    {"\x80", 0},
    {"\xbf", 0},
    {"\xc0\xaf", 0},
    {"\xc1\xbf", 0},
    {"\xe0\x80\xaf", 1},
    {"\xe0\x9f\xbf", 1},
    {"\xf0\x80\x80\xaf", 1},
    {"\xf0\x8f\xbf\xbf", 1},
    {"\xed\xbf\xbf", 1},
    {"\xf5\x80\x80\x80", 0},
    {"\xf8\x88\x80\x80\x80", 0},
    {"\xfe", 0},
    {"\xff", 0},
    {"\xc3(", 1},
    {"\xe2\x82(", 2},
    {"\xf0\x9f\x98(", 3},
    {"\xc3\xc3", 1},
};

TEST(Receiver, FailsAtTheFirstImpossibleByteOfAText) {
    for (const BadText& bad : bad_texts)
        for (const std::size_t before : {0u, 1u, 2u, 7u, 15u, 16u, 17u, 31u, 33u, 63u, 64u, 65u, 130u}) {
            const std::string text = std::string(before, 'a') + std::string(bad.bytes) + std::string(70, 'z');
            const std::string frame = client_frame(0x81, text);
            const std::size_t header = frame.size() - text.size();
            expect_failure_at_the_last_byte(frame.substr(0, header + before + bad.wrong + 1), "1007 ");
            EXPECT_THAT(events_of(frame), ElementsAre("fail 1007 "));
        }
}

TEST(Receiver, FailsAtTheFirstImpossibleByteOverFragments) {
    for (const BadText& bad : bad_texts) {
        std::string stream = client_frame(0x01, "");
        for (std::size_t i = 0; i < bad.wrong; ++i)
            stream += client_frame(0x00, bad.bytes.substr(i, 1)) + client_frame(0x89, "between");
        stream += client_frame(0x00, std::string(bad.bytes.substr(bad.wrong, 1)) + "zz");
        expect_failure_at_the_last_byte(stream.substr(0, stream.size() - 2), "1007 ");
    }
}

TEST(Receiver, FailsAtTheFirstImpossibleByteOfALongFrame) {
    for (const BadText& bad : bad_texts) {
        Connection connection;
        EXPECT_THAT(connection.read(client_header(0x81, 100000, 64)), IsEmpty());
        for (std::size_t i = 0; i <= bad.wrong; ++i) {
            const std::string byte(1, static_cast<char>(bad.bytes[i] ^ rfc_key[i % 4]));
            EXPECT_THAT(connection.read(byte), ElementsAre(i == bad.wrong ? "fail 1007 "
                                                           : i == 0       ? "text<" + std::string(1, bad.bytes[i]) + "-"
                                                                    : "text-" + std::string(1, bad.bytes[i]) + "-"));
        }
    }
}

TEST(Receiver, FailsAtTheEndOfATextThatEndsWithinACharacter) {
    for (const char* cut : {"\xce", "\xe1\xbd", "\xf0\x9f\x98", "abc\xe1", "\xe2\x82\xac\xe2\x82"}) {
        expect_failure_at_the_last_byte(client_frame(0x81, cut), "1007 ");
        expect_failure_at_the_last_byte(client_frame(0x01, cut) + client_frame(0x80, ""), "1007 ");
        expect_failure_at_the_last_byte(client_frame(0x01, "") + client_frame(0x80, cut), "1007 ");
        EXPECT_THAT(events_of(client_frame(0x01, cut)), ElementsAre("text<" + std::string(cut) + "-"));
    }
    const std::string events = events_of(client_frame(0x81, std::string(70000, 'x') + "\xce")).back();
    EXPECT_EQ(events, "fail 1007 ");
}

TEST(Receiver, TakesEveryKindOfWellFormedText) {
    for (const std::string& text :
         {raw("\x00"), raw("\x7f"), raw("\xc2\x80"), raw("\xdf\xbf"), raw("\xe0\xa0\x80"), raw("\xed\x9f\xbf"),
          raw("\xee\x80\x80"), raw("\xef\xbf\xbd"), raw("\xef\xbf\xbf"), raw("\xf0\x90\x80\x80"),
          raw("\xf4\x8f\xbf\xbf"), raw("\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5")})
        every_split(client_frame(0x81, text) + client_frame(0x81, "\xc3\xa4"), [&](const Pieces& pieces) {
            ASSERT_THAT(Connection().read(pieces), ElementsAre("text<" + text + ">", "text<\xc3\xa4>"));
        });
}

TEST(Receiver, DoesNotJudgeBinaryMessagesAsText) {
    every_split(client_frame(0x02, "\xff") + client_frame(0x80, "\xce"), [](const Pieces& pieces) {
        ASSERT_THAT(Connection().read(pieces), ElementsAre("binary<\xff-", "binary-\xce>"));
    });
}

TEST(Receiver, RefusesABinaryMessageAtItsFirstByteIfSoTold) {
    expect_failure_at_the_last_byte("\x82", "1003 ", 0, BinaryPolicy::refuse);
    expect_failure_at_the_last_byte("\x02", "1003 ", 0, BinaryPolicy::refuse);
    EXPECT_THAT(events_of(client_frame(0x81, "text"), 0, BinaryPolicy::refuse), ElementsAre("text<text>"));
}

TEST(Receiver, JudgesABinaryMessageAsTextIfSoTold) {
    const auto policy = BinaryPolicy::as_text;
    EXPECT_THAT(events_of(client_frame(0x02, "\xc3") + client_frame(0x80, "\xa4"), 0, policy),
                ElementsAre("binary<\xc3-", "binary-\xa4>"));
    expect_failure_at_the_last_byte(client_frame(0x82,
                                                 "a\xff"
                                                 "b")
                                        .substr(0, 8),
                                    "1007 ", 0, policy);
    expect_failure_at_the_last_byte(client_frame(0x82, "\xc3"), "1007 ", 0, policy);
}

TEST(Receiver, FailsAtTheHeaderThatMakesAMessageTooBig) {
    EXPECT_THAT(events_of(client_frame(0x81, "12345"), 5), ElementsAre("text<12345>"));
    expect_failure_at_the_last_byte(client_frame(0x81, "123456").substr(0, 2), "1009 ", 5);
    expect_failure_at_the_last_byte(client_header(0x82, 126, 16).substr(0, 4), "1009 ", 125);
    expect_failure_at_the_last_byte(client_header(0x82, 70000, 64).substr(0, 10), "1009 ", 69999);
    EXPECT_THAT(events_of(client_frame(0x82, std::string(70000, 'x')), 70000).size(), 2u);
}

TEST(Receiver, AddsUpTheFragmentsOfAMessageButNotControlFramesNorTheMessageBefore) {
    const std::string begin = client_frame(0x81, "12345") + client_frame(0x01, "123") +
                              client_frame(0x89, "123456789") + client_frame(0x00, "");
    EXPECT_THAT(events_of(begin + client_frame(0x80, "45") + client_frame(0x81, "12345"), 5),
                ElementsAre("text<12345>", "text<123-", "ping 123456789", "text--", "text-45>", "text<12345>"));
    expect_failure_at_the_last_byte(begin + client_frame(0x80, "456").substr(0, 2), "1009 ", 5);
}

TEST(Receiver, DoesNotLetTheSumOfFragmentsOverflow) {
    const std::string long_frame = client_header(0x02, 65537, 64) + masked(std::string(65537, 'x'));
    const std::string huge = client_header(0x00, 0x7fffffffffffffff, 64).substr(0, 10);
    EXPECT_EQ(events_of(long_frame + huge, 1 << 20).back(), "fail 1009 ");
    EXPECT_EQ(events_of(long_frame + huge, ~std::uint64_t{0} >> 1).back(), "fail 1009 ");
    EXPECT_EQ(events_of(long_frame + huge, ~std::uint64_t{0}).back(), "binary-x-");
}

TEST(Receiver, JudgesCloseFrames) {
    EXPECT_THAT(events_of(client_frame(0x88, "")), ElementsAre("close none "));
    EXPECT_THAT(events_of(client_frame(0x88, "\x0f\xa0")), ElementsAre("close 4000 "));
    expect_failure_at_the_last_byte(client_frame(0x88, "\x03"), "1002 close frame with half a code");
    expect_failure_at_the_last_byte(client_frame(0x88, "\x03\xed"), "1002 close code that must not be sent");
    expect_failure_at_the_last_byte(client_frame(0x88, "\x03\xe8\xff"), "1007 ");
}

TEST(Receiver, IgnoresWhatFollowsAClose) {
    Connection connection;
    EXPECT_THAT(
        connection.read(client_frame(0x01, "a") + client_frame(0x88, "") + client_frame(0x80, "b") + "\xff\xff"),
        ElementsAre("text<a-", "close none "));
    EXPECT_EQ(connection.left(), 0u);
    EXPECT_THAT(connection.read("anything"), IsEmpty());
    EXPECT_EQ(connection.left(), 0u);
}

TEST(Receiver, UnmasksWithWhateverKeyAFrameHas) {
    for (const std::string& key : {raw("\x00\x00\x00\x00"), raw("\xff\x00\xff\x00"), raw("\x01\x02\x03\x04")}) {
        const std::string frame = "\x81\x89" + key + masked("nine char", key);
        every_split(frame, [](const Pieces& pieces) {
            ASSERT_THAT(Connection().read(pieces), ElementsAre("text<nine char>"));
        });
    }
}

}  // namespace
}  // namespace wsinetd::websocket::receiver_test
