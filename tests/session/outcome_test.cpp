#include "session/outcome.hpp"

#include <gtest/gtest.h>

#include <csignal>

namespace wsinetd::session::outcome_test {
namespace {

TEST(Outcome, IsANormalClosureWithoutAReasonAfterStatusZero) {
    const Verdict verdict = verdict_of({false, 0}, false);
    EXPECT_EQ(verdict.code, 1000);
    EXPECT_EQ(verdict.reason, "");
}

TEST(Outcome, AddsEveryOtherStatusToFourThousand) {
    for (int status = 1; status < 256; ++status) {
        const Verdict verdict = verdict_of({false, status}, false);
        EXPECT_EQ(verdict.code, 4000 + status);
        EXPECT_EQ(verdict.reason, "exit status " + std::to_string(status));
    }
}

TEST(Outcome, AddsEverySignalToTheShellsHundredTwentyEight) {
    for (int signal = 1; signal <= SIGRTMAX; ++signal) {
        const Verdict verdict = verdict_of({true, signal}, false);
        EXPECT_EQ(verdict.code, 4128 + signal);
        EXPECT_EQ(verdict.reason, "killed by " + process::signal_name(signal));
    }
}

TEST(Outcome, IsANormalClosureWhenTheServersOwnSignalEndedACommandThatHadSaidAll) {
    const Verdict verdict = verdict_of({true, SIGTERM}, true);
    EXPECT_EQ(verdict.code, 1000);
    EXPECT_EQ(verdict.reason, "");
}

TEST(Outcome, KeepsTheStatusOfACommandThatEndedItselfOnTheLadder) {
    EXPECT_EQ(verdict_of({false, 7}, false).code, 4007);
}

}  // namespace
}  // namespace wsinetd::session::outcome_test
