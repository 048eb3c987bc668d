#include "framing/splitter.hpp"

#include <gmock/gmock.h>

#include "fixtures/every_split.hpp"

namespace wsinetd::framing::splitter_test {
namespace {

using fixtures::bytes_of;
using fixtures::every_split;
using fixtures::Pieces;
using fixtures::text_of;
using testing::ElementsAre;
using testing::IsEmpty;
using Told = std::vector<std::string>;

/// `<line>` is a whole message, `<beg-` its beginning, `-inn-` its middle, `-ing>` its end.
std::string told(const Piece& piece) {
    return (piece.first ? "<" : "-") + text_of(piece.bytes) + (piece.last ? ">" : "-");
}

/// A command's output on its way through a splitter: each chunk lies in memory of its own, which is gone afterwards.
class Output {
public:
    explicit Output(Kind kind, std::size_t limit = max_piece) : splitter(kind, limit) {}

    Told read(std::string_view bytes) {
        const std::vector<std::byte> memory(bytes_of(bytes).begin(), bytes_of(bytes).end());
        std::span<const std::byte> chunk(memory);
        Told pieces;
        while (const auto piece = splitter.next(chunk)) pieces.push_back(told(*piece));
        EXPECT_TRUE(chunk.empty());
        return pieces;
    }

    Told end() {
        Told pieces;
        while (const auto piece = splitter.finish()) {
            pieces.push_back(told(*piece));
            if (pieces.size() > 1) break;  // a second is wrong already
        }
        return pieces;
    }

    Told read_all(const Pieces& chunks) {
        Told pieces;
        for (const std::string& chunk : chunks)
            for (std::string& piece : read(chunk)) pieces.push_back(std::move(piece));
        for (std::string& piece : end()) pieces.push_back(std::move(piece));
        return pieces;
    }

