#include "net/pump.hpp"

#include <deque>

#include "net/descriptor.hpp"
#include "net/loop_fixture.hpp"

namespace wsinetd::net::pump_test {
namespace {

using Wait = Pump::Next::Wait;

class PumpTest : public LoopTest {
protected:
    /// Each turn notes `name` and goes on as `script` says.
    std::function<Pump::Next()> turns(char name, std::deque<Pump::Next> script) {
        return [this, name, script]() mutable {
            order += name;
            const Pump::Next next = script.front();
            script.pop_front();
            return next;
        };
    }

    std::string order;
};

TEST_F(PumpTest, TakesItsFirstTurnInsideStartAndEndsWithTheLast) {
    Pump pump(executor, nursery, turns('a', {{Wait::others}, {Wait::over}}));
    EXPECT_EQ(nursery.running(), 0u);
    pump.start();
    EXPECT_EQ(order, "a");
    EXPECT_EQ(nursery.running(), 1u);
    run();
    EXPECT_EQ(order, "aa");
    EXPECT_EQ(nursery.running(), 0u);
}

TEST_F(PumpTest, LetsOthersHaveTheirTurn) {
    Pump a(executor, nursery, turns('a', {{Wait::others}, {Wait::others}, {Wait::over}}));
    Pump b(executor, nursery, turns('b', {{Wait::others}, {Wait::others}, {Wait::over}}));
    a.start();
    b.start();
    run();
    EXPECT_EQ(order, "ababab");
}

TEST_F(PumpTest, WaitsForADescriptor) {
    Ends in = readable_pipe();
    Descriptor readable(executor, in.ours.release());
    Ends out = writable_pipe();
    Descriptor writable(executor, out.ours.release());
    Pump pump(executor, nursery, turns('a', {{Wait::readable, &readable}, {Wait::writable, &writable}, {Wait::over}}));
    pump.start();
    run_what_is_ready();
    EXPECT_EQ(order, "a");
    in.theirs.write("x");
    run();
    EXPECT_EQ(order, "aaa");
}

TEST_F(PumpTest, HasItsTurnWhenTheDescriptorItWaitsForIsClosed) {
    Ends pipe = readable_pipe();
    Descriptor descriptor(executor, pipe.ours.release());
    Pump pump(executor, nursery,
              turns('a', {{Wait::readable, &descriptor}, {Wait::readable, &descriptor}, {Wait::over}}));
    pump.start();
    run_what_is_ready();
    EXPECT_EQ(order, "a");
    descriptor.close();
    run();  // a wait for what is closed already ends too
    EXPECT_EQ(order, "aaa");
}

TEST_F(PumpTest, SleepsUntilItIsWokenAndNeverRunsInsideTheCall) {
    Pump pump(executor, nursery, turns('a', {{Wait::woken}, {Wait::woken}, {Wait::over}}));
    pump.start();
    run_what_is_ready();
    EXPECT_EQ(order, "a");
    pump.wake();
    pump.wake();  // it was to be woken already: this one is for the next wait
    EXPECT_EQ(order, "a");
    run();
    EXPECT_EQ(order, "aaa");
}

TEST_F(PumpTest, RemembersOneWakeThatCameBeforeItSlept) {
    Pump pump(executor, nursery, turns('a', {{Wait::woken}, {Wait::woken}, {Wait::over}}));
    pump.wake();
    pump.wake();
    pump.start();
    run_what_is_ready();
    EXPECT_EQ(order, "aa");
    pump.wake();
    run();
    EXPECT_EQ(order, "aaa");
}

TEST_F(PumpTest, IsNotWokenFromAnotherWait) {
    Ends pipe = readable_pipe();
    Descriptor descriptor(executor, pipe.ours.release());
    Pump pump(executor, nursery, turns('a', {{Wait::readable, &descriptor}, {Wait::woken}, {Wait::over}}));
    pump.start();
    pump.wake();
    run_what_is_ready();
    EXPECT_EQ(order, "a");
    pipe.theirs.write("x");
    run();
    EXPECT_EQ(order, "aaa");  // and the wake is not lost
}

TEST_F(PumpTest, EndsWithAnExceptionAndTellsOfIt) {
    Pump pump(executor, nursery, []() -> Pump::Next { throw std::runtime_error("bug"); });
    pump.start();
    EXPECT_EQ(bugs, "bug");
    EXPECT_EQ(nursery.running(), 0u);
    pump.wake();
    run();
    EXPECT_EQ(bugs, "bug");
}

}  // namespace
}  // namespace wsinetd::net::pump_test
