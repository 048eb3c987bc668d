// Messages that are compressed (RFC 7692), as the sender makes them.
#include <gmock/gmock.h>

#include "fixtures/deflated.hpp"
#include "fixtures/every_split.hpp"
#include "utf8/replacer.hpp"
#include "websocket/client_frame.hpp"
#include "websocket/sender.hpp"

namespace wsinetd::websocket::sender_deflate_test {
namespace {

using fixtures::bytes_of;
using fixtures::noise;
using fixtures::prose;
using fixtures::text_of;
using framing::Piece;

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
        if (length == 126) {
            header = 4;
            length = at(2) << 8 | at(3);
            EXPECT_GT(length, 125u);
        }
        EXPECT_LE(header + length, bytes.size());
        frames.push_back({static_cast<unsigned>(at(0)), std::string(bytes.substr(header, length))});
        bytes.remove_prefix(header + length);
    }
    return frames;
}

/// A sender whose buffer is written whenever it is full.
class Connection {
public:
    explicit Connection(Opcode type, Deflater& deflater) : sender_(type, &deflater) {}

    void send(std::string_view bytes, bool first, bool last) {
        Piece piece{bytes_of(bytes), first, last};
        while (!sender_.add(piece, out_)) {
            ASSERT_GT(out_.size, 0u) << "there was room";
            flush();
        }
    }
    std::vector<Frame> sent() {
        flush();
        return frames_in(std::exchange(bytes_, {}));
    }
    Sender& sender() { return sender_; }

private:
    void flush() {
        bytes_ += text_of(out_.bytes());
        out_.size = 0;
    }

    Sender sender_;
    std::vector<std::byte> memory_ = std::vector<std::byte>(Sender::min_deflater_space);
    Frames out_{memory_};
    std::string bytes_;
};

/// What a client makes of the frames of one compressed message.
std::string message_in(const std::vector<Frame>& frames, unsigned opcode = 1) {
    std::string payload;
    for (std::size_t i = 0; i < frames.size(); ++i) {
        const unsigned expected = (i == 0 ? 0x40 | opcode : 0) | (i + 1 == frames.size() ? 0x80 : 0);
        EXPECT_EQ(frames[i].first, expected) << "frame " << i << " of " << frames.size();
        payload += frames[i].payload;
    }
    return fixtures::inflated(payload);
}

class SenderOfDeflate : public testing::Test {
protected:
    Compressors shared;
    Deflater& deflater = shared.deflater(deflate_window_bits);
    Connection text{Opcode::text, deflater};
    Connection binary{Opcode::binary, deflater};
};

TEST_F(SenderOfDeflate, SendsShortMessagesAsTheyAre) {
    for (const std::size_t size : {0U, 1U, 125U, 127U}) {
        text.send(std::string(size, 'x'), true, true);
        const auto frames = text.sent();
        ASSERT_EQ(frames.size(), 1u);
        EXPECT_EQ(frames[0].first, 0x81u);
        EXPECT_EQ(frames[0].payload, std::string(size, 'x'));
    }
}

TEST_F(SenderOfDeflate, CompressesOthers) {
    for (const std::size_t size : {128U, 129U, 1000U, 25'599U, 25'600U}) {
        text.send(prose(size), true, true);
        const auto frames = text.sent();
        ASSERT_EQ(frames.size(), 1u) << size;
        EXPECT_LT(frames[0].payload.size(), size);
        EXPECT_FALSE(frames[0].payload.ends_with(raw("\x00\x00\xff\xff")));
        EXPECT_EQ(message_in(frames), prose(size));
    }
}

TEST_F(SenderOfDeflate, WritesHeadersOfEitherSize) {
    text.send(std::string(2000, 'x'), true, true);
    auto frames = text.sent();
    EXPECT_LT(frames[0].payload.size(), 126u);
    EXPECT_EQ(message_in(frames), std::string(2000, 'x'));
    text.send(prose(2000), true, true);
    frames = text.sent();
    EXPECT_GT(frames[0].payload.size(), 125u);
    EXPECT_EQ(message_in(frames), prose(2000));
}

