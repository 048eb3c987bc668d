#include "framing/writer.hpp"

#include <gtest/gtest.h>

#include "fixtures/every_split.hpp"

namespace wsinetd::framing::writer_test {
namespace {

using fixtures::text_of;

/// A client's messages as they lie in one buffer: each behind a header of at least six bytes, which is longer than any
/// delimiter, so that all can be packed toward the front of the same memory.
class Buffer {
public:
    explicit Buffer(Kind kind) : writer_(kind) {}

    void add(std::string_view payload, bool first = true, bool last = true) {
        memory_ += "header";
        parts_.push_back({memory_.size(), payload.size(), first, last});
        memory_ += payload;
    }

    /// What the command gets.
    std::string packed() {
        const auto bytes = fixtures::writable_bytes_of(memory_);
        std::byte* front = bytes.data();
        for (const Part& part : parts_)
            front = writer_.pack(front, {bytes.subspan(part.at, part.size), part.first, part.last});
        return text_of({bytes.data(), front});
    }

private:
    struct Part {
        std::size_t at;
        std::size_t size;
        bool first;
        bool last;
    };
    Writer writer_;
    std::string memory_;
    std::vector<Part> parts_;
};

std::string packed(Kind kind, std::initializer_list<std::string_view> messages) {
    Buffer buffer(kind);
    for (const std::string_view message : messages) buffer.add(message);
    return buffer.packed();
}

TEST(LineWriter, PutsANewlineBehindEachMessage) {
    EXPECT_EQ(packed(Kind::lines, {"a"}), "a\n");
    EXPECT_EQ(packed(Kind::lines, {"one", "two", "three"}), "one\ntwo\nthree\n");
}

TEST(LineWriter, WritesAnEmptyMessageAsAnEmptyLine) {
    EXPECT_EQ(packed(Kind::lines, {""}), "\n");
    EXPECT_EQ(packed(Kind::lines, {"", "", "a", ""}), "\n\na\n\n");
}

TEST(LineWriter, LeavesLineEndsWithinAMessageAsTheyAre) {
    EXPECT_EQ(packed(Kind::lines, {"a\nb", "c\n", "\r\n"}), "a\nb\nc\n\n\r\n\n");
}

TEST(LineWriter, EndsAMessageInPiecesBehindTheLastOnly) {
    Buffer buffer(Kind::lines);
    buffer.add("Gr\xc3", true, false);
    buffer.add("", false, false);
    buffer.add("\xbc\xc3\x9f", false, false);
    buffer.add("e", false, true);
    buffer.add("next");
    buffer.add("a", true, false);
    buffer.add("", false, true);
    EXPECT_EQ(buffer.packed(),
              "Gr\xc3\xbc\xc3\x9f"
              "e\nnext\na\n");
}

TEST(LineWriter, PacksManyMessagesOfEveryLengthInPlace) {
    Buffer buffer(Kind::lines);
    std::string expected;
    for (std::size_t length = 0; length < 300; ++length) {
        const std::string message(length, static_cast<char>('a' + length % 26));
        buffer.add(message);
        expected += message + "\n";
    }
    EXPECT_EQ(buffer.packed(), expected);
}

TEST(LineWriter, NeedsNoSpaceInFrontOfAPieceThatEndsNoMessage) {
    std::string memory = "abc";
    const auto bytes = fixtures::writable_bytes_of(memory);
    EXPECT_EQ(Writer(Kind::lines).pack(bytes.data(), {bytes, true, false}), bytes.data() + 3);
    EXPECT_EQ(memory, "abc");
}

TEST(LineWriter, WritesTheEndOfAMessageWithoutBytes) {  // a piece may view nothing at all
    std::byte memory[1] = {};
    EXPECT_EQ(Writer(Kind::lines).pack(memory, {{}, false, true}), memory + 1);
    EXPECT_EQ(memory[0], std::byte{'\n'});
}

TEST(RawWriter, AddsNothing) {
    EXPECT_EQ(packed(Kind::raw, {"a"}), "a");
    EXPECT_EQ(packed(Kind::raw, {"", "a\n", std::string_view("\0\xff", 2), ""}), std::string("a\n\0\xff", 4));
}

TEST(Writer, EndsARecordWithNul) {
    Buffer buffer(Kind::null);
    buffer.add("one\n");
    buffer.add("");
    buffer.add("tw", true, false);
    buffer.add("o", false, true);
    EXPECT_EQ(buffer.packed(), std::string("one\n\0\0two\0", 10));
}

}  // namespace
}  // namespace wsinetd::framing::writer_test
