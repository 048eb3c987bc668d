#include "framing/json_lines.hpp"

#include <gtest/gtest.h>

#include "framing/output_fixture.hpp"

namespace wsinetd::framing::json_lines_test {
namespace {

using fixtures::every_split;
using fixtures::Pieces;
using testing::ElementsAre;
using testing::IsEmpty;

TEST(JsonLines, GivesEachLineThatIsJsonAsItStands) {
    SelectedOutput output(Kind::jsonl);
    output.read_all({"{\"id\":1}\n [2] \r\n\"three\"\n4\nnull"});
    EXPECT_THAT(output.messages, ElementsAre("{\"id\":1}", " [2] ", "\"three\"", "4", "null"));
    EXPECT_THAT(output.strays, IsEmpty());
    EXPECT_EQ(output.failure(), "");
}

TEST(JsonLines, GivesALineThatIsNoJsonToTheLog) {
    SelectedOutput output(Kind::jsonl);
    output.read_all({"Server 1.0, listening\n{\"id\":1}\n{\"id\":\nhello"});
    EXPECT_THAT(output.messages, ElementsAre("{\"id\":1}"));
    EXPECT_THAT(output.strays, ElementsAre("Server 1.0, listening", "{\"id\":", "hello"));
    EXPECT_EQ(output.failure(), "");
}

TEST(JsonLines, DropsBlankLines) {
    SelectedOutput output(Kind::jsonl);
    output.read_all({"\n\r\n \t\n{}\n\n  "});
    EXPECT_THAT(output.messages, ElementsAre("{}"));
    EXPECT_THAT(output.strays, IsEmpty());
}

TEST(JsonLines, GivesTheSameHoweverTheOutputIsRead) {
    every_split("hi\n{\"a\":\"\xc3\xa9\"}\r\n\n[1,\n[true]\r\n{}x\n7", [](const Pieces& chunks) {
        SelectedOutput output(Kind::jsonl);
        output.read_all(chunks);
        ASSERT_THAT(output.messages, ElementsAre("{\"a\":\"\xc3\xa9\"}", "[true]", "7"));
        ASSERT_THAT(output.strays, ElementsAre("hi", "[1,", "{}x"));
    });
}

TEST(JsonLines, LeavesInvalidUtf8InAStringToRepair) {
    SelectedOutput output(Kind::jsonl);
    output.read_all({"\"caf\xe9\"\n"});
    EXPECT_THAT(output.messages, ElementsAre("\"caf\xe9\""));
}

TEST(JsonLines, PassesALongLineAsItComes) {
    SelectedOutput output(Kind::jsonl, 8);
    output.read("[1,2,3,4,5,6");
    EXPECT_THAT(output.pieces, ElementsAre("<[1,2,3,4-", "-,5,6-"));
    EXPECT_TRUE(output.splitter.mid_message());
    EXPECT_EQ(output.splitter.held(), 0U);
    output.read(",7]\n{}\n");
    EXPECT_THAT(output.messages, ElementsAre("[1,2,3,4,5,6,7]", "{}"));
    EXPECT_EQ(output.failure(), "");
}

TEST(JsonLines, TakesALongLineWhoseBeginningIsNoJsonForAStray) {
    every_split("this is no JSON, though \"it\" goes on\n{}\n", [](const Pieces& chunks) {
        SelectedOutput output(Kind::jsonl, 8);
        output.read_all(chunks);
        std::string strays;
        for (const std::string& stray : output.strays) strays += stray;
        ASSERT_EQ(strays, "this is no JSON, though \"it\" goes on")
            << testing::PrintToString(chunks) << testing::PrintToString(output.pieces) << output.failure();
        ASSERT_THAT(output.messages, ElementsAre("{}"));
        ASSERT_EQ(output.failure(), "");
    });
}

TEST(JsonLines, FailsOnceALongLineTurnsOutToBeNone) {
    for (const std::string line : {"[1,2,3,4,5,oops", "[1,2,3,4,5,6", "[1,2,3,4,5,6\n{}", "[1,2,3,4,5,6]]\n{}"}) {
        every_split(line, [&](const Pieces& chunks) {
            SelectedOutput output(Kind::jsonl, 8);
            output.read_all(chunks);
            ASSERT_EQ(output.failure(), "a line of the output is JSON at its beginning only") << line;
            ASSERT_THAT(output.messages, IsEmpty());
            ASSERT_EQ(output.pieces.front().front(), '<');
        });
    }
}

TEST(JsonLines, GivesALongLineWithoutNewline) {
    SelectedOutput output(Kind::jsonl, 8);
    output.read_all({"[1,2,3,4,5,6]"});
    EXPECT_THAT(output.messages, ElementsAre("[1,2,3,4,5,6]"));
}

TEST(JsonLines, HoldsNoMoreThanALine) {
    SelectedOutput output(Kind::jsonl);
    output.read("[\"" + std::string(60'000, 'x'));
    EXPECT_EQ(output.splitter.held(), 60'002U);
    output.read("\"]\n");
    EXPECT_EQ(output.splitter.held(), 0U);
    EXPECT_EQ(output.messages.size(), 1U);
}

}  // namespace
}  // namespace wsinetd::framing::json_lines_test
