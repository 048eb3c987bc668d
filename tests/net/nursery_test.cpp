#include "net/nursery.hpp"

#include "net/loop_fixture.hpp"

namespace wsinetd::net::nursery_test {
namespace {

class NurseryTest : public LoopTest {
protected:
    awaitable<void> note_when_set(char name, Event& event) {
        order += name;
        co_await event.wait();
        order += static_cast<char>(std::toupper(name));
    }
    awaitable<void> join(Nursery& whose) {
        co_await whose.join();
        order += '.';
    }
    awaitable<void> fail(std::string what) {
        co_await one.wait();
        throw std::runtime_error(what);
    }
    awaitable<void> spawn_another(Event& first, Event& second) {
        co_await first.wait();
        children.spawn(note_when_set('b', second));
        order += 's';
    }

    Nursery children{executor, [this](const std::exception& bug) { order += bug.what(); }};
    Event one{executor};
    Event two{executor};
    std::string order;
};

TEST_F(NurseryTest, JoinsAtOnceWhereNothingRuns) {
    nursery.spawn(join(children));
    run();
    EXPECT_EQ(order, ".");
}

TEST_F(NurseryTest, JoinsWhenEveryTaskHasEnded) {
    children.spawn(note_when_set('a', one));
    children.spawn(note_when_set('b', two));
    nursery.spawn(join(children));
    run_what_is_ready();
    EXPECT_EQ(order, "ab");
    EXPECT_EQ(children.running(), 2u);
    two.set();
    run_what_is_ready();
    EXPECT_EQ(order, "abB");
    one.set();
    run();
    EXPECT_EQ(order, "abBA.");
    EXPECT_EQ(children.running(), 0u);
}

TEST_F(NurseryTest, WaitsForTasksSpawnedMeanwhileToo) {
    children.spawn(spawn_another(one, two));
    nursery.spawn(join(children));
    one.set();
    run_what_is_ready();
    EXPECT_EQ(order, "bs");  // the new task ran up to its first wait inside spawn
    two.set();
    run();
    EXPECT_EQ(order, "bsB.");
}

TEST_F(NurseryTest, CanBeUsedAgainAfterAJoin) {
    for (int i = 0; i < 2; ++i) {
        children.spawn(note_when_set('a', one));
        nursery.spawn(join(children));
        run_what_is_ready();
        one.set();
        run();
    }
    EXPECT_EQ(order, "aA.aA.");
}

TEST_F(NurseryTest, IsNotMisledByTasksThatEndedBeforeTheJoin) {
    one.set();
    children.spawn(note_when_set('a', one));
    run();
    children.spawn(note_when_set('b', two));
    nursery.spawn(join(children));
    run_what_is_ready();
    EXPECT_EQ(order, "aAb");
    two.set();
    run();
    EXPECT_EQ(order, "aAbB.");
}

TEST_F(NurseryTest, TellsOfAnExceptionAndGoesOn) {
    children.spawn(fail("(bug)"));
    children.spawn(note_when_set('a', two));
    nursery.spawn(join(children));
    one.set();
    run_what_is_ready();
    EXPECT_EQ(order, "a(bug)");
    two.set();
    run();
    EXPECT_EQ(order, "a(bug)A.");
}

TEST_F(NurseryTest, WaitsForATaskThatKeepsAPlaceToo) {
    std::optional<Nursery::Place> place(std::in_place, children);
    EXPECT_EQ(children.running(), 1u);
    nursery.spawn(join(children));
    run_what_is_ready();
    EXPECT_EQ(order, "");
    children.report(std::runtime_error("(bug)"));
    place.reset();
    run();
    EXPECT_EQ(order, "(bug).");
}

}  // namespace
}  // namespace wsinetd::net::nursery_test
