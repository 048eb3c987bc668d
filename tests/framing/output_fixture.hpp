#pragma once  // A command's output on its way through a splitter that may find some of it to be no message.
#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "fixtures/every_split.hpp"
#include "framing/splitter.hpp"

namespace wsinetd::framing {

using Told = std::vector<std::string>;

/// Each chunk lies in memory of its own, which is gone afterwards.
class SelectedOutput {
public:
    explicit SelectedOutput(Kind kind, std::size_t limit = max_piece) : splitter(kind, limit) {}

    void read(std::string_view bytes) {
        const std::vector<std::byte> memory(fixtures::bytes_of(bytes).begin(), fixtures::bytes_of(bytes).end());
        std::span<const std::byte> chunk(memory);
        for (;;) {
            while (const auto piece = splitter.next(chunk)) take(*piece);
            if (!take_stray()) break;
        }
        EXPECT_TRUE(chunk.empty());
    }
    void end() {
        if (const auto piece = splitter.finish()) take(*piece);
        take_stray();
        EXPECT_FALSE(splitter.finish());
        EXPECT_FALSE(splitter.take_stray());
    }
    /// All of it, to its end.
    void read_all(const fixtures::Pieces& chunks) {
        for (const std::string& chunk : chunks) read(chunk);
        end();
    }
    [[nodiscard]] std::string failure() const { return std::string(splitter.failure()); }

    Splitter splitter;
    Told pieces;    ///< `<message>`, or of a long one `<beg-`, `-inn-`, `-ing>`
    Told messages;  ///< pieces joined; one that has not ended is not among them
    Told strays;

private:
    void take(const Piece& piece) {
        const std::string text = fixtures::text_of(piece.bytes);
        pieces.push_back((piece.first ? "<" : "-") + text + (piece.last ? ">" : "-"));
        EXPECT_EQ(piece.first, !under_way_);
        message_ = piece.first ? text : message_ + text;
        under_way_ = !piece.last;
        if (piece.last) messages.push_back(message_);
    }
    bool take_stray() {
        const auto stray = splitter.take_stray();
        if (!stray) return false;
        EXPECT_FALSE(stray->empty());
        strays.emplace_back(*stray);
        return true;
    }

    std::string message_;
    bool under_way_ = false;
};

}  // namespace wsinetd::framing
