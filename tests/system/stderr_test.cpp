// Spec section 3: what becomes of a command's stderr.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "fixtures/client.hpp"
#include "fixtures/command.hpp"
#include "fixtures/server.hpp"
#include "fixtures/wire.hpp"

namespace wsinetd::fixtures::stderr_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

std::size_t count(const std::string& text, const std::string& part) {
    std::size_t found = 0;
    for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size())) ++found;
    return found;
}

/// The lines of the log that tell of stderr.
std::vector<std::string> logged(const Server& server) {
    std::vector<std::string> lines;
    std::istringstream log(server.log());
    for (std::string line; std::getline(log, line);)
        if (const auto at = line.find(" line="); at != std::string::npos && line.find(" stderr ") != std::string::npos)
            lines.push_back(line.substr(at + 6));
    return lines;
}

std::string out(const std::string& data) { return R"({"stream":"stdout","data":")" + data + "\"}"; }
std::string err(const std::string& data) { return R"({"stream":"stderr","data":")" + data + "\"}"; }

std::vector<std::string> tagged(const std::string& script) { return bash(script, {"--stderr", "tagged"}); }

// log, the default.

TEST(Stderr, GoesToTheLogLineByLineAndNotToTheClient) {
    Server server(bash("echo out; echo one >&2; printf 'two words\\r\\n' >&2; printf last >&2"));
    Client client(server.port());
    EXPECT_THAT(client.receive_all(), ElementsAre("out"));
    EXPECT_TRUE(server.logs("session ends"));
    EXPECT_THAT(logged(server), ElementsAre("one", "\"two words\"", "last"));
}

TEST(Stderr, IsLoggedWithTheSessionsId) {
    Server server(bash("echo $UNIQUE_ID; echo oops >&2"));
    Client client(server.port());
    const std::string id = client.receive().value();
    EXPECT_TRUE(server.logs(" error stderr id=" + id + " line=oops"));
}

TEST(Stderr, InTheLogIsMadeHarmless) {
    Server server(bash("printf 'bell \\a escape \\e[31m bad \\xff\\n' >&2"));
    Client(server.port()).closed();
    EXPECT_TRUE(server.logs(" stderr "));
    EXPECT_EQ(server.log().find('\a'), std::string::npos);
    EXPECT_EQ(server.log().find('\x1b'), std::string::npos);
    EXPECT_EQ(server.log().find('\xff'), std::string::npos);
}

TEST(Stderr, AFloodOfItNeitherBlocksTheCommandNorGrowsTheServer) {
    Server server(bash("seq 50000 >&2; echo done; cat", {"--threads", "1"}));
    {
        Client warm(server.port());
        EXPECT_EQ(warm.receive(), "done");
    }
    ASSERT_TRUE(leaves_nothing(server));
    const std::size_t before = server.private_kib();
    Client client(server.port());
    EXPECT_EQ(client.receive(), "done");
    EXPECT_TRUE(eventually([&] { return count(server.log(), "line=50000\n") == 2; }));
    if (!sanitized) EXPECT_LT(server.private_kib(), before + 256);
    EXPECT_EQ(logged(server).size(), 100000U);
}

TEST(Stderr, ALineWithoutEndInTheLogDoesNotGrowTheServer) {
    Server server(bash("head -c 3000000 /dev/zero | tr '\\0' x >&2; echo done; cat", {"--threads", "1"}));
    {
        Client warm(server.port());
        EXPECT_EQ(warm.receive(), "done");
    }
    ASSERT_TRUE(leaves_nothing(server));
    const std::size_t before = server.private_kib();
    Client client(server.port());
    EXPECT_EQ(client.receive(), "done");
    if (!sanitized) EXPECT_LT(server.private_kib(), before + 256);
}

class EveryMode : public testing::TestWithParam<std::string> {};

