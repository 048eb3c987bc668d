#include "config/units.hpp"

#include <gtest/gtest.h>

#include <string>

namespace wsinetd::config::units_test {
namespace {

using namespace std::chrono_literals;

TEST(Number, IsDecimalDigitsOnly) {
    EXPECT_EQ(parse_number("0"), 0u);
    EXPECT_EQ(parse_number("8080"), 8080u);
    EXPECT_EQ(parse_number("007"), 7u);
    for (const std::string_view wrong : {"", "-1", "+1", " 1", "1 ", "1.0", "0x10", "1e3", "80a", "a", "１"})
        EXPECT_EQ(parse_number(wrong), std::nullopt) << wrong;
}

TEST(Number, IsAtMostItsLimit) {
    EXPECT_EQ(parse_number("65535", 65535), 65535u);
    EXPECT_EQ(parse_number("65536", 65535), std::nullopt);
    EXPECT_EQ(parse_number("18446744073709551615"), UINT64_MAX);
    EXPECT_EQ(parse_number("18446744073709551616"), std::nullopt);
    EXPECT_EQ(parse_number("99999999999999999999999999"), std::nullopt);
}

TEST(Duration, CountsSecondsWithoutAUnit) {
    EXPECT_EQ(parse_duration("0"), 0ms);
    EXPECT_EQ(parse_duration("30"), 30s);
    EXPECT_EQ(parse_duration("1.5"), 1500ms);
}

TEST(Duration, TakesAUnit) {
    EXPECT_EQ(parse_duration("500ms"), 500ms);
    EXPECT_EQ(parse_duration("30s"), 30s);
    EXPECT_EQ(parse_duration("5m"), 5min);
    EXPECT_EQ(parse_duration("5min"), 5min);
    EXPECT_EQ(parse_duration("2h"), 2h);
    EXPECT_EQ(parse_duration("1d"), 24h);
    EXPECT_EQ(parse_duration("0ms"), 0ms);
}

TEST(Duration, TakesAFractionAndRoundsDownToMilliseconds) {
    EXPECT_EQ(parse_duration("0.5s"), 500ms);
    EXPECT_EQ(parse_duration("1.25m"), 75s);
    EXPECT_EQ(parse_duration("0.001s"), 1ms);
    EXPECT_EQ(parse_duration("0.0019s"), 1ms);
    EXPECT_EQ(parse_duration("0.9ms"), 0ms);
    EXPECT_EQ(parse_duration("0.9999999999999999999999s"), 999ms);
    EXPECT_EQ(parse_duration("1.000000h"), 1h);
}

TEST(Duration, IsNothingElse) {
    for (const std::string_view wrong :
         {"",   "s",   "ms",  "-1s",   "+1s",    " 1s",  "1s ",   "1 s", "1S",   "1MS", "1sec",
          "1w", "1.s", ".5s", "1..5s", "1.5.5s", "1,5s", "1h30m", "1e3", "soon", "1ns"})
        EXPECT_EQ(parse_duration(wrong), std::nullopt) << wrong;
}

TEST(Duration, IsAtMostAThousandYearsOfWhichAHundredCount) {
    EXPECT_EQ(parse_duration("36500d"), 24h * 36500);
    EXPECT_EQ(parse_duration("36501d"), 24h * 36500);
    EXPECT_EQ(parse_duration("366000d"), 24h * 36500);
    EXPECT_EQ(parse_duration("366001d"), std::nullopt);
    EXPECT_EQ(parse_duration("18446744073709551615"), std::nullopt);
    EXPECT_EQ(parse_duration("18446744073709551616"), std::nullopt);
}

TEST(Size, CountsBytesWithoutAUnit) {
    EXPECT_EQ(parse_size("0"), 0u);
    EXPECT_EQ(parse_size("1"), 1u);
    EXPECT_EQ(parse_size("65536"), 65536u);
}

TEST(Size, TakesAUnitOfTwoOrOfTen) {
    EXPECT_EQ(parse_size("10B"), 10u);
    EXPECT_EQ(parse_size("64K"), 65536u);
    EXPECT_EQ(parse_size("64KiB"), 65536u);
    EXPECT_EQ(parse_size("64kB"), 64000u);
    EXPECT_EQ(parse_size("1M"), 1048576u);
    EXPECT_EQ(parse_size("1MiB"), 1048576u);
    EXPECT_EQ(parse_size("1MB"), 1000000u);
    EXPECT_EQ(parse_size("2G"), 2147483648u);
    EXPECT_EQ(parse_size("2GiB"), 2147483648u);
    EXPECT_EQ(parse_size("2GB"), 2000000000u);
    EXPECT_EQ(parse_size("1TiB"), 1099511627776u);
}

TEST(Size, TakesAFractionAndRoundsDownToBytes) {
    EXPECT_EQ(parse_size("1.5KiB"), 1536u);
    EXPECT_EQ(parse_size("0.1K"), 102u);
    EXPECT_EQ(parse_size("1.9B"), 1u);
    EXPECT_EQ(parse_size("0.5TiB"), 549755813888u);
}

TEST(Size, IsNothingElse) {
    for (const std::string_view wrong :
         {"", "K", "-1", "+1", " 1", "1 ", "1 K", "1k", "1KB", "1kib", "1Mi", "1mb", "1.K", ".5K", "big"})
        EXPECT_EQ(parse_size(wrong), std::nullopt) << wrong;
}

TEST(Size, IsAtMostFourEiB) {
    EXPECT_EQ(parse_size("4611686018427387904"), std::uint64_t{1} << 62U);
    EXPECT_EQ(parse_size("4611686018427387905"), std::nullopt);
    EXPECT_EQ(parse_size("4194304TiB"), std::uint64_t{1} << 62U);
    EXPECT_EQ(parse_size("4194305TiB"), std::nullopt);
}

}  // namespace
}  // namespace wsinetd::config::units_test
