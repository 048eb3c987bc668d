#include "session/source.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "fixtures/every_split.hpp"

namespace wsinetd::session::source_test {
namespace {

using fixtures::bytes_of;
using fixtures::text_of;

/// The loop's chunk, which another session fills as soon as this one's turn is over.
class Chunk {
public:
    explicit Chunk(std::string_view text) : text_(text) {}
    [[nodiscard]] std::span<const std::byte> bytes() const { return bytes_of(text_); }
    [[nodiscard]] std::span<const std::byte> part(std::size_t at, std::size_t size) const {
        return bytes().subspan(at, size);
    }
    void is_filled_by_another() { std::ranges::fill(text_, '#'); }

private:
    std::string text_;
};

TEST(Unframed, IsEmptyAtFirst) {
    Unframed unframed;
    EXPECT_TRUE(unframed.empty());
    unframed.keep({});
    EXPECT_TRUE(unframed.empty());
}

TEST(Unframed, KeepsThePieceAndTheRestOfAChunk) {
    Chunk chunk("done begun rest");
    Unframed unframed;
    unframed.piece = framing::Piece{chunk.part(5, 5), false, true};
    unframed.rest = chunk.part(10, 5);
    unframed.keep(chunk.bytes());
    chunk.is_filled_by_another();
    ASSERT_TRUE(unframed.piece);
    EXPECT_EQ(text_of(unframed.piece->bytes), "begun");
    EXPECT_FALSE(unframed.piece->first);
    EXPECT_TRUE(unframed.piece->last);
    EXPECT_EQ(text_of(unframed.rest), " rest");
}

TEST(Unframed, KeepsARestAlone) {
    Chunk chunk("done rest");
    Unframed unframed;
    unframed.rest = chunk.part(5, 4);
    unframed.keep(chunk.bytes());
    chunk.is_filled_by_another();
    EXPECT_FALSE(unframed.piece);
    EXPECT_EQ(text_of(unframed.rest), "rest");
    EXPECT_FALSE(unframed.empty());
}

/// The next turn takes some of what is kept, and keeps what is left: out of its own memory.
TEST(Unframed, KeepsWhatItKeptAlready) {
    Chunk chunk("begun one two three");
    Unframed unframed;
    unframed.piece = framing::Piece{chunk.part(0, 5), true, true};
    unframed.rest = chunk.part(5, 14);
    unframed.keep(chunk.bytes());
    chunk.is_filled_by_another();
    unframed.piece->bytes = unframed.piece->bytes.subspan(2);
    unframed.keep(chunk.bytes());
    EXPECT_EQ(text_of(unframed.piece->bytes), "gun");
    EXPECT_EQ(text_of(unframed.rest), " one two three");
    unframed.piece = framing::Piece{unframed.rest.subspan(1, 3), true, true};
    unframed.rest = unframed.rest.subspan(5);
    unframed.keep(chunk.bytes());
    EXPECT_EQ(text_of(unframed.piece->bytes), "one");
    EXPECT_EQ(text_of(unframed.rest), "two three");
    unframed.piece.reset();
    unframed.rest = {};
    unframed.keep(chunk.bytes());
    EXPECT_TRUE(unframed.empty());
}

TEST(Unframed, LeavesAPieceThatTheSplitterHolds) {
    Chunk chunk("rest");
    const std::string held = "held by the splitter";
    Unframed unframed;
    unframed.piece = framing::Piece{bytes_of(held), true, true};
    unframed.rest = chunk.bytes();
    unframed.keep(chunk.bytes());
    chunk.is_filled_by_another();
    EXPECT_EQ(unframed.piece->bytes.data(), bytes_of(held).data());
    EXPECT_EQ(text_of(unframed.rest), "rest");
}

TEST(Unframed, KeepsAPieceWithoutBytes) {  // the end of a long line
    Chunk chunk("rest");
    Unframed unframed;
    unframed.piece = framing::Piece{{}, false, true};
    unframed.rest = chunk.bytes();
    unframed.keep(chunk.bytes());
    chunk.is_filled_by_another();
    ASSERT_TRUE(unframed.piece);
    EXPECT_TRUE(unframed.piece->bytes.empty());
    EXPECT_TRUE(unframed.piece->last);
    EXPECT_EQ(text_of(unframed.rest), "rest");
}

TEST(Unframed, DropsAll) {
    Chunk chunk("rest");
    Unframed unframed;
    unframed.piece = framing::Piece{chunk.bytes(), true, false};
    unframed.rest = chunk.bytes();
    unframed.keep(chunk.bytes());
    unframed.drop();
    EXPECT_TRUE(unframed.empty());
}

}  // namespace
}  // namespace wsinetd::session::source_test
