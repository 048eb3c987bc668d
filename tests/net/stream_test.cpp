#include "net/stream.hpp"

#include <gmock/gmock.h>
#include <sched.h>

#include "fixtures/every_split.hpp"
#include "net/loop_fixture.hpp"

namespace wsinetd::net::stream_test {
namespace {

using fixtures::bytes_of;
using testing::ElementsAre;

class StreamTest : public LoopTest {};

TEST_F(StreamTest, KnowsBothEndsOfATcpConnection) {
    Ends tcp = tcp_pair();
    sockaddr_in theirs{};
    socklen_t size = sizeof theirs;
    ASSERT_EQ(::getsockname(tcp.theirs.get(), reinterpret_cast<sockaddr*>(&theirs), &size), 0);
    sockaddr_in ours{};
    ASSERT_EQ(::getpeername(tcp.theirs.get(), reinterpret_cast<sockaddr*>(&ours), &size), 0);
    Stream stream(executor, tcp.ours.release());
    const Endpoints ends = stream.endpoints();
    EXPECT_EQ(ends.remote_address, "127.0.0.1");
    EXPECT_EQ(ends.local_address, "127.0.0.1");
    EXPECT_EQ(ends.remote_port, ntohs(theirs.sin_port));
    EXPECT_EQ(ends.local_port, ntohs(ours.sin_port));
    EXPECT_THAT(ends.local_bytes, ElementsAre(127, 0, 0, 1));
    EXPECT_FALSE(ends.unix_socket);
}

TEST_F(StreamTest, KnowsAUnixSocketByThat) {
    Ends unix_ends = unix_pair();
    Stream stream(executor, unix_ends.ours.release());
    const Endpoints ends = stream.endpoints();
    EXPECT_TRUE(ends.unix_socket);
    EXPECT_EQ(ends.remote_address, "");
    EXPECT_EQ(ends.local_address, "");
    EXPECT_EQ(ends.remote_port, 0);
    EXPECT_EQ(ends.local_port, 0);
    EXPECT_THAT(ends.local_bytes, testing::IsEmpty());
}

TEST_F(StreamTest, SendsWhatIsWrittenBeforeItsFin) {
    Ends tcp = tcp_pair();
    Stream stream(executor, tcp.ours.release());
    ASSERT_EQ(stream.write(bytes_of("last words")).bytes, 10u);
    stream.shutdown_send();
    EXPECT_EQ(tcp.theirs.read(), "last words");
    EXPECT_EQ(tcp.theirs.read(), "");
    tcp.theirs.write("still heard");
    std::array<std::byte, 100> space{};
    Transfer transfer{Transfer::State::would_block};
    while (transfer.state == Transfer::State::would_block) transfer = stream.read(space);
    EXPECT_EQ(fixtures::text_of(std::span(space).first(transfer.bytes)), "still heard");
}

/// A process between clone and exec holds a copy, and then close alone sends no FIN.
TEST_F(StreamTest, SendsItsFinWhenItIsClosedThoughACopyIsOpen) {
    Ends tcp = tcp_pair();
    const Fd copy(::dup(tcp.ours.get()));
    Stream stream(executor, tcp.ours.release());
    stream.close();
    EXPECT_FALSE(stream.is_open());
    EXPECT_EQ(tcp.theirs.read(), "");
}

TEST_F(StreamTest, CountsWhatThePeerHasNotTakenYet) {
    Ends tcp = tcp_pair(4096);
    Stream stream(executor, tcp.ours.release());
    EXPECT_EQ(stream.acknowledged(0), 0u);
    const std::string page(4096, 'x');
    std::size_t written = 0;
    for (Transfer transfer; (transfer = stream.write(bytes_of(page))).state == Transfer::State::moved;)
        written += transfer.bytes;
    EXPECT_LT(stream.acknowledged(written), written);
    for (std::size_t read = 0; read < written;) read += tcp.theirs.read().size();
    while (stream.acknowledged(written) < written) ::sched_yield();  // the last acknowledgement is under way
}

}  // namespace
}  // namespace wsinetd::net::stream_test
