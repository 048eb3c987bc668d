#include "framing/body_splitter.hpp"

#include <gtest/gtest.h>

#include "framing/output_fixture.hpp"

namespace wsinetd::framing::body_splitter_test {
namespace {

using fixtures::every_split;
using fixtures::Pieces;
using testing::ElementsAre;
using testing::IsEmpty;

std::string body(std::string_view text) {
    return "Content-Length: " + std::to_string(text.size()) + "\r\n\r\n" + std::string(text);
}

/// However the output is cut.
void expect_split(const std::string& text, const Told& messages, const Told& strays, const std::string& failure = "") {
    every_split(text, [&](const Pieces& chunks) {
        SelectedOutput output(Kind::content_length);
        output.read_all(chunks);
        ASSERT_EQ(output.messages, messages) << testing::PrintToString(chunks);
        ASSERT_EQ(output.strays, strays) << testing::PrintToString(chunks);
        ASSERT_EQ(output.failure(), failure) << testing::PrintToString(chunks);
    });
}

// The base protocol.

TEST(BodySplitter, GivesTheExampleOfTheLanguageServerProtocol) {
    const std::string text = R"({
    "jsonrpc": "2.0",
    "id": 1,
    "method": "textDocument/completion",
    "params": {
    }
})";
    expect_split(body(text), {text}, {});
}

TEST(BodySplitter, GivesOneMessageForEachBody) {
    expect_split(body("one") + body("") + body("three\r\n\r\n") + body("Content-Length: 5\r\n\r\n"),
                 {"one", "", "three\r\n\r\n", "Content-Length: 5\r\n\r\n"}, {});
}

TEST(BodySplitter, CountsBytes) {
    expect_split(body("h\u00e9, \U0001f600") + body("!"), {"h\u00e9, \U0001f600", "!"}, {});
}

TEST(BodySplitter, TakesFieldsInAnyOrderAndCase) {
    expect_split(
        "Content-Type: application/vscode-jsonrpc; charset=utf-8\r\nContent-Length: 2\r\n\r\n{}"
        "CONTENT-LENGTH:1\r\nX-Other: a:b\r\n\r\n1"
        "content-length: \t 2 \t\r\nContent-type:\r\n\r\n[]",
        {"{}", "1", "[]"}, {});
}

TEST(BodySplitter, TakesLinesThatEndInLineFeedAlone) {
    expect_split("Content-Length: 2\n\n{}Content-Type: a\nX: b\nContent-Length: 1\n\n1", {"{}", "1"}, {});
}

TEST(BodySplitter, TakesTheSameLengthTwice) {
    expect_split("Content-Length: 2\r\nContent-Length: 02\r\n\r\n{}", {"{}"}, {});
}

TEST(BodySplitter, GivesNothingForNothing) { expect_split("\n", {}, {}); }

// What is no message.

TEST(BodySplitter, GivesWhatStandsBeforeAHeaderToTheLog) {
    expect_split("Starting the server\nv1.0: ready\r\n" + body("{}") + "bye\n" + body("[]") + "the end", {"{}", "[]"},
                 {"Starting the server", "bye", "the end"});
}

TEST(BodySplitter, TellsALogLineFromAField) {
    expect_split("INFO: started\nWarning: old\n" + body("{}"), {"{}"}, {"INFO: started", "Warning: old"});
}

TEST(BodySplitter, SkipsBlankLines) {
    expect_split("\n\r\n" + body("{}") + "\n\n" + body("1") + "\r\n", {"{}", "1"}, {});
}

TEST(BodySplitter, FindsTheNextHeaderBehindABodyThatIsLongerThanWasSaid) {
    expect_split("Content-Length: 3\r\n\r\n\"\u00e9\"" + body("{}") + "prompt> " + body("1"), {"\"\u00e9", "{}", "1"},
                 {"\"", "prompt> "});
}

TEST(BodySplitter, FindsAHeaderBehindWhatLooksLikeTheBeginningOfItsName) {
    expect_split("Content-Length: 3\r\n\r\nnull" + body("{}"), {"nul", "{}"}, {"l"});
    expect_split("X-Content-Length: 7\r\n" + body("{}"), {"{}"}, {});
}

