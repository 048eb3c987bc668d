#include "websocket/sender.hpp"

#include <gmock/gmock.h>

#include "fixtures/every_split.hpp"
#include "websocket/client_frame.hpp"

namespace wsinetd::websocket::sender_test {
namespace {

using fixtures::bytes_of;
using fixtures::text_of;
using framing::Piece;
using testing::ElementsAre;

/// Frames in memory with not a byte to spare.
struct Out {
    explicit Out(std::size_t size) : memory(size), frames{memory} {}
    [[nodiscard]] std::string text() const { return text_of(frames.bytes()); }

    std::vector<std::byte> memory;
    Frames frames;
};

constexpr std::size_t plenty = 96 * 1024;

std::string sent(Sender& sender, std::string_view text, bool first = true, bool last = true) {
    Out out(plenty);
    Piece piece{bytes_of(text), first, last};
    EXPECT_TRUE(sender.add(piece, out.frames));
    return out.text();
}

std::string sent(Opcode type, std::string_view text) {
    Sender sender(type);
    return sent(sender, text);
}

/// What a client makes of unmasked frames: each as its first byte in hexadecimal and its payload.
struct Frame {
    unsigned first;
    std::string payload;
};

std::vector<Frame> frames_in(std::string_view bytes) {
    std::vector<Frame> frames;
    while (!bytes.empty()) {
        const auto at = [&](std::size_t i) { return std::uint64_t{static_cast<unsigned char>(bytes.at(i))}; };
        std::uint64_t length = at(1);
        std::size_t header = 2;
        if (length >= 126) {
            header = length == 126 ? 4 : 10;
            length = 0;
            for (std::size_t i = 2; i < header; ++i) length = length << 8 | at(i);
            EXPECT_GT(length, header == 4 ? 125u : 65535u);
        }
        EXPECT_LE(header + length, bytes.size());
        frames.push_back({static_cast<unsigned>(at(0)), std::string(bytes.substr(header, length))});
        bytes.remove_prefix(std::min(header + length, bytes.size()));
    }
    return frames;
}

/// One message's payload; its frames must be a first, continuations and a last.
std::string message_in(std::string_view bytes, unsigned opcode) {
    const std::vector<Frame> frames = frames_in(bytes);
    std::string message;
    for (std::size_t i = 0; i < frames.size(); ++i) {
        const unsigned fin = i + 1 == frames.size() ? 0x80 : 0;
        EXPECT_EQ(frames[i].first, fin | (i == 0 ? opcode : 0)) << i << " of " << frames.size();
        message += frames[i].payload;
    }
    return message;
}

TEST(Sender, WritesTheRfcsExamples) {  // 5.7
    EXPECT_EQ(sent(Opcode::text, "Hello"), raw("\x81\x05Hello"));
    Sender fragments(Opcode::text);
    EXPECT_EQ(sent(fragments, "Hel", true, false), raw("\x01\x03Hel"));
    EXPECT_EQ(sent(fragments, "lo", false, true), raw("\x80\x02lo"));
    EXPECT_EQ(sent(Opcode::binary, std::string(256, 'b')), raw("\x82\x7e\x01\x00") + std::string(256, 'b'));
    EXPECT_EQ(sent(Opcode::binary, std::string(65536, 'b')),
              raw("\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00") + std::string(65536, 'b'));
}

TEST(Sender, WritesEveryLengthOfTextAndBinary) {
    std::vector<std::size_t> sizes{16383, 65535, 65536};
    for (std::size_t size = 0; size <= 300; ++size) sizes.push_back(size);
    for (const std::size_t size : sizes) {
        std::string text(size, '\0');
        for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>('!' + i % 90);
        EXPECT_EQ(message_in(sent(Opcode::text, text), 1), text) << size;
        EXPECT_EQ(message_in(sent(Opcode::binary, text), 2), text) << size;
        if (size == 0) continue;
        text[size - 1] = '\xff';
        EXPECT_EQ(message_in(sent(Opcode::binary, text), 2), text) << size;
    }
}

TEST(Sender, RepairsAnInvalidByteWhereverItIs) {
    for (std::size_t size = 1; size <= 140; ++size)
        for (std::size_t i = 0; i < size; ++i) {
            std::string text(size, 'a');
            text[i] = '\x80';
            const std::string expected = std::string(i, 'a') + "\xef\xbf\xbd" + std::string(size - i - 1, 'a');
            ASSERT_EQ(message_in(sent(Opcode::text, text), 1), expected) << i << " of " << size;
        }
}

TEST(Sender, AppendsFrameToFrame) {
    Sender sender(Opcode::text);
    Out out(100);
    for (std::string_view text : {"one", "", "dr\xc3\xa9i"}) {
        Piece piece{bytes_of(text), true, true};
        EXPECT_TRUE(sender.add(piece, out.frames));
    }
    EXPECT_EQ(out.text(), raw("\x81\x03one\x81\x00\x81\x05"
                              "dr\xc3\xa9i"));
}

TEST(Sender, MakesNoFrameOfNothingWithinAMessage) {
    Sender sender(Opcode::text);
    EXPECT_EQ(sent(sender, "", true, false), "");
    EXPECT_EQ(sent(sender, "a", false, false), raw("\x01\x01"
                                                   "a"));
    EXPECT_EQ(sent(sender, "", false, false), "");
    EXPECT_EQ(sent(sender, "", false, true), raw("\x80\x00"));
    EXPECT_EQ(sent(sender, "", true, false), "");
    EXPECT_EQ(sent(sender, "", false, true), raw("\x81\x00"));
}

TEST(Sender, CarriesACharacterOverPieces) {
    Sender sender(Opcode::text);
    EXPECT_EQ(sent(sender, "a\xf0\x9f", true, false), raw("\x01\x01"
                                                          "a"));
    EXPECT_EQ(sent(sender, "\x98", false, false), "");
    EXPECT_EQ(sent(sender,
                   "\x80"
                   "b",
                   false, true),
              raw("\x80\x05\xf0\x9f\x98\x80"
                  "b"));
    EXPECT_EQ(sent(sender, "new"), raw("\x81\x03new"));
}

TEST(Sender, RepairsACharacterThatAMessageDoesNotFinish) {
    Sender sender(Opcode::text);
    EXPECT_EQ(sent(sender, "a\xf0\x9f", true, false), raw("\x01\x01"
                                                          "a"));
    EXPECT_EQ(sent(sender, "", false, true), raw("\x80\x03\xef\xbf\xbd"));
    EXPECT_EQ(sent(sender, "\x98\x80"), raw("\x81\x06\xef\xbf\xbd\xef\xbf\xbd"));
    EXPECT_EQ(sent(sender, "\xc3"), raw("\x81\x03\xef\xbf\xbd"));
    EXPECT_EQ(sent(sender, "b"), raw("\x81\x01"
                                     "b"));
}

TEST(Sender, RepairsTheSameWayHoweverAMessageIsCut) {
    const std::string text = "ab\xc3\xa4\xff\xe2\x82\xac\xe2\x82\xf0\x9f\x98\x80\xed\xa0\x80z\xf0\x9f";
    const std::string expected =
        "ab\xc3\xa4\xef\xbf\xbd\xe2\x82\xac\xef\xbf\xbd\xf0\x9f\x98\x80\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdz\xef\xbf"
        "\xbd";
    fixtures::every_split(text, [&](const fixtures::Pieces& pieces) {
        Sender sender(Opcode::text);
        std::string bytes;
        for (std::size_t i = 0; i < pieces.size(); ++i)
            bytes += sent(sender, pieces[i], i == 0, i + 1 == pieces.size());
        ASSERT_EQ(message_in(bytes, 1), expected);
    });
}

/// Sends one message through a buffer of `room` bytes, which is emptied whenever it does not suffice.
std::string sent_through(std::size_t room, Opcode type, std::string_view message, std::size_t piece_size) {
    Sender sender(type);
    std::string wire;
    Out out(room);
    for (std::size_t from = 0; from < message.size() || from == 0; from += piece_size) {
        const auto part = message.substr(from, piece_size);
        Piece piece{bytes_of(part), from == 0, from + piece_size >= message.size()};
        while (true) {
            const Frames before = out.frames;
            const std::size_t left = piece.bytes.size();
            if (sender.add(piece, out.frames)) break;
            if (before.size > 0) {
                EXPECT_EQ(out.frames.size, before.size) << "nothing is taken into what is partly full";
                EXPECT_EQ(piece.bytes.size(), left);
            } else {
                EXPECT_LT(piece.bytes.size(), left) << "no progress with room for " << room;
                if (piece.bytes.size() >= left) return "stuck";
            }
            wire += out.text();
            out.frames.size = 0;
        }
    }
    return wire + out.text();
}

TEST(Sender, GetsEverythingThroughEverySizeOfRoom) {
    std::string bad;
    for (int i = 0; i < 60; ++i) bad += i % 3 == 0 ? "\xff\xfe" : i % 3 == 1 ? "\xe2\x82" : "text \xc3\xa4";
    const std::string good = std::string(150, 'a') + "\xf0\x9f\x98\x80" + std::string(150, 'b');
    const std::string repaired = message_in(sent(Opcode::text, bad), 1);
    for (std::size_t room = Sender::min_space; room <= 1000; ++room)
        for (const std::size_t piece_size : {1u, 2u, 7u, 100u, 1000u}) {
            ASSERT_EQ(message_in(sent_through(room, Opcode::text, bad, piece_size), 1), repaired) << room;
            ASSERT_EQ(message_in(sent_through(room, Opcode::text, good, piece_size), 1), good) << room;
            ASSERT_EQ(message_in(sent_through(room, Opcode::binary, bad, piece_size), 2), bad) << room;
            ASSERT_EQ(message_in(sent_through(room, Opcode::text, "", piece_size), 1), "") << room;
        }
}

TEST(Sender, TakesAnInvalidPieceOf64KibInParts) {
    const std::string bad(framing::max_piece, '\xff');
    std::string expected;
    for (std::size_t i = 0; i < bad.size(); ++i) expected += "\xef\xbf\xbd";
    const std::string wire = sent_through(plenty, Opcode::text, bad, bad.size());
    EXPECT_TRUE(message_in(wire, 1) == expected);
    EXPECT_EQ(frames_in(wire).size(), 3u);
}

TEST(Sender, TakesNothingWhereAPieceDoesNotFitBehindOthers) {
    for (const std::string& text : {std::string(100, 'a'), std::string(40, '\xff')}) {
        Sender sender(Opcode::text);
        Out out(120);
        Piece small{bytes_of("0123456789012345678"), true, true};
        ASSERT_TRUE(sender.add(small, out.frames));
        Piece piece{bytes_of(text), true, true};
        EXPECT_FALSE(sender.add(piece, out.frames));
        EXPECT_EQ(piece.bytes.size(), text.size());
        EXPECT_EQ(out.frames.size, 21u);
    }
}

/// Text with the space before it that `frame_in_place` wants.
struct Lying {
    explicit Lying(std::string_view text) : memory(16 + text.size()) {
        std::ranges::copy(bytes_of(text), memory.begin() + 16);
    }
    [[nodiscard]] Piece piece(bool first, bool last) const { return {std::span(memory).subspan(16), first, last}; }