TEST_P(EveryMode, ACommandMayCloseItsStderrEarly) {
    Server server(bash("exec 2>&-; echo one; read -r line; echo \"$line\"; exit 3", {"--stderr", GetParam()}));
    Client client(server.port());
    EXPECT_THAT(client.receive().value(), HasSubstr("one"));
    client.send("two");
    EXPECT_THAT(client.receive().value(), HasSubstr("two"));
    EXPECT_EQ(client.closed(), closed_with(4003, "exit status 3"));
}

TEST_P(EveryMode, ADaemonThatKeepsStderrOpenDoesNotKeepTheSession) {
    Server server(bash("setsid sleep 1000 > /dev/null & exit 3", {"--stderr", GetParam()}));
    Client client(server.port());
    EXPECT_EQ(client.closed(), closed_with(4003, "exit status 3"));
    EXPECT_TRUE(server.logs("session ends"));
    EXPECT_TRUE(leaves_nothing(server));
}

TEST_P(EveryMode, AFloodOfItDoesNotKeepAClientFromGoing) {
    Server server(bash("while :; do echo flood >&2; done", {"--stderr", GetParam()}));
    Client client(server.port(), {.receive_buffer = 4096});
    const pid_t command = only_command(server);
    client.reset();
    EXPECT_TRUE(ends(command));
    EXPECT_TRUE(leaves_nothing(server));
}

INSTANTIATE_TEST_SUITE_P(Stderr, EveryMode, testing::Values("log", "discard", "merge", "tagged"),
                         [](const auto& param) { return "Stderr" + param.param; });

// discard and merge.

TEST(Stderr, IsDiscardedOnRequest) {
    Server server(bash("echo hidden >&2; echo out", {"--stderr", "discard"}));
    Client client(server.port());
    EXPECT_THAT(client.receive_all(), ElementsAre("out"));
    EXPECT_TRUE(server.logs("session ends"));
    EXPECT_THAT(server.log(), Not(HasSubstr("hidden")));
}

TEST(Stderr, IsMergedAsIfItWereStdoutInOrder) {
    Server server(bash("for i in 1 2 3; do echo out$i; echo err$i >&2; done; printf half; printf -- '-line\\n' >&2",
                       {"--stderr", "merge"}));
    Client client(server.port());
    EXPECT_THAT(client.receive_all(), ElementsAre("out1", "err1", "out2", "err2", "out3", "err3", "half-line"));
    EXPECT_TRUE(server.logs("session ends"));
    EXPECT_THAT(logged(server), ElementsAre());
}

TEST(Stderr, IsMergedIntoRawOutputToo) {
    Server server(bash("printf one; printf two >&2", {"--stderr", "merge", "--binary"}));
    Client client(server.port());
    std::string all;
    for (const std::string& message : client.receive_all()) all += message;
    EXPECT_EQ(all, "onetwo");
}

// tagged.

TEST(Tagged, EveryLineIsAnObjectThatNamesItsStream) {
    Gate gate;
    Server server(tagged("echo out; " + gate.wait() + "; echo err >&2"));
    Client client(server.port());
    EXPECT_EQ(client.receive(), out("out"));
    gate.open();
    EXPECT_EQ(client.receive(), err("err"));
    EXPECT_EQ(client.closed(), closed_with(1000));
    EXPECT_THAT(logged(server), ElementsAre());
}

TEST(Tagged, EmptyLinesAndLastLinesCount) {
    Server server(tagged("printf '\\n\\r\\nlast'; sleep 0.05; printf '\\nlast' >&2"));
    EXPECT_THAT(Client(server.port()).receive_all(),
                testing::UnorderedElementsAre(out(""), out(""), out("last"), err(""), err("last")));
}

TEST(Tagged, WhatJsonCannotHoldIsEscaped) {
    Server server(tagged(R"(printf '"quoted" \\ \t \b \f \r. \x01\x1f\x7f \xc3\xa9 /\n')"));
    EXPECT_THAT(Client(server.port()).receive_all(),
                ElementsAre(out("\\\"quoted\\\" \\\\ \\t \\b \\f \\r. \\u0001\\u001f\x7f \u00e9 /")));
}

