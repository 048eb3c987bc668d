#include "http/event_stream.hpp"

#include <gtest/gtest.h>

#include <random>

#include "fixtures/every_split.hpp"
#include "http/event_stream_reader.hpp"

namespace wsinetd::http {

/// For messages of a test that fails.
void PrintTo(const ReceivedEvent& event, std::ostream* out) {
    *out << event.type << " " << event.last_id << ": " << testing::PrintToString(event.data);
}

}  // namespace wsinetd::http

namespace wsinetd::http::event_stream_test {
namespace {

using fixtures::bytes_of;
using fixtures::every_split;
using fixtures::Pieces;
using Events = std::vector<ReceivedEvent>;

/// One message, in pieces.
void add(EventStream& stream, const Pieces& pieces, std::string& out) {
    for (std::size_t i = 0; i < pieces.size(); ++i) {
        const std::size_t before = out.size();
        stream.add({bytes_of(pieces[i]), i == 0, i + 1 == pieces.size()}, out);
        EXPECT_LE(out.size() - before, 6 * pieces[i].size() + 36) << testing::PrintToString(pieces);
    }
}

/// Several messages, each in pieces.
std::string all_streamed(const std::vector<Pieces>& messages) {
    EventStream stream;
    std::string out;
    for (const Pieces& pieces : messages) add(stream, pieces, out);
    return out;
}

std::string streamed(const std::string& message) { return all_streamed({Pieces{message}}); }

// The examples of the standard, 9.2.6, show that the reader reads; after that it can judge.
TEST(EventStreamReader, ReadsTheStandardsExamples) {
    const EventStreamReader stocks("data: YHOO\ndata: +2\ndata: 10\n\n");
    EXPECT_EQ(stocks.events, (Events{{"message", "YHOO\n+2\n10", ""}}));
    const EventStreamReader four(
        ": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n");
    EXPECT_EQ(four.events, (Events{{"message", "first event", "1"}, {"message", "second event", ""}}));
    EXPECT_EQ(four.comments, 1u);
    const EventStreamReader empty("data\n\ndata\ndata\n\ndata:");
    EXPECT_EQ(empty.events, (Events{{"message", "", ""}, {"message", "\n", ""}}));
    const EventStreamReader same("data:test\n\ndata: test\n\n");
    EXPECT_EQ(same.events, (Events{{"message", "test", ""}, {"message", "test", ""}}));
}

TEST(EventStreamReader, ReadsTypesAndAllThreeLineEnds) {
    const EventStreamReader reader(
        "\xef\xbb\xbf"
        "event: add\r\ndata: 1\r\rdata: 2\n\r\nretry: 5\n\n");
    EXPECT_EQ(reader.events, (Events{{"add", "1", ""}, {"message", "2", ""}}));
    EXPECT_EQ(reader.unknown, 1u);
}

TEST(EventStream, MakesAnEventOfEachMessageAndCountsThemFromOne) {
    EXPECT_EQ(all_streamed({Pieces{"first"}, Pieces{"second"}, Pieces{"third"}}),
              "id: 1\ndata: first\n\nid: 2\ndata: second\n\nid: 3\ndata: third\n\n");
}

TEST(EventStream, MakesAnEmptyMessageAnEventWithAnEmptyLine) {
    EXPECT_EQ(streamed(""), "id: 1\ndata:\n\n");
    EXPECT_EQ(EventStreamReader(streamed("")).events, (Events{{"message", "", "1"}}));
    EXPECT_EQ(all_streamed({Pieces{"", "", ""}, Pieces{"", "a", ""}}), "id: 1\ndata:\n\nid: 2\ndata: a\n\n");
}

struct Row {
    std::string_view what;
    std::string_view message;
    std::string_view lines;  ///< between the id and the empty line
};

#define U_FFFD "\xef\xbf\xbd"

constexpr Row rows[] = {
    {"one line", "plain", "data: plain\n"},
    {"a blank at its beginning", " plain", "data:  plain\n"},
    {"LF", "a\nb", "data: a\ndata: b\n"},
    {"CR", "a\rb", "data: a\ndata: b\n"},
    {"CR LF", "a\r\nb", "data: a\ndata: b\n"},
    {"LF CR", "a\n\rb", "data: a\ndata:\ndata: b\n"},
    {"CR CR LF LF", "a\r\r\n\nb", "data: a\ndata:\ndata:\ndata: b\n"},
    {"a line break at the end", "a\n", "data: a\ndata:\n"},
    {"CR LF at the end", "a\r\n", "data: a\ndata:\n"},
    {"only line breaks", "\n\r\n\r", "data:\ndata:\ndata:\ndata:\n"},
    {"what looks like fields",
     "id: 9\n\nevent: close\ndata: x\n:", "data: id: 9\ndata:\ndata: event: close\ndata: data: x\ndata: :\n"},
    {"NUL", {"a\0b", 3}, {"data: a\0b\n", 10}},
    {"a byte order mark", "\xef\xbb\xbf", "data: \xef\xbb\xbf\n"},
    {"other line breaks of Unicode are none here", "a\v\f\xc2\x85\xe2\x80\xa8", "data: a\v\f\xc2\x85\xe2\x80\xa8\n"},
    {"well-formed text", "\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80", "data: \xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80\n"},
    {"a byte that never occurs", "a\xff", "data: a" U_FFFD "\n"},
    {"Latin-1", "\xfc\n\xfc", "data: " U_FFFD "\ndata: " U_FFFD "\n"},
    {"a begun character before a line break", "\xe2\x82\n\x82", "data: " U_FFFD "\ndata: " U_FFFD "\n"},
    {"and before CR LF", "\xe2\x82\r\n\xac", "data: " U_FFFD "\ndata: " U_FFFD "\n"},
    {"and at the end", "a\xf0\x9f\x98", "data: a" U_FFFD "\n"},
};

TEST(EventStream, BreaksLinesAndRepairsTextInEveryArrangement) {
    for (const Row& row : rows) {
        const std::string expected = std::string("id: 1\n").append(row.lines).append("\n");
        every_split(row.message, [&](Pieces pieces) {
            if (pieces.empty()) return;
            EXPECT_EQ(all_streamed({pieces}), expected) << row.what << testing::PrintToString(pieces);
            pieces.emplace_back();  // the end may be known only after the last byte
            EXPECT_EQ(all_streamed({pieces}), expected) << row.what << testing::PrintToString(pieces);
        });
    }
}

TEST(EventStream, ReachesAClientAsItWasButForLineBreaksAndInvalidText) {
    std::vector<Pieces> messages;
    Events expected;
    for (const Row& row : rows) {
        messages.push_back({std::string(row.message)});
        expected.push_back({"message", received_plainly(row.message), std::to_string(messages.size())});
    }
    const EventStreamReader reader(all_streamed(messages));
    EXPECT_EQ(reader.events, expected);
    EXPECT_EQ(reader.unknown, 0u);
}

TEST(EventStream, CarriesNothingOverFromOneMessageToTheNext) {
    EXPECT_EQ(all_streamed({Pieces{"a\r"}, Pieces{"\nb"}}), "id: 1\ndata: a\ndata:\n\nid: 2\ndata:\ndata: b\n\n");
    EXPECT_EQ(all_streamed({Pieces{"\xe2\x82"}, Pieces{"\xac"}}),
              "id: 1\ndata: " U_FFFD "\n\nid: 2\ndata: " U_FFFD "\n\n");
}

TEST(EventStream, MakesOneEventOfALongMessage) {
    const Pieces pieces{std::string(65536, 'a'), std::string(65536, 'b'), std::string(10, 'c')};
    EXPECT_EQ(all_streamed({pieces}), "id: 1\ndata: " + pieces[0] + pieces[1] + pieces[2] + "\n\n");
}

TEST(EventStream, GrowsSixfoldAtMost) {
    const std::string breaks = streamed(std::string(1000, '\n'));
    EXPECT_EQ(breaks.size(), 6 * 1000 + std::string_view("id: 1\ndata:\n\n").size());
    const std::string invalid = streamed(std::string(1000, '\xff'));
    EXPECT_EQ(invalid.size(), 3 * 1000 + std::string_view("id: 1\ndata: \n\n").size());
}

TEST(EventStream, AppendsToWhatIsThere) {
    std::string out = "before ";
    EventStream().add({bytes_of("a"), true, true}, out);
    EXPECT_EQ(out, "before id: 1\ndata: a\n\n");
}

TEST(EventStream, ReadsTheSameFromNoiseInPiecesOfAnyLength) {
    std::mt19937 random(9206);  // the same every time
    constexpr std::string_view bytes = "a \n\r:\xc3\xa4\xe2\x82\xac\xff\xf0\x9f";
    for (int round = 0; round < 2000; ++round) {
        std::vector<Pieces> messages;
        Events expected;
        for (auto count = random() % 4; count-- > 0;) {
            Pieces pieces(1 + random() % 4);
            std::string message;
            for (std::string& piece : pieces) {
                for (auto size = random() % 8; size-- > 0;) piece += bytes[random() % bytes.size()];
                message += piece;
            }
            messages.push_back(pieces);
            expected.push_back({"message", received_plainly(message), std::to_string(messages.size())});
        }
        ASSERT_EQ(EventStreamReader(all_streamed(messages)).events, expected) << testing::PrintToString(messages);
    }
}

TEST(EventStream, EndsWithTheExitStatus) {
    EXPECT_EQ(EventStream::close_event(0), "event: close\ndata: 0\n\n");
    EXPECT_EQ(EventStream::close_event(255), "event: close\ndata: 255\n\n");
    EXPECT_EQ(EventStream::close_event(128 + 9), "event: close\ndata: 137\n\n");
    const EventStreamReader reader(streamed("a") + EventStream::close_event(3));
    EXPECT_EQ(reader.events, (Events{{"message", "a", "1"}, {"close", "3", "1"}}));
}

TEST(EventStream, CommentsAreIgnored) {
    EXPECT_EQ(EventStream::comment(), ":\n\n");
    const std::string comment(EventStream::comment());
    const EventStreamReader reader(comment + streamed("a") + comment + comment);
    EXPECT_EQ(reader.events, (Events{{"message", "a", "1"}}));
    EXPECT_EQ(reader.comments, 3u);
}

}  // namespace
}  // namespace wsinetd::http::event_stream_test
