#include <gtest/gtest.h>
#include <malloc.h>

#include <vector>

#include "framing/splitter.hpp"

namespace wsinetd::framing::splitter_memory_test {
namespace {

/// Bytes allocated and not freed; always 0 under the sanitizers, whose allocators do not tell.
std::size_t allocated() {
    const struct mallinfo2 info = ::mallinfo2();
    return info.uordblks + info.hblkhd;
}

TEST(Splitter, OwnsNoMemoryOnceTheLineItHeldIsDelivered) {
    const std::vector<std::byte> beginning(50'000, std::byte{'x'});
    const std::vector<std::byte> end{std::byte{'\n'}};
    const std::size_t before = allocated();
    Splitter splitter(Kind::lines);
    std::span<const std::byte> chunk = beginning;
    EXPECT_FALSE(splitter.next(chunk));
    chunk = end;
    const auto line = splitter.next(chunk);
    ASSERT_TRUE(line);
    EXPECT_EQ(line->bytes.size(), 50'000U);
    EXPECT_FALSE(splitter.next(chunk));
    EXPECT_EQ(allocated(), before);
}

}  // namespace
}  // namespace wsinetd::framing::splitter_memory_test
