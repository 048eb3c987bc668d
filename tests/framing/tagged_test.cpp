#include "framing/tagged.hpp"

#include <gtest/gtest.h>

#include "fixtures/every_split.hpp"

namespace wsinetd::framing::tagged_test {
namespace {

using fixtures::bytes_of;
using fixtures::text_of;

/// `<...>` as in the splitter's tests. Every piece must fit the room that is promised to be enough.
std::vector<std::string> told(Stream stream, std::string_view bytes, bool first = true, bool last = true) {
    const Tagged tagged(stream);
    std::vector<std::byte> out(max_tagged);
    Piece piece{bytes_of(bytes), first, last};
    std::vector<std::string> pieces;
    do {
        const Piece part = tagged.next(piece, out);
        EXPECT_EQ(part.bytes.data(), out.data());
        EXPECT_LE(part.bytes.size(), max_tagged);
        pieces.push_back((part.first ? "<" : "-") + text_of(part.bytes) + (part.last ? ">" : "-"));
    } while (!piece.bytes.empty());
    return pieces;
}

std::string escaped(char byte) {
    const std::string whole = told(Stream::stdout_, {&byte, 1}).front();
    const std::string before = R"(<{"stream":"stdout","data":")";
    const std::string after = R"("}>)";
    EXPECT_TRUE(whole.starts_with(before) && whole.ends_with(after)) << whole;
    return whole.substr(before.size(), whole.size() - before.size() - after.size());
}

using Told = std::vector<std::string>;

TEST(Tagged, NamesTheStream) {
    EXPECT_EQ(told(Stream::stdout_, "hello"), Told{R"(<{"stream":"stdout","data":"hello"}>)"});
    EXPECT_EQ(told(Stream::stderr_, "hello"), Told{R"(<{"stream":"stderr","data":"hello"}>)"});
}

TEST(Tagged, WrapsAnEmptyLine) { EXPECT_EQ(told(Stream::stderr_, ""), Told{R"(<{"stream":"stderr","data":""}>)"}); }

TEST(Tagged, EscapesQuotesBackslashesAndControls) {  // RFC 8259, section 7
    EXPECT_EQ(told(Stream::stdout_, "say \"hi\"\tC:\\ \x1b[1m"),
              Told{R"(<{"stream":"stdout","data":"say \"hi\"\tC:\\ \u001b[1m"}>)"});
}

TEST(Tagged, EscapesEachByteAsJsonWants) {
    constexpr std::string_view controls[32] = {
        R"(\u0000)", R"(\u0001)", R"(\u0002)", R"(\u0003)", R"(\u0004)", R"(\u0005)", R"(\u0006)", R"(\u0007)",
        R"(\b)",     R"(\t)",     R"(\n)",     R"(\u000b)", R"(\f)",     R"(\r)",     R"(\u000e)", R"(\u000f)",
        R"(\u0010)", R"(\u0011)", R"(\u0012)", R"(\u0013)", R"(\u0014)", R"(\u0015)", R"(\u0016)", R"(\u0017)",
        R"(\u0018)", R"(\u0019)", R"(\u001a)", R"(\u001b)", R"(\u001c)", R"(\u001d)", R"(\u001e)", R"(\u001f)"};
    for (int byte = 0; byte < 256; ++byte) {
        const char c = static_cast<char>(byte);
        std::string expected(1, c);
        if (byte < 0x20) expected = controls[byte];
        if (c == '"') expected = R"(\")";
        if (c == '\\') expected = R"(\\)";
        EXPECT_EQ(escaped(c), expected) << byte;
    }
}

TEST(Tagged, LeavesTextBeyondAsciiAsItIs) {  // repairing it is the sender's
    EXPECT_EQ(told(Stream::stdout_,
                   "Gr\xc3\xbc\xc3\x9f"
                   "e \xff"),
              Told{"<{\"stream\":\"stdout\",\"data\":\"Gr\xc3\xbc\xc3\x9f"
                   "e \xff\"}>"});
}

TEST(Tagged, OpensWithTheFirstPieceOfALineAndClosesWithTheLast) {
    EXPECT_EQ(told(Stream::stdout_, "begin", true, false), Told{R"(<{"stream":"stdout","data":"begin-)"});
    EXPECT_EQ(told(Stream::stdout_, "\"on\"", false, false), Told{R"(-\"on\"-)"});
    EXPECT_EQ(told(Stream::stdout_, "end", false, true), Told{R"(-end"}>)"});
    EXPECT_EQ(told(Stream::stdout_, "", false, true), Told{R"(-"}>)"});
}

TEST(Tagged, TakesALongPieceInSteps) {
    const std::string step(tagged_step, 'x');
    EXPECT_EQ(told(Stream::stdout_, step), Told{R"(<{"stream":"stdout","data":")" + step + R"("}>)"});
    EXPECT_EQ(told(Stream::stdout_, step + "y"), (Told{R"(<{"stream":"stdout","data":")" + step + "-", R"(-y"}>)"}));
    EXPECT_EQ(told(Stream::stdout_, step + step + "y", false, false),
              (Told{"-" + step + "-", "-" + step + "-", "-y-"}));
}

TEST(Tagged, HasRoomForAStepOfTheLongestEscapes) {
    std::string expected;
    for (std::size_t i = 0; i < tagged_step; ++i) expected += R"(\u0000)";
    EXPECT_EQ(told(Stream::stderr_, std::string(tagged_step, '\0')),
              Told{R"(<{"stream":"stderr","data":")" + expected + R"("}>)"});
}

}  // namespace
}  // namespace wsinetd::framing::tagged_test
