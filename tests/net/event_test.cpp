#include "net/event.hpp"

#include "net/loop_fixture.hpp"

namespace wsinetd::net::event_test {
namespace {

class EventTest : public LoopTest {
protected:
    awaitable<void> wait_and_note(char name) {
        co_await event.wait();
        order += name;
    }
    awaitable<void> wait_three_times() {
        for (int i = 0; i < 3; ++i) co_await wait_and_note('w');
    }
    Event event{executor};
    std::string order;
};

TEST_F(EventTest, WakesTheWaiterOnceItIsSet) {
    nursery.spawn(wait_and_note('w'));
    run_what_is_ready();
    EXPECT_EQ(order, "");
    event.set();
    run();
    EXPECT_EQ(order, "w");
}

TEST_F(EventTest, NeverRunsTheWaiterInsideSet) {
    nursery.spawn(wait_and_note('w'));
    run_what_is_ready();
    asio::post(context, [this] {
        event.set();
        order += 's';
    });
    run();
    EXPECT_EQ(order, "sw");
}

TEST_F(EventTest, MayBeSetBeforeAnybodyWaits) {
    event.set();
    nursery.spawn(wait_and_note('w'));
    run();
    EXPECT_EQ(order, "w");
}

TEST_F(EventTest, IsTakenByOneWaitHoweverOftenItWasSet) {
    event.set();
    event.set();
    nursery.spawn(wait_and_note('a'));
    run();
    nursery.spawn(wait_and_note('b'));
    run_what_is_ready();
    EXPECT_EQ(order, "a");
    event.set();
    event.set();
    run();
    EXPECT_EQ(order, "ab");
    nursery.spawn(wait_and_note('c'));
    run_what_is_ready();
    EXPECT_EQ(order, "ab");
    event.set();
}

TEST_F(EventTest, CanBeWaitedForAgainAndAgain) {
    nursery.spawn(wait_three_times());
    for (int i = 1; i <= 3; ++i) {
        event.set();
        run_what_is_ready();
        EXPECT_EQ(order.size(), static_cast<std::size_t>(i));
    }
}

}  // namespace
}  // namespace wsinetd::net::event_test