    std::vector<std::byte> memory;
};

TEST(Sender, MakesAFrameWhereThePayloadLies) {
    for (const std::size_t size : {1u, 125u, 126u, 65535u, 65536u}) {
        const Lying lying(std::string(size, 'x'));
        Sender in_place(Opcode::text);
        Sender copying(Opcode::text);
        for (const auto& [first, last] : {std::pair{true, false}, {false, false}, {false, true}, {true, true}}) {
            const std::string expected = sent(copying, std::string(size, 'x'), first, last);
            ASSERT_EQ(text_of(in_place.frame_in_place(lying.piece(first, last))), expected) << size;
        }
    }
}

TEST(Sender, MakesNoFrameInPlaceWhereTextNeedsRepair) {
    Sender sender(Opcode::text);
    EXPECT_TRUE(sender.frame_in_place(Lying("a\xff").piece(true, false)).empty());
    EXPECT_TRUE(sender.frame_in_place(Lying("a\xc3").piece(true, false)).empty());
    EXPECT_EQ(sent(sender, "a\xc3", true, false), raw("\x01\x01"
                                                      "a"));
    EXPECT_TRUE(sender.frame_in_place(Lying("bc").piece(false, true)).empty());
    EXPECT_EQ(sent(sender, "\xa4", false, true), raw("\x80\x02\xc3\xa4"));
    const Lying whole("bc");
    EXPECT_EQ(text_of(sender.frame_in_place(whole.piece(true, true))), raw("\x81\x02"
                                                                           "bc"));
    Sender binary(Opcode::binary);
    const Lying bytes("a\xff");
    EXPECT_EQ(text_of(binary.frame_in_place(bytes.piece(true, true))), raw("\x82\x02"
                                                                           "a\xff"));
}

TEST(Sender, AnswersPingsInOrder) {
    Sender sender(Opcode::text);
    Out out(300);
    sender.pong(bytes_of("one"), out.frames);
    sender.pong(bytes_of(""), out.frames);
    sender.pong(bytes_of(std::string(125, 'x')), out.frames);
    EXPECT_EQ(out.text(), raw("\x8a\x03one\x8a\x00\x8a\x7d") + std::string(125, 'x'));
}

TEST(Sender, KeepsOnlyTheNewestPong) {
    Sender sender(Opcode::text);
    EXPECT_FALSE(sender.control_waiting());
    sender.keep_pong(bytes_of("older"));
    sender.keep_pong(bytes_of("new"));
    EXPECT_TRUE(sender.control_waiting());
    Out out(100);
    EXPECT_TRUE(sender.take_control(out.frames));
    EXPECT_EQ(out.text(), raw("\x8a\x03new"));
    EXPECT_FALSE(sender.control_waiting());
    EXPECT_TRUE(sender.take_control(out.frames));
    EXPECT_EQ(out.text(), raw("\x8a\x03new"));
}

TEST(Sender, SendsAKeptPongBeforeALaterOne) {
    Sender sender(Opcode::text);
    sender.keep_pong(bytes_of("1"));
    Out out(100);
    sender.pong(bytes_of("2"), out.frames);
    EXPECT_EQ(out.text(), raw("\x8a\x01"
                              "1\x8a\x01"
                              "2"));
    EXPECT_FALSE(sender.control_waiting());
}

TEST(Sender, KeepsAPongForWhichThereIsNoRoom) {
    Sender sender(Opcode::text);
    Out little(4);
    sender.pong(bytes_of("12"), little.frames);
    sender.pong(bytes_of("34"), little.frames);
    EXPECT_EQ(little.text(), raw("\x8a\x02"
                                 "12"));
    little.frames.size = 0;
    EXPECT_TRUE(sender.take_control(little.frames));
    EXPECT_EQ(little.text(), raw("\x8a\x02"
                                 "34"));
}

TEST(Sender, TakesPongThenPingThenCloseAsTheyFit) {
    const std::string all =
        raw("\x8a\x02me\x89\x00\x88\x05\x03\xe9"
            "bye");
    const std::size_t ends[] = {4, 6, 13};
    for (std::size_t room = 0; room <= all.size() + 3; ++room) {
        Sender sender(Opcode::text);
        sender.close(1001, "bye");
        sender.ping_wanted();
        sender.ping_wanted();
        sender.keep_pong(bytes_of("me"));
        Out out(room);
        EXPECT_EQ(sender.take_control(out.frames), room >= all.size());
        std::size_t fit = 0;
        for (const std::size_t end : ends)
            if (end <= room) fit = end;
        EXPECT_EQ(out.text(), all.substr(0, fit)) << room;
        EXPECT_EQ(sender.control_waiting(), room < all.size());
        EXPECT_EQ(sender.closed(), room >= all.size());
    }
}

TEST(Sender, ClosesOnceWithTheFirstCode) {
    Sender sender(Opcode::text);
    sender.close(1000, "");
    sender.close(1011, "later");
    Out out(100);
    EXPECT_TRUE(sender.take_control(out.frames));
    EXPECT_EQ(out.text(), raw("\x88\x02\x03\xe8"));
    sender.close(1011, "later");
    EXPECT_FALSE(sender.control_waiting());
}

TEST(Sender, ClosesWithoutACodeOrWithALongReason) {
    Sender none(Opcode::text);
    none.close({}, "");
    Out out(127);
    EXPECT_TRUE(none.take_control(out.frames));
    EXPECT_EQ(out.text(), raw("\x88\x00"));
    Sender wordy(Opcode::text);
    wordy.close(1000, std::string(200, 'r'));
    out.frames.size = 0;
    EXPECT_TRUE(wordy.take_control(out.frames));
    EXPECT_EQ(out.text(), raw("\x88\x7d\x03\xe8") + std::string(123, 'r'));
}

TEST(Sender, AddsNothingBehindTheClose) {
    Sender sender(Opcode::text);
    Out out(100);
    sender.close({}, "");
    EXPECT_TRUE(sender.take_control(out.frames));
    EXPECT_TRUE(sender.closed());
    Piece piece{bytes_of("late"), true, true};
    EXPECT_TRUE(sender.add(piece, out.frames));
    sender.pong(bytes_of("late"), out.frames);
    sender.keep_pong(bytes_of("late"));
    sender.ping_wanted();
    const Lying lying("late");
    EXPECT_TRUE(sender.frame_in_place(lying.piece(true, true)).empty());
    EXPECT_TRUE(sender.take_control(out.frames));
    EXPECT_EQ(out.text(), raw("\x88\x00"));
}

TEST(Sender, SendsDataUntilTheCloseIsTaken) {
    Sender sender(Opcode::text);
    sender.close(1000, "");
    EXPECT_EQ(sent(sender, "still"), raw("\x81\x05still"));
    EXPECT_TRUE(sender.control_waiting());
}

}  // namespace
}  // namespace wsinetd::websocket::sender_test
