#include "session/slots.hpp"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace wsinetd::session::slots_test {
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

TEST(Slots, TakeANewLimitAlsoBelowWhatIsInUse) {
    Slots slots(3);
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(slots.take());
    slots.set_limit(1);
    for (int left = 2; left >= 1; --left) {
        EXPECT_FALSE(slots.take());
        slots.give_back();
    }
    EXPECT_FALSE(slots.take());
    slots.give_back();
    EXPECT_TRUE(slots.take());
    EXPECT_FALSE(slots.take());
    slots.set_limit(0);
    EXPECT_TRUE(slots.take());
}

TEST(Slot, CountsForTwoLimitsAndIsGivenBackToBoth) {
    Slots whole(2);
    Slots own(1);
    {
        ASSERT_TRUE(whole.take());
        Slot slot(whole);
        EXPECT_TRUE(slot.take_also(own));
        EXPECT_FALSE(own.take());
        const Slot moved(std::move(slot));
        EXPECT_FALSE(own.take());
    }
    EXPECT_TRUE(own.take());
    ASSERT_TRUE(whole.take());
    {
        Slot refused(whole);
        EXPECT_FALSE(refused.take_also(own));
    }
    EXPECT_TRUE(whole.take());
    EXPECT_FALSE(own.take());
}

TEST(SlotsByPath, AreTheSameAsLongAsSomeoneHoldsThem) {
    SlotsByPath by_path;
    const auto held = by_path.at("/a", 1);
    EXPECT_TRUE(held->take());
    EXPECT_EQ(by_path.at("/a", 7), held);
    EXPECT_FALSE(by_path.at("/a", 7)->take());  // with the limit they had
    EXPECT_NE(by_path.at("/b", 1), held);
    EXPECT_TRUE(by_path.at("/b", 1)->take());  // anew each time
    EXPECT_TRUE(by_path.at("/b", 1)->take());
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
}  // namespace wsinetd::session::slots_test
