#include "session/chunk.hpp"

#include <gtest/gtest.h>

#include <array>

namespace wsinetd::session::chunk_test {
namespace {

std::string framed(std::string_view text) {
    std::vector<std::byte> space(gap + text.size() + gap);
    std::memcpy(space.data() + gap, text.data(), text.size());
    const auto chunk = framed_in_place(std::span(space).subspan(gap, text.size()));
    return {reinterpret_cast<const char*>(chunk.data()), chunk.size()};
}

TEST(Chunk, IsItsSizeInHexadecimalAndItsBytes) {
    EXPECT_EQ(chunk_of("hello"), "5\r\nhello\r\n");
    EXPECT_EQ(chunk_of(std::string(26, 'x')), "1a\r\n" + std::string(26, 'x') + "\r\n");
}

TEST(Chunk, OfNoBytesIsNoneForItWouldEndTheBody) {
    EXPECT_EQ(chunk_of(""), "");
    EXPECT_TRUE(framed_in_place({}).empty());
}

TEST(Chunk, IsTheSameMadeInPlace) {
    for (const std::size_t size : {0U, 1U, 15U, 16U, 255U, 256U, 4095U, 4096U, 65520U})
        EXPECT_EQ(framed(std::string(size, 'x')), chunk_of(std::string(size, 'x'))) << size;
}

}  // namespace
}  // namespace wsinetd::session::chunk_test
