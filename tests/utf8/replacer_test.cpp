#include "utf8/replacer.hpp"

#include <gtest/gtest.h>

#include <random>

#include "fixtures/every_split.hpp"
#include "utf8/reference.hpp"

namespace wsinetd::utf8::replacer_test {
namespace {

using fixtures::bytes_of;
using fixtures::every_split;
using fixtures::Pieces;

/// Writes one piece into memory that is exactly as large as `size` says, so that ASan sees a byte too many.
std::string write(Replacer& replacer, std::string_view piece, bool last) {
    const std::size_t size = replacer.size(bytes_of(piece), last);
    EXPECT_LE(size, 3 * piece.size() + 3);
    std::vector<std::byte> out(size);
    EXPECT_EQ(replacer.write(bytes_of(piece), last, out), size) << testing::PrintToString(piece);
    return fixtures::text_of(out);
}

/// The last piece ends the text.
std::string repaired(const Pieces& pieces) {
    Replacer replacer;
    std::string text;
    for (std::size_t i = 0; i < pieces.size(); ++i) text += write(replacer, pieces[i], i + 1 == pieces.size());
    EXPECT_FALSE(replacer.pending());
    return text;
}

std::string repaired(std::string_view text) { return repaired(Pieces{std::string(text)}); }

#define U_FFFD "\xef\xbf\xbd"  // U+FFFD

struct Row {
    std::string_view what;
    std::string_view bytes;
    std::string_view text;
};

constexpr Row rows[] = {
    {"nothing", "", ""},
    {"ASCII", "plain", "plain"},
    {"well-formed text stays",
     "Gr\xc3\xbc\xc3\x9f"
     "e \xe2\x82\xac \xf0\x9f\x98\x80",
     "Gr\xc3\xbc\xc3\x9f"
     "e \xe2\x82\xac \xf0\x9f\x98\x80"},
    {"NUL stays", {"a\0b", 3}, {"a\0b", 3}},
    {"a byte order mark stays",
     "\xef\xbb\xbf"
     "a",
     "\xef\xbb\xbf"
     "a"},
    {"U+FFFD stays", U_FFFD, U_FFFD},
    {"a byte that never occurs",
     "a\xff"
     "b",
     "a" U_FFFD "b"},
    {"two of them are two", "\xfe\xff", U_FFFD U_FFFD},
    {"lone continuation bytes, one each", "\x80\xbf\x80", U_FFFD U_FFFD U_FFFD},
    {"Latin-1",
     "Gr\xfc\xdf"
     "e",
     "Gr" U_FFFD U_FFFD "e"},
    {"a begun character and ASCII: one for both bytes", "\xe2\x82x", U_FFFD "x"},
    {"a begun character at the end", "a\xe2\x82", "a" U_FFFD},
    {"a begun character of three bytes",
     "\xf0\x9f\x98"
     "a",
     U_FFFD "a"},
    {"a begun character, then another that is whole", "\xe2\x82\xc3\xa9", U_FFFD "\xc3\xa9"},
    {"a lead byte, again and again", "\xc3\xc3\xc3", U_FFFD U_FFFD U_FFFD},
    {"a begun character, then a lead byte at the end", "\xf0\x9f\xe2", U_FFFD U_FFFD},
    {"overlong in two bytes: each byte", "\xc0\xaf", U_FFFD U_FFFD},
    {"overlong in three bytes: each byte", "\xe0\x80\xaf", U_FFFD U_FFFD U_FFFD},
    {"overlong in four bytes: each byte", "\xf0\x80\x80\xaf", U_FFFD U_FFFD U_FFFD U_FFFD},
    {"a surrogate: each byte", "\xed\xa0\x80", U_FFFD U_FFFD U_FFFD},
    {"beyond Unicode: each byte", "\xf4\x90\x80\x80", U_FFFD U_FFFD U_FFFD U_FFFD},
    {"five bytes: each byte", "\xf8\x88\x80\x80\x80", U_FFFD U_FFFD U_FFFD U_FFFD U_FFFD},
    // The Unicode Standard, 3.9, tables 3-8 to 3-11.
    {"Unicode 3-8",
     "\xc0\xaf\xe0\x80\xbf\xf0\x81\x82"
     "A",
     U_FFFD U_FFFD U_FFFD U_FFFD U_FFFD U_FFFD U_FFFD U_FFFD "A"},
    {"Unicode 3-9",
     "\xed\xa0\x80\xed\xbf\xbf\xed\xaf"
     "A",
     U_FFFD U_FFFD U_FFFD U_FFFD U_FFFD U_FFFD U_FFFD U_FFFD "A"},
    {"Unicode 3-10",
     "\xf4\x91\x92\x93\xff"
     "A\x80\xbf"
     "B",
     U_FFFD U_FFFD U_FFFD U_FFFD U_FFFD "A" U_FFFD U_FFFD "B"},
    {"Unicode 3-11",
     "\xe1\x80\xe2\xf0\x91\x92\xf1\xbf"
     "A",
     U_FFFD U_FFFD U_FFFD U_FFFD "A"},
};

TEST(Replacer, PutsOneReplacementForEachMaximalBeginningOfACharacter) {
    for (const Row& row : rows) {
        EXPECT_EQ(repaired(row.bytes), row.text) << row.what;
        EXPECT_EQ(repaired_plainly(row.bytes), row.text) << row.what << " (the reference)";
    }
}

TEST(Replacer, GivesTheSameHoweverTheTextIsSplit) {
    for (const Row& row : rows) {
        if (row.bytes.empty()) continue;
        every_split(row.bytes, [&](const Pieces& pieces) { ASSERT_EQ(repaired(pieces), row.text) << row.what; });
        // The end may be known only after the last byte.
        every_split(row.bytes, [&](Pieces pieces) {
            pieces.emplace_back();
            ASSERT_EQ(repaired(pieces), row.text) << row.what;
        });
    }
}

TEST(Replacer, CarriesABegunCharacterOverToTheNextPiece) {
    Replacer replacer;
    EXPECT_EQ(write(replacer, "5 \xe2", false), "5 ");
    EXPECT_TRUE(replacer.pending());
    EXPECT_EQ(write(replacer, "\x82", false), "");
    EXPECT_TRUE(replacer.pending());
    EXPECT_EQ(write(replacer, "\xac!", false), "\xe2\x82\xac!");
    EXPECT_FALSE(replacer.pending());
}

TEST(Replacer, LeavesWhatIsCarriedOverWhenOnlyAskedForASize) {
    Replacer replacer;
    EXPECT_EQ(write(replacer, "\xe2\x82", false), "");
    EXPECT_EQ(replacer.size(bytes_of("x"), false), 4u);
    EXPECT_EQ(replacer.size(bytes_of("\xac"), false), 3u);
    EXPECT_EQ(replacer.size({}, false), 0u);
    EXPECT_EQ(replacer.size({}, true), 3u);
    EXPECT_TRUE(replacer.pending());
    EXPECT_EQ(write(replacer, "\xac", false), "\xe2\x82\xac");
}

TEST(Replacer, IsAsNewAfterTheLastPiece) {
    Replacer replacer;
    EXPECT_EQ(write(replacer, "\xf0\x9f\x98", true), U_FFFD);
    EXPECT_FALSE(replacer.pending());
    EXPECT_EQ(write(replacer, "\x80", true), U_FFFD);
}

TEST(Replacer, GrowsAtMostThreefoldAndByTheThreeBytesThatWereCarriedOver) {
    Replacer replacer;
    EXPECT_EQ(write(replacer, "\xf0\x9f\x98", false), "");
    EXPECT_EQ(write(replacer, "\xff\xff", false), U_FFFD U_FFFD U_FFFD);  // 3 * 2 + 3
}

/// As a whole, and with the last byte in a piece of its own: what is carried over is part of the domain.
void expect_as_the_reference(const std::string& bytes) {
    const std::string expected = repaired_plainly(bytes);
    ASSERT_EQ(repaired(bytes), expected) << testing::PrintToString(bytes);
    ASSERT_EQ(repaired(Pieces{bytes.substr(0, bytes.size() - 1), bytes.substr(bytes.size() - 1)}), expected)
        << testing::PrintToString(bytes);
}

TEST(Replacer, AgreesWithTheReferenceOnAllTextsOfTwoBytes) {
    for (int first = 0; first < 256; ++first) {
        expect_as_the_reference({static_cast<char>(first)});
        for (int second = 0; second < 256; ++second)
            expect_as_the_reference({static_cast<char>(first), static_cast<char>(second)});
    }
}

/// The bytes at the edges of every range that the grammar names (RFC 3629, section 4).
constexpr std::string_view edges =
    "\x41\x7f\x80\x8f\x90\x9f\xa0\xbf\xc1\xc2\xdf\xe0\xe1\xec\xed\xee\xef\xf0\xf1\xf3\xf4\xf5\xff";

TEST(Replacer, AgreesWithTheReferenceOnTextsOfThreeAndFourBytesAtTheEdges) {
    for (const char a : edges.substr(8))  // what begins with ASCII or a continuation byte is a shorter text
        for (const char b : edges)
            for (const char c : edges) {
                expect_as_the_reference({a, b, c});
                for (const char d : edges)
                    ASSERT_EQ(repaired(std::string{a, b, c, d}), repaired_plainly(std::string{a, b, c, d}));
            }
}

TEST(Replacer, LeavesEveryCharacterOfUnicodeAsItIs) {
    for (std::uint32_t block = 0; block < 0x110000; block += 0x100) {
        if (is_surrogate(block)) continue;
        std::string text;
        for (std::uint32_t code_point = block; code_point < block + 0x100; ++code_point) text += encode(code_point);
        ASSERT_EQ(repaired(text), text) << std::hex << block;
    }
}

TEST(Replacer, FindsOneBadByteAnywhereInTextOfAnyLength) {
    for (std::size_t length = 1; length <= 100; ++length) {
        for (std::size_t at = 0; at < length; ++at) {
            std::string bytes(length, 'a');
            bytes[at] = '\xff';
            std::string expected(length, 'a');
            expected.replace(at, 1, U_FFFD);
            ASSERT_EQ(repaired(bytes), expected);
        }
    }
}

TEST(Replacer, AgreesWithTheReferenceOnNoiseInPiecesOfAnyLength) {
    std::mt19937 random(3629);  // the same every time
    for (int round = 0; round < 2000; ++round) {
        std::string bytes;
        Pieces pieces;
        for (auto count = random() % 6; count-- > 0;) {
            std::string piece;
            for (auto size = random() % 40; size-- > 0;)
                piece += random() % 4 == 0 ? 'a' : edges[random() % edges.size()];
            bytes += piece;
            pieces.push_back(piece);
        }
        if (pieces.empty()) continue;
        ASSERT_EQ(repaired(pieces), repaired_plainly(bytes)) << testing::PrintToString(pieces);
    }
}

}  // namespace
}  // namespace wsinetd::utf8::replacer_test
