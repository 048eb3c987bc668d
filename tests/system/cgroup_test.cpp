// Spec section 4: where the server has a delegated cgroup, each session is a cgroup, and cgroup.kill ends it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "fixtures/client.hpp"
#include "fixtures/server.hpp"

namespace wsinetd::fixtures::cgroup_test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

/// Where cgroup version 2 is mounted; empty: nowhere.
std::string hierarchy() {
    std::ifstream mounts("/proc/self/mounts");
    for (std::string line; std::getline(mounts, line);) {
        std::istringstream fields(line);
        std::string device, path, type;
        fields >> device >> path >> type;
        if (type == "cgroup2") return path;
    }
    return {};
}

/// Runs the rest of a command line where clone3(2) is refused, as systemd's RestrictNamespaces= and some containers do:
/// a filter that answers ENOSYS to system call 435, which it is on all processors.
const std::vector<std::string> without_clone3{"python3", "-c", R"(
import ctypes, errno, os, struct, sys
filter = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *each) for each in [
    (0x20, 0, 0, 0),                        # load the number of the call
    (0x15, 0, 1, 435),                      # another one: skip a line
    (0x06, 0, 0, 0x00050000 | errno.ENOSYS),
    (0x06, 0, 0, 0x7fff0000),               # allowed
]))
program = ctypes.create_string_buffer(struct.pack("HxxxxxxP", 4, ctypes.addressof(filter)))
libc = ctypes.CDLL(None, use_errno=True)
assert libc.prctl(38, 1, 0, 0, 0) == 0      # PR_SET_NO_NEW_PRIVS
assert libc.prctl(22, 2, program, 0, 0) == 0, ctypes.get_errno()  # PR_SET_SECCOMP
os.execvp(sys.argv[1], sys.argv[1:])
)"};

/// A cgroup of the test's own, delegated as systemd would do it.
class Delegated : public testing::Test {
protected:
    void SetUp() override {
        const std::string root = hierarchy();
        if (root.empty()) GTEST_SKIP() << "there is no cgroup2 here";
        path_ = root + "/wsinetd-test-" + std::to_string(::getpid());
        std::error_code error;
        if (!fs::create_directory(path_, error)) GTEST_SKIP() << "no cgroup can be made here: " << error.message();
        if (!fs::exists(path_ + "/cgroup.kill")) GTEST_SKIP() << "this kernel has no cgroup.kill";
        if (::setxattr(path_.c_str(), "user.delegate", "1", 1, 0) != 0)
            GTEST_SKIP() << "a cgroup takes no attribute here";
    }

    void TearDown() override {
        if (path_.empty() || !fs::exists(path_)) return;
        // A server that was killed has left its commands, which die with it, and their cgroups.
        EXPECT_TRUE(eventually([&] {
            for (const std::string& each : sessions()) ::rmdir((path_ + "/" + each).c_str());
            return ::rmdir(path_.c_str()) == 0;
        }));
    }

    /// A command line that runs the server in it.
    [[nodiscard]] std::vector<std::string> inside() const {
        return {"bash", "-c", "echo $$ > " + path_ + "/cgroup.procs && exec \"$0\" \"$@\""};
    }

    [[nodiscard]] ServerOptions options(std::vector<std::string> arguments) const {
        return {.arguments = std::move(arguments), .wrapper = inside()};
    }

    [[nodiscard]] std::vector<std::string> sessions() const {
        std::vector<std::string> names;
        for (const auto& entry : fs::directory_iterator(path_))
            if (entry.is_directory()) names.push_back(entry.path().filename());
        return names;
    }

    [[nodiscard]] bool all_removed() const {
        return eventually([&] { return sessions().empty(); });
    }

private:
    std::string path_;
};

TEST_F(Delegated, EachSessionIsACgroupOfItsOwn) {
    Server server(options({"bash", "-c", "grep ^0:: /proc/self/cgroup; cat"}));
    Client one(server.port());
    Client two(server.port());
    const std::string first = one.receive().value();
    const std::string second = two.receive().value();
    EXPECT_THAT(first, HasSubstr("/wsinetd-" + std::to_string(server.pid()) + "-"));
    EXPECT_NE(first, second);
    EXPECT_EQ(sessions().size(), 2u);
}