TEST(BodySplitter, GivesALongLineInParts) {
    for (const std::size_t size : {100U, 2047U, 2048U, 2049U, 4032U, 5000U, 60'000U}) {
        for (const std::size_t chunk : {1U, 100U, 2048U, 65536U}) {
            const std::string text = std::string(size, 'x') + body("{}");
            SelectedOutput output(Kind::content_length);
            for (std::size_t at = 0; at < text.size(); at += chunk) output.read(text.substr(at, chunk));
            output.end();
            std::string strays;
            for (const std::string& stray : output.strays) {
                ASSERT_LE(stray.size(), 2048U);
                strays += stray;
            }
            ASSERT_EQ(strays, std::string(size, 'x')) << size << ' ' << chunk;
            ASSERT_THAT(output.messages, ElementsAre("{}")) << size << ' ' << chunk;
        }
    }
}

TEST(BodySplitter, Takes64KiBBetweenTwoBodiesAndNoMore) {
    const std::string header = "Content-Length: 2\r\n\r\n";
    for (const std::size_t spare : {0U, 1U}) {
        std::string lines;
        while (lines.size() < 65536 - header.size() - 100) lines += std::string(99, 'x') + "\n";
        lines += std::string(65536 - header.size() - lines.size() - 1 + spare, 'y') + "\n";
        SelectedOutput output(Kind::content_length);
        output.read(lines + header + "{}");
        output.read(lines + header + "{}");  // it counts anew behind each body
        const bool good = spare == 0;
        EXPECT_EQ(output.messages.size(), good ? 2U : 0U);
        EXPECT_EQ(output.failure(), good ? "" : "output is not framed by Content-Length");
    }
    SelectedOutput flood(Kind::content_length);
    for (int i = 0; i < 100; ++i) flood.read(std::string(1000, 'x'));
    EXPECT_EQ(flood.failure(), "output is not framed by Content-Length");
    EXPECT_LE(flood.splitter.held(), 2048U);
}

// What cannot be framed.

TEST(BodySplitter, FailsAtAHeaderWithoutLength) {
    const std::string why = "output has a header without Content-Length";
    expect_split(body("{}") + "Content-Type: json\r\n\r\n{}", {"{}"}, {}, why);
    expect_split("X-Length: 2\r\n\r\n" + body("{}"), {}, {}, why);
    expect_split("Content-Type: json\n\n{}", {}, {}, why);
}

TEST(BodySplitter, FailsAtALengthThatIsNoNumber) {
    for (const std::string length : {"", " ", "x", "-1", "-0", "+1", "1.0", "0x10", "1 2", "2,", "9223372036854775808",
                                     "1e3", "99999999999999999999999"})
        expect_split(body("{}") + "Content-Length:" + length + "\r\n\r\n" + body("{}"), {"{}"}, {},
                     "output has a Content-Length that is not a number");
}

TEST(BodySplitter, FailsAtTwoLengths) {
    expect_split("Content-Length: 2\r\nContent-Length: 3\r\n\r\n{} ", {}, {},
                 "output has a header with two different Content-Lengths");
}

TEST(BodySplitter, FailsAtALineThatIsNoFieldBehindALength) {
    for (const std::string line : {"hello", ": 1", "a b: 1", " folded", "Content-Length : 2"})
        expect_split("Content-Length: 2\r\n" + line + "\r\n\r\n{}", {}, {},
                     "output has a header line that is not \"Name: value\"");
    SelectedOutput output(Kind::content_length);
    output.read("Content-Length: 2\r\nX: " + std::string(3000, 'x'));
    EXPECT_EQ(output.failure(), "output has a header line that is not \"Name: value\"");
}

TEST(BodySplitter, FailsAtAnEndWithinAHeader) {
    for (const std::string text : {"Content-Length: 2", "Content-Length: 2\r", "Content-Length: 2\r\n",
                                   "Content-Length: 2\r\n\r", "Content-Type: json\r\n"}) {
        SelectedOutput output(Kind::content_length);
        output.read_all({body("{}"), text});
        EXPECT_THAT(output.messages, ElementsAre("{}"));
        EXPECT_EQ(output.failure(), "output ends within a header") << text;
    }
}

TEST(BodySplitter, FailsAtAnEndWithinABodyAndGivesNothingOfAShortOne) {
    const std::string why = "output ends within a body, short of its Content-Length";
    expect_split(body("{}") + "Content-Length: 3\r\n\r\n", {"{}"}, {}, why);
    expect_split(body("{}") + "Content-Length: 3\r\n\r\n[1", {"{}"}, {}, why);
    SelectedOutput output(Kind::content_length);
    output.read_all({"Content-Length: 3\r\n\r\n", "[1"});
    EXPECT_THAT(output.pieces, IsEmpty());
}

TEST(BodySplitter, TakesNothingMoreOnceItHasFailed) {
    SelectedOutput output(Kind::content_length);
    output.read("Content-Length: x\r\n\r\n");
    output.read(body("{}"));
    output.end();
    EXPECT_THAT(output.messages, IsEmpty());
    EXPECT_EQ(output.failure(), "output has a Content-Length that is not a number");
}

TEST(BodySplitter, SaysWhyInNoMoreThanAClosesReason) {
    for (const std::string text :
         {"Content-Length: x\r\n\r\n", "a: b\r\n\r\n", "Content-Length: 1\r\nContent-Length: 2\r\n",
          "Content-Length: 1\r\nx\r\n", "Content-Length: 1\r\n", "Content-Length: 1\r\n\r\n"}) {
        SelectedOutput output(Kind::content_length);
        output.read_all({text});
        EXPECT_THAT(output.failure().size(), testing::AllOf(testing::Gt(0U), testing::Le(123U))) << text;
    }
}

// How much at once.

TEST(BodySplitter, GivesABodyOfOneChunkAsAViewIntoIt) {
    Splitter splitter(Kind::content_length);
    const std::string text = body("abc") + body("");
    auto chunk = fixtures::bytes_of(text);
    const auto piece = splitter.next(chunk);
    ASSERT_TRUE(piece);
    EXPECT_EQ(piece->bytes.data(), fixtures::bytes_of(text).data() + body("").size());
    EXPECT_EQ(splitter.held(), 0U);
}

TEST(BodySplitter, GivesABodyOfAtMost64KiBWholeHoweverItIsRead) {
    for (const std::size_t size : {65535U, 65536U}) {
        const std::string text(size, 'x');
        const std::string all = body(text) + body("next");
        for (const std::size_t chunk : {1000U, 4096U, 65535U, 65536U, 70000U}) {
            SelectedOutput output(Kind::content_length);
            for (std::size_t at = 0; at < all.size(); at += chunk) {
                output.read(all.substr(at, chunk));
                ASSERT_LE(output.splitter.held(), max_piece);
            }
            output.end();
            ASSERT_THAT(output.pieces, ElementsAre("<" + text + ">", "<next>")) << size << ' ' << chunk;
        }
    }
}

TEST(BodySplitter, SendsALongBodyOnAsItComesAndHoldsNothingOfIt) {
    SelectedOutput output(Kind::content_length);
    output.read("Content-Length: 200000\r\n\r\n");
    EXPECT_FALSE(output.splitter.mid_message());
    output.read("a");
    EXPECT_THAT(output.pieces, ElementsAre("<a-"));
    EXPECT_TRUE(output.splitter.mid_message());
    for (int i = 0; i < 2; ++i) {
        output.read(std::string(99'999, 'x'));
        EXPECT_EQ(output.splitter.held(), 0U);
    }
    output.read("z" + body("next"));
    EXPECT_FALSE(output.splitter.mid_message());
    for (const std::string& piece : output.pieces) EXPECT_LE(piece.size(), max_piece + 2);
    EXPECT_EQ(output.messages, (Told{"a" + std::string(199'998, 'x') + "z", "next"}));
}

TEST(BodySplitter, PassesABodyOfManyGigabytes) {
    Splitter splitter(Kind::content_length);
    const std::string header = "Content-Length: 8000000000000\r\n\r\n";
    auto chunk = fixtures::bytes_of(header);
    EXPECT_FALSE(splitter.next(chunk));
    const std::string part(65536, 'x');
    for (int i = 0; i < 1000; ++i) {
        chunk = fixtures::bytes_of(part);
        const auto piece = splitter.next(chunk);
        ASSERT_TRUE(piece);
        ASSERT_EQ(piece->bytes.size(), part.size());
        ASSERT_FALSE(piece->last);
        ASSERT_EQ(splitter.held(), 0U);
    }
}

}  // namespace
}  // namespace wsinetd::framing::body_splitter_test