TEST(Tagged, InvalidUtf8IsRepaired) {
    Server server(tagged(R"(printf '\xff<\xe2\x82>\xc3\n'; sleep 0.05; printf 'cut \xf0\x9f' >&2)"));
    EXPECT_THAT(Client(server.port()).receive_all(),
                testing::UnorderedElementsAre(out("\ufffd<\ufffd>\ufffd"), err("cut \ufffd")));
}

TEST(Tagged, ALongLineIsOneMessage) {
    Server server(tagged("head -c 204800 /dev/zero | tr '\\0' x; echo; head -c 204800 /dev/zero | tr '\\0' '\\1'"));
    std::string escaped;
    for (int i = 0; i < 204800; ++i) escaped += "\\u0001";
    EXPECT_THAT(Client(server.port()).receive_all(), ElementsAre(out(std::string(204800, 'x')), out(escaped)));
}

TEST(Tagged, ALineUnderWayIsFinishedBeforeTheOthersNextBegins) {
    for (const bool out_first : {true, false}) {
        Gate gate;
        const std::string first = out_first ? "" : " >&2";
        const std::string second = out_first ? " >&2" : "";
        // What the pipe does not hold must have been read, and so have begun to go out.
        Server server(tagged("head -c 200000 /dev/zero | tr '\\0' x" + first + "; echo between" + second + "; " +
                             gate.wait() + "; echo end" + first));
        Client client(server.port());
        ASSERT_TRUE(eventually([&] { return server.descendants().size() <= 2; }));
        gate.open();
        const std::string line = std::string(200000, 'x') + "end";
        EXPECT_EQ(client.receive(), out_first ? out(line) : err(line));
        EXPECT_EQ(client.receive(), out_first ? err("between") : out("between"));
        EXPECT_EQ(client.closed(), closed_with(1000));
    }
}

TEST(Tagged, NeitherStreamLosesALineWhenBothFlood) {
    Server server(tagged("seq 100000 & seq 100000 >&2 & wait"));
    Client client(server.port());
    int next_out = 1;
    int next_err = 1;
    while (const auto message = client.receive()) {
        if (*message == out(std::to_string(next_out)))
            ++next_out;
        else if (*message == err(std::to_string(next_err)))
            ++next_err;
        else
            FAIL() << *message;
    }
    EXPECT_EQ(next_out, 100001);
    EXPECT_EQ(next_err, 100001);
    EXPECT_EQ(client.closed(), closed_with(1000));
}

TEST(Tagged, StandsStillWithASlowClientWithoutGrowingTheServer) {
    Server server({"--threads", "1", "--stderr", "tagged", "bash", "-c", "yes >&2 & exec yes"});
    {
        Wire warm(server.port());
        warm.message();
    }
    ASSERT_TRUE(leaves_nothing(server));
    const std::size_t before = server.private_kib();
    Wire client(server.port(), "/", 4096);
    EXPECT_TRUE(eventually([&] { return server.descendants().size() == 2; }));
    for (const pid_t command : server.descendants()) EXPECT_TRUE(stops_at_write(command));
    if (!sanitized) EXPECT_LT(server.private_kib(), before + 256);
    for (int i = 0; i < 10000; ++i) {
        const auto message = client.message();
        ASSERT_TRUE(message == out("y") || message == err("y"));
    }
}

TEST(Tagged, IsRefusedWithRaw) {
    const Result result = run({"--stderr", "tagged", "--framing", "raw", "cat"});
    EXPECT_EQ(result.status, 2);
    EXPECT_THAT(result.err, HasSubstr("tagged"));
    EXPECT_EQ(run({"--binary", "--stderr", "tagged", "cat"}).status, 2);
}

}  // namespace
}  // namespace wsinetd::fixtures::stderr_test
