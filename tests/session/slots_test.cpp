#include "session/slots.hpp"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace wsinetd::session {
namespace {

TEST(Slots, AreAsManyAsTheLimit) {
    Slots slots(2);
    EXPECT_TRUE(slots.take());
    EXPECT_TRUE(slots.take());
    EXPECT_FALSE(slots.take());
    EXPECT_FALSE(slots.take());
    slots.give_back();
    EXPECT_TRUE(slots.take());
    EXPECT_FALSE(slots.take());
}

TEST(Slots, HaveNoLimitAtZero) {
    Slots slots(0);
    for (int i = 0; i < 10000; ++i) ASSERT_TRUE(slots.take());
}

TEST(Slots, TellOnceOfTheFirstThatIsGivenBackAfterSomeoneWaits) {
    int freed = 0;
    Slots slots(2, [&freed] { ++freed; });
    EXPECT_TRUE(slots.take());
    EXPECT_TRUE(slots.take());
    slots.give_back();
    EXPECT_EQ(freed, 0);
    EXPECT_TRUE(slots.take());
    slots.await_room();
    EXPECT_FALSE(slots.take());
    slots.give_back();
    EXPECT_EQ(freed, 1);
    slots.give_back();
    EXPECT_EQ(freed, 1);
}

TEST(Slots, ShowAFreeSlotToWhoIsTold) {
    bool taken = false;
    Slots slots(1, [&] { taken = slots.take(); });
    EXPECT_TRUE(slots.take());
    slots.await_room();
    slots.give_back();
    EXPECT_TRUE(taken);
}

TEST(Slots, HoldUnderThreads) {
    constexpr std::uint64_t limit = 3;
    Slots slots(limit);
    std::atomic<std::uint64_t> in_use = 0;
    std::atomic<std::uint64_t> taken = 0;
    std::atomic<bool> too_many = false;
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i)
        threads.emplace_back([&] {
            for (int round = 0; round < 5000; ++round) {
                if (!slots.take()) continue;
                if (in_use.fetch_add(1) >= limit) too_many = true;
                ++taken;
                in_use.fetch_sub(1);
                slots.give_back();
            }
        });
    for (std::thread& thread : threads) thread.join();
    EXPECT_FALSE(too_many);
    EXPECT_GT(taken, 0u);
    for (std::uint64_t i = 0; i < limit; ++i) EXPECT_TRUE(slots.take());  // all came back
    EXPECT_FALSE(slots.take());
}

TEST(Slot, IsGivenBackAtTheEndOfItsScope) {
    Slots slots(1);
    {
        ASSERT_TRUE(slots.take());
        const Slot slot(slots);
        EXPECT_FALSE(slots.take());
    }
    EXPECT_TRUE(slots.take());
}

TEST(Slot, IsGivenBackOnceThoughEarlierOrMoved) {
    Slots slots(1);
    ASSERT_TRUE(slots.take());
    {
        Slot first(slots);
        Slot second(std::move(first));
        Slot third;
        third = std::move(second);
        EXPECT_FALSE(slots.take());
        third.give_back();
        third.give_back();
    }
    EXPECT_TRUE(slots.take());
    EXPECT_FALSE(slots.take());
}

}  // namespace
}  // namespace wsinetd::session
