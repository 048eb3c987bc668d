#include "net/hang_up.hpp"

#include "net/loop_fixture.hpp"

namespace wsinetd::net::hang_up_test {
namespace {

class HangUpTest : public LoopTest {
protected:
    HangUpTest() { nursery.spawn(hang_ups.run()); }
    ~HangUpTest() override { hang_ups.stop(); }

    std::function<void()> note(char name) {
        return [this, name] { order += name; };
    }
    void run_until_noted(std::size_t count) {
        run_until([this, count] { return order.size() >= count; });
        run_what_is_ready();
        EXPECT_EQ(order.size(), count);
    }

    HangUps hang_ups{executor};
    std::string order;
};

TEST_F(HangUpTest, SeesAFinBehindDataThatNobodyReads) {
    Ends tcp = tcp_pair();
    const HangUpWatch watch(hang_ups, tcp.ours.get(), note('a'));
    tcp.theirs.write("unread");
    tcp.theirs.close();
    run_until_noted(1);
    EXPECT_EQ(tcp.ours.read(), "unread");
}

TEST_F(HangUpTest, SeesAHalfClose) {
    Ends tcp = tcp_pair();
    const HangUpWatch watch(hang_ups, tcp.ours.get(), note('a'));
    ::shutdown(tcp.theirs.get(), SHUT_WR);
    run_until_noted(1);
}

TEST_F(HangUpTest, SeesAReset) {
    Ends tcp = tcp_pair();
    const HangUpWatch watch(hang_ups, tcp.ours.get(), note('a'));
    tcp.theirs.write("unread");
    tcp.theirs.reset();
    run_until_noted(1);
}

TEST_F(HangUpTest, SeesAUnixSocketClosed) {
    Ends unix_ends = unix_pair();
    const HangUpWatch watch(hang_ups, unix_ends.ours.get(), note('a'));
    unix_ends.theirs.close();
    run_until_noted(1);
}

TEST_F(HangUpTest, SeesOneThatHappenedBeforeItWatched) {
    Ends tcp = tcp_pair();
    tcp.theirs.close();
    const HangUpWatch watch(hang_ups, tcp.ours.get(), note('a'));
    run_until_noted(1);
}

TEST_F(HangUpTest, TellsOfItOnce) {
    Ends tcp = tcp_pair();
    Ends other = tcp_pair();
    const HangUpWatch watch(hang_ups, tcp.ours.get(), note('a'));
    const HangUpWatch other_watch(hang_ups, other.ours.get(), note('b'));
    ::shutdown(tcp.theirs.get(), SHUT_WR);
    run_until_noted(1);
    tcp.theirs.reset();
    other.theirs.close();
    run_until_noted(2);
    EXPECT_EQ(order, "ab");
}

TEST_F(HangUpTest, IsNotWokenByData) {
    Ends tcp = tcp_pair();
    Ends other = tcp_pair();
    const HangUpWatch watch(hang_ups, tcp.ours.get(), note('a'));
    const HangUpWatch other_watch(hang_ups, other.ours.get(), note('b'));
    tcp.theirs.write("data");
    other.theirs.close();
    run_until_noted(1);
    EXPECT_EQ(order, "b");
}

TEST_F(HangUpTest, IsSilentOnceTheWatchIsGone) {
    Ends tcp = tcp_pair();
    Ends other = tcp_pair();
    const HangUpWatch other_watch(hang_ups, other.ours.get(), note('b'));
    { const HangUpWatch watch(hang_ups, tcp.ours.get(), note('a')); }
    tcp.theirs.close();
    other.theirs.close();
    run_until_noted(1);
    EXPECT_EQ(order, "b");
}

TEST_F(HangUpTest, LetsACallEndItsOwnWatch) {
    Ends tcp = tcp_pair();
    std::optional<HangUpWatch> watch;
    watch.emplace(hang_ups, tcp.ours.get(), [&] {
        watch.reset();
        order += 'a';
    });
    tcp.theirs.close();
    run_until_noted(1);
}

TEST_F(HangUpTest, LetsACallEndTheWatchThatIsNext) {
    Ends one = tcp_pair();
    Ends two = tcp_pair();
    std::optional<HangUpWatch> first;
    std::optional<HangUpWatch> second;
    first.emplace(hang_ups, one.ours.get(), [&] {
        second.reset();
        order += 'a';
    });
    second.emplace(hang_ups, two.ours.get(), [&] {
        first.reset();
        order += 'b';
    });
    one.theirs.close();
    two.theirs.close();
    run_until_noted(1);  // whichever came first
}

TEST_F(HangUpTest, MayBeStoppedByACall) {
    Ends tcp = tcp_pair();
    const HangUpWatch watch(hang_ups, tcp.ours.get(), [this] {
        hang_ups.stop();
        order += 'a';
    });
    tcp.theirs.close();
    run();
    EXPECT_EQ(order, "a");
}

}  // namespace
}  // namespace wsinetd::net::hang_up_test
