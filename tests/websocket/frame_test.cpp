#include "websocket/frame.hpp"

#include <gtest/gtest.h>

#include "fixtures/every_split.hpp"
#include "websocket/client_frame.hpp"

namespace wsinetd::websocket::frame_test {
namespace {

using fixtures::bytes_of;
using fixtures::text_of;

std::string header(bool fin, Opcode opcode, std::uint64_t length) {
    std::array<std::byte, max_header> out{};
    const std::size_t size = write_header(out.data(), fin, opcode, length);
    EXPECT_EQ(size, header_size(length));
    return text_of(std::span(out).first(size));
}

TEST(WriteHeader, UsesTheShortestLength) {
    EXPECT_EQ(header(true, Opcode::text, 5), raw("\x81\x05"));                                        // RFC 6455, 5.7
    EXPECT_EQ(header(false, Opcode::text, 3), raw("\x01\x03"));                                       // 5.7
    EXPECT_EQ(header(true, Opcode::continuation, 2), raw("\x80\x02"));                                // 5.7
    EXPECT_EQ(header(true, Opcode::binary, 256), raw("\x82\x7e\x01\x00"));                            // 5.7
    EXPECT_EQ(header(true, Opcode::binary, 65536), raw("\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00"));  // 5.7
    EXPECT_EQ(header(true, Opcode::text, 0), raw("\x81\x00"));
    EXPECT_EQ(header(true, Opcode::text, 125), raw("\x81\x7d"));
    EXPECT_EQ(header(true, Opcode::text, 126), raw("\x81\x7e\x00\x7e"));
    EXPECT_EQ(header(true, Opcode::text, 65535), raw("\x81\x7e\xff\xff"));
    EXPECT_EQ(header(true, Opcode::text, 0x7fffffffffffffff), raw("\x81\x7f\x7f\xff\xff\xff\xff\xff\xff\xff"));
    EXPECT_EQ(header(true, Opcode::close, 2), raw("\x88\x02"));
    EXPECT_EQ(header(true, Opcode::ping, 0), raw("\x89\x00"));
    EXPECT_EQ(header(true, Opcode::pong, 4), raw("\x8a\x04"));
}

TEST(ReadHeader, GivesWhatWasWrittenAndTheLengthAsSoonAsItIsThere) {
    for (const std::uint64_t length : {0ull, 1ull, 125ull, 126ull, 65535ull, 65536ull, 0x7fffffffffffffffull}) {
        const unsigned bits = length < 126 ? 7 : length < 65536 ? 16 : 64;
        const std::string bytes = client_header(0x02, length, bits);
        for (std::size_t size = 0; size <= bytes.size(); ++size)
            EXPECT_EQ(read_length(bytes_of(bytes).first(size)),
                      size + 4 < bytes.size() ? std::optional<std::uint64_t>{} : length);
        EXPECT_EQ(masked_header_size(bytes_of(bytes)[1]), bytes.size());
        const Header read = read_header(bytes_of(bytes));
        EXPECT_FALSE(read.fin);
        EXPECT_EQ(read.opcode, Opcode::binary);
        EXPECT_EQ(read.length, length);
        EXPECT_EQ(text_of(read.mask), rfc_key);
        EXPECT_EQ(read.size, bytes.size());
    }
}

TEST(Unmask, DecodesTheRfcsExample) {
    std::string bytes = "\x7f\x9f\x4d\x51\x58";  // 5.7
    EXPECT_TRUE(unmask(fixtures::writable_bytes_of(bytes),
                       {std::byte{0x37}, std::byte{0xfa}, std::byte{0x21}, std::byte{0x3d}}, 0));
    EXPECT_EQ(bytes, "Hello");
}

constexpr std::size_t longest = 130;  // past every block, word and rest

std::string sample(std::size_t size) {
    std::string bytes(size, '\0');
    for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(i * 37 + 11);
    return bytes;
}

MaskKey key() { return {std::byte{0x81}, std::byte{0x02}, std::byte{0xc3}, std::byte{0x74}}; }

/// 5.3 word for word.
std::string bytewise(std::string bytes, std::uint64_t offset) {
    for (std::size_t i = 0; i < bytes.size(); ++i)
        bytes[i] = static_cast<char>(static_cast<unsigned char>(bytes[i]) ^
                                     std::to_integer<unsigned>(key()[(i + offset) % 4]));
    return bytes;
}

TEST(Unmask, IsTheRfcsFormulaForEveryLengthOffsetAndAlignment) {
    for (std::size_t alignment = 0; alignment < 16; ++alignment)
        for (std::uint64_t offset : {0ull, 1ull, 2ull, 3ull, 4ull, 65537ull, 0xfffffffffffffffeull})
            for (std::size_t size = 0; size <= longest; ++size) {
                alignas(16) std::array<char, 16 + longest + 16> memory;
                memory.fill('#');
                const std::string bytes = sample(size);
                std::ranges::copy(bytes, memory.begin() + static_cast<std::ptrdiff_t>(alignment));
                const auto all = std::as_writable_bytes(std::span(memory));
                unmask(all.subspan(alignment, size), key(), offset);
                const std::string expected = std::string(alignment, '#') + bytewise(bytes, offset) +
                                             std::string(memory.size() - alignment - size, '#');
                ASSERT_EQ(text_of(all), expected) << size << " bytes from " << offset << " at " << alignment;
            }
}

TEST(Unmask, SaysWhetherAllIsAscii) {
    for (std::uint64_t offset = 0; offset < 4; ++offset)
        for (std::size_t size = 0; size <= longest; ++size) {
            const std::string ascii(size, '\x7f');
            std::string bytes = bytewise(ascii, offset);
            ASSERT_TRUE(unmask(fixtures::writable_bytes_of(bytes), key(), offset)) << size;
            for (std::size_t i = 0; i < size; ++i) {
                std::string other = ascii;
                other[i] = '\x80';
                bytes = bytewise(other, offset);
                ASSERT_FALSE(unmask(fixtures::writable_bytes_of(bytes), key(), offset)) << i << " of " << size;
            }
        }
}

}  // namespace
}  // namespace wsinetd::websocket::frame_test
