#include "net/poller.hpp"

#include <gmock/gmock.h>

#include <ctime>

#include "net/deadline.hpp"
#include "net/descriptor.hpp"
#include "net/loop_fixture.hpp"

namespace wsinetd::net::poller_test {
namespace {

using namespace std::chrono_literals;

/// Who runs the context: the poller, as in a loop, or Asio, as in the main thread.
enum class By { poller, asio };

class PollerTest : public testing::TestWithParam<By> {
protected:
    void run() {
        if (GetParam() == By::poller)
            poller.run();
        else
            context.run();
        context.restart();
    }
    std::function<void()> note(char name) {
        return [this, name] { order += name; };
    }

    asio::io_context context{1};
    Executor executor = context.get_executor();
    Poller& poller = Poller::of(executor);
    std::string order;
};

std::string name_of(const testing::TestParamInfo<By>& param) {
    return param.param == By::poller ? "ByThePoller" : "ByAsio";
}
INSTANTIATE_TEST_SUITE_P(Run, PollerTest, testing::Values(By::poller, By::asio), name_of);

TEST_P(PollerTest, EndsAtOnceWhereNobodyWaits) { run(); }

TEST_P(PollerTest, CallsWhoWaitsForWhatIsReadableAlready) {
    Ends pipe = readable_pipe();
    pipe.theirs.write("x");
    Descriptor descriptor(executor, pipe.ours.release());
    descriptor.when_readable(note('r'));
    EXPECT_EQ(order, "");
    run();
    EXPECT_EQ(order, "r");
}

TEST_P(PollerTest, CallsAgainForWhatWasLeftUnread) {
    Ends pipe = readable_pipe();
    pipe.theirs.write("xyz");
    Descriptor descriptor(executor, pipe.ours.release());
    std::function<void()> read = [&] {
        std::byte space{};
        if (descriptor.read(std::span(&space, 1)).state != Transfer::State::moved) return;
        order += static_cast<char>(space);
        if (order.size() < 3) descriptor.when_readable(read);
    };
    descriptor.when_readable(read);
    run();
    EXPECT_EQ(order, "xyz");
}

TEST_P(PollerTest, CallsBothWhoWaitForTheSame) {
    Ends pipe = readable_pipe();
    pipe.theirs.write("x");
    Descriptor descriptor(executor, pipe.ours.release());
    descriptor.when_readable(note('a'));
    descriptor.when_readable(note('b'));
    run();
    EXPECT_EQ(order, "ab");
}

TEST_P(PollerTest, CallsWhoWaitsForADescriptorThatIsClosed) {
    Ends pair = unix_pair();
    Descriptor descriptor(executor, pair.ours.release());
    descriptor.when_readable(note('r'));
    descriptor.close();
    descriptor.when_readable(note('c'));
    EXPECT_EQ(order, "");
    run();
    EXPECT_THAT(order, testing::UnorderedElementsAre('r', 'c'));
}

TEST_P(PollerTest, CallsWhoWaitsForADescriptorThatAnotherCloses) {
    Ends first = readable_pipe();
    Ends second = readable_pipe();
    first.theirs.write("x");
    second.theirs.write("x");
    Descriptor one(executor, first.ours.release());
    Descriptor other(executor, second.ours.release());
    one.when_readable([&] {
        order += 'a';
        other.close();
    });
    other.when_readable([&] {
        order += 'b';
        one.close();
    });
    run();
    EXPECT_THAT(order, testing::UnorderedElementsAre('a', 'b'));
}

TEST_P(PollerTest, CallsWhoWaitsToReadAndToWriteWhenThePeerHasGone) {
    Ends pair = unix_pair();
    const std::string page(4096, 'x');
    Descriptor descriptor(executor, pair.ours.release());
    while (descriptor.write(std::as_bytes(std::span(page))).state == Transfer::State::moved) continue;
    descriptor.when_readable(note('r'));
    descriptor.when_writable(note('w'));
    pair.theirs.close();
    run();
    EXPECT_THAT(order, testing::UnorderedElementsAre('r', 'w'));
}

/// The processor time of this thread.
std::chrono::nanoseconds used() {
    timespec time{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

TEST_P(PollerTest, SleepsWhereWhatHappenedIsWaitedForByNobody) {
    Ends hung_up = readable_pipe();
    Ends readable = readable_pipe();
    Ends writable = unix_pair();
    hung_up.theirs.close();
    readable.theirs.write("x");
    Descriptor one(executor, hung_up.ours.release());
    Descriptor two(executor, readable.ours.release());
    Descriptor three(executor, writable.ours.release());
    one.when_readable(note('h'));
    two.when_readable(note('r'));
    three.when_writable(note('w'));
    Timers timers(executor);
    Deadline end(timers, note('.'));
    end.after(300ms);
    const auto before = used();
    run();
    EXPECT_THAT(order, testing::UnorderedElementsAre('h', 'r', 'w', '.'));
    EXPECT_EQ(order.back(), '.');
    EXPECT_LT(used() - before, 150ms) << "it does not sleep";

    one.when_readable(note('h'));
    two.when_readable(note('r'));
    three.when_writable(note('w'));
    order.clear();
    run();
    EXPECT_THAT(order, testing::UnorderedElementsAre('h', 'r', 'w'));
}

TEST_P(PollerTest, LooksAtDescriptorsAndTheClockThoughAHandlerPostsItselfAgainAndAgain) {
    Ends pipe = readable_pipe();
    pipe.theirs.write("x");
    Descriptor descriptor(executor, pipe.ours.release());
    Timers timers(executor);
    Deadline deadline(timers, note('d'));
    std::function<void()> busy = [&] {
        if (order.size() < 2) asio::post(executor, [&] { busy(); });
    };
    busy();
    descriptor.when_readable(note('r'));
    deadline.after(1ms);
    run();
    EXPECT_THAT(order, testing::UnorderedElementsAre('r', 'd'));
}

TEST_P(PollerTest, RingsOnceForTheLastAlarmThatWasSet) {
    poller.set_alarm(Clock::now() + 1h, note('x'));
    poller.set_alarm(Clock::now() + 1ms, note('a'));
    run();
    EXPECT_EQ(order, "a");
    poller.set_alarm(Clock::now() + 1ms, note('x'));
    poller.clear_alarm();
    run();
    EXPECT_EQ(order, "a");
}

TEST_P(PollerTest, SaysWhatItCannotWaitFor) {
    Descriptor regular(executor, ::open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
    EXPECT_THROW(regular.when_readable(note('x')), std::system_error);
    run();
    EXPECT_EQ(order, "");
}

TEST_P(PollerTest, LeavesNothingBehindWhereItsContextGoesFirst) {
    Ends pipe = readable_pipe();
    Descriptor descriptor(executor, pipe.ours.release());
    descriptor.when_readable(note('x'));
    descriptor.close();
}

}  // namespace
}  // namespace wsinetd::net::poller_test