TEST_F(Delegated, IsJoinedByTheCommandWhereClone3IsRefused) {
    if (sanitizers == "thread")
        GTEST_SKIP() << "with ThreadSanitizer there is no way but clone3: see process/clone.cpp";
    ServerOptions refused =
        options({"bash", "-c", "(setsid sleep 1000 >/dev/null 2>&1 &); grep ^0:: /proc/self/cgroup"});
    refused.wrapper.insert(refused.wrapper.begin(), without_clone3.begin(), without_clone3.end());
    Server server(refused);
    Client client(server.port());
    EXPECT_THAT(client.receive().value(), HasSubstr("/wsinetd-" + std::to_string(server.pid()) + "-"));
    EXPECT_EQ(client.closed(), closed_with(1000));
    EXPECT_TRUE(all_removed());
    EXPECT_TRUE(eventually([&] { return server.descendants().empty(); }));
}

TEST_F(Delegated, ACgroupIsRemovedWithItsSession) {
    Server server(options({"cat"}));
    Client client(server.port());
    client.send("hello");
    EXPECT_EQ(client.receive(), "hello");
    EXPECT_EQ(sessions().size(), 1u);
    client.close();
    EXPECT_TRUE(all_removed());
}

TEST_F(Delegated, WhatACommandLeavesInItsCgroupIsKilled) {
    Server server(options({"bash", "-c", "(setsid sleep 1000 >/dev/null 2>&1 &); echo left; exit 0"}));
    Client client(server.port());
    EXPECT_EQ(client.receive(), "left");
    EXPECT_EQ(client.closed(), closed_with(1000));
    EXPECT_TRUE(all_removed());
    EXPECT_TRUE(eventually([&] { return server.descendants().empty(); }));
}

/// Faster than any walk over a list of processes.
TEST_F(Delegated, ACommandThatForksWithoutEndIsEnded) {
    Server server(
        options({"bash", "-c",
                 "trap '' INT TERM; work() { (setsid bash -c 'work' >/dev/null 2>&1 &); sleep 0.01; }; export -f "
                 "work; for i in 1 2 3 4; do work; done; echo forking; read -r line; sleep 1000"}));
    Client client(server.port());
    EXPECT_EQ(client.receive(), "forking");
    client.reset();
    EXPECT_TRUE(all_removed());
    EXPECT_TRUE(eventually([&] { return server.descendants().empty(); }));
}

TEST_F(Delegated, TheServerStopsWithoutLeavingACgroup) {
    Server server(options({"bash", "-c", "trap '' INT TERM; echo ready; while :; do sleep 1000; done"}));
    Client client(server.port());
    EXPECT_EQ(client.receive(), "ready");
    server.signal(SIGTERM);
    EXPECT_EQ(client.closed(), closed_with(1001, "server shutting down"));
    EXPECT_EQ(server.wait(), 0);
    EXPECT_TRUE(sessions().empty());
}

TEST_F(Delegated, ASecondSignalLeavesNoCgroupEither) {
    std::vector<std::string> patient{"--close-grace", "1h", "--shutdown-grace", "1h"};
    patient.insert(patient.end(), {"bash", "-c", "trap '' INT TERM; echo ready; while :; do sleep 1000; done"});
    Server server(options(patient));
    Client client(server.port());
    EXPECT_EQ(client.receive(), "ready");
    server.signal(SIGTERM);
    ASSERT_TRUE(server.logs("stopping"));
    server.signal(SIGTERM);
    server.wait();
    EXPECT_TRUE(sessions().empty());
}

TEST(Cgroup, IsNotUsedWhereNoneIsDelegated) {
    Server server({"bash", "-c", "cat /proc/self/cgroup"});
    Client client(server.port());
    std::string all;
    for (const std::string& line : client.receive_all()) all += line + "\n";
    EXPECT_THAT(all, Not(HasSubstr("wsinetd-")));
}

}  // namespace
}  // namespace wsinetd::fixtures::cgroup_test
