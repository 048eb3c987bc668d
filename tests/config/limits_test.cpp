#include "config/limits.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace wsinetd::config::limits_test {
namespace {

using testing::HasSubstr;
using testing::VariantWith;

TEST(Limit, OfBytesTakesSizes) {
    EXPECT_THAT(parse_limit("512MiB", Measure::bytes), VariantWith<Limit>(Limit{512U << 20U, 512U << 20U}));
    EXPECT_THAT(parse_limit("0", Measure::bytes), VariantWith<Limit>(Limit{0, 0}));
}

TEST(Limit, InfinityIsNone) {
    EXPECT_THAT(parse_limit("infinity", Measure::bytes), VariantWith<Limit>(Limit{infinity, infinity}));
    EXPECT_THAT(parse_limit("infinity", Measure::seconds), VariantWith<Limit>(Limit{infinity, infinity}));
    EXPECT_THAT(parse_limit("infinity", Measure::count), VariantWith<Limit>(Limit{infinity, infinity}));
}

TEST(Limit, TakesSoftAndHardAsSystemdWritesThem) {
    EXPECT_THAT(parse_limit("1024:4096", Measure::count), VariantWith<Limit>(Limit{1024, 4096}));
    EXPECT_THAT(parse_limit("1MiB:infinity", Measure::bytes), VariantWith<Limit>(Limit{1U << 20U, infinity}));
    EXPECT_THAT(parse_limit("10s:1m", Measure::seconds), VariantWith<Limit>(Limit{10, 60}));
}

TEST(Limit, OfSecondsIsRoundedUpToWholeOnes) {
    EXPECT_THAT(parse_limit("1500ms:2500ms", Measure::seconds), VariantWith<Limit>(Limit{2, 3}));
}

TEST(Limit, OfSecondsKillsASecondAfterItHasToldSo) {
    EXPECT_THAT(parse_limit("30s", Measure::seconds), VariantWith<Limit>(Limit{30, 31}));
    EXPECT_THAT(parse_limit("1m", Measure::seconds), VariantWith<Limit>(Limit{60, 61}));
}

TEST(Limit, SaysWhatWouldBeRight) {
    for (const char* const wrong : {"", "x", "-1", ":", "1:", ":1", "1:2:3", "Infinity", "1 MiB:"}) {
        EXPECT_THAT(parse_limit(wrong, Measure::bytes), VariantWith<std::string>(HasSubstr("512MiB, SOFT:HARD")));
        EXPECT_THAT(parse_limit(wrong, Measure::seconds), VariantWith<std::string>(HasSubstr("30s, SOFT:HARD")));
        EXPECT_THAT(parse_limit(wrong, Measure::count), VariantWith<std::string>(HasSubstr("a number, SOFT:HARD")));
    }
    EXPECT_THAT(parse_limit("1MiB", Measure::count), VariantWith<std::string>(HasSubstr("\"1MiB\" is not a limit")));
}

TEST(Limit, HasNoSoftLimitAboveItsHardOne) {
    EXPECT_THAT(parse_limit("2:1", Measure::count), VariantWith<std::string>(HasSubstr("soft limit above")));
    EXPECT_THAT(parse_limit("infinity:1", Measure::count), VariantWith<std::string>(HasSubstr("soft limit above")));
}

TEST(Limit, ReadsBackWhatItIsWrittenAs) {
    for (const Measure measure : {Measure::bytes, Measure::seconds, Measure::count})
        for (const Limit& limit : {Limit{0, 0}, Limit{1, 2}, Limit{5, infinity}, Limit{infinity, infinity}})
            EXPECT_THAT(parse_limit(format_limit(limit, measure), measure), VariantWith<Limit>(limit));
}

}  // namespace
}  // namespace wsinetd::config::limits_test
