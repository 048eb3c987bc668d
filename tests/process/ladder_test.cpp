#include "process/ladder.hpp"

#include <gtest/gtest.h>

#include <csignal>

namespace wsinetd::process::ladder_test {
namespace {

using namespace std::chrono_literals;

constexpr Ladder::TimePoint start{};

struct Sent {
    int signal;
    std::chrono::milliseconds at;
    bool operator==(const Sent&) const = default;
};

/// Climbs each step as soon as it is due.
std::vector<Sent> climb_all(Ladder ladder) {
    std::vector<Sent> sent;
    ladder.begin(start);
    while (const auto step = ladder.next()) {
        sent.push_back({step->signal, std::chrono::duration_cast<std::chrono::milliseconds>(step->at - start)});
        ladder.climb(step->at);
    }
    return sent;
}

TEST(Ladder, SendsInterruptThenTerminateThenKill) {
    EXPECT_EQ(climb_all(Ladder(0ms)), (std::vector<Sent>{{SIGINT, 100ms}, {SIGTERM, 350ms}, {SIGKILL, 850ms}}));
}

TEST(Ladder, AddsTheGraceToEachStep) {
    EXPECT_EQ(climb_all(Ladder(1s)), (std::vector<Sent>{{SIGINT, 1100ms}, {SIGTERM, 2350ms}, {SIGKILL, 3850ms}}));
}

TEST(Ladder, SendsNothingBeforeItBegins) {
    const Ladder ladder(0ms);
    EXPECT_FALSE(ladder.begun());
    EXPECT_FALSE(ladder.next());
}

TEST(Ladder, CountsEachStepFromTheOneBeforeThoughItCameLate) {
    Ladder ladder(0ms);
    ladder.begin(start);
    ladder.climb(start + 300ms);
    EXPECT_EQ(ladder.next()->at, start + 550ms);
}

TEST(Ladder, KnowsWhichSignalsItHasSent) {
    Ladder ladder(0ms);
    ladder.begin(start);
    EXPECT_FALSE(ladder.has_sent(SIGINT));
    ladder.climb(start);
    EXPECT_TRUE(ladder.has_sent(SIGINT));
    EXPECT_FALSE(ladder.has_sent(SIGTERM));
}

}  // namespace
}  // namespace wsinetd::process::ladder_test
