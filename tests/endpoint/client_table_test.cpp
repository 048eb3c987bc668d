#include "endpoint/client_table.hpp"

#include <gtest/gtest.h>

namespace wsinetd::endpoint::client_table_test {
namespace {

using namespace std::chrono_literals;
using Verdict = ClientTable::Verdict;

const ClientTable::TimePoint start{1000s};
const ClientTable::Key ada = *http::parse_address("192.0.2.1");
const ClientTable::Key bob = *http::parse_address("192.0.2.2");

TEST(ClientTable, GrantsEachClientSoManyAtOnce) {
    ClientTable table;
    const ClientLimits limits{2, {}};
    EXPECT_EQ(table.take(ada, limits, start).verdict, Verdict::granted);
    EXPECT_EQ(table.take(ada, limits, start).verdict, Verdict::granted);
    EXPECT_EQ(table.take(ada, limits, start).verdict, Verdict::too_many);
    EXPECT_EQ(table.take(bob, limits, start).verdict, Verdict::granted);
    table.leave(ada);
    EXPECT_EQ(table.take(ada, limits, start).verdict, Verdict::granted);
    EXPECT_EQ(table.take(ada, limits, start).verdict, Verdict::too_many);
}

TEST(ClientTable, GrantsSoManyStartsInATimeAndSaysWhenTheNextIs) {
    ClientTable table;
    const ClientLimits limits{0, {2, 10s}};
    EXPECT_EQ(table.take(ada, limits, start).verdict, Verdict::granted);
    EXPECT_EQ(table.take(ada, limits, start).verdict, Verdict::granted);
    const auto refused = table.take(ada, limits, start + 1s);
    EXPECT_EQ(refused.verdict, Verdict::too_often);
    EXPECT_EQ(refused.retry_after, 4s);
    EXPECT_EQ(table.take(bob, limits, start + 1s).verdict, Verdict::granted);
    EXPECT_EQ(table.take(ada, limits, start + 5s).verdict, Verdict::granted);
    EXPECT_EQ(table.take(ada, limits, start + 5s).verdict, Verdict::too_often);
}

TEST(ClientTable, SavesUpNoMoreThanTheCount) {
    ClientTable table;
    const ClientLimits limits{0, {2, 1s}};
    for (int i = 0; i < 2; ++i) EXPECT_EQ(table.take(ada, limits, start).verdict, Verdict::granted);
    for (int i = 0; i < 2; ++i) EXPECT_EQ(table.take(ada, limits, start + 1h).verdict, Verdict::granted);
    EXPECT_EQ(table.take(ada, limits, start + 1h).verdict, Verdict::too_often);
}

TEST(ClientTable, TakesNoStartForWhatIsRefusedByTheOtherLimit) {
    ClientTable table;
    const ClientLimits limits{1, {2, 1h}};
    EXPECT_EQ(table.take(ada, limits, start).verdict, Verdict::granted);
    for (int i = 0; i < 5; ++i) EXPECT_EQ(table.take(ada, limits, start).verdict, Verdict::too_many);
    table.leave(ada);
    EXPECT_EQ(table.take(ada, limits, start).verdict, Verdict::granted);
    table.leave(ada);
    EXPECT_EQ(table.take(ada, limits, start).verdict, Verdict::too_often);
}

TEST(ClientTable, TakesA64OfIpv6ForOneClientAndEachIpv4AddressForItself) {
    const auto key = [](const char* text) { return ClientTable::key_of(*http::parse_address(text)); };
    EXPECT_EQ(key("2001:db8:0:1::1"), key("2001:db8:0:1:ffff:ffff:ffff:ffff"));
    EXPECT_NE(key("2001:db8:0:1::1"), key("2001:db8:0:2::1"));
    EXPECT_NE(key("192.0.2.1"), key("192.0.2.2"));
    EXPECT_EQ(key("192.0.2.1"), key("::ffff:192.0.2.1"));
    EXPECT_NE(key("::1"), key("127.0.0.1"));
}

TEST(ClientTable, DoesNotGrowWithTheNumberOfAddresses) {
    ClientTable table(100);
    const ClientLimits limits{1, {1, 1h}};
    EXPECT_EQ(table.take(bob, limits, start).verdict, Verdict::granted);
    ClientTable::Key flood = *http::parse_address("2001:db8::");
    for (unsigned i = 0; i < 100'000; ++i) {  // as many /64 of one /32
        flood.bytes[4] = static_cast<std::uint8_t>(i >> 16);
        flood.bytes[5] = static_cast<std::uint8_t>(i >> 8);
        flood.bytes[6] = static_cast<std::uint8_t>(i);
        ASSERT_EQ(table.take(flood, limits, start).verdict, Verdict::granted);
        ASSERT_EQ(table.take(flood, limits, start).verdict, Verdict::too_often);
        table.leave(flood);
    }
    EXPECT_EQ(table.size(), 101U);
    EXPECT_EQ(table.take(bob, limits, start + 2h).verdict, Verdict::too_many);  // who has something running stays known
}

TEST(ClientTable, ForgetsWhoWasSeenLongestAgo) {
    ClientTable table(1);
    const ClientLimits limits{0, {1, 1h}};
    EXPECT_EQ(table.take(ada, limits, start).verdict, Verdict::granted);
    table.leave(ada);
    EXPECT_EQ(table.take(bob, limits, start).verdict, Verdict::granted);
    EXPECT_EQ(table.take(ada, limits, start).verdict, Verdict::too_often);
    table.leave(bob);
    EXPECT_EQ(table.take(ada, limits, start).verdict, Verdict::granted);
    EXPECT_EQ(table.size(), 2U);
}

}  // namespace
}  // namespace wsinetd::endpoint::client_table_test