    Splitter splitter;
};

Told split(Kind kind, const Pieces& chunks, std::size_t limit = max_piece) {
    return Output(kind, limit).read_all(chunks);
}
Told split_lines(std::string_view output) { return split(Kind::lines, {std::string(output)}); }

/// The messages, their pieces joined; where the pieces do not follow on one another, that is said.
Told messages(const Told& pieces) {
    Told whole;
    bool under_way = false;
    for (const std::string& piece : pieces) {
        if (piece.front() == (under_way ? '<' : '-')) return {"first and last are at odds"};
        if (!under_way) whole.emplace_back();
        whole.back() += piece.substr(1, piece.size() - 2);
        under_way = piece.back() == '-';
    }
    if (under_way) whole.emplace_back("not ended");
    return whole;
}

struct Row {
    std::string_view output;
    Told lines;
};

/// Spec section 3.
const std::vector<Row> rows = {
    {"", {}},
    {"a\n", {"a"}},
    {"a", {"a"}},
    {"\n", {""}},
    {"\n\n", {"", ""}},
    {"a\n\nb\n", {"a", "", "b"}},
    {"\na", {"", "a"}},
    {"one\ntwo\nthree", {"one", "two", "three"}},
    {"a\r\nb\r\n", {"a", "b"}},
    {"\r\n", {""}},
    {"\r\n\r\n", {"", ""}},
    {"a\r\r\n", {"a\r"}},
    {"\r\r\n", {"\r"}},
    {"a\rb\n", {"a\rb"}},
    {"\ra\n", {"\ra"}},
    {"a\r", {"a\r"}},
    {"\r", {"\r"}},
    {"a\n\r", {"a", "\r"}},
    {"a\n\rb\n", {"a", "\rb"}},
    {{"a\0b\n\0\n", 6}, {{"a\0b", 3}, {"\0", 1}}},
    {"\xff\xfe\n\xc3", {"\xff\xfe", "\xc3"}},
    {" a \n", {" a "}},
};

TEST(LineSplitter, GivesOneMessageForEachLine) {
    for (const Row& row : rows) {
        Told expected;
        for (const std::string& line : row.lines) expected.push_back("<" + line + ">");
        EXPECT_EQ(split_lines(row.output), expected) << testing::PrintToString(row.output);
    }
}

TEST(LineSplitter, GivesTheSameHoweverTheOutputIsRead) {
    for (const Row& row : rows) {
        if (row.output.empty()) continue;
        Told expected;
        for (const std::string& line : row.lines) expected.push_back("<" + line + ">");
        every_split(row.output, [&](const Pieces& chunks) {
            ASSERT_EQ(split(Kind::lines, chunks), expected) << testing::PrintToString(row.output);
        });
    }
}

TEST(LineSplitter, GivesALineAsSoonAsItsNewlineIsRead) {
    Output output(Kind::lines);
    EXPECT_THAT(output.read("one\ntwo"), ElementsAre("<one>"));
    EXPECT_EQ(output.splitter.held(), 3u);
    EXPECT_FALSE(output.splitter.mid_message());
    EXPECT_THAT(output.read("!\nthree"), ElementsAre("<two!>"));
    EXPECT_THAT(output.end(), ElementsAre("<three>"));
    EXPECT_EQ(output.splitter.held(), 0u);
}

TEST(LineSplitter, GivesALineOfOneChunkAsAViewIntoIt) {
    Splitter splitter(Kind::lines);
    const auto memory = bytes_of("abc\ndef\n");
    auto chunk = memory;
    const auto piece = splitter.next(chunk);
    ASSERT_TRUE(piece);
    EXPECT_EQ(piece->bytes.data(), memory.data());
    EXPECT_EQ(chunk.data(), memory.data() + 4);
    EXPECT_EQ(splitter.held(), 0u);
}

TEST(LineSplitter, HoldsNothingOnceALineIsDelivered) {
    Output output(Kind::lines);
    EXPECT_THAT(output.read(std::string(1000, 'a')), IsEmpty());
    EXPECT_EQ(output.splitter.held(), 1000u);
    std::span<const std::byte> chunk = bytes_of("\n");
    ASSERT_TRUE(output.splitter.next(chunk));
    EXPECT_EQ(output.splitter.held(), 0u);
}

TEST(LineSplitter, HasNothingMoreOnceItIsFinished) {
    Output output(Kind::lines);
    EXPECT_THAT(output.read("a\nb"), ElementsAre("<a>"));
    EXPECT_THAT(output.end(), ElementsAre("<b>"));
    EXPECT_THAT(output.end(), IsEmpty());
}

std::string line_of(std::size_t length) { return std::string(length, 'x'); }

TEST(LineSplitter, GivesALineOfUpTo64KiBWholeHoweverItIsRead) {
    for (const std::size_t length : {65535u, 65536u}) {
        for (const std::string end : {"\n", "\r\n", ""}) {
            const std::string output = line_of(length) + end;
            for (const std::size_t cut :
                 {std::size_t{0}, std::size_t{1}, length - 1, length, output.size() - end.size() / 2})
                EXPECT_EQ(split(Kind::lines, {output.substr(0, cut), output.substr(cut)}),
                          Told{"<" + line_of(length) + ">"})
                    << length << ' ' << end.size() << ' ' << cut;
        }
    }
}

TEST(LineSplitter, GivesALongerLineInPieces) {
    EXPECT_THAT(split_lines(line_of(65537) + "\n"), ElementsAre("<" + line_of(65536) + "-", "-x>"));
    EXPECT_THAT(split_lines(line_of(65537)), ElementsAre("<" + line_of(65536) + "-", "-x-", "->"));
    EXPECT_THAT(
        split_lines(line_of(3 * 65536) + "\nnext\n"),
        ElementsAre("<" + line_of(65536) + "-", "-" + line_of(65536) + "-", "-" + line_of(65536) + ">", "<next>"));
}

TEST(LineSplitter, SendsALongLineOnAsItComes) {
    Output output(Kind::lines);
    EXPECT_THAT(output.read(line_of(65536)), IsEmpty());  // it may end here
    EXPECT_THAT(output.read("y"), ElementsAre("<" + line_of(65536) + "-", "-y-"));
    EXPECT_TRUE(output.splitter.mid_message());
    EXPECT_THAT(output.read("z"), ElementsAre("-z-"));
    EXPECT_THAT(output.read("!\nnext"), ElementsAre("-!>"));
    EXPECT_FALSE(output.splitter.mid_message());
    EXPECT_THAT(output.end(), ElementsAre("<next>"));
}

TEST(LineSplitter, EndsALongLineWithoutNewlineWithAnEmptyPiece) {
    Output output(Kind::lines);
    EXPECT_EQ(output.read(line_of(65537)).size(), 2u);
    EXPECT_THAT(output.end(), ElementsAre("->"));
    EXPECT_FALSE(output.splitter.mid_message());
    EXPECT_THAT(output.end(), IsEmpty());
}

/// Of lines around the limit, each cut at every position, the message is what the line is. A small limit makes the
/// domain small enough to be tried whole; what follows the line must come out untouched.
TEST(LineSplitter, LosesNoCarriageReturnAtAnyBoundary) {
    constexpr std::size_t limit = 4;
    const std::string alphabet = "x\r";
    for (std::size_t length = 0; length <= 3 * limit; ++length) {
        for (std::size_t bits = 0; bits < (std::size_t{1} << length); ++bits) {
            std::string line;
            for (std::size_t i = 0; i < length; ++i) line += alphabet[bits >> i & 1U];
            for (const bool terminated : {true, false}) {
                if (!terminated && line.empty()) continue;
                const std::string expected = terminated && line.ends_with('\r') ? line.substr(0, length - 1) : line;
                const std::string output = line + (terminated ? "\nnext\n" : "");
                const Told all = terminated ? Told{expected, "next"} : Told{expected};
                for (std::size_t cut = 0; cut <= output.size(); ++cut)
                    ASSERT_EQ(messages(split(Kind::lines, {output.substr(0, cut), output.substr(cut)}, limit)), all)
                        << testing::PrintToString(output) << " at " << cut;
                Pieces single;
                for (const char c : output) single.emplace_back(1, c);
                ASSERT_EQ(messages(split(Kind::lines, single, limit)), all) << testing::PrintToString(output);
            }
        }
    }
}

TEST(LineSplitter, TakesTheCarriageReturnOffALongLinesEnd) {
    for (const std::size_t length : {65535u, 65536u, 65537u, 131071u, 131072u, 131073u}) {
        const std::string output = line_of(length) + "\r\n";
        for (std::size_t size : {4096u, 65535u, 65536u, 65537u}) {  // of a read
            Pieces chunks;
            for (std::size_t at = 0; at < output.size(); at += size) chunks.push_back(output.substr(at, size));
            ASSERT_EQ(messages(split(Kind::lines, chunks)), Told{line_of(length)}) << length << ' ' << size;
        }
    }
}

TEST(LineSplitter, KeepsALoneCarriageReturnAt64KiB) {
    for (const std::size_t length : {65535u, 65536u, 65537u, 131071u, 131072u}) {
        const std::string line = line_of(length) + "\r" + line_of(10);
        for (const std::size_t size : {65535u, 65536u, 65537u}) {
            Pieces chunks;
            for (std::size_t at = 0; at < line.size(); at += size) chunks.push_back(line.substr(at, size));
            chunks.emplace_back("\n");
            ASSERT_EQ(messages(split(Kind::lines, chunks)), Told{line}) << length << ' ' << size;
        }
    }
}

TEST(LineSplitter, MakesAPieceLongerOnlyByACarriageReturnThatMightHaveBelongedToTheEnd) {
    EXPECT_THAT(split(Kind::lines, {line_of(65536) + "\r", "\n"}), ElementsAre("<" + line_of(65536) + ">"));
    EXPECT_THAT(split(Kind::lines, {line_of(65536) + "\r", "y\n"}), ElementsAre("<" + line_of(65536) + "\r-", "-y>"));
    EXPECT_THAT(split(Kind::lines, {line_of(65536) + "\r"}), ElementsAre("<" + line_of(65536) + "\r>"));
}

/// However long the line: what is held does not grow.
TEST(LineSplitter, HoldsNoMoreThan64KiBAndACarriageReturn) {
    for (const std::size_t size : {1000u, 65535u, 65536u}) {
        for (const char last : {'x', '\r'}) {
            Splitter splitter(Kind::lines);
            std::string text = line_of(size);
            text.back() = last;
            for (int i = 0; i < 300; ++i) {
                std::span<const std::byte> chunk = bytes_of(text);
                while (const auto piece = splitter.next(chunk)) ASSERT_LE(piece->bytes.size(), max_piece + 1);
                ASSERT_LE(splitter.held(), max_piece + 1);
            }
            ASSERT_TRUE(splitter.mid_message());
            ASSERT_EQ(splitter.held(), 0u);
        }
    }
}

TEST(LineSplitter, GivesManyLinesOfOneChunkInOrder) {
    std::string output;
    Told expected;
    for (int i = 0; i < 20000; ++i) {
        output += std::to_string(i) + "\n";
        expected.push_back("<" + std::to_string(i) + ">");
    }
    EXPECT_EQ(split_lines(output), expected);
}

TEST(RawSplitter, GivesWhateverWasReadAsAMessage) {
    Output output(Kind::raw);
    EXPECT_THAT(output.read("a\r\nb\n"), ElementsAre("<a\r\nb\n>"));
    EXPECT_THAT(output.read({"\0\xff", 2}), ElementsAre(std::string("<\0\xff>", 4)));
    EXPECT_EQ(output.splitter.held(), 0u);
    EXPECT_THAT(output.end(), IsEmpty());
}

TEST(RawSplitter, GivesNothingForNothing) {
    EXPECT_THAT(split(Kind::raw, {""}), IsEmpty());
    EXPECT_THAT(split(Kind::raw, {}), IsEmpty());
}

TEST(RawSplitter, GivesAtMost64KiBAMessage) {
    EXPECT_THAT(split(Kind::raw, {line_of(65535)}), ElementsAre("<" + line_of(65535) + ">"));
    EXPECT_THAT(split(Kind::raw, {line_of(65536)}), ElementsAre("<" + line_of(65536) + ">"));
    EXPECT_THAT(split(Kind::raw, {line_of(65537)}), ElementsAre("<" + line_of(65536) + ">", "<x>"));
}

// Records that end in NUL.

TEST(NullSplitter, CutsAtEachNulAndNowhereElse) {
    EXPECT_THAT(split(Kind::null, {std::string("a\nb\0c\0", 6)}), ElementsAre("<a\nb>", "<c>"));
}

TEST(NullSplitter, KeepsACarriageReturnBeforeTheNul) {
    EXPECT_THAT(split(Kind::null, {std::string("a\r\0b\r", 5)}), ElementsAre("<a\r>", "<b\r>"));
}

TEST(NullSplitter, TakesAnEmptyRecordForAnEmptyMessage) {
    EXPECT_THAT(split(Kind::null, {std::string("\0\0", 2)}), ElementsAre("<>", "<>"));
}

TEST(NullSplitter, CountsALastRecordWithoutNul) {
    EXPECT_THAT(split(Kind::null, {std::string("a\0b", 3)}), ElementsAre("<a>", "<b>"));
    EXPECT_THAT(split(Kind::null, {std::string("a\0", 2)}), ElementsAre("<a>"));
}

TEST(NullSplitter, GivesTheSameMessagesHoweverTheOutputIsCut) {
    const std::string output("one\r\n\0\0two\0three\r", 17);
    every_split(output, [](const Pieces& chunks) {
        EXPECT_THAT(split(Kind::null, chunks), ElementsAre("<one\r\n>", "<>", "<two>", "<three\r>"));
    });
}

TEST(NullSplitter, StreamsARecordThatIsLongerThanAPiece) {
    EXPECT_THAT(split(Kind::null, {std::string("abcdef\rg\0h\0", 11)}, 4), ElementsAre("<abcd-", "-ef\rg>", "<h>"));
}

}  // namespace
}  // namespace wsinetd::framing::splitter_test
