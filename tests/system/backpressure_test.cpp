// Spec section 3: whoever is slow stops the other, nothing is lost, and the server holds next to nothing meanwhile.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <atomic>
#include <cstdlib>
#include <thread>

#include "fixtures/client.hpp"
#include "fixtures/command.hpp"
#include "fixtures/server.hpp"
#include "fixtures/wire.hpp"

namespace wsinetd::fixtures::backpressure_test {
namespace {

const bool measures_memory = !sanitized;
const std::uint64_t mebibytes = sanitized ? 8 : 256;
const int many_lines = sanitized ? 1000000 : 1500000;  // more than the kernel's buffers hold, and than 10 MB

constexpr std::size_t most_kib = 256;  ///< that one connection may hold
constexpr int small_buffer = 4096;

/// The length of what is to pass in constant memory.
std::uint64_t long_line() {
    const char* wanted = std::getenv("WSINETD_TEST_LONG_LINE");
    return wanted ? std::stoull(wanted) : mebibytes * 1024 * 1024;
}

/// Watches how far the server's private memory grows beyond what it is now.
class Growth {
public:
    explicit Growth(const Server& server) : server_(server), before_(server.private_kib()) {}
    void look() {
        const std::size_t now = server_.private_kib();
        most_ = std::max(most_, now > before_ ? now - before_ : 0);
    }
    [[nodiscard]] std::size_t kib() {
        look();
        testing::Test::RecordProperty("growth_kib", static_cast<int>(most_));
        return measures_memory ? most_ : 0;
    }

private:
    const Server& server_;
    std::size_t before_;
    std::size_t most_ = 0;
};

/// One session comes and goes, so that what a server allocates once is there.
void warm_up(const Server& server) {
    {
        Wire client(server.port());
        client.send(client_frame(1, "warm"));
        client.send(close_frame(1000));
        client.closed();
    }
    ASSERT_TRUE(leaves_nothing(server));
    ASSERT_TRUE(server.logs("session ends"));
}

/// Sends until neither the server nor the kernel takes more, or all of `bytes` is gone. Returns what was taken.
std::size_t flood(RawClient& client, std::string_view bytes) {
    std::size_t sent = 0;
    int refusals = 0;
    eventually([&] {
        const std::size_t taken = client.send_some(bytes.substr(sent));
        sent += taken;
        refusals = taken > 0 ? 0 : refusals + 1;
        return refusals == 25 || sent == bytes.size();
    });
    return sent;
}

/// Reads numbered messages from `next` on, until `end` or the connection's end, and returns the number that is missing.
int read_numbers(Wire& client, int next, int end) {
    while (next < end) {
        const auto message = client.message();
        if (!message || *message != std::to_string(next)) break;
        ++next;
    }
    return next;
}

// A client that reads slowly stops the command.

TEST(Backpressure, AClientThatDoesNotReadStopsTheCommandAndNotTheServer) {
    Server server({"--threads", "1", "yes"});
    warm_up(server);
    Growth growth(server);
    Wire client(server.port(), "/", small_buffer);
    EXPECT_TRUE(stops_at_write(only_command(server)));
    EXPECT_LT(growth.kib(), most_kib);
}

TEST(Backpressure, WhatWaitedForTheClientComesWithoutAGap) {
    const int count = many_lines;
    Server server({"--threads", "1", "seq", std::to_string(count)});
    warm_up(server);
    Growth growth(server);
    Wire client(server.port(), "/", small_buffer);
    EXPECT_TRUE(stops_at_write(only_command(server)));
    EXPECT_LT(growth.kib(), most_kib);
    EXPECT_EQ(read_numbers(client, 1, count + 1), count + 1);
    EXPECT_EQ(client.closed(), closed_with(1000));
}

TEST(Backpressure, ASlowClientGetsEverythingBeforeTheExitStatus) {
    const int count = many_lines;
    Server server(bash("seq " + std::to_string(count) + "; exit 3"));
    Wire client(server.port(), "/", 64 * 1024);
    const pid_t command = only_command(server);
    int next = 1;
    for (int stop = 1; stop <= 3; ++stop) {
        EXPECT_TRUE(eventually([&] { return server.descendants().size() == 2; }));  // bash and seq
        EXPECT_TRUE(stops_at_write(server.descendants().back()));
        EXPECT_TRUE(is_running(command));
        next = read_numbers(client, next, stop * count / 10);
        ASSERT_EQ(next, stop * count / 10);
    }
    EXPECT_EQ(read_numbers(client, next, count + 1), count + 1);
    EXPECT_EQ(client.closed(), closed_with(4003, "exit status 3"));
}

/// Its window never has room for a segment, which the kernel takes for a closed one.
TEST(Backpressure, ASlowClientWithAWindowSmallerThanASegmentIsNotTakenForADeadOne) {
    Server server({"--ping-interval", "500ms", "yes"});
    Wire client(server.port(), "/", 4096);
    for (const auto end = std::chrono::steady_clock::now() + 5s; std::chrono::steady_clock::now() < end;) {
        ASSERT_FALSE(client.some(400).empty());
        std::this_thread::sleep_for(50ms);
    }
    EXPECT_EQ(server.log().find("session ends"), std::string::npos);
}

TEST(Backpressure, TheCloseOfACommandThatEndedWaitsForASlowClient) {
    Server server(bash("seq 20000; exit 3"));
    Wire client(server.port(), "/", small_buffer);
    EXPECT_TRUE(leaves_nothing(server));
    EXPECT_EQ(read_numbers(client, 1, 20001), 20001);
    EXPECT_EQ(client.closed(), closed_with(4003, "exit status 3"));
}

TEST(Backpressure, ALineOfAnyLengthPassesInConstantMemory) {
    const std::uint64_t length = long_line();
    Server server({"--threads", "1", "bash", "-c",
                   "[ \"$QUERY_STRING\" ] && { head -c $QUERY_STRING /dev/zero | tr '\\0' x; }; echo; echo end"});
    warm_up(server);
    Growth growth(server);
    Wire client(server.port(), "/?" + std::to_string(length));
    std::uint64_t received = 0;
    std::uint64_t next_look = 0;
    for (bool last = false; !last;) {
        const auto head = client.head();
        ASSERT_TRUE(head && is_proper(*head));
        ASSERT_EQ(head->opcode, received == 0 ? 1U : 0U);
        const std::string bytes = client.some(head->length);
        ASSERT_EQ(bytes.size(), head->length);
        ASSERT_EQ(bytes.find_first_not_of('x'), std::string::npos);
        received += head->length;
        last = head->fin;
        if (received < next_look) continue;
        growth.look();
        next_look += 8 * 1024 * 1024;
    }
    EXPECT_EQ(received, length);
    EXPECT_EQ(client.message(), "end");
    EXPECT_LT(growth.kib(), most_kib);
}

// A command that reads slowly stops the client.

TEST(Backpressure, ACommandThatDoesNotReadStopsTheClientAndNotTheServer) {
    Server server({"--threads", "1", "sleep", "1000"});
    warm_up(server);
    Growth growth(server);
    Wire client(server.port());
    std::string frames;
    while (frames.size() < 32 * 1024 * 1024) frames += client_frame(1, std::string(1000, 'x'));
    EXPECT_LT(flood(client.socket(), frames), frames.size());
    EXPECT_LT(growth.kib(), most_kib);
}

TEST(Backpressure, WhatWaitedForTheCommandComesWithoutAGap) {
    Gate gate;
    TemporaryFolder folder;
    const std::string got = folder.path() + "/got";
    Server server(bash(gate.wait() + "; cat > " + got, {"--close-grace", "20s"}));
    Wire client(server.port());
    std::string frames;
    std::string lines;
    for (int i = 0; lines.size() < 12 * 1024 * 1024; ++i) {
        const std::string line = std::to_string(i) + std::string(i % 2000, '.');
        frames += client_frame(1, line);
        lines += line + "\n";
    }
    frames += close_frame(1000);
    const std::size_t sent = flood(client.socket(), frames);
    EXPECT_LT(sent, frames.size());
    gate.open();
    client.send(std::string_view(frames).substr(sent));
    EXPECT_EQ(client.closed(), closed_with(1000));
    client.socket().finish();
    EXPECT_TRUE(server.logs("session ends"));
    EXPECT_TRUE(contents_of(got) == lines) << contents_of(got).size() << " bytes instead of " << lines.size();
}

/// The pipe is full when the Close is read: what stands before it is still the command's.
TEST(Backpressure, WhatAClientSentBeforeItsCloseReachesTheCommand) {
    Gate gate;
    TemporaryFolder folder;
    const std::string got = folder.path() + "/got";
    Server server(bash(gate.wait() + "; cat > " + got, {"--close-grace", "20s"}));
    Wire client(server.port());
    std::string frames;
    std::string lines;
    for (int i = 0; i < 66; ++i) {
        frames += client_frame(1, std::string(1000, 'x'));
        lines += std::string(1000, 'x') + "\n";
    }
    client.send(frames + close_frame(1000));
    EXPECT_EQ(client.closed(), closed_with(1000));
    gate.open();
    client.socket().finish();
    EXPECT_TRUE(server.logs("session ends"));
    EXPECT_EQ(contents_of(got).size(), lines.size());
}

class LongMessage : public testing::TestWithParam<std::uint64_t> {};

TEST_P(LongMessage, PassesInConstantMemory) {
    const std::uint64_t length = long_line();
    const std::uint64_t frame = GetParam() == 0 ? length : GetParam();
    const std::string bytes = std::to_string(length);
    Server server({"--threads", "1", "--max-message-size", "0", "bash", "-c",
                   "[ \"$QUERY_STRING\" ] || exec cat; head -c " + std::to_string(length + 1) + " | cmp - <(head -c " +
                       bytes + " /dev/zero | tr '\\0' x; echo) && echo same"});
    warm_up(server);
    Growth growth(server);
    Wire client(server.port(), "/?long");
    const std::string chunk(1024 * 1024, 'x');
    std::uint64_t next_look = 0;
    for (std::uint64_t sent = 0; sent < length;) {
        const std::uint64_t size = std::min(frame, length - sent);
        client.send(plain_header(sent == 0 ? 1 : 0, size, sent + size == length));
        for (std::uint64_t part = 0; part < size; part += chunk.size())
            client.send(std::string_view(chunk).substr(0, size - part));
        sent += size;
        if (sent < next_look) continue;
        growth.look();
        next_look += 8 * 1024 * 1024;
    }
    EXPECT_EQ(client.message(), "same");
    EXPECT_LT(growth.kib(), most_kib);
}

INSTANTIATE_TEST_SUITE_P(Backpressure, LongMessage, testing::Values(0, 65536, 65537), [](const auto& param) {
    return param.param == 0       ? "InOneFrame"
           : param.param == 65536 ? "InManyFramesJudgedWhole"
                                  : "InManyFramesThatStream";
});

// Both at once, and the others.

TEST(Backpressure, AClientThatNeverReadsItsEchoStopsItself) {
    Server server({"--threads", "1", "cat"});
    warm_up(server);
    Growth growth(server);
    Wire client(server.port(), "/", small_buffer);
    std::string frames;
    int count = 0;
    for (; frames.size() < 32 * 1024 * 1024; ++count)
        frames += client_frame(1, std::to_string(count) + " " + std::string(1000, 'x'));
    const std::size_t sent = flood(client.socket(), frames);
    EXPECT_LT(sent, frames.size());
    EXPECT_LT(growth.kib(), most_kib);
    std::thread sender([&] { client.send(std::string_view(frames).substr(sent)); });
    for (int i = 0; i < count; ++i) {
        const auto echo = client.message();
        if (!echo || !echo->starts_with(std::to_string(i) + " ")) {
            ADD_FAILURE() << i;
            break;
        }
    }
    ::shutdown(client.socket().fd(), SHUT_RDWR);
    sender.join();
}

TEST(Backpressure, ABusySessionLeavesTurnsToOthersOfItsLoop) {
    Server server(bash("[ \"$QUERY_STRING\" = flood ] && exec yes; exec cat", {"--threads", "1"}));
    Wire busy(server.port(), "/?flood");
    std::atomic<bool> enough = false;
    std::atomic<std::uint64_t> drained = 0;
    std::thread drain([&] {
        while (!enough) drained += busy.some(64 * 1024).size();
    });
    EXPECT_TRUE(eventually([&] { return drained > 1024 * 1024; }));
    Client neighbour(server.port());
    for (int i = 0; i < 20; ++i) {
        const std::uint64_t before = drained;
        neighbour.send(std::to_string(i));
        EXPECT_EQ(neighbour.receive(), std::to_string(i));
        if (i % 5 == 0) EXPECT_TRUE(eventually([&] { return drained > before; }));
    }
    enough = true;
    drain.join();
}

TEST(Backpressure, ABusySenderLeavesTurnsToOthersOfItsLoop) {
    Server server(bash("[ \"$QUERY_STRING\" = flood ] && exec cat > /dev/null; exec cat", {"--threads", "1"}));
    Wire busy(server.port(), "/?flood");
    std::string frames;
    while (frames.size() < 1024 * 1024) frames += client_frame(1, "a short message");
    std::atomic<bool> enough = false;
    std::atomic<std::uint64_t> sent = 0;
    std::thread flood([&] {
        while (!enough) {
            busy.send(frames);
            ++sent;
        }
    });
    EXPECT_TRUE(eventually([&] { return sent > 8; }));
    Client neighbour(server.port());
    for (int i = 0; i < 100; ++i) {
        neighbour.send(std::to_string(i));
        EXPECT_EQ(neighbour.receive(), std::to_string(i));
    }
    const std::uint64_t before = sent;
    EXPECT_TRUE(eventually([&] { return sent > before; }));
    enough = true;
    flood.join();
}

// Control frames meanwhile.

TEST(Backpressure, OfThePingsOfAClientThatReadsNothingTheNewestIsAnswered) {
    TemporaryFolder folder;
    const std::string heard = folder.path() + "/heard";
    Server server(bash("yes & read -r line; echo \"$line\" > " + heard + "; wait"));
    Wire client(server.port(), "/", small_buffer);
    EXPECT_TRUE(eventually([&] { return server.descendants().size() == 2; }));
    EXPECT_TRUE(stops_at_write(server.descendants().back()));
    client.send(client_frame(9, "1") + client_frame(9, "22") + client_frame(9, "333") + client_frame(1, "behind them"));
    EXPECT_EQ(first_line_of(heard), "behind them");  // input goes on though output does not
    std::vector<std::string> pongs;
    while (pongs.size() < 2) {
        const auto frame = client.frame();
        ASSERT_TRUE(frame);
        if (frame->head.opcode != 10) continue;
        pongs.push_back(frame->payload);
        if (pongs.size() == 1) client.send(client_frame(9, "later"));
    }
    EXPECT_THAT(pongs, testing::ElementsAre("333", "later"));
}

TEST(Backpressure, AClientIsNotJudgedByItsPongsWhileInputIsStoppedAndIsPingedAllTheSame) {
    std::string frames;
    while (frames.size() < 32 * 1024 * 1024) frames += client_frame(1, std::string(60000, 'x'));
    Server server({"--ping-interval", "100ms", "sleep", "1000"});
    Wire client(server.port());
    EXPECT_LT(flood(client.socket(), frames), frames.size());
    for (int i = 0; i < 8; ++i) {  // four times the patience with a client that is judged
        const auto ping = client.frame();
        ASSERT_TRUE(ping);
        EXPECT_EQ(ping->head.opcode, 9U);
    }
    EXPECT_EQ(server.log().find("session ends"), std::string::npos);
    EXPECT_EQ(server.descendants().size(), 1U);
}

TEST(Backpressure, ACloseBehindBlockedOutputIsAnsweredWhenTheClientReads) {
    Server server({"yes"});
    Wire client(server.port(), "/", small_buffer);
    EXPECT_TRUE(stops_at_write(only_command(server)));
    client.send(close_frame(1000));
    EXPECT_TRUE(leaves_nothing(server));
    EXPECT_EQ(client.closed(), closed_with(1000));
    EXPECT_TRUE(client.ends_in_silence());
}

}  // namespace
}  // namespace wsinetd::fixtures::backpressure_test
