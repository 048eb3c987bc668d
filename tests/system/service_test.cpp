// Under a service manager: what the server tells it, and when (sd_notify(3)). The test is the service manager.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include <algorithm>
#include <csignal>
#include <ctime>
#include <filesystem>
#include <fstream>

#include "fixtures/client.hpp"
#include "fixtures/notify_socket.hpp"
#include "fixtures/server.hpp"
#include "fixtures/tls_client.hpp"

namespace wsinetd::fixtures::service_test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

ServerOptions under(const NotifySocket& manager, std::vector<std::string> arguments) {
    return {.arguments = std::move(arguments), .environment = {manager.variable()}};
}

std::uint64_t monotonic_microseconds() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000 + static_cast<std::uint64_t>(now.tv_nsec) / 1000;
}

// Where it is.

TEST(Service, IsReadyWhenItListensAndSaysWhere) {
    NotifySocket manager;
    Server server(under(manager, {"cat"}));
    const std::string ready = manager.next();
    EXPECT_THAT(ready, StartsWith("READY=1\n"));
    EXPECT_EQ(value_of(ready, "STATUS"), "Listening on ws://127.0.0.1:" + std::to_string(server.port()));
    EXPECT_TRUE(accepts(server.port(), "127.0.0.1"));
}

TEST(Service, IsNotReadyWhenItCannotListen) {
    NotifySocket manager;
    const Server first({"cat"});
    Server second({.arguments = {"--port", std::to_string(first.port()), "--address", "127.0.0.1", "cat"},
                   .environment = {manager.variable()},
                   .wait_until_listening = false});
    EXPECT_EQ(second.wait(), 1);
    EXPECT_EQ(manager.poll(), std::nullopt);
}

TEST(Service, TellsThatItStopsAndHowLongThatMayTake) {
    NotifySocket manager;
    Server server(under(manager, {"--drain", "100ms", "--shutdown-grace", "20s", "cat"}));
    server.signal(SIGTERM);
    const std::string stopping = manager.next_with("STOPPING=1\n");
    EXPECT_EQ(value_of(stopping, "EXTEND_TIMEOUT_USEC"), "25100000");
    EXPECT_EQ(value_of(stopping, "STATUS"), "Closing sessions");
    EXPECT_EQ(server.wait(), 0);
}

/// Type=notify-reload takes READY for the end of this reload only if MONOTONIC_USEC is later than its own SIGHUP.
TEST(Service, TellsWhenAReloadBeginsAndEnds) {
    NotifySocket manager;
    const Server server(under(manager, {"cat"}));
    EXPECT_THAT(manager.next(), StartsWith("READY=1"));
    const std::uint64_t before = monotonic_microseconds();
    server.signal(SIGHUP);
    const std::string reloading = manager.next();
    EXPECT_THAT(reloading, StartsWith("RELOADING=1\n"));
    const std::uint64_t told = std::stoull(value_of(reloading, "MONOTONIC_USEC"));
    EXPECT_GE(told, before);
    EXPECT_LE(told, monotonic_microseconds());
    const std::string ready = manager.next();
    EXPECT_THAT(ready, StartsWith("READY=1\n"));
    EXPECT_THAT(value_of(ready, "STATUS"), StartsWith("Listening on ws://127.0.0.1:"));
}

TEST(Service, TellsOfAReloadThatFailed) {
    NotifySocket manager;
    const ServerFiles files;
    const Server server({.arguments = files.options({"cat"}), .environment = {manager.variable()}});
    EXPECT_THAT(manager.next(), StartsWith("READY=1"));
    std::ofstream(files.certificate()) << "no certificate\n";
    server.signal(SIGHUP);
    EXPECT_THAT(manager.next(), StartsWith("RELOADING=1"));
    EXPECT_THAT(value_of(manager.next(), "STATUS"),
                AllOf(StartsWith("Not reloaded: "), HasSubstr(". Listening on wss://127.0.0.1:")));
}

// The watchdog.

TEST(Service, IsAliveAgainAndAgain) {
    NotifySocket manager;
    ServerOptions options = under(manager, {"cat"});
    options.environment.emplace_back("WATCHDOG_USEC=40000");
    const Server server(std::move(options));
    for (int i = 0; i < 5; ++i) EXPECT_EQ(manager.next_with("WATCHDOG=1"), "WATCHDOG=1");
}

TEST(Service, SaysNothingToAWatchdogThatIsForAnotherProcess) {
    NotifySocket manager;
    ServerOptions options = under(manager, {"cat"});
    options.environment.insert(options.environment.end(), {"WATCHDOG_USEC=1000", "WATCHDOG_PID=1"});
    Server server(std::move(options));
    server.signal(SIGTERM);
    EXPECT_THAT(manager.next(), StartsWith("READY=1"));
    EXPECT_THAT(manager.next(), StartsWith("STOPPING=1"));
}

