#include "websocket/deflate.hpp"

#include <gmock/gmock.h>
#include <malloc.h>

#include "fixtures/deflated.hpp"
#include "fixtures/every_split.hpp"
#include "websocket/client_frame.hpp"

namespace wsinetd::websocket::deflate_test {
namespace {

using fixtures::bytes_of;
using fixtures::deflated;
using fixtures::inflated;
using fixtures::noise;
using fixtures::prose;
using fixtures::text_of;

std::string deflate(Deflater& deflater, std::string_view part, bool last = true) {
    std::vector<std::byte> out(Deflater::most(part.size()));  // not a byte more
    const std::size_t size = deflater.deflate(bytes_of(part), last, out);
    EXPECT_LE(size, out.size());
    return text_of(std::span(out).first(size));
}

TEST(Deflater, MakesWhatTheRfcSays) {  // RFC 7692, 7.2.3.1 and 7.2.3.6
    Compressors shared;
    Deflater& deflater = shared.deflater(15);
    EXPECT_EQ(deflate(deflater, "Hello"), raw("\xf2\x48\xcd\xc9\xc9\x07\x00"));
    EXPECT_EQ(deflate(deflater, "Hello"), raw("\xf2\x48\xcd\xc9\xc9\x07\x00"));  // no window is taken over
    EXPECT_EQ(deflate(deflater, ""), raw("\x00"));
}

TEST(Deflater, MakesPartsThatAreAMessageOneBehindTheOther) {
    Compressors shared;
    Deflater& deflater = shared.deflater(15);
    for (const std::size_t size : {1U, 10U, 1000U, 25'600U}) {
        const std::string first = prose(size);
        const std::string second = noise(size);
        std::string payload = deflate(deflater, first, false);
        EXPECT_TRUE(payload.ends_with(raw("\x00\x00\xff\xff")));
        deflate(deflater, "another connection's");
        payload += deflate(deflater, second, false) + deflate(deflater, "", false);
        EXPECT_EQ(inflated(payload + deflate(deflater, "end")), first + second + "end");
        EXPECT_EQ(inflated(payload + deflate(deflater, "")), first + second);
    }
}

TEST(Deflater, KeepsToItsWindow) {
    for (int bits = 9; bits <= 15; ++bits) {
        Compressors shared;
        Deflater& deflater = shared.deflater(bits);
        const std::string far = noise((std::size_t{1} << bits) - 300);
        const std::string text = (far + prose(300) + far + far).substr(0, most_deflated);
        EXPECT_EQ(inflated(deflate(deflater, text), bits), text) << bits;
    }
}

TEST(Deflater, TakesItsWindowOver) {  // RFC 7692, 7.2.3.2
    Compressors shared;
    const auto deflater = shared.own_deflater(12);
    EXPECT_EQ(deflate(*deflater, "Hello"), raw("\xf2\x48\xcd\xc9\xc9\x07\x00"));
    EXPECT_EQ(deflate(*deflater, "Hello"), raw("\xf2\x00\x11\x00\x00"));
}

TEST(Deflater, MakesMessagesThatReferToThoseBefore) {
    for (int bits = 9; bits <= takeover_window_bits; ++bits) {
        Compressors shared;
        const auto deflater = shared.own_deflater(bits);
        fixtures::TakeoverPeer client(bits, bits);
        for (const std::string& text : {prose(8192), noise(8192), prose(300), noise(17), prose(301), std::string()}) {
            EXPECT_EQ(client.inflated(deflate(*deflater, text)), text) << bits;
            EXPECT_EQ(client.inflated(deflate(*deflater, text, false) + deflate(*deflater, "", true)), text) << bits;
            deflate(shared.deflater(bits), "somebody else's");
        }
        const std::string first = deflate(*deflater, prose(200));
        client.inflated(first);
        const std::string second = deflate(*deflater, prose(200));
        EXPECT_EQ(client.inflated(second), prose(200));
        EXPECT_LT(second.size(), 20u) << "of " << first.size();
    }
}

TEST(Deflater, NeverMakesMoreThanItSaysThoughItTakesOver) {
    Compressors shared;
    const auto deflater = shared.own_deflater(takeover_window_bits);
    fixtures::TakeoverPeer client(takeover_window_bits, takeover_window_bits);
    for (std::size_t size = 0; size <= most_deflated_with_takeover; size = size < 300 ? size + 1 : size + 263)
        EXPECT_EQ(client.inflated(deflate(*deflater, noise(size))), noise(size)) << size;
}

TEST(Deflater, ThatTakesOverIsNoLargerThanItSays) {
    Compressors shared;
    deflate(*shared.own_deflater(takeover_window_bits), prose(8000));  // what is allocated once is there then
    const std::size_t before = mallinfo2().uordblks;
    const auto deflater = shared.own_deflater(takeover_window_bits);
    deflate(*deflater, prose(8000));
    const std::size_t used = mallinfo2().uordblks - before;
    if (used == 0) GTEST_SKIP() << "an allocator that does not count";
    EXPECT_LT(used, Deflater::memory_with_takeover);
    EXPECT_GT(used, Deflater::memory_with_takeover / 2);
}

TEST(Deflater, NeverMakesMoreThanItSays) {
    for (const int bits : {9, deflate_window_bits, 15}) {
        Compressors shared;
        Deflater& deflater = shared.deflater(bits);
        for (std::size_t size = 0; size <= 2000; size = size < 300 ? size + 1 : size + 97)
            EXPECT_EQ(inflated(deflate(deflater, noise(size))), noise(size)) << size;
        for (const std::size_t size : {4095U, 8191U, 16384U, 20000U, 25'599U, 25'600U})
            EXPECT_EQ(inflated(deflate(deflater, noise(size))), noise(size)) << size;
    }
}

/// One client's messages, piece by piece, in steps of at most `most` bytes.
class Reader {
public:
    explicit Reader(Compressors& shared, std::size_t most = most_inflated, Takeover takeover = Takeover::no)
        : inflation_(shared, takeover), most_(most) {}

    /// A message in these pieces; "corrupt" and what came before, if it is that.
    std::string read(const fixtures::Pieces& pieces) {
        std::string text;
        for (std::size_t i = 0; i < pieces.size(); ++i) {
            const bool ends = i + 1 == pieces.size();
            for (std::string_view rest = pieces[i];;) {
                const Inflation::Step step = inflation_.step(bytes_of(rest), ends, most_);
                EXPECT_LE(step.made.size(), most_);
                text += text_of(step.made);
                if (!step.sound) return "corrupt " + text;
                rest.remove_prefix(step.taken);
                EXPECT_TRUE(rest.empty() || !step.done);
                if (step.done) break;
                EXPECT_TRUE(step.taken > 0 || !step.made.empty()) << "nothing goes on";
            }
        }
        return text;
    }

private:
    Inflation inflation_;
    std::size_t most_;
};

/// However it comes, and however little of it is inflated at once.
void expect_inflated(const std::string& payload, const std::string& text) {
    Compressors shared;
    for (const std::size_t most : {std::size_t{1}, std::size_t{2}, std::size_t{7}, most_inflated})
        fixtures::every_split(payload, [&](const fixtures::Pieces& pieces) {
            ASSERT_EQ(Reader(shared, most).read(pieces), text) << pieces.size() << " pieces, steps of " << most;
        });
}

TEST(Inflation, ReadsTheRfcsExamples) {  // RFC 7692, 7.2.3
    expect_inflated(raw("\xf2\x48\xcd\xc9\xc9\x07\x00"), "Hello");
    expect_inflated(raw("\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00"), "Hello");          // without compression
    expect_inflated(raw("\xf3\x48\xcd\xc9\xc9\x07\x00\x00"), "Hello");                      // BFINAL set
    expect_inflated(raw("\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00"), "Hello");  // two blocks
    expect_inflated(raw("\x00"), "");
}

TEST(Inflation, ReadsAMessageHoweverItIsCut) {
    expect_inflated(deflated(prose(300)), prose(300));
    expect_inflated(deflated(noise(100)), noise(100));
    expect_inflated(deflated(std::string(2000, 'x')), std::string(2000, 'x'));
}

TEST(Inflation, TakesAnEndThatWasNotLeftOut) {
    expect_inflated(fixtures::flushed("Hello"), "Hello");
    expect_inflated(raw("\xf3\x48\xcd\xc9\xc9\x07\x00"), "Hello");  // BFINAL, and nothing behind it
    expect_inflated("", "");
    Compressors shared;
    EXPECT_EQ(Reader(shared).read({fixtures::flushed("Hello"), ""}), "Hello");
}

TEST(Inflation, TakesManyLastBlocksThatReferToWhatWasBeforeThem) {
    // BFINAL, then a block that repeats "Hello" from 5 bytes back: its distance lies before the block.
    const std::string again = raw("\xf3\x48\xcd\xc9\xc9\x07\x00") + raw("\x02\x13\x00\x00");
    Compressors shared;
    const std::string text = Reader(shared).read({again});
    EXPECT_TRUE(text.starts_with("Hello")) << text;
    std::string many;
    std::string texts;
    for (int i = 0; i < 1000; ++i) {
        many += raw("\xf3\x48\xcd\xc9\xc9\x07\x00");
        texts += "Hello";
    }
    EXPECT_EQ(Reader(shared).read({many + raw("\x00")}), texts);
}

TEST(Inflation, TakesNoWindowOver) {  // RFC 7692, 7.2.3.2: the second message needs the first
    Compressors shared;
    Reader reader(shared);
    EXPECT_EQ(reader.read({raw("\xf2\x48\xcd\xc9\xc9\x07\x00")}), "Hello");
    EXPECT_TRUE(reader.read({raw("\xf2\x00\x11\x00\x00")}).starts_with("corrupt"));
}

TEST(Inflation, TakesAWindowOverWhereThatWasAgreedOn) {
    Compressors shared;
    for (const std::size_t most : {std::size_t{1}, most_inflated}) {
        Reader reader(shared, most, Takeover::yes);
        Reader other(shared, most);
        EXPECT_EQ(reader.read({raw("\xf2\x48\xcd\xc9\xc9\x07\x00")}), "Hello");
        EXPECT_EQ(other.read({deflated("another client's")}), "another client's");
        EXPECT_EQ(reader.read({raw("\xf2\x00"), raw("\x11\x00\x00")}), "Hello");
        EXPECT_EQ(reader.read({raw("\xf3\x48\xcd\xc9\xc9\x07\x00")}), "Hello");  // BFINAL, and what follows knows it
        EXPECT_EQ(reader.read({raw("\xf2\x00\x11\x00\x00")}), "Hello");
    }
}

TEST(Inflation, FailsOnADistanceBeyondTheWindowOfATakeover) {
    Compressors shared;
    fixtures::TakeoverPeer client(15, 15);
    Reader reader(shared, most_inflated, Takeover::yes);
    EXPECT_EQ(reader.read({client.deflated(noise(6000))}), noise(6000));
    EXPECT_TRUE(reader.read({client.deflated(noise(6000))}).starts_with("corrupt"));
}

TEST(Inflation, FailsOnWhatIsNoDeflate) {
    Compressors shared;
    EXPECT_EQ(Reader(shared).read({"\x07"}), "corrupt ");                       // a block of type 3
    EXPECT_EQ(Reader(shared).read({raw("\x00\x05\x00\xfa\xfe")}), "corrupt ");  // lengths that do not agree
    EXPECT_EQ(Reader(shared).read({raw("\xf2\x48\xcd") + "\xff\xff\xff"}).substr(0, 7), "corrupt");
}

TEST(Inflation, FailsOnAMessageThatEndsTooSoon) {
    Compressors shared;
    for (const std::string& payload : {deflated(prose(200)), raw("\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00")})
        for (std::size_t size = 2; size + 1 < payload.size(); ++size)  // a first byte of 0 alone is an empty message
            EXPECT_TRUE(Reader(shared).read({payload.substr(0, size)}).starts_with("corrupt")) << size;
}

TEST(Inflation, MakesOfABombAsMuchAsItIsAsked) {
    Compressors shared;
    Inflation inflation(shared);
    const std::string bomb = deflated(std::string(10'000'000, 'x'));
    EXPECT_LT(bomb.size(), 20'000u);
    const Inflation::Step step = inflation.step(bytes_of(bomb), true, 1000);
    EXPECT_EQ(step.made.size(), 1000u);
    EXPECT_LT(step.taken, 100u);
    EXPECT_TRUE(step.sound);
    EXPECT_FALSE(step.done);
    EXPECT_FALSE(inflation.step({}, false, 1000).made.empty());  // what it has taken holds more
}

TEST(Inflation, LeavesRoomForADelimiter) {
    Compressors shared;
    Inflation inflation(shared);
    const auto step = inflation.step(bytes_of(deflated(std::string(most_inflated, 'x'))), true, most_inflated);
    ASSERT_EQ(step.made.size(), most_inflated);
    const_cast<std::byte&>(*(step.made.data() + step.made.size())) = std::byte{'\n'};  // found out by ASan
}

TEST(Compressors, LendInflatersToMessagesThatInterleave) {
    Compressors shared;
    constexpr int clients = 5;
    std::vector<std::unique_ptr<Inflation>> inflations;
    for (int i = 0; i < clients; ++i) inflations.push_back(std::make_unique<Inflation>(shared));
    std::vector<std::string> payloads;
    std::vector<std::string> texts(clients);
    for (int i = 0; i < clients; ++i) payloads.push_back(deflated(prose(1000) + std::to_string(i)));
    for (std::size_t at = 0; at < payloads[0].size() + 10; ++at)
        for (std::size_t i = 0; i < clients; ++i) {
            if (at >= payloads[i].size()) continue;
            const bool ends = at + 1 == payloads[i].size();
            const auto step = inflations[i]->step(bytes_of(std::string_view(payloads[i]).substr(at, 1)), ends, 4096);
            ASSERT_TRUE(step.sound && step.done);
            texts[i] += text_of(step.made);
        }
    for (std::size_t i = 0; i < clients; ++i) EXPECT_EQ(texts[i], prose(1000) + std::to_string(i));
}

TEST(Compressors, KeepOneDeflaterForEachWindow) {
    Compressors shared;
    EXPECT_EQ(&shared.deflater(14), &shared.deflater(14));
    EXPECT_NE(&shared.deflater(14), &shared.deflater(9));
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // they have a malloc of their own
TEST(Inflater, TakesTheMemoryItSays) {
    const std::size_t before = ::mallinfo2().uordblks;
    Inflater inflater;
    std::vector<std::byte> space(most_inflated);
    const std::string text = noise(60'000);
    const std::string payload = deflated(text);
    inflater.inflate(bytes_of(payload), space);
    const std::size_t used = ::mallinfo2().uordblks - before - space.size() - text.size() - payload.size();
    EXPECT_LT(used, Inflater::memory(15));
    EXPECT_GT(used, Inflater::memory(15) / 2);
}
#endif

}  // namespace
}  // namespace wsinetd::websocket::deflate_test
