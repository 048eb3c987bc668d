#pragma once  // A loop to run until something has happened, and real pipes and sockets for it.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <csignal>

#include "net/nursery.hpp"
#include "net/poller.hpp"

namespace wsinetd::net {

/// A descriptor of the test's own.
class Fd {
public:
    explicit Fd(int fd = -1) : fd_(fd) {}
    Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Fd& operator=(Fd&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    ~Fd() { close(); }

    [[nodiscard]] int get() const { return fd_; }
    /// Hands it to someone else.
    [[nodiscard]] int release() { return std::exchange(fd_, -1); }
    void close() {
        if (fd_ >= 0) ::close(std::exchange(fd_, -1));
    }
    /// The next close resets the connection.
    void reset() {
        const linger now{1, 0};
        EXPECT_EQ(::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now), 0);
        close();
    }

    /// All of it; blocks until it is taken.
    void write(std::string_view bytes) const {
        while (!bytes.empty()) {
            const ssize_t count = ::write(fd_, bytes.data(), bytes.size());
            ASSERT_GT(count, 0) << std::strerror(errno);
            bytes.remove_prefix(static_cast<std::size_t>(count));
        }
    }
    /// What lies there now, at most `size` bytes; blocks where nothing does. Empty at the end.
    [[nodiscard]] std::string read(std::size_t size = 65536) const {
        std::string bytes(size, '\0');
        const ssize_t count = ::read(fd_, bytes.data(), bytes.size());
        EXPECT_GE(count, 0) << std::strerror(errno);
        bytes.resize(static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
        return bytes;
    }

private:
    int fd_;
};

inline void make_non_blocking(const Fd& fd) { ::fcntl(fd.get(), F_SETFL, ::fcntl(fd.get(), F_GETFL) | O_NONBLOCK); }

/// Two ends: `ours` does not block, as all descriptors of a loop, `theirs` does.
struct Ends {
    Fd ours;
    Fd theirs;
};

inline Ends readable_pipe() {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    Ends result{Fd(ends[0]), Fd(ends[1])};
    make_non_blocking(result.ours);
    return result;
}
inline Ends writable_pipe() {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    Ends result{Fd(ends[1]), Fd(ends[0])};
    make_non_blocking(result.ours);
    return result;
}
inline Ends unix_pair() {
    std::array<int, 2> ends{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
    Ends result{Fd(ends[0]), Fd(ends[1])};
    make_non_blocking(result.ours);
    return result;
}

/// Connected over loopback; `receive_buffer` in bytes is the other end's, 0 for the kernel's own.
inline Ends tcp_pair(int receive_buffer = 0) {
    const Fd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(listener.get(), 1), 0);
    EXPECT_EQ(::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
    Fd theirs(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (receive_buffer > 0) {
        EXPECT_EQ(::setsockopt(theirs.get(), SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer), 0);
    }
    EXPECT_EQ(::connect(theirs.get(), reinterpret_cast<const sockaddr*>(&address), size), 0);
    return {Fd(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)), std::move(theirs)};
}

/// A loop of the test's thread.
class LoopTest : public testing::Test {
protected:
    LoopTest() : sigpipe_(std::signal(SIGPIPE, SIG_IGN)) {}  // as the server has it
    ~LoopTest() override {
        run();
        EXPECT_EQ(nursery.running(), 0u);
        std::signal(SIGPIPE, sigpipe_);
    }

    /// Lets the loop work until `condition` holds. The patience is for a loop that hangs.
    template <typename Condition>
    void run_until(Condition condition) {
        const TimePoint hopeless = Clock::now() + std::chrono::seconds(30);
        while (!condition()) {
            ASSERT_LT(Clock::now(), hopeless) << "nothing happened";
            ASSERT_TRUE(poller.turn(std::chrono::seconds(1))) << "nothing is waited for";
        }
    }
    /// Lets it do what can be done now.
    void run_what_is_ready() {
        for (int i = 0; i < 10; ++i) poller.turn(Milliseconds(0));
    }
    /// Until nothing is left to wait for.
    void run() { poller.run(); }

    asio::io_context context{1};
    Poller& poller = Poller::of(context.get_executor());
    Executor executor = context.get_executor();
    std::string bugs;
    Nursery nursery{executor, [this](const std::exception& bug) { bugs += bug.what(); }};

private:
    void (*sigpipe_)(int);
};

}  // namespace wsinetd::net
