#include "utf8/blocks.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "utf8/automaton.hpp"

namespace wsinetd::utf8::blocks_test {
namespace {

/// Bytes for each end of each range in RFC 3629's grammar.
constexpr unsigned edges[] = {0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc1, 0xc2,
                              0xdf, 0xe0, 0xe1, 0xed, 0xef, 0xf0, 0xf1, 0xf4, 0xf5, 0xff};

/// The longest prefix of whole, well-formed characters, by the automaton.
std::size_t longest(const std::vector<std::byte>& bytes) {
    State state = start;
    std::size_t whole = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        state = step(state, std::to_integer<unsigned>(bytes[i]));
        if (state == impossible) break;
        if (state == start) whole = i + 1;
    }
    return whole;
}

void expect_sound(const std::vector<std::byte>& bytes) {
    const std::size_t right = longest(bytes);
    const std::size_t found = valid_blocks(bytes);
    ASSERT_LE(found, right);
    const std::vector<std::byte> prefix(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(found));
    ASSERT_EQ(longest(prefix), found) << "ends inside a character";
    if (valid_blocks(std::vector<std::byte>(1, std::byte{'a'})) == 0) return;  // a machine without the instructions
    if (right == bytes.size()) {
        ASSERT_EQ(found, right);
    } else {
        ASSERT_GE(found + 64 + 3, right);
    }
}

/// All sequences of four edges, in the midst of ASCII, where they lie across a block's end in every way.
void judge_all_sequences(std::size_t size, std::size_t at) {
    std::vector<std::byte> bytes(size, std::byte{'x'});
    const auto put = [&](std::size_t i, unsigned byte) {
        if (at + i < size) bytes[at + i] = static_cast<std::byte>(byte);
    };
    for (const unsigned a : edges) {
        put(0, a);
        for (const unsigned b : edges) {
            put(1, b);
            for (const unsigned c : edges) {
                put(2, c);
                for (const unsigned d : edges) {
                    put(3, d);
                    expect_sound(bytes);
                    if (testing::Test::HasFatalFailure()) return;
                }
            }
        }
    }
}

TEST(ValidBlocks, AgreeWithTheAutomatonOnEverySequenceOfFourEdges) { judge_all_sequences(5, 0); }

TEST(ValidBlocks, AgreeWithTheAutomatonAcrossTheEndOfABlock) {
    for (const std::size_t at : {13, 15}) judge_all_sequences(18, at);
}

TEST(ValidBlocks, AgreeWithTheAutomatonAcrossTheEndOfFourBlocks) { judge_all_sequences(70, 62); }

TEST(ValidBlocks, AgreeWithTheAutomatonAtTheEndOfTheText) { judge_all_sequences(16, 13); }

TEST(ValidBlocks, TakeTextOfAnyLengthWhole) {
    const std::string_view text = "naïve 日本語 🚀 ";
    std::vector<std::byte> bytes;
    for (int i = 0; i < 20; ++i) {
        const auto more = std::as_bytes(std::span(text));
        bytes.insert(bytes.end(), more.begin(), more.end());
    }
    for (std::size_t size = 0; size <= bytes.size(); ++size)
        expect_sound({bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size)});
}

TEST(ValidBlocks, SeeOneWrongByteWhereverItStands) {
    for (std::size_t size = 1; size <= 150; ++size) {
        std::vector<std::byte> bytes(size, std::byte{'x'});
        for (std::size_t at = 0; at < size; ++at) {
            bytes[at] = std::byte{0xff};
            expect_sound(bytes);
            bytes[at] = std::byte{'x'};
        }
    }
}

}  // namespace
}  // namespace wsinetd::utf8::blocks_test
