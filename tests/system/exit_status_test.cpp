// Spec section 4's table, whole: every exit status and every signal that kills, as close code and reason.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fixtures/client.hpp"
#include "fixtures/command.hpp"
#include "fixtures/server.hpp"
#include "fixtures/wire.hpp"

namespace wsinetd::fixtures::exit_status_test {
namespace {

/// How the session of a command ends that is told by the query string what to do; the client answers the Close.
Closed end_with(const Server& server, const std::string& query) {
    Wire client(server.port(), "/?" + query);
    const Closed closed = client.closed();
    client.send(close_frame(closed.code.value_or(1000)));
    EXPECT_TRUE(client.ends_in_silence());
    return closed;
}

TEST(ExitStatus, EveryStatusIsACloseCodeWithItsReason) {
    Server server({"sh", "-c", "exit $QUERY_STRING"});
    EXPECT_EQ(end_with(server, "0"), closed_with(1000));
    for (int status = 1; status <= 255; ++status)
        EXPECT_EQ(end_with(server, std::to_string(status)),
                  closed_with(static_cast<std::uint16_t>(4000 + status), "exit status " + std::to_string(status)));
}

struct Killer {
    int number;
    const char* name;
};

/// Of 1 to 31 all but those that stop or do nothing.
constexpr Killer killers[] = {{1, "SIGHUP"},     {2, "SIGINT"},   {3, "SIGQUIT"},  {4, "SIGILL"},     {5, "SIGTRAP"},
                              {6, "SIGABRT"},    {7, "SIGBUS"},   {8, "SIGFPE"},   {9, "SIGKILL"},    {10, "SIGUSR1"},
                              {11, "SIGSEGV"},   {12, "SIGUSR2"}, {13, "SIGPIPE"}, {14, "SIGALRM"},   {15, "SIGTERM"},
                              {16, "SIGSTKFLT"}, {24, "SIGXCPU"}, {25, "SIGXFSZ"}, {26, "SIGVTALRM"}, {27, "SIGPROF"},
                              {29, "SIGPOLL"},   {30, "SIGPWR"},  {31, "SIGSYS"}};

TEST(ExitStatus, EverySignalThatKillsIsACloseCodeWithItsName) {
    Server server({"sh", "-c", "ulimit -c 0; kill -$QUERY_STRING $$; exit 99"});
    for (const Killer& killer : killers)
        EXPECT_EQ(
            end_with(server, std::to_string(killer.number)),
            closed_with(static_cast<std::uint16_t>(4128 + killer.number), "killed by " + std::string(killer.name)));
}

TEST(ExitStatus, SignalsThatDoNotKillEndNothing) {
    Server server({"sh", "-c", "kill -$QUERY_STRING $$; exit 99"});
    for (const char* signal : {"CHLD", "CONT", "URG", "WINCH"})
        EXPECT_EQ(end_with(server, signal), closed_with(4099, "exit status 99"));
}

TEST(ExitStatus, RealTimeSignalsKillToo) {
    Server server({"sh", "-c", "kill -$QUERY_STRING $$; exit 99"});
    EXPECT_EQ(end_with(server, "34"), closed_with(4162, "killed by SIGRTMIN"));
    EXPECT_EQ(end_with(server, "35"), closed_with(4163, "killed by SIGRTMIN+1"));
    EXPECT_EQ(end_with(server, "64"), closed_with(4192, "killed by SIGRTMAX"));
}

TEST(ExitStatus, ItsLogLineSaysTheSame) {
    Server server({"sh", "-c", "exit 3"});
    end_with(server, "");
    EXPECT_TRUE(server.logs("code=4003 reason=\"exit status 3\" exit=\"exited with status 3\""));
}

/// A shell's own words for what it could not do are an exit status like any other.
TEST(ExitStatus, AShellsCommandNotFoundIs127) {
    Server server(bash("no-such-command-anywhere 2> /dev/null"));
    EXPECT_EQ(end_with(server, ""), closed_with(4127, "exit status 127"));
}

}  // namespace
}  // namespace wsinetd::fixtures::exit_status_test
