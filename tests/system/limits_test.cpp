// What a command may use: --limit-memory, --limit-cpu, --limit-nofile, --limit-nproc, --limit-core, --nice.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <fstream>

#include "fixtures/client.hpp"
#include "fixtures/server.hpp"

namespace wsinetd::fixtures::limits_test {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

/// What the shell prints to whom the server with these options runs it for.
std::vector<std::string> said(std::vector<std::string> options, const std::string& script) {
    for (const std::string& word : {std::string("/bin/bash"), std::string("-c"), script}) options.push_back(word);
    Server server(options);
    return Client(server.port()).receive_all();
}

/// How the session ends.
Closed end_of(std::vector<std::string> options, const std::string& script) {
    for (const std::string& word : {std::string("/bin/bash"), std::string("-c"), script}) options.push_back(word);
    Server server(options);
    return Client(server.port()).closed();
}

TEST(Limits, OfDescriptorsIsWhatUlimitPrints) {
    EXPECT_THAT(said({"--limit-nofile", "64:128"}, "ulimit -S -n; ulimit -H -n"), ElementsAre("64", "128"));
}

TEST(Limits, OfMemoryAreInKibibytesOfUlimit) {
    EXPECT_THAT(said({"--limit-memory", "1GiB"}, "ulimit -S -v; ulimit -H -v"), ElementsAre("1048576", "1048576"));
}

TEST(Limits, ACommandThatWantsMoreMemoryDoesNotGetIt) {
    // tail keeps the last line, which here is all there is.
    EXPECT_EQ(end_of({"--limit-memory", "64MiB", "--stderr", "discard"},
                     "head -c 200000000 /dev/zero | tail -n 1 >/dev/null; exit ${PIPESTATUS[1]}"),
              closed_with(4001, "exit status 1"));
    EXPECT_EQ(end_of({"--limit-memory", "1GiB", "--stderr", "discard"},
                     "head -c 20000000 /dev/zero | tail -n 1 >/dev/null; exit ${PIPESTATUS[1]}"),
              closed_with(1000));
}

TEST(Limits, ProcessorTimeEndsWithSigxcpu) {
    EXPECT_EQ(end_of({"--limit-cpu", "1s"}, "while :; do :; done"), closed_with(4128 + 24, "killed by SIGXCPU"));
}

TEST(Limits, ACommandThatIgnoresSigxcpuIsKilled) {
    EXPECT_EQ(end_of({"--limit-cpu", "1s"}, "trap '' XCPU; while :; do :; done"),
              closed_with(4128 + 9, "killed by SIGKILL"));
}

TEST(Limits, OfProcessesAndCoreAreWhatUlimitPrints) {
    EXPECT_THAT(said({"--limit-nproc", "77", "--limit-core", "0"}, "ulimit -u; ulimit -c"), ElementsAre("77", "0"));
}

TEST(Limits, NiceIsTheCommandsLevelAndNotTheServers) {
    Server server({"--nice", "7", "/bin/bash", "-c", "nice"});
    EXPECT_THAT(Client(server.port()).receive_all(), ElementsAre("7"));
    EXPECT_EQ(::getpriority(PRIO_PROCESS, static_cast<id_t>(server.pid())), ::getpriority(PRIO_PROCESS, 0));
}

TEST(Limits, WithoutThemCommandsHaveTheServersOwn) {
    Server server(ServerOptions{.arguments = {"/bin/bash", "-c", "ulimit -S -n; ulimit -H -n"}, .descriptors = 900});
    EXPECT_THAT(Client(server.port()).receive_all(), ElementsAre("900", "900"));
}

TEST(Limits, HoldForCgiProgramsToo) {
    const TemporaryFolder folder;
    static_cast<void>(folder.script("limits", "#!/bin/sh\necho Content-Type: text/plain; echo; ulimit -n\n"));
    Server server({"--limit-nofile", "64", "--cgi-dir", folder.path()});
    RawClient client(server.port());
    client.send("GET /limits HTTP/1.0\r\nHost: localhost\r\n\r\n");
    EXPECT_THAT(client.receive_all(), testing::EndsWith("\r\n64\n"));
}

/// Whether this test, and so its server, may raise limits: CAP_SYS_NICE and CAP_SYS_RESOURCE, which not every root has.
bool may_raise() {
    std::ifstream status("/proc/self/status");
    constexpr std::uint64_t both = 3ULL << 23U;
    for (std::string line; std::getline(status, line);)
        if (line.starts_with("CapEff:")) return (std::stoull(line.substr(7), nullptr, 16) & both) == both;
    return false;
}

TEST(Limits, RootRaisesThemAndThenTakesTheUser) {
    if (::geteuid() != 0 || !may_raise()) GTEST_SKIP() << "only root may";
    Server server(ServerOptions{.arguments = {"--user", "nobody", "--limit-nofile", "950", "--nice", "-3", "/bin/bash",
                                              "-c", "ulimit -n; nice; id -un"},
                                .descriptors = 900});
    EXPECT_THAT(Client(server.port()).receive_all(), ElementsAre("950", "-3", "nobody"));
}

TEST(Limits, CheckFindsWhatTheSystemWouldRefuse) {
    const Result result = run({"--check", "--limit-nofile", "99999999999", "true"});
    EXPECT_EQ(result.status, 2);
    EXPECT_THAT(result.err, AllOf(StartsWith("wsinetd: --limit-nofile: the hard limit of 99999999999:99999999999 is "
                                             "above "),
                                  testing::AnyOf(HasSubstr("fs.nr_open"), HasSubstr("CAP_SYS_RESOURCE"))));
}

TEST(Limits, CheckFindsWhatOnlyRootMay) {
    if (::geteuid() != 0) GTEST_SKIP() << "only root can become somebody else";
    FILE* const pipe = ::popen(("ulimit -n 500; setpriv --reuid 65534 --regid 65534 --clear-groups --bounding-set=-all"
                                " --inh-caps=-all '" +
                                program + "' --check --limit-nofile 600 --nice -1 true 2>&1")
                                   .c_str(),
                               "r");
    std::string said;
    for (char piece[512]; const std::size_t count = std::fread(piece, 1, sizeof piece, pipe);)
        said.append(piece, count);
    const int status = ::pclose(pipe);
    if (WEXITSTATUS(status) == 126 || WEXITSTATUS(status) == 127) GTEST_SKIP() << said;
    EXPECT_EQ(WEXITSTATUS(status), 2);
    EXPECT_THAT(said, AllOf(HasSubstr("--limit-nofile: the hard limit of 600:600 is above the server's own, 500:500, "
                                      "which only root (CAP_SYS_RESOURCE) may raise"),
                            HasSubstr("--nice: only root (CAP_SYS_NICE) may make commands more urgent")));
}

TEST(Limits, OptionsSayWhatWouldBeRight) {
    EXPECT_THAT(run({"--limit-memory", "x", "true"}).err,
                HasSubstr("--limit-memory: \"x\" is not a limit in bytes (512MiB, SOFT:HARD, or infinity)"));
    EXPECT_THAT(run({"--limit-nofile", "3", "true"}).err,
                HasSubstr("--limit-nofile: \"3\" is too low: a program that is to start needs 4"));
    for (const char* const wrong : {"20", "-21", "x", "", "-"})
        EXPECT_THAT(run({std::string("--nice=") + wrong, "true"}).err,
                    HasSubstr("is not a nice level (-20, the most urgent, to 19)"));
}

}  // namespace
}  // namespace wsinetd::fixtures::limits_test
