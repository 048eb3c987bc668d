#include "session/unique_id.hpp"

#include <gtest/gtest.h>

#include <set>

namespace wsinetd::session::unique_id_test {
namespace {

TEST(UniqueIds, NeverRepeatWithinALoopOrBetweenLoops) {
    std::set<std::string> seen;
    for (std::size_t loop = 0; loop < 4; ++loop) {
        UniqueIds ids(0x0123456789abcdef, loop);
        for (int i = 0; i < 1000; ++i) seen.insert(ids.next());
    }
    EXPECT_EQ(seen.size(), 4000U);
}

TEST(UniqueIds, AreThirtyTwoHexadecimalDigits) {
    EXPECT_EQ(UniqueIds(0x0123456789abcdef, 1).next(), "0123456789abcdef0001000000000001");
}

}  // namespace
}  // namespace wsinetd::session::unique_id_test