TEST_F(SenderOfDeflate, SendsAsItIsWhatWouldNotBecomeSmaller) {
    for (const std::size_t size : {128U, 5000U, 25'600U}) {
        binary.send(noise(size), true, true);
        const auto frames = binary.sent();
        ASSERT_EQ(frames.size(), 1u);
        EXPECT_EQ(frames[0].first, 0x82u);
        EXPECT_EQ(frames[0].payload, noise(size));
    }
}

TEST_F(SenderOfDeflate, CompressesALongMessageInFragments) {
    for (const std::string& whole : {prose(200'000), noise(200'000)})
        for (const std::size_t step : {1000U, 24'576U, 24'577U, 65'537U}) {
            for (std::size_t at = 0; at < whole.size(); at += step)
                binary.send(whole.substr(at, step), at == 0, at + step >= whole.size());
            const auto frames = binary.sent();
            EXPECT_GT(frames.size(), 3u);
            EXPECT_EQ(message_in(frames, 2), whole) << step;
        }
}

TEST_F(SenderOfDeflate, EndsAMessageWithAPieceOfNothing) {
    text.send("Hello, ", true, false);
    text.send("", false, false);
    text.send("world", false, false);
    text.send("", false, true);
    EXPECT_EQ(message_in(text.sent()), "Hello, world");
    text.send("Hello", true, true);
    EXPECT_EQ(text.sent()[0].first, 0x81u);  // the next is decided on afresh
}

TEST_F(SenderOfDeflate, SharesItsDeflaterWithOthersInTheMiddleOfAMessage) {
    const std::string long_one = prose(90'000);
    for (std::size_t at = 0; at < long_one.size(); at += 10'000) {
        text.send(long_one.substr(at, 10'000), at == 0, false);
        binary.send(prose(500) + std::to_string(at), true, true);
        EXPECT_EQ(message_in(binary.sent(), 2), prose(500) + std::to_string(at));
    }
    text.send("", false, true);
    EXPECT_EQ(message_in(text.sent()), long_one);
}

TEST_F(SenderOfDeflate, RepairsTextBeforeItIsCompressed) {
    std::string dirty = prose(300);
    dirty[100] = '\xff';
    std::string clean = prose(300);
    clean.replace(100, 1, "\xef\xbf\xbd");
    fixtures::every_split(dirty, [&](const fixtures::Pieces& pieces) {
        for (std::size_t i = 0; i < pieces.size(); ++i) text.send(pieces[i], i == 0, i + 1 == pieces.size());
        ASSERT_EQ(message_in(text.sent()), clean);
    });
    binary.send(dirty, true, true);
    EXPECT_EQ(message_in(binary.sent(), 2), dirty);
}

TEST_F(SenderOfDeflate, RepairsWhatBecomesThreeTimesAsLong) {
    const std::string dirty(65'537, '\xff');
    std::string clean;
    for (std::size_t i = 0; i < dirty.size(); ++i) clean += "\xef\xbf\xbd";
    text.send(dirty, true, true);
    EXPECT_EQ(message_in(text.sent()), clean);
}

TEST_F(SenderOfDeflate, CarriesACharacterOverPiecesAndRepairsOneThatIsNotFinished) {
    text.send("\xf0\x9f", true, false);
    text.send("\x98\x80 \xe2", false, false);
    text.send("", false, true);
    EXPECT_EQ(message_in(text.sent()), "\xf0\x9f\x98\x80 \xef\xbf\xbd");
}

TEST_F(SenderOfDeflate, TakesWhatItsRoomSaysInOneGo) {
    for (const std::size_t size : {0U, 1U, 127U, 128U, 8000U, 24'646U}) {
        std::vector<std::byte> memory(Sender::min_deflater_space);
        const std::size_t room = text.sender().room_for(size);
        ASSERT_LE(room, memory.size());
        Frames out{memory, memory.size() - room};
        const std::string bytes = noise(size);
        Piece piece{bytes_of(bytes), true, false};
        EXPECT_TRUE(binary.sender().add(piece, out)) << size;
        piece = {{}, false, true};
        out.size = 0;
        EXPECT_TRUE(binary.sender().add(piece, out));
    }
}

TEST_F(SenderOfDeflate, SendsControlFramesBetweenFragmentsAsTheyAre) {
    std::vector<std::byte> memory(Sender::min_deflater_space);
    Frames out{memory};
    text.send("Hello", true, false);
    text.sender().pong(bytes_of("p"), out);
    EXPECT_EQ(text_of(out.bytes()), "\x8a\x01p");
    text.send("", false, true);
    EXPECT_EQ(message_in(text.sent()), "Hello");
}

TEST_F(SenderOfDeflate, MakesNoFrameInPlace) {
    std::string bytes(100, 'x');
    EXPECT_TRUE(text.sender().frame_in_place({bytes_of(bytes).subspan(20), true, true}).empty());
}

TEST_F(SenderOfDeflate, KeepsToTheWindowThatWasAgreedOn) {
    Connection connection(Opcode::text, shared.deflater(9));
    const std::string far = prose(25'000) + prose(25'000);
    connection.send(far, true, true);
    std::string payload;
    for (const Frame& frame : connection.sent()) payload += frame.payload;
    EXPECT_EQ(fixtures::inflated(payload, 9), far);
}

}  // namespace
}  // namespace wsinetd::websocket::sender_deflate_test