/// The thread of the program that was started last: with --threads 1 the loop. A sanitizer's own comes before it.
pid_t loop_thread(pid_t pid) {
    pid_t last = 0;
    for (const auto& task : std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/task"))
        last = std::max<pid_t>(last, std::stoi(task.path().filename()));
    return last;
}

/// The main thread alone would have gone on telling that all is well.
TEST(Service, IsNotAliveWhileALoopHangs) {
    NotifySocket manager;
    ServerOptions options = under(manager, {"--threads", "1", "cat"});
    options.environment.emplace_back("WATCHDOG_USEC=40000");
    const Server server(std::move(options));
    EXPECT_EQ(manager.next_with("WATCHDOG=1"), "WATCHDOG=1");
    const pid_t loop = loop_thread(server.pid());
    if (::ptrace(PTRACE_SEIZE, loop, nullptr, nullptr) != 0) GTEST_SKIP() << "no thread can be stopped here";
    ASSERT_EQ(::ptrace(PTRACE_INTERRUPT, loop, nullptr, nullptr), 0);
    ASSERT_EQ(::waitpid(loop, nullptr, __WALL), loop);
    ASSERT_TRUE(server.logs("an event loop does not answer"));
    while (manager.poll()) continue;  // sent before that
    const std::string before = server.log();
    ASSERT_TRUE(eventually([&] { return server.log().size() > 2 * before.size(); }));  // several looks later
    EXPECT_EQ(manager.poll(), std::nullopt);
    ASSERT_EQ(::ptrace(PTRACE_DETACH, loop, nullptr, nullptr), 0);
    EXPECT_EQ(manager.next_with("WATCHDOG=1"), "WATCHDOG=1");
}

TEST(Service, StaysAliveToTheEndOfTheLastSession) {
    NotifySocket manager;
    ServerOptions options = under(manager, {"--drain", "1h", "cat"});
    options.environment.emplace_back("WATCHDOG_USEC=40000");
    Server server(std::move(options));
    Client client(server.port());
    server.signal(SIGTERM);
    manager.next_with("STOPPING=1");
    for (int i = 0; i < 3; ++i) EXPECT_EQ(manager.next_with("WATCHDOG=1"), "WATCHDOG=1");
    client.close();
    EXPECT_EQ(server.wait(), 0);
}

// What is the server's own.

TEST(Service, CommandsHearNothingOfIt) {
    NotifySocket manager;
    ServerOptions options = under(manager, {"--pass-env", "*", "env"});
    options.environment.insert(options.environment.end(), {"WATCHDOG_USEC=1000000", "LISTEN_ADDRESS=mine"});
    const Server server(std::move(options));
    const std::vector<std::string> all = Client(server.port()).receive_all();
    EXPECT_THAT(all, testing::Contains("LISTEN_ADDRESS=mine"));
    for (const std::string& each : all) {
        EXPECT_THAT(each, Not(StartsWith("NOTIFY_SOCKET=")));
        EXPECT_THAT(each, Not(StartsWith("WATCHDOG_")));
    }
}

// --reload: the other way round.

class ReloadRequest : public testing::Test {
protected:
    [[nodiscard]] ServerOptions options(std::vector<std::string> arguments) const {
        return {.arguments = std::move(arguments), .environment = {variable_}};
    }
    /// `wsinetd --reload PID`, its exit status and what it printed.
    [[nodiscard]] std::pair<int, std::string> reload(const std::string& pid) const {
        Server asking({.arguments = {"--reload", pid}, .environment = {variable_}, .wait_until_listening = false});
        const int status = asking.wait();
        return {status, asking.log()};
    }
    [[nodiscard]] std::pair<int, std::string> reload(const Server& server) const {
        return reload(std::to_string(server.pid()));
    }

    TemporaryFolder folder_;
    std::string variable_ = "RUNTIME_DIRECTORY=" + folder_.path();
};

TEST_F(ReloadRequest, WaitsForTheOutcome) {
    const ServerFiles files;
    const Server server(options(files.options({"cat"})));
    EXPECT_EQ(reload(server), (std::pair<int, std::string>{0, ""}));
    EXPECT_THAT(server.log(), HasSubstr("SIGHUP: certificate reloaded"));
}

TEST_F(ReloadRequest, FailsAndSaysWhyWhenTheOldStays) {
    const ServerFiles files;
    const Server server(options(files.options({"cat"})));
    std::ofstream(files.certificate()) << "no certificate\n";
    const auto [status, text] = reload(server);
    EXPECT_EQ(status, 1);
    EXPECT_THAT(text, AllOf(StartsWith("wsinetd: "), HasSubstr(files.certificate())));
    EXPECT_TRUE(std::filesystem::is_empty(folder_.path()));
}

TEST_F(ReloadRequest, FailsWhenTheServerEndsInstead) {
    const Server server(options({"cat"}));
    ::kill(server.pid(), SIGSTOP);  // it hears nothing
    Server asking({.arguments = {"--reload", std::to_string(server.pid())},
                   .environment = {variable_},
                   .wait_until_listening = false});
    ASSERT_TRUE(eventually([&] { return !std::filesystem::is_empty(folder_.path()); }));
    ::kill(server.pid(), SIGKILL);
    EXPECT_EQ(asking.wait(), 1);
    EXPECT_THAT(asking.log(), HasSubstr("--reload: "));
}

TEST_F(ReloadRequest, SendsNoSignalToAnotherProgram) {
    const auto [status, text] = reload(std::to_string(::getpid()));
    EXPECT_EQ(status, 1);
    EXPECT_EQ(text, "wsinetd: --reload: process " + std::to_string(::getpid()) + " is system_tests, not wsinetd\n");
}

TEST_F(ReloadRequest, NeedsADirectoryToMeetIn) {
    const Server server({"cat"});
    const Result result = run({"--reload", std::to_string(server.pid())});
    EXPECT_EQ(result.status, 1);
    EXPECT_THAT(result.err, StartsWith("wsinetd: --reload: RUNTIME_DIRECTORY is not set"));
}

}  // namespace
}  // namespace wsinetd::fixtures::service_test
