#include "session/keepalive.hpp"

#include <gtest/gtest.h>

namespace wsinetd::session::keepalive_test {
namespace {

using namespace std::chrono_literals;
using Decision = Keepalive::Decision;

constexpr Keepalive::TimePoint start{};
constexpr Keepalive::View quiet{100, 100, true};  ///< all has been delivered
constexpr Keepalive::View delivered{102, 102, true};

TEST(Keepalive, PingsWhenNothingCameForAnInterval) {
    Keepalive keepalive(10s, start);
    EXPECT_EQ(keepalive.next(start), start + 10s);
    EXPECT_EQ(keepalive.look(start + 9s, quiet), Decision::wait);
    EXPECT_EQ(keepalive.look(start + 10s, quiet), Decision::ping);
}

TEST(Keepalive, DoesNotPingAPeerThatSpeaks) {
    Keepalive keepalive(10s, start);
    keepalive.heard(start + 8s);
    EXPECT_EQ(keepalive.look(start + 10s, quiet), Decision::wait);
    EXPECT_EQ(keepalive.next(start + 10s), start + 18s);
}

TEST(Keepalive, GivesUpTwoIntervalsAfterAPingHasLeft) {
    Keepalive keepalive(10s, start);
    ASSERT_EQ(keepalive.look(start + 10s, quiet), Decision::ping);
    EXPECT_EQ(keepalive.look(start + 11s, delivered), Decision::wait);
    EXPECT_EQ(keepalive.look(start + 30s, delivered), Decision::ping) << "once more, for a lost one";
    EXPECT_EQ(keepalive.look(start + 31s, delivered), Decision::gone);
}

TEST(Keepalive, TakesAnyByteForALifeSign) {
    Keepalive keepalive(10s, start);
    ASSERT_EQ(keepalive.look(start + 10s, quiet), Decision::ping);
    EXPECT_EQ(keepalive.look(start + 11s, delivered), Decision::wait);
    keepalive.heard(start + 30s);
    EXPECT_EQ(keepalive.look(start + 31s, delivered), Decision::wait);
}

TEST(Keepalive, DoesNotCountWhileThePingIsStillOnItsWay) {
    Keepalive keepalive(10s, start);
    ASSERT_EQ(keepalive.look(start + 10s, {1000, 100, true}), Decision::ping);
    for (int second = 11; second < 60; ++second) {
        const Keepalive::View slow{1002, static_cast<std::uint64_t>(100 + second), true};
        EXPECT_NE(keepalive.look(start + std::chrono::seconds(second), slow), Decision::gone) << second;
    }
}

TEST(Keepalive, TellsASlowPeerFromOneThatTakesNothingAndFromOneThatKeepsUp) {
    Keepalive nothing(10s, start);
    Keepalive slow(10s, start);
    Keepalive quick(10s, start);
    for (Keepalive* each : {&nothing, &slow, &quick})
        EXPECT_NE(each->look(start + 10s, {1000, 100, true}), Decision::gone);
    EXPECT_EQ(slow.next(start + 10s), start + 12500ms) << "soon, for the kernel's patience is as long as ours";
    EXPECT_NE(nothing.look(start + 13s, {1000, 100, true}), Decision::gone);
    EXPECT_NE(slow.look(start + 13s, {1000, 101, true}), Decision::gone);
    EXPECT_NE(quick.look(start + 13s, {1000, 1000, true}), Decision::gone);
    EXPECT_FALSE(nothing.takes_slowly());
    EXPECT_TRUE(slow.takes_slowly());
    EXPECT_FALSE(quick.takes_slowly());
}

TEST(Keepalive, GivesUpOnAPeerThatTakesNothingForTwoIntervals) {
    Keepalive keepalive(10s, start);
    EXPECT_EQ(keepalive.look(start + 5s, {1000, 100, true}), Decision::wait);
    EXPECT_EQ(keepalive.look(start + 10s, {1000, 100, true}), Decision::ping);
    EXPECT_NE(keepalive.look(start + 24s, {1000, 100, true}), Decision::gone);
    EXPECT_EQ(keepalive.look(start + 25s, {1000, 100, true}), Decision::gone);
}

TEST(Keepalive, DoesNotJudgeAPeerItDoesNotReadFromButStillPings) {
    Keepalive keepalive(10s, start);
    ASSERT_EQ(keepalive.look(start + 10s, quiet), Decision::ping);
    int pings = 0;
    for (int second = 11; second < 100; ++second) {
        const Decision decision = keepalive.look(start + std::chrono::seconds(second), {102, 102, false});
        EXPECT_NE(decision, Decision::gone) << second;
        pings += decision == Decision::ping;
    }
    EXPECT_EQ(pings, 8);
    EXPECT_NE(keepalive.look(start + 100s, {102, 102, true}), Decision::gone) << "the answer may be waiting";
    EXPECT_EQ(keepalive.look(start + 120s, {102, 102, true}), Decision::gone);
}

TEST(Keepalive, IsOffAtZero) {
    Keepalive keepalive(0s, start);
    EXPECT_FALSE(keepalive.on());
    EXPECT_EQ(keepalive.look(start + 1000h, {1000, 0, true}), Decision::wait);
}

}  // namespace
}  // namespace wsinetd::session::keepalive_test
