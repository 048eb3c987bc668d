#include "framing/body_writer.hpp"

#include <gtest/gtest.h>

#include "fixtures/every_split.hpp"

namespace wsinetd::framing::body_writer_test {
namespace {

using fixtures::text_of;

/// Each piece lies in memory of its own, with space in front; what is to be written is copied at once.
class Input {
public:
    /// False: refused.
    bool add(std::string_view bytes, bool first, bool last, std::optional<std::uint64_t> to_come = {}) {
        std::string memory = std::string(BodyWriter::max_header, 'h') + std::string(bytes);
        const auto piece = fixtures::writable_bytes_of(memory).subspan(BodyWriter::max_header);
        const auto written = writer.add({piece, first, last}, to_come);
        if (!written) return false;
        written_now = text_of(*written);
        written_all += written_now;
        return true;
    }
    bool add(std::string_view message) { return add(message, true, true, 0); }

    BodyWriter writer;
    std::string written_now;
    std::string written_all;
};

TEST(BodyWriter, PutsTheLengthBeforeAMessage) {
    Input input;
    EXPECT_TRUE(input.add("{}"));
    EXPECT_EQ(input.written_now, "Content-Length: 2\r\n\r\n{}");
    EXPECT_TRUE(input.add(""));
    EXPECT_EQ(input.written_now, "Content-Length: 0\r\n\r\n");
    EXPECT_TRUE(input.add("a\r\n\r\nb"));
    EXPECT_EQ(input.written_now, "Content-Length: 6\r\n\r\na\r\n\r\nb");
    EXPECT_EQ(input.writer.held(), 0U);
}

TEST(BodyWriter, CountsBytes) {
    Input input;
    input.add("h\u00e9\U0001f600");
    EXPECT_EQ(input.written_now, "Content-Length: 7\r\n\r\nh\u00e9\U0001f600");
}

TEST(BodyWriter, PassesAMessageInPiecesWhoseLengthIsKnown) {
    Input input;
    EXPECT_TRUE(input.add("abc", true, false, 997));
    EXPECT_EQ(input.written_now, "Content-Length: 1000\r\n\r\nabc");
    EXPECT_TRUE(input.add(std::string(990, 'x'), false, false, 7));
    EXPECT_EQ(input.written_now, std::string(990, 'x'));
    EXPECT_TRUE(input.add("defghij", false, true, 0));
    EXPECT_EQ(input.written_now, "defghij");
    EXPECT_EQ(input.writer.held(), 0U);
    EXPECT_TRUE(input.add("next"));
    EXPECT_EQ(input.written_now, "Content-Length: 4\r\n\r\nnext");
}

TEST(BodyWriter, HasSpaceForTheGreatestLength) {
    Input input;
    input.add("", true, false, ~std::uint64_t{0});
    EXPECT_EQ(input.written_now, "Content-Length: 18446744073709551615\r\n\r\n");
}

TEST(BodyWriter, HoldsAMessageInFragmentsUntilItIsWhole) {
    Input input;
    EXPECT_TRUE(input.add("one ", true, false));
    EXPECT_TRUE(input.add("", false, false));
    EXPECT_TRUE(input.add("two ", false, false));
    EXPECT_EQ(input.written_all, "");
    EXPECT_EQ(input.writer.held(), 8U);
    EXPECT_TRUE(input.add("three", false, true, 0));
    EXPECT_EQ(input.written_all, "Content-Length: 13\r\n\r\none two three");
    input.writer.forget_delivered();
    EXPECT_EQ(input.writer.held(), 0U);
    EXPECT_TRUE(input.add("", true, false));
    EXPECT_TRUE(input.add("", false, true, 0));
    EXPECT_EQ(input.written_now, "Content-Length: 0\r\n\r\n");
}

TEST(BodyWriter, HoldsOnWhenTheLengthBecomesKnownLater) {
    Input input;
    EXPECT_TRUE(input.add("a", true, false));
    EXPECT_TRUE(input.add("b", false, false, 1));
    EXPECT_EQ(input.written_all, "");
    EXPECT_TRUE(input.add("c", false, true, 0));
    EXPECT_EQ(input.written_all, "Content-Length: 3\r\n\r\nabc");
}

TEST(BodyWriter, Holds256KiBAndNoMore) {
    const std::string half(128 * 1024, 'x');
    Input exact;
    EXPECT_TRUE(exact.add(half, true, false));
    EXPECT_TRUE(exact.add(half, false, false));
    EXPECT_TRUE(exact.add("", false, true, 0));
    EXPECT_EQ(exact.written_all, "Content-Length: 262144\r\n\r\n" + half + half);
    Input longer;
    EXPECT_TRUE(longer.add(half, true, false));
    EXPECT_TRUE(longer.add(half, false, false));
    EXPECT_FALSE(longer.add("x", false, true, 0));
}

TEST(BodyWriter, TakesAPieceForTheBeginningWhereTheFirstWasKeptBack) {
    Input input;
    EXPECT_TRUE(input.add("ab", false, true, 0));
    EXPECT_EQ(input.written_now, "Content-Length: 2\r\n\r\nab");
}

TEST(BodyWriter, HoldsManySmallFragments) {
    Input input;
    std::string expected;
    for (int i = 0; i < 100'000; ++i) {
        const std::string fragment = std::to_string(i % 100);
        ASSERT_TRUE(input.add(fragment, i == 0, false));
        expected += fragment;
    }
    ASSERT_TRUE(input.add("!", false, true, 0));
    EXPECT_EQ(input.written_all,
              "Content-Length: " + std::to_string(expected.size() + 1) + "\r\n\r\n" + expected + "!");
}

}  // namespace
}  // namespace wsinetd::framing::body_writer_test
