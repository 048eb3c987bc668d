#include "http/message.hpp"

#include <gtest/gtest.h>

namespace wsinetd::http::message_test {
namespace {

const Fields fields{{"Accept", "a"}, {"Connection", "keep-alive ,\tUpgrade"}, {"ACCEPT", "b, c"}, {"Empty", ""}};

TEST(Fields, JoinsTheValuesOfANameInTheirOrder) {
    EXPECT_EQ(fields.joined("accept"), "a, b, c");
    EXPECT_EQ(fields.joined("empty"), "");
    EXPECT_EQ(fields.joined("acc"), std::nullopt);
}

TEST(Fields, FindsATokenInAnyPlaceOfAListWithoutCase) {
    EXPECT_TRUE(fields.has_token("connection", "upgrade"));
    EXPECT_TRUE(fields.has_token("Connection", "Keep-Alive"));
    EXPECT_TRUE(fields.has_token("Accept", "c"));
    EXPECT_FALSE(fields.has_token("Connection", "keep"));
    EXPECT_FALSE(fields.has_token("Connection", "keep-alive ,\tUpgrade"));
    EXPECT_FALSE(fields.has_token("Absent", "a"));
}

TEST(Fields, CountsWithoutCase) {
    EXPECT_EQ(fields.count("aCCept"), 2u);
    EXPECT_EQ(fields.count("Connection"), 1u);
    EXPECT_EQ(fields.count("Absent"), 0u);
}

TEST(SameToken, FoldsExactlyTheLettersOfAscii) {
    for (int a = 0; a < 256; ++a) {
        for (int b = 0; b < 256; ++b) {
            const auto small = std::min(a, b);
            const bool folded = a != b && std::max(a, b) - small == 32 && small >= 'A' && small <= 'Z';
            const char x = static_cast<char>(a);
            const char y = static_cast<char>(b);
            EXPECT_EQ(same_token({&x, 1}, {&y, 1}), a == b || folded) << a << ' ' << b;
        }
    }
}

TEST(Trimmed, LosesTheBlanksAroundItAndNoOthers) {
    EXPECT_EQ(trimmed(" \t a \tb\t "), "a \tb");
    EXPECT_EQ(trimmed("a"), "a");
    EXPECT_EQ(trimmed(" \t"), "");
    EXPECT_EQ(trimmed(""), "");
    EXPECT_EQ(trimmed("\r\n"), "\r\n");
}

}  // namespace
}  // namespace wsinetd::http::message_test
