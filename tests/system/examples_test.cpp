// docs/examples, and the examples of websocketd's own documents: each does what it says, served by the real program.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "fixtures/client.hpp"
#include "fixtures/command.hpp"
#include "fixtures/server.hpp"

namespace wsinetd::fixtures::examples_test {
namespace {

namespace fs = std::filesystem;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

std::string example(const std::string& name) { return WSINETD_SOURCE_DIR "/docs/examples/" + name; }

bool has(const std::string& program) {
    return std::system(("command -v " + program + " >/dev/null 2>&1").c_str()) == 0;
}

/// What a shell's command line prints, stderr as well.
std::string output_of(const std::string& command_line) {
    FILE* const pipe = ::popen(("{ " + command_line + "; } 2>&1").c_str(), "r");
    std::string text;
    char piece[4096];
    while (const std::size_t count = std::fread(piece, 1, sizeof piece, pipe)) text.append(piece, count);
    ::pclose(pipe);
    return text;
}

// docs/examples.

TEST(Examples, CountShCountsAndEnds) {
    Server server({example("count.sh"), "2"});
    Client client(server.port());
    EXPECT_THAT(client.receive_all(), ElementsAre("1", "2"));
    EXPECT_EQ(client.closed(), closed_with(1000));
}

struct Greeter {
    const char* file;
    const char* interpreter;
};

class Greeters : public testing::TestWithParam<Greeter> {};

TEST_P(Greeters, AnswerEachNameAsItComes) {
    if (!has(GetParam().interpreter)) GTEST_SKIP() << GetParam().interpreter << " is not installed";
    Server server({example(GetParam().file)});
    Client client(server.port());
    for (const std::string name : {"Ada", " Grace \\Hopper\\ ", "Čapek 🤖"}) {
        client.send(name);
        EXPECT_EQ(client.receive(), "Hello, " + name + "!");
    }
    EXPECT_EQ(client.close(1000), closed_with(1000));
}

INSTANTIATE_TEST_SUITE_P(Examples, Greeters,
                         testing::Values(Greeter{"greeter.sh", "bash"}, Greeter{"greeter.py", "python3"},
                                         Greeter{"greeter.pl", "perl"}, Greeter{"greeter.js", "node"}),
                         [](const auto& info) { return std::string(info.param.interpreter); });

TEST(Examples, GreeterShSaysGoodbyeInTheLog) {
    Server server({example("greeter.sh")});
    Client(server.port()).close();
    EXPECT_TRUE(server.logs("line=\"goodbye, 127.0.0.1\""));
}

TEST(Examples, EchoCNumbersEachMessage) {
    if (!has("cc")) GTEST_SKIP() << "there is no C compiler";
    const TemporaryFolder folder;
    const std::string program = folder.path() + "/echo";
    ASSERT_EQ(output_of("cc -Wall -Wextra -O2 -o " + program + " " + example("echo.c")), "");
    Server server({program});
    Client client(server.port());
    client.send("one");
    EXPECT_EQ(client.receive(), "1 one");
    client.send("");
    EXPECT_EQ(client.receive(), "2 ");
}

TEST(Examples, VerdictShEndsAsItIsTold) {
    Server server({example("verdict.sh")});
    const std::pair<const char*, Closed> cases[] = {{"0", closed_with(1000)},
                                                    {"3", closed_with(4003, "exit status 3")},
                                                    {"KILL", closed_with(4137, "killed by SIGKILL")},
                                                    {"nonsense", closed_with(4002, "exit status 2")}};
    for (const auto& [answer, closed] : cases) {
        Client client(server.port());
        EXPECT_THAT(client.receive(), testing::Optional(StartsWith("With which exit status")));
        client.send(answer);
        EXPECT_EQ(client.closed(), closed);
    }
}

TEST(Examples, DumpEnvShShowsOneVariableAMessage) {
    Server server({"--env", "TWO_LINES=a\nb", example("dump-env.sh")});
    Client client(server.port(), {.path = "/some/path?colour=blue"});
    const std::vector<std::string> all = client.receive_all();
    EXPECT_THAT(all, Contains("PATH_INFO=/some/path"));
    EXPECT_THAT(all, Contains("QUERY_STRING=colour=blue"));
    EXPECT_THAT(all, Contains("GATEWAY_INTERFACE=CGI/1.1"));
    EXPECT_THAT(all, Contains("SERVER_PORT=" + std::to_string(server.port())));
    EXPECT_THAT(all, Contains("TWO_LINES=a b"));
    EXPECT_TRUE(std::ranges::is_sorted(all));
}

TEST(Examples, ClientPlPrintsWhatComesAndTheCloseCode) {
    if (!has("perl")) GTEST_SKIP() << "perl is not installed";
    Server server({"sh", "-c", "read -r line; echo \"got $line\"; exit 3"});
    EXPECT_EQ(
        output_of("echo Ada | " + example("client.pl") + " ws://127.0.0.1:" + std::to_string(server.port()) + "/"),
        "got Ada\nclosed: 4003 exit status 3\n");
}

TEST(Examples, ClientPlShowsARefusal) {
    if (!has("perl")) GTEST_SKIP() << "perl is not installed";
    Server server({"cat"});
    EXPECT_THAT(output_of(example("client.pl") + " ws://127.0.0.1:" + std::to_string(server.port()) +
                          "/ 'Origin: https://elsewhere.example' </dev/null"),
                StartsWith("refused: HTTP/1.1 403 Forbidden"));
}

TEST(Examples, TheOptionsOfCountHtmlLetItsPageIn) {
    Server server({"--port", "0", "--origin", "localhost:8000", example("count.sh"), "1"});
    Client client(server.port(), {.headers = {{"Origin", "http://localhost:8000"}}});
    EXPECT_EQ(client.receive(), "1");
}

/// The text of all tests, apart from what npm has put beside them.
std::string text_of_tests() {
    std::string text;
    for (auto at = fs::recursive_directory_iterator(WSINETD_SOURCE_DIR "/tests"); at != end(at); ++at) {
        if (at->path().filename() == "node_modules") at.disable_recursion_pending();
        const std::string extension = at->path().extension();
        if (at->is_regular_file() && (extension == ".cpp" || extension == ".js")) text += contents_of(at->path());
    }
    return text;
}

/// What the page about them says. A folder is run as a whole, by a test that is given its name.
TEST(Examples, EachIsNamedByATest) {
    const std::string tests = text_of_tests();
    for (const auto& entry : fs::directory_iterator(example(""))) {
        const std::string name = entry.path().filename();
        if (name == "README.md" || name == "session.py") continue;  // the latter is a part of those in folders
        EXPECT_TRUE(
            tests.find("'" + name + "'") != std::string::npos || tests.find("\"" + name + "\"") != std::string::npos ||
            tests.find("/examples/" + name) != std::string::npos || tests.find("\"/" + name + "/") != std::string::npos)
            << name;
    }
}

TEST(Examples, EachIsNamedByThePageAboutThem) {
    const std::string page = contents_of(example("README.md"));
    for (const auto& entry : fs::directory_iterator(example(""))) {
        const std::string name = entry.path().filename();
        if (name == "README.md") continue;
        EXPECT_THAT(page, HasSubstr("(" + name + (entry.is_directory() ? "/)" : ")")));
    }
}

/// Nothing of a folder lies beside what is run.
TEST(Examples, EachFileOfAFolderIsNamedByItsPage) {
    for (const auto& entry : fs::recursive_directory_iterator(example(""))) {
        const fs::path readme = entry.path().parent_path() / "README.md";
        const std::string name = entry.path().filename();
        if (!entry.is_regular_file() || name == "README.md" || !fs::exists(readme)) continue;
        EXPECT_THAT(contents_of(readme), HasSubstr(name)) << entry.path();
    }
}

// websocketd's README, its manual and its help: under its name, with its command lines. Only the port is a free one.

/// count.sh of websocketd's README, without the second between two numbers.
const std::string count_sh = "#!/bin/bash\nfor COUNT in $(seq 1 10); do\n  echo $COUNT\ndone\n";
/// greeter.sh of its examples.
const std::string greeter_sh = "#!/bin/bash\nwhile read LINE\ndo\n\techo \"Hello $LINE!\"\ndone\n";

class UnderTheNameWebsocketd : public testing::Test {
protected:
    Server serve(std::vector<std::string> options, const std::string& script) {
        options.insert(options.begin(), "--port=0");
        options.push_back(folder_.script("program", script));
        return Server(ServerOptions{.arguments = std::move(options), .name = "websocketd"});
    }

private:
    TemporaryFolder folder_;
};

TEST_F(UnderTheNameWebsocketd, CountsToTenAsInTheReadme) {
    const Server server = serve({}, count_sh);
    Client client(server.port());
    EXPECT_THAT(client.receive_all(), ElementsAre("1", "2", "3", "4", "5", "6", "7", "8", "9", "10"));
}

TEST_F(UnderTheNameWebsocketd, AnyPageMayConnectUnderAnyName) {
    const Server server = serve({}, count_sh);
    Client from_a_file(server.port(), {.headers = {{"Origin", "null"}}, .host = "some.name.example"});
    EXPECT_EQ(from_a_file.receive(), "1");
}

TEST_F(UnderTheNameWebsocketd, GreetsEachLine) {
    const Server server = serve({}, greeter_sh);
    Client client(server.port());
    client.send("Ada");
    EXPECT_EQ(client.receive(), "Hello Ada!");
}

TEST_F(UnderTheNameWebsocketd, DumpsTheEnvironment) {
    const Server server = serve({}, "#!/bin/bash\nenv\n");
    Client client(server.port(), {.path = "/room?a=b"});
    const std::vector<std::string> all = client.receive_all();
    EXPECT_THAT(all, Contains("PATH_INFO=/room"));
    EXPECT_THAT(all, Contains("QUERY_STRING=a=b"));
    EXPECT_THAT(all, Contains(StartsWith("PATH=")));
    EXPECT_THAT(all, Not(Contains(StartsWith("HOME="))));
}

TEST_F(UnderTheNameWebsocketd, AddressBindsOnlyThere) {
    const Server server = serve({"--address=127.0.0.1"}, count_sh);
    EXPECT_THAT(server.log(), HasSubstr("listening on ws://127.0.0.1:"));
    EXPECT_THAT(server.log(), Not(HasSubstr("0.0.0.0")));
    EXPECT_EQ(Client(server.port()).receive(), "1");
}

TEST_F(UnderTheNameWebsocketd, PassenvPassesWhatItNames) {
    const TemporaryFolder folder;
    const Server server(
        ServerOptions{.arguments = {"--port=0", "--passenv=PATH,SHOWN", folder.script("env.sh", "#!/bin/bash\nenv\n")},
                      .name = "websocketd",
                      .environment = {"SHOWN=yes", "HIDDEN=yes"}});
    Client client(server.port());
    const std::vector<std::string> all = client.receive_all();
    EXPECT_THAT(all, Contains("SHOWN=yes"));
    EXPECT_THAT(all, Not(Contains(StartsWith("HIDDEN="))));
}

TEST_F(UnderTheNameWebsocketd, LoglevelSilencesTheAccessLog) {
    const Server server = serve({"--loglevel=info"}, count_sh);
    Client(server.port()).closed();
    server.signal(SIGTERM);
    EXPECT_TRUE(server.logs("stopped"));
    EXPECT_THAT(server.log(), Not(HasSubstr(" access ")));
}

TEST_F(UnderTheNameWebsocketd, MaxforksLimitsTheCommands) {
    const Server server = serve({"--maxforks=1"}, greeter_sh);
    Client first(server.port());
    EXPECT_EQ(status_of(server.port(), upgrade_request()), 503);
}

TEST_F(UnderTheNameWebsocketd, HeadersGoWhereTheyAreSaidTo) {
    const Server server =
        serve({"--header=Server: someserver/0.0.1", "--header-ws=X-Ws: 1", "--header-http=X-Http: 1"}, greeter_sh);
    const std::string upgrade = answer_to(server.port(), upgrade_request());
    EXPECT_THAT(upgrade, HasSubstr("Server: someserver/0.0.1\r\n"));
    EXPECT_THAT(upgrade, HasSubstr("X-Ws: 1\r\n"));
    EXPECT_THAT(upgrade, Not(HasSubstr("X-Http")));
    const std::string plain = answer_to(server.port(), "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    EXPECT_THAT(plain, HasSubstr("Server: someserver/0.0.1\r\n"));
    EXPECT_THAT(plain, HasSubstr("X-Http: 1\r\n"));
    EXPECT_THAT(plain, Not(HasSubstr("X-Ws")));
}

TEST_F(UnderTheNameWebsocketd, OriginRestrictsWhoMayConnect) {
    const Server server = serve({"--origin=good.example,other.example:8080"}, greeter_sh);
    const auto status = [&](const std::string& origin) {
        return status_of(server.port(), upgrade_request({{"Origin", origin}}));
    };
    EXPECT_EQ(status("http://good.example"), 101);
    EXPECT_EQ(status("https://good.example:444"), 101);
    EXPECT_EQ(status("http://other.example:8080"), 101);
    EXPECT_EQ(status("http://other.example"), 403);
    EXPECT_EQ(status("http://evil.example"), 403);
}

TEST_F(UnderTheNameWebsocketd, SameoriginRestrictsToTheServersOwn) {
    const Server server = serve({"--sameorigin=true"}, greeter_sh);
    EXPECT_EQ(status_of(server.port(), upgrade_request({{"Origin", "http://localhost"}})), 101);
    EXPECT_EQ(status_of(server.port(), upgrade_request({{"Origin", "http://evil.example"}})), 403);
}

TEST_F(UnderTheNameWebsocketd, BinaryPassesBytes) {
    const Server server = serve({"--binary=true"}, "#!/bin/bash\nexec cat\n");
    Client client(server.port());
    client.send_binary(std::string("\x00\xff\n", 3));
    EXPECT_EQ(client.receive(), std::string("\x00\xff\n", 3));
    EXPECT_FALSE(client.received_text());
}

TEST_F(UnderTheNameWebsocketd, PassstderrTagsBothStreams) {
    const Server server = serve({"--passstderr"}, "#!/bin/bash\necho out\nread -r line\necho err >&2\n");
    Client client(server.port());
    EXPECT_EQ(client.receive(), R"({"stream":"stdout","data":"out"})");
    client.send("go on");
    EXPECT_EQ(client.receive(), R"({"stream":"stderr","data":"err"})");
}

TEST_F(UnderTheNameWebsocketd, TheLogIsOnStdout) {
    const TemporaryFolder folder;
    const std::string errors = folder.path() + "/errors";
    const Server server(ServerOptions{.arguments = {"--port=0", folder.script("count.sh", count_sh)},
                                      .name = "websocketd",
                                      .wrapper = {"sh", "-c", "exec \"$0\" \"$@\" 2>" + errors}});
    EXPECT_THAT(server.log(), HasSubstr("listening on"));
    EXPECT_THAT(output_of("cat " + errors), IsEmpty());
}

}  // namespace
}  // namespace wsinetd::fixtures::examples_test
