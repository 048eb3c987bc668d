#include "net/descriptor.hpp"

#include <filesystem>
#include <fstream>

#include "fixtures/every_split.hpp"
#include "net/loop_fixture.hpp"

namespace wsinetd::net::descriptor_test {
namespace {

using fixtures::bytes_of;
using State = Transfer::State;

class DescriptorTest : public LoopTest {
protected:
    awaitable<void> note_readable(Descriptor& descriptor) {
        co_await descriptor.readable();
        order += 'r';
    }
    awaitable<void> note_writable(Descriptor& descriptor) {
        co_await descriptor.writable();
        order += 'w';
    }
    /// One attempt.
    std::string read(Descriptor& descriptor, State expected) {
        std::array<std::byte, 100> space{};
        const Transfer transfer = descriptor.read(space);
        EXPECT_EQ(transfer.state, expected);
        EXPECT_EQ(transfer.bytes > 0, expected == State::moved);
        return fixtures::text_of(std::span(space).first(transfer.bytes));
    }
    /// Until no more is taken: how much was.
    std::size_t fill(Descriptor& descriptor) {
        const std::string page(4096, 'x');
        std::size_t total = 0;
        for (;;) {
            const Transfer transfer = descriptor.write(bytes_of(page));
            if (transfer.state != State::moved) {
                EXPECT_EQ(transfer.state, State::would_block);
                return total;
            }
            total += transfer.bytes;
        }
    }

    std::string order;
};

TEST_F(DescriptorTest, ReadsWhatThereIsWithoutBlocking) {
    Ends pipe = readable_pipe();
    Descriptor descriptor(executor, pipe.ours.release());
    EXPECT_EQ(read(descriptor, State::would_block), "");
    pipe.theirs.write("hello");
    EXPECT_EQ(read(descriptor, State::moved), "hello");
    EXPECT_EQ(read(descriptor, State::would_block), "");
    pipe.theirs.write("last");
    pipe.theirs.close();
    EXPECT_EQ(read(descriptor, State::moved), "last");
    EXPECT_EQ(read(descriptor, State::end), "");
    EXPECT_EQ(read(descriptor, State::end), "");
}

TEST_F(DescriptorTest, WaitsUntilThereIsSomethingToRead) {
    Ends pipe = readable_pipe();
    Descriptor descriptor(executor, pipe.ours.release());
    nursery.spawn(note_readable(descriptor));
    run_what_is_ready();
    EXPECT_EQ(order, "");
    pipe.theirs.write("x");
    run();
    EXPECT_EQ(order, "r");
}

TEST_F(DescriptorTest, WaitsForTheEndToo) {
    Ends pipe = readable_pipe();
    Descriptor descriptor(executor, pipe.ours.release());
    nursery.spawn(note_readable(descriptor));
    run_what_is_ready();
    pipe.theirs.close();
    run();
    EXPECT_EQ(order, "r");
    EXPECT_EQ(read(descriptor, State::end), "");
}

TEST_F(DescriptorTest, WaitsUntilSomeoneHasReadWhatIsWritten) {
    Ends pipe = writable_pipe();
    Descriptor descriptor(executor, pipe.ours.release());
    const std::size_t filled = fill(descriptor);
    nursery.spawn(note_writable(descriptor));
    run_what_is_ready();
    EXPECT_EQ(order, "");
    for (std::size_t read = 0; read < filled;) read += pipe.theirs.read().size();
    run();
    EXPECT_EQ(order, "w");
}

TEST_F(DescriptorTest, WritesWhatIsTaken) {
    Ends pipe = writable_pipe();
    Descriptor descriptor(executor, pipe.ours.release());
    const Transfer transfer = descriptor.write(bytes_of("hello"));
    EXPECT_EQ(transfer.state, State::moved);
    EXPECT_EQ(transfer.bytes, 5u);
    EXPECT_EQ(pipe.theirs.read(), "hello");
}

TEST_F(DescriptorTest, FailsToWriteWhereNobodyWillRead) {
    Ends pipe = writable_pipe();
    Descriptor descriptor(executor, pipe.ours.release());
    pipe.theirs.close();
    const Transfer transfer = descriptor.write(bytes_of("hello"));
    EXPECT_EQ(transfer.state, State::failed);
    EXPECT_EQ(transfer.error, EPIPE);
}

TEST_F(DescriptorTest, FailsToReadAfterAReset) {
    Ends tcp = tcp_pair();
    Descriptor descriptor(executor, tcp.ours.release());
    nursery.spawn(note_readable(descriptor));
    tcp.theirs.reset();
    run();
    std::array<std::byte, 1> space{};
    const Transfer transfer = descriptor.read(space);
    EXPECT_EQ(transfer.state, State::failed);
    EXPECT_EQ(transfer.error, ECONNRESET);
}

TEST_F(DescriptorTest, EndsAllItsWaitsWhenItIsClosed) {
    Ends tcp = tcp_pair();
    Descriptor descriptor(executor, tcp.ours.release());
    fill(descriptor);
    nursery.spawn(note_readable(descriptor));
    nursery.spawn(note_writable(descriptor));
    run_what_is_ready();
    EXPECT_EQ(order, "");
    descriptor.close();
    EXPECT_FALSE(descriptor.is_open());
    run();
    EXPECT_EQ(order.size(), 2u);
    descriptor.close();  // once is enough
}

TEST_F(DescriptorTest, CallsOnceByWayOfTheLoop) {
    Ends pipe = readable_pipe();
    Descriptor descriptor(executor, pipe.ours.release());
    pipe.theirs.write("xx");
    descriptor.when_readable([this] { order += 'r'; });
    EXPECT_EQ(order, "");
    run();
    EXPECT_EQ(order, "r");
    Ends other = writable_pipe();
    Descriptor writable(executor, other.ours.release());
    writable.when_writable([this] { order += 'w'; });
    EXPECT_EQ(order, "r");
    run();
    EXPECT_EQ(order, "rw");
}

TEST_F(DescriptorTest, EndsAWaitThatBeginsWhenItIsClosed) {
    Ends pipe = readable_pipe();
    Descriptor descriptor(executor, pipe.ours.release());
    descriptor.close();
    nursery.spawn(note_readable(descriptor));
    descriptor.when_writable([this] { order += 'w'; });
    run();
    EXPECT_EQ(order.size(), 2u);
}

/// How many epoll instances of this process watch descriptor `fd`.
std::size_t watchers_of(int fd) {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fdinfo")) {
        std::ifstream lines(entry.path());
        for (std::string line; std::getline(lines, line);)
            if (line.starts_with("tfd:") && std::stoi(line.substr(4)) == fd) ++count;
    }
    return count;
}

/// A process between clone and exec holds a copy, and a copy alone keeps a closed descriptor in epoll's sight.
TEST_F(DescriptorTest, LeavesEpollWhenItIsClosedThoughACopyIsOpen) {
    Ends pipe = readable_pipe();
    const int fd = pipe.ours.get();
    const Fd copy(::dup(fd));
    Descriptor descriptor(executor, pipe.ours.release());
    EXPECT_EQ(watchers_of(fd), 0u);  // may never need a wait
    nursery.spawn(note_readable(descriptor));
    run_what_is_ready();
    EXPECT_EQ(watchers_of(fd), 1u);
    descriptor.close();
    EXPECT_EQ(watchers_of(fd), 0u);
    pipe.theirs.write("x");
    run();
    EXPECT_EQ(order, "r");
}

}  // namespace
}  // namespace wsinetd::net::descriptor_test
