#include "net/deadline.hpp"

#include <gtest/gtest.h>

namespace wsinetd::net::deadline_test {
namespace {

using namespace std::chrono_literals;

struct DeadlineTest : testing::Test {
    asio::io_context context{1};
    Timers timers{context.get_executor()};
    std::string order;

    std::function<void()> note(char name) {
        return [this, name] { order += name; };
    }
    /// Runs until nothing is due any more.
    void run() { context.run(); }
};

TEST_F(DeadlineTest, PassInTheOrderOfTheirTimesNotOfTheirMaking) {
    Deadline late(timers, note('b'));
    Deadline early(timers, note('a'));
    late.after(20ms);
    early.after(1ms);
    run();
    EXPECT_EQ(order, "ab");
}

TEST_F(DeadlineTest, DoNotPassWhenSwitchedOff) {
    Deadline off(timers, note('x'));
    Deadline other(timers, note('a'));
    off.after(1ms);
    other.after(5ms);
    off.off();
    run();
    EXPECT_EQ(order, "a");
}

TEST_F(DeadlineTest, DoNotPassWhenDestroyed) {
    Deadline other(timers, note('a'));
    {
        Deadline gone(timers, note('x'));
        gone.after(1ms);
    }
    other.after(5ms);
    run();
    EXPECT_EQ(order, "a");
}

TEST_F(DeadlineTest, CanBeDestroyedByAnotherThatPassesAtTheSameTime) {
    auto second = std::make_unique<Deadline>(timers, note('x'));
    Deadline first(timers, [&] {
        order += 'a';
        second.reset();
    });
    const TimePoint at = Clock::now() + 1ms;
    first.at(at);
    second->at(at + 1ns);
    run();
    EXPECT_EQ(order, "a");
}

TEST_F(DeadlineTest, CanSetThemselvesAgain) {
    int left = 3;
    std::optional<Deadline> repeating;
    repeating.emplace(timers, [&] {
        order += 'a';
        if (--left > 0) repeating->after(1ms);
    });
    repeating->after(1ms);
    run();
    EXPECT_EQ(order, "aaa");
}

TEST_F(DeadlineTest, PassOnTimeWhenMovedForwardAfterALaterOneWasSet) {
    Deadline one(timers, note('a'));
    one.after(1h);
    one.after(1ms);
    run();
    EXPECT_EQ(order, "a");
}

}  // namespace
}  // namespace wsinetd::net::deadline_test
