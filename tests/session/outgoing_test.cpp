#include "session/outgoing.hpp"

#include <gmock/gmock.h>

#include "fixtures/every_split.hpp"
#include "net/loop_fixture.hpp"

namespace wsinetd::session::outgoing_test {
namespace {

using fixtures::bytes_of;
using websocket::Opcode;

const std::string ping_frame{"\x89\0", 2};
const std::string close_frame{"\x88\x02\x03\xe8", 4};  // 1000

/// A client behind small buffers, who reads when the test says so.
class OutgoingTest : public net::LoopTest {
protected:
    OutgoingTest() {
        constexpr int small = 4096;
        ::setsockopt(ends_.ours.get(), SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
        stream.emplace(executor, ends_.ours.release());
        outgoing.emplace(*stream, nursery, Opcode::text, [this] { ++eased; });
    }

    [[nodiscard]] net::Fd& client() { return ends_.theirs; }

    /// More than the kernel takes, and different everywhere.
    static std::string much() {
        std::string text;
        for (int i = 0; text.size() < 200'000; ++i) text += std::to_string(i) + ' ';
        return text;
    }
    bool write(std::string_view frames) { return outgoing->write(bytes_of(frames)); }

    /// What the client gets, up to `count` bytes; the loop works meanwhile.
    std::string received(std::size_t count) {
        net::make_non_blocking(client());
        std::string all;
        std::array<char, 65536> space{};
        while (all.size() < count) {
            const ssize_t size = ::read(client().get(), space.data(), std::min(space.size(), count - all.size()));
            if (size == 0) break;
            if (size > 0) all.append(space.data(), static_cast<std::size_t>(size));
            run_what_is_ready();
        }
        EXPECT_EQ(all.size(), count);
        return all;
    }
    /// What lies there without the loop's doing.
    std::string at_hand() {
        net::make_non_blocking(client());
        std::string text(65536, '\0');
        const ssize_t size = ::read(client().get(), text.data(), text.size());
        text.resize(static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
        return text;
    }

    std::optional<net::Stream> stream;
    std::optional<Outgoing> outgoing;
    int eased = 0;

private:
    net::Ends ends_ = net::unix_pair();
};

TEST_F(OutgoingTest, WritesAtOnceWhatTheClientTakes) {
    EXPECT_TRUE(write("frames"));
    EXPECT_EQ(at_hand(), "frames");
    EXPECT_FALSE(outgoing->blocked());
    EXPECT_EQ(outgoing->written(), 6u);
    EXPECT_EQ(outgoing->queued(), 6u);
    EXPECT_EQ(eased, 0);
    EXPECT_EQ(nursery.running(), 0u);
}

TEST_F(OutgoingTest, KeepsWhatTheClientDoesNotTakeAndTellsWhenItHas) {
    const std::string text = much();
    EXPECT_FALSE(write(text));
    EXPECT_TRUE(outgoing->blocked());
    EXPECT_GT(outgoing->written(), 0u);
    EXPECT_LT(outgoing->written(), text.size());
    EXPECT_EQ(outgoing->queued(), text.size());
    run_what_is_ready();
    EXPECT_EQ(eased, 0);
    EXPECT_EQ(received(text.size()), text);
    EXPECT_EQ(eased, 1);
    EXPECT_FALSE(outgoing->blocked());
    EXPECT_EQ(outgoing->written(), text.size());
    EXPECT_TRUE(write("more"));
    EXPECT_EQ(at_hand(), "more");
}

TEST_F(OutgoingTest, WritesControlFramesAtOnce) {
    outgoing->ping();
    EXPECT_EQ(at_hand(), ping_frame);
    outgoing->close(1000, "");
    EXPECT_EQ(at_hand(), close_frame);
    EXPECT_TRUE(outgoing->close_written());
}

TEST_F(OutgoingTest, HoldsControlFramesBackUntilWhatIsKeptHasGone) {
    const std::string text = much();
    EXPECT_FALSE(write(text));
    outgoing->ping();
    outgoing->ping();  // one is enough
    outgoing->sender().keep_pong(bytes_of("old"));
    outgoing->sender().keep_pong(bytes_of("new"));
    outgoing->close(1000, "");
    EXPECT_FALSE(outgoing->close_written());
    const std::string pong_frame = "\x8a\x03new";
    const std::string all = text + pong_frame + ping_frame + close_frame;
    EXPECT_EQ(received(all.size()), all);
    EXPECT_EQ(eased, 1);
    EXPECT_TRUE(outgoing->close_written());
    EXPECT_EQ(outgoing->written(), all.size());
}

TEST_F(OutgoingTest, TakesAClosesFirstCodeOnly) {
    outgoing->close(1000, "");
    outgoing->close(1001, "late");
    EXPECT_EQ(at_hand(), close_frame);
}

TEST_F(OutgoingTest, SaysNothingOfACloseNobodyAskedFor) { EXPECT_FALSE(outgoing->close_written()); }

TEST_F(OutgoingTest, DropsEverythingForAClientThatIsGone) {
    client().close();
    EXPECT_TRUE(write("frames"));
    EXPECT_TRUE(outgoing->failed());
    EXPECT_FALSE(outgoing->blocked());
    EXPECT_EQ(eased, 1);
    EXPECT_TRUE(write(much()));
    outgoing->ping();
    EXPECT_EQ(nursery.running(), 0u);
}

TEST_F(OutgoingTest, GivesUpWhatIsKeptWhenTheClientGoes) {
    EXPECT_FALSE(write(much()));
    client().close();
    run();
    EXPECT_TRUE(outgoing->failed());
    EXPECT_FALSE(outgoing->blocked());
    EXPECT_EQ(eased, 1);
}

TEST_F(OutgoingTest, GivesUpWhatIsKeptWhenTheStreamIsClosed) {
    EXPECT_FALSE(write(much()));
    run_what_is_ready();
    stream->close();
    run();
    EXPECT_FALSE(outgoing->blocked());
    EXPECT_EQ(eased, 1);
    EXPECT_TRUE(write("more"));
}

}  // namespace
}  // namespace wsinetd::session::outgoing_test
