#include "utf8/validator.hpp"

#include <gtest/gtest.h>

#include "fixtures/every_split.hpp"
#include "utf8/reference.hpp"

namespace wsinetd::utf8::validator_test {
namespace {

using fixtures::bytes_of;
using fixtures::every_split;
using fixtures::Pieces;

bool is_valid(std::string_view text) {
    Validator validator;
    return validator.add(bytes_of(text)) && validator.complete();
}

/// Where the validator fails when it is fed byte by byte; the length, when it does not.
std::size_t impossible_at(std::string_view text) {
    Validator validator;
    for (std::size_t i = 0; i < text.size(); ++i)
        if (!validator.add(bytes_of(text.substr(i, 1)))) return i;
    return text.size();
}

struct Row {
    std::string_view what;
    std::string_view text;
    std::size_t impossible;  ///< the first byte that cannot be part of well-formed text; npos: none
    std::size_t whole;       ///< length of the longest prefix of whole characters
};
constexpr std::size_t none = std::string_view::npos;

constexpr Row rows[] = {
    {"nothing", "", none, 0},
    {"RFC 3629, 7: A<NOT IDENTICAL TO><ALPHA>.", "A\xe2\x89\xa2\xce\x91.", none, 7},
    {"RFC 3629, 7: Korean", "\xed\x95\x9c\xea\xb5\xad\xec\x96\xb4", none, 9},
    {"RFC 3629, 7: Japanese", "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e", none, 9},
    {"RFC 3629, 7: a Chinese character after a BOM", "\xef\xbb\xbf\xf0\xa3\x8e\xb4", none, 7},
    {"Greek", "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5", none, 11},
    {"NUL is a character", {"a\0b", 3}, none, 3},
    {"first of one byte", {"\0", 1}, none, 1},
    {"last of one byte", "\x7f", none, 1},
    {"first of two bytes", "\xc2\x80", none, 2},
    {"last of two bytes", "\xdf\xbf", none, 2},
    {"first of three bytes", "\xe0\xa0\x80", none, 3},
    {"last before the surrogates", "\xed\x9f\xbf", none, 3},
    {"first after the surrogates", "\xee\x80\x80", none, 3},
    {"U+FFFD itself", "\xef\xbf\xbd", none, 3},
    {"a noncharacter is a character", "\xef\xbf\xbe", none, 3},
    {"last of three bytes", "\xef\xbf\xbf", none, 3},
    {"first of four bytes", "\xf0\x90\x80\x80", none, 4},
    {"last of Unicode", "\xf4\x8f\xbf\xbf", none, 4},
    {"first beyond Unicode", "\xf4\x90\x80\x80", 1, 0},
    {"a lead byte of beyond Unicode", "\xf5\x80\x80\x80", 0, 0},
    {"five bytes", "\xf8\x88\x80\x80\x80", 0, 0},
    {"six bytes", "\xfc\x84\x80\x80\x80\x80", 0, 0},
    {"FE", "\xfe", 0, 0},
    {"FF", "\xff", 0, 0},
    {"a lone continuation byte", "\x80", 0, 0},
    {"the last continuation byte", "\xbf", 0, 0},
    {"a continuation byte too many", "\xc3\xa9\xa9", 2, 2},
    {"a continuation byte after ASCII", "abc\x80", 3, 3},
    {"a lead byte, then a space", "\xc3 ", 1, 0},
    {"a lead byte, then another", "\xc3\xc3", 1, 0},
    {"a third byte missing", "\xe2\x82x", 2, 0},
    {"a fourth byte missing", "\xf0\x9f\x98x", 3, 0},
    {"begun: two bytes", "a\xc3", none, 1},
    {"begun: three bytes", "a\xe2", none, 1},
    {"begun: three bytes, one to come", "a\xe2\x82", none, 1},
    {"begun: four bytes", "\xf0", none, 0},
    {"begun: four bytes, two to come", "\xf0\x9f", none, 0},
    {"begun: four bytes, one to come", "\xf0\x9f\x98", none, 0},
    {"overlong solidus in two bytes", "\xc0\xaf", 0, 0},
    {"overlong solidus in three bytes", "\xe0\x80\xaf", 1, 0},
    {"overlong solidus in four bytes", "\xf0\x80\x80\xaf", 1, 0},
    {"overlong NUL (Java's)", "\xc0\x80", 0, 0},
    {"last overlong of two bytes", "\xc1\xbf", 0, 0},
    {"last overlong of three bytes", "\xe0\x9f\xbf", 1, 0},
    {"last overlong of four bytes", "\xf0\x8f\xbf\xbf", 1, 0},
    {"first high surrogate", "\xed\xa0\x80", 1, 0},
    {"last low surrogate", "\xed\xbf\xbf", 1, 0},
    {"a surrogate pair (CESU-8)", "\xed\xa0\xbd\xed\xb8\x80", 1, 0},
    {"Latin-1", "Gr\xfc\xdf", 2, 2},
    {"UTF-16 with its byte order mark", {"\xff\xfe\0a", 4}, 0, 0},
};

TEST(Validator, FailsAtTheFirstByteThatCannotBePartOfWellFormedText) {
    for (const Row& row : rows)
        EXPECT_EQ(impossible_at(row.text), std::min(row.impossible, row.text.size())) << row.what;
}

TEST(Validator, IsCompleteBetweenTwoCharactersOnly) {
    for (const Row& row : rows) {
        EXPECT_EQ(is_valid(row.text), row.impossible == none && row.whole == row.text.size()) << row.what;
    }
}

TEST(Validator, JudgesTheSameHoweverTheTextIsSplit) {
    for (const Row& row : rows) {
        // Long runs of ASCII around it, which are skipped in great strides.
        const std::string text = std::string(33, 'a') + std::string(row.text) + std::string(32, 'b');
        const bool possible = row.impossible == none && row.whole == row.text.size();
        every_split(text, [&](const Pieces& pieces) {
            Validator validator;
            bool all = true;
            for (const std::string& piece : pieces) all = validator.add(bytes_of(piece));
            ASSERT_EQ(all, possible) << row.what << ", " << pieces.size() << " pieces, " << pieces[0].size();
            ASSERT_EQ(validator.complete(), possible) << row.what;
        });
    }
}

TEST(Validator, StaysFailedUntilItIsReset) {
    Validator validator;
    EXPECT_FALSE(validator.add(bytes_of("\xff")));
    EXPECT_FALSE(validator.add(bytes_of("fine")));
    EXPECT_FALSE(validator.add({}));
    EXPECT_FALSE(validator.complete());
    validator.reset();
    EXPECT_TRUE(validator.add(bytes_of("fine")));
    EXPECT_TRUE(validator.complete());
}

TEST(Validator, ForgetsABegunCharacterWhenItIsReset) {
    Validator validator;
    EXPECT_TRUE(validator.add(bytes_of("\xe2\x82")));
    EXPECT_FALSE(validator.complete());
    validator.reset();
    EXPECT_TRUE(validator.complete());
    EXPECT_FALSE(validator.add(bytes_of("\xac")));
}

TEST(Validator, TakesEveryCharacterOfUnicodeAndNoSurrogate) {
    for (std::uint32_t code_point = 0; code_point <= 0x10ffff; ++code_point) {
        const std::string text = encode(code_point);
        ASSERT_EQ(is_valid(text), !is_surrogate(code_point)) << std::hex << code_point;
        ASSERT_EQ(valid_prefix(bytes_of(text)), is_surrogate(code_point) ? 0 : text.size()) << std::hex << code_point;
        if (is_surrogate(code_point)) {
            ASSERT_EQ(impossible_at(text), 1u) << std::hex << code_point;
        }
    }
}

TEST(Validator, RefusesEveryOverlongForm) {
    const auto expect_impossible = [](std::size_t bytes, std::uint32_t from, std::uint32_t to, std::size_t at) {
        for (std::uint32_t code_point = from; code_point < to; ++code_point)
            ASSERT_EQ(impossible_at(encode_in(bytes, code_point)), at) << bytes << " bytes, " << std::hex << code_point;
    };
    expect_impossible(2, 0, 0x80, 0);     // C0, C1
    expect_impossible(3, 0, 0x800, 1);    // E0 80..9F
    expect_impossible(4, 0, 0x10000, 1);  // F0 80..8F
    expect_impossible(5, 0, 0x10000, 0);  // F8
    expect_impossible(6, 0, 0x10000, 0);  // FC
}

TEST(Validator, RefusesAllBeyondUnicode) {
    for (std::uint32_t code_point = 0x110000; code_point < 0x140000; code_point += 7)
        ASSERT_EQ(impossible_at(encode_in(4, code_point)), 1u) << std::hex << code_point;  // F4 90..BF
    for (std::uint32_t code_point = 0x140000; code_point < 0x200000; code_point += 7)
        ASSERT_EQ(impossible_at(encode_in(4, code_point)), 0u) << std::hex << code_point;  // F5..F7
}

/// All texts of `length` bytes, of which each is one of `alphabet`.
template <typename Check>
void every_text(std::string_view alphabet, std::size_t length, Check check) {
    std::vector<std::size_t> at(length, 0);
    std::string text(length, alphabet[0]);
    for (;;) {
        check(text);
        std::size_t i = 0;
        for (; i < length; ++i) {
            at[i] = (at[i] + 1) % alphabet.size();
            text[i] = alphabet[at[i]];
            if (at[i] != 0) break;
        }
        if (i == length) return;
    }
}

void expect_as_the_reference(const std::string& text) {
    WhatwgDecoder reference;
    reference.add(text);
    Validator validator;
    ASSERT_EQ(validator.add(bytes_of(text)), reference.errors == 0) << testing::PrintToString(text);
    ASSERT_EQ(validator.complete(), reference.errors == 0 && reference.complete()) << testing::PrintToString(text);
    ASSERT_EQ(valid_prefix(bytes_of(text)), reference.valid) << testing::PrintToString(text);
}

std::string every_byte() {
    std::string bytes;
    for (int byte = 0; byte < 256; ++byte) bytes += static_cast<char>(byte);
    return bytes;
}

TEST(Validator, AgreesWithTheReferenceOnAllTextsOfTwoBytes) {
    every_text(every_byte(), 1, expect_as_the_reference);
    every_text(every_byte(), 2, expect_as_the_reference);
}

/// The bytes at the edges of every range that the grammar names (RFC 3629, section 4), and one between them.
constexpr std::string_view edges{
    "\x00\x41\x7f\x80\x8f\x90\x9f\xa0\xbf\xc0\xc1\xc2\xdf\xe0\xe1\xec\xed\xee\xef\xf0\xf1\xf3\xf4\xf5\xff", 25};

TEST(Validator, AgreesWithTheReferenceOnAllTextsOfThreeBytesThatDoNotBeginWithAscii) {
    for (int first = 0x80; first < 0x100; ++first)
        for (int second = 0; second < 0x100; ++second)
            for (int third = 0; third < 0x100; ++third)
                expect_as_the_reference(
                    {static_cast<char>(first), static_cast<char>(second), static_cast<char>(third)});
}

TEST(Validator, AgreesWithTheReferenceOnAllTextsOfFourBytesAtTheEdges) {
    every_text(edges, 4, expect_as_the_reference);
}

TEST(ValidPrefix, EndsWithTheLastWholeCharacter) {
    for (const Row& row : rows) EXPECT_EQ(valid_prefix(bytes_of(row.text)), row.whole) << row.what;
}

TEST(ValidPrefix, CountsWhatStandsBefore) {
    for (const Row& row : rows) {
        const std::string text = std::string(70, 'a') + "\xe2\x82\xac" + std::string(row.text);
        EXPECT_EQ(valid_prefix(bytes_of(text)), 73 + row.whole) << row.what;
    }
}

/// ASCII is skipped 32 bytes at a time: wherever the text begins in memory, however long it is, wherever the one byte
/// is that is no ASCII.
TEST(ValidPrefix, FindsOneForeignByteAnywhereAtAnyOffsetInTextOfAnyLength) {
    for (std::size_t offset = 0; offset < 32; ++offset) {
        for (std::size_t length = 0; length <= 100; ++length) {
            std::vector<std::byte> memory(offset + length, std::byte{'a'});  // no byte more: ASan sees what reads on
            const auto text = std::span(memory).subspan(offset);
            ASSERT_EQ(valid_prefix(text), length);
            for (std::size_t at = 0; at < length; ++at) {
                text[at] = std::byte{0x80};
                ASSERT_EQ(valid_prefix(text), at) << offset << ' ' << length;
                Validator validator;
                ASSERT_FALSE(validator.add(text));
                text[at] = std::byte{'a'};
            }
        }
    }
}

TEST(ValidPrefix, SkipsACharacterAnywhereInAscii) {
    for (std::size_t length = 0; length <= 100; ++length) {
        for (std::size_t at = 0; at <= length; ++at) {
            std::string text(length, 'a');
            text.insert(at, "\xf0\x9f\x98\x80");
            ASSERT_EQ(valid_prefix(bytes_of(text)), text.size()) << at << ' ' << length;
            text.erase(at + 3, 1);
            ASSERT_EQ(valid_prefix(bytes_of(text)), at) << at << ' ' << length;
        }
    }
}

}  // namespace
}  // namespace wsinetd::utf8::validator_test
