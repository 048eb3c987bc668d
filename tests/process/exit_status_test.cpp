#include "process/exit_status.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <csignal>
#include <set>

namespace wsinetd::process::exit_status_test {
namespace {

TEST(ExitStatus, ReadsEveryStatusAProgramCanExitWith) {
    for (int status = 0; status < 256; ++status) {
        const ExitStatus expected{false, status};
        EXPECT_EQ(exit_status_of(W_EXITCODE(status, 0)), expected);
    }
}

TEST(ExitStatus, ReadsEverySignalAProgramCanBeKilledBy) {
    for (int signal = 1; signal <= SIGRTMAX; ++signal) {
        const ExitStatus expected{true, signal};
        EXPECT_EQ(exit_status_of(signal), expected);
        EXPECT_EQ(exit_status_of(signal | WCOREFLAG), expected) << "with a core dump";
    }
}

TEST(ExitStatus, NamesSignalsAsTheShellDoes) {
    EXPECT_EQ(signal_name(SIGKILL), "SIGKILL");
    EXPECT_EQ(signal_name(SIGSEGV), "SIGSEGV");
    EXPECT_EQ(signal_name(SIGRTMIN), "SIGRTMIN");
    EXPECT_EQ(signal_name(SIGRTMIN + 3), "SIGRTMIN+3");
    EXPECT_EQ(signal_name(SIGRTMAX), "SIGRTMAX");
}

TEST(ExitStatus, GivesEverySignalANameOfItsOwn) {
    std::set<std::string> names;
    for (int signal = 1; signal <= SIGRTMAX; ++signal) names.insert(signal_name(signal));
    EXPECT_EQ(names.size(), static_cast<std::size_t>(SIGRTMAX));
}

TEST(ExitStatus, TellsInWordsHowACommandEnded) {
    EXPECT_EQ(describe({false, 3}), "exited with status 3");
    EXPECT_EQ(describe({true, SIGKILL}), "killed by SIGKILL");
}

}  // namespace
}  // namespace wsinetd::process::exit_status_test
