#include "session/counters.hpp"

#include <gmock/gmock.h>

#include <set>

namespace wsinetd::session::counters_test {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::Pair;

TEST(Counters, AddUpOverLoops) {
    Counters one;
    one.tally("/a", SessionKind::websocket) = {3, 2, {10, 20, 1, 2}};
    one.requests["101"] = 3;
    one.closes["1000"] = 2;
    one.waited_for_clients = 1s;
    Counters two;
    two.tally("/a", SessionKind::websocket) = {1, 1, {1, 1, 1, 1}};
    two.tally("/b", SessionKind::cgi) = {5, 5, {7, 8, 0, 0}};
    two.requests["101"] = 1;
    two.requests["404"] = 9;
    two.not_started = 4;
    two.waited_for_commands = 2s;
    one += two;
    const Tally& a = one.tally("/a", SessionKind::websocket);
    EXPECT_EQ(a.begun, 4U);
    EXPECT_EQ(a.ended, 3U);
    EXPECT_EQ(a.traffic.bytes_in, 11U);
    EXPECT_EQ(a.traffic.bytes_out, 21U);
    EXPECT_EQ(a.traffic.messages_in, 2U);
    EXPECT_EQ(a.traffic.messages_out, 3U);
    EXPECT_EQ(one.tally("/b", SessionKind::cgi).traffic.bytes_out, 8U);
    EXPECT_THAT(one.requests, ElementsAre(Pair("101", 4), Pair("404", 9)));
    EXPECT_THAT(one.closes, ElementsAre(Pair("1000", 2)));
    EXPECT_EQ(one.not_started, 4U);
    EXPECT_EQ(one.waited_for_clients, 1s);
    EXPECT_EQ(one.waited_for_commands, 2s);
}

TEST(Counters, OfMoreEndpointsThanReloadsShouldMakeAreKeptTogether) {
    Counters counters;
    for (int i = 0; i < 1500; ++i) ++counters.tally("/" + std::to_string(i), SessionKind::websocket).begun;
    EXPECT_EQ(counters.tallies.size(), 1001U);
    EXPECT_EQ(counters.tally("(other)", SessionKind::websocket).begun, 500U);
}

TEST(Histogram, CountsWhatIsAsLargeAsABoundBelowIt) {
    Histogram histogram;
    histogram.add(50us);
    histogram.add(51us);
    histogram.add(10s);
    EXPECT_EQ(histogram.counts[0], 1U);
    EXPECT_EQ(histogram.counts[1], 1U);
    EXPECT_EQ(histogram.counts.back(), 1U);
    EXPECT_DOUBLE_EQ(histogram.sum, 10.000101);
    histogram += histogram;
    EXPECT_EQ(histogram.counts.back(), 2U);
}

TEST(CloseLabel, TellsTheProtocolsCodesAndTheExitStatuses) {
    EXPECT_EQ(close_label(1000), "1000");
    EXPECT_EQ(close_label(1006), "1006");
    EXPECT_EQ(close_label(4001), "4001");
    EXPECT_EQ(close_label(4137), "4137");
    EXPECT_EQ(close_label(3500), "3xxx");
    EXPECT_EQ(close_label(4256), "4xxx");
    EXPECT_EQ(close_label(2000), "other");
}

TEST(CloseLabel, HasFewValuesWhateverClientsSend) {
    std::set<std::string> labels;
    for (std::int64_t code = 0; code < 65536; ++code) labels.insert(close_label(code));
    EXPECT_EQ(labels.size(), 16U + 256U + 3U);
}

TEST(StatusLabel, HasFewValuesWhateverCgiProgramsSay) {
    EXPECT_EQ(status_label(101), "101");
    EXPECT_EQ(status_label(499), "499");
    EXPECT_EQ(status_label(299), "2xx");
    std::set<std::string> labels;
    for (int status = 100; status < 1000; ++status) labels.insert(status_label(status));
    EXPECT_LT(labels.size(), 80U);
}

TEST(ExitLabel, TellsSuccessFailureAndSignals) {
    EXPECT_EQ(exit_label({.by_signal = false, .number = 0}), "success");
    EXPECT_EQ(exit_label({.by_signal = false, .number = 255}), "failure");
    EXPECT_EQ(exit_label({.by_signal = true, .number = 9}), "signal");
}

}  // namespace
}  // namespace wsinetd::session::counters_test
