#include "net/listener.hpp"

#include <netinet/tcp.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <filesystem>
#include <fstream>

#include "net/loop_fixture.hpp"

namespace wsinetd::net::listener_test {
namespace {

using namespace std::chrono_literals;

/// The errno that creating a listener ends in; 0: it was created.
template <typename Create>
int error_of(Create create) {
    try {
        create();
        return 0;
    } catch (const std::system_error& error) {
        return error.code().value();
    }
}

class ListenerTest : public LoopTest {
protected:
    std::unique_ptr<Listener> tcp(std::string address, std::uint16_t port = 0, Milliseconds silence = 0ms) {
        const TcpAddress wanted{std::move(address), port};
        return Listener::tcp(executor, wanted, silence);
    }
    /// Connects, which the kernel does before anyone accepts.
    static Fd client_of(const Listener& listener) {
        Fd client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        address.sin_port = htons(listener.port());
        EXPECT_EQ(::connect(client.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
        return client;
    }
    awaitable<void> note_readable(Listener& listener, bool& readable) {
        co_await listener.readable();
        readable = true;
    }
};

TEST_F(ListenerTest, NamesThePortItReallyHas) {
    const auto listener = tcp("127.0.0.1");
    EXPECT_GT(listener->port(), 0);
    EXPECT_EQ(listener->name(), "127.0.0.1:" + std::to_string(listener->port()));
}

TEST_F(ListenerTest, PutsAnIpv6AddressInBrackets) {
    std::unique_ptr<Listener> listener;
    if (error_of([&] { listener = tcp("::1"); }) != 0) GTEST_SKIP() << "no IPv6";
    EXPECT_EQ(listener->name(), "[::1]:" + std::to_string(listener->port()));
}

TEST_F(ListenerTest, SharesAPortBetweenAllAddressesOfBothFamilies) {
    const auto v4 = tcp("0.0.0.0");
    const int error = error_of([&] { tcp("::", v4->port()); });
    if (error == EAFNOSUPPORT || error == EADDRNOTAVAIL) GTEST_SKIP() << "no IPv6";
    EXPECT_EQ(error, 0);
}

TEST_F(ListenerTest, AcceptsWithoutBlocking) {
    const auto listener = tcp("127.0.0.1");
    EXPECT_LT(listener->accept(), 0);
    EXPECT_EQ(errno, EAGAIN);
    bool readable = false;
    nursery.spawn(note_readable(*listener, readable));
    run_what_is_ready();
    EXPECT_FALSE(readable);
    const Fd client = client_of(*listener);
    run();
    EXPECT_TRUE(readable);
    const Fd accepted(listener->accept());
    ASSERT_GE(accepted.get(), 0);
    EXPECT_NE(::fcntl(accepted.get(), F_GETFL) & O_NONBLOCK, 0);
    EXPECT_NE(::fcntl(accepted.get(), F_GETFD) & FD_CLOEXEC, 0);
}

TEST_F(ListenerTest, GivesItsOptionsToWhatItAccepts) {
    const auto listener = tcp("127.0.0.1", 0, 60s);
    const Fd client = client_of(*listener);
    const Fd accepted(listener->accept());
    const auto option = [&](int name) {
        int value = -1;
        socklen_t size = sizeof value;
        EXPECT_EQ(::getsockopt(accepted.get(), IPPROTO_TCP, name, &value, &size), 0);
        return value;
    };
    EXPECT_EQ(option(TCP_NODELAY), 1);
    EXPECT_EQ(option(TCP_USER_TIMEOUT), 60000);
}

TEST_F(ListenerTest, SaysWhyItCannotListen) {
    const auto listener = tcp("127.0.0.1");
    EXPECT_EQ(error_of([&] { tcp("127.0.0.1", listener->port()); }), EADDRINUSE);
    EXPECT_EQ(error_of([&] { tcp("192.0.2.1"); }), EADDRNOTAVAIL);  // RFC 5737: nobody's
    EXPECT_EQ(error_of([&] { tcp("localhost"); }), EINVAL);
}

TEST_F(ListenerTest, TakesAPortAgainThatAConnectionStillHas) {
    auto listener = tcp("127.0.0.1");
    const std::uint16_t port = listener->port();
    Fd client = client_of(*listener);
    Fd accepted(listener->accept());
    listener.reset();
    accepted.close();  // closes first, and so waits in TIME_WAIT
    EXPECT_EQ(client.read(), "");
    client.close();
    EXPECT_EQ(error_of([&] { tcp("127.0.0.1", port); }), 0);
}

/// A folder for socket files.
class UnixListenerTest : public ListenerTest {
protected:
    UnixListenerTest() {
        std::string pattern = testing::TempDir() + "ws_XXXXXX";
        folder_ = ::mkdtemp(pattern.data());
        path = folder_ + "/socket";
    }
    ~UnixListenerTest() override { std::filesystem::remove_all(folder_); }

    std::unique_ptr<Listener> listen(unsigned mode = 0660) { return Listener::unix_socket(executor, path, mode); }
    int error_of_listening() {
        return error_of([this] { listen(); });
    }
    int connect_error() const {
        const Fd client(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path.copy(address.sun_path, sizeof address.sun_path - 1);
        return ::connect(client.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ? 0 : errno;
    }
    [[nodiscard]] mode_t mode_of_file() const {
        struct stat status {};
        EXPECT_EQ(::lstat(path.c_str(), &status), 0);
        return status.st_mode;
    }
    /// A socket file on which nobody listens any more, as a killed server leaves it.
    void leave_a_stale_file() const {
        const Fd gone(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path.copy(address.sun_path, sizeof address.sun_path - 1);
        ASSERT_EQ(::bind(gone.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    }

    std::string path;

private:
    std::string folder_;
};

TEST_F(UnixListenerTest, ListensAndRemovesItsFileInTheEnd) {
    auto listener = listen();
    EXPECT_EQ(listener->name(), "unix:" + path);
    EXPECT_EQ(listener->port(), 0);
    EXPECT_EQ(connect_error(), 0);
    const Fd accepted(listener->accept());
    EXPECT_GE(accepted.get(), 0);
    listener.reset();
    EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(UnixListenerTest, GivesItsFileTheModeWhateverTheUmask) {
    for (const unsigned mode : {0600u, 0660u, 0666u, 0777u, 0u}) {
        const mode_t before = ::umask(0077);
        const auto listener = listen(mode);
        EXPECT_EQ(::umask(before), 0077u);  // as it was
        EXPECT_EQ(mode_of_file(), S_IFSOCK | mode);
    }
}

TEST_F(UnixListenerTest, ReplacesAFileOnWhichNobodyListens) {
    leave_a_stale_file();
    EXPECT_EQ(connect_error(), ECONNREFUSED);
    const auto listener = listen();
    EXPECT_EQ(connect_error(), 0);
}

TEST_F(UnixListenerTest, LeavesALiveSocketAlone) {
    const auto listener = listen();
    EXPECT_EQ(error_of_listening(), EADDRINUSE);
    EXPECT_EQ(connect_error(), 0);
}

TEST_F(UnixListenerTest, LeavesAnyOtherFileAlone) {
    std::ofstream(path) << "precious";
    EXPECT_EQ(error_of_listening(), ENOTSOCK);
    EXPECT_EQ(std::filesystem::file_size(path), 8u);
}

TEST_F(UnixListenerTest, FollowsNoLinkToAFile) {
    const std::string target = path + ".target";
    std::ofstream(target) << "precious";
    std::filesystem::create_symlink(target, path);
    EXPECT_EQ(error_of_listening(), ENOTSOCK);
    EXPECT_TRUE(std::filesystem::exists(target));
}

TEST_F(UnixListenerTest, SaysWhyItCannotListen) {
    path += "/below";
    EXPECT_EQ(error_of_listening(), ENOENT);
    path = "/" + std::string(107, 's');
    EXPECT_EQ(error_of_listening(), ENAMETOOLONG);
}

}  // namespace
}  // namespace wsinetd::net::listener_test
