// Spec section 1: --dir, where each executable file is an endpoint at its path. That none leads out of the directory is
// in cgi_confinement_test.cpp.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <optional>

#include "fixtures/answer.hpp"
#include "fixtures/program_tree.hpp"
#include "fixtures/wire.hpp"

namespace wsinetd::fixtures::script_directory_test {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

class ScriptDirectory : public testing::Test {
protected:
    void serve(std::vector<std::string> options = {}) {
        options.insert(options.begin(), {"--dir", tree.root()});
        server.emplace(std::move(options));
    }
    std::vector<std::string> output(const std::string& path) {
        return Client(server->port(), {.path = path}).receive_all();
    }
    int upgrade(const std::string& path) { return status_of(server->port(), upgrade_request({}, path)); }

    ProgramTree tree;
    std::optional<Server> server;
};

constexpr const char* tell_place = R"(echo "$SCRIPT_NAME|$PATH_INFO|$QUERY_STRING|$REQUEST_URI")";

TEST_F(ScriptDirectory, APathNamesAProgramAndTheRestIsItsPathInfo) {
    tree.program("greet", tell_place);
    tree.program("sub/deep/greet.sh", tell_place);
    serve();
    EXPECT_THAT(output("/greet"), ElementsAre("/greet|||/greet"));
    EXPECT_THAT(output("/greet/"), ElementsAre("/greet|/||/greet/"));
    EXPECT_THAT(output("/greet/to/you?a=b%20c"), ElementsAre("/greet|/to/you|a=b%20c|/greet/to/you?a=b%20c"));
    EXPECT_THAT(output("/greet/a%20b"), ElementsAre("/greet|/a b||/greet/a%20b"));
    EXPECT_THAT(output("/sub/deep/greet.sh/x"), ElementsAre("/sub/deep/greet.sh|/x||/sub/deep/greet.sh/x"));
}

TEST_F(ScriptDirectory, WhatIsNoProgramIsNotFound) {
    tree.program("sub/greet", tell_place);
    tree.file("text", "#!/bin/sh\n", 0644);
    tree.program(".hidden", tell_place);
    serve();
    for (const char* path :
         {"/", "/sub", "/sub/", "/none", "/sub/none", "/sub/greeting", "/text", "/.hidden", "/greet"}) {
        EXPECT_EQ(upgrade(path), 404) << path;
        EXPECT_EQ(status_in(ask_once(server->port(), {.target = path}).head), 404) << path;
    }
    EXPECT_EQ(status_in(ask_once(server->port(), {.target = "/sub/greet"}).head), 426);
    EXPECT_TRUE(server->descendants().empty());
}

TEST_F(ScriptDirectory, AMissingProgramIsNotFoundBeforeAnythingElseIsSaid) {
    serve();
    EXPECT_EQ(status_of(server->port(), upgrade_request({{"Origin", "http://evil.example"}}, "/none")), 404);
    EXPECT_EQ(status_of(server->port(), upgrade_request({{"Sec-WebSocket-Version", "12"}}, "/none")), 404);
}

TEST_F(ScriptDirectory, BinariesRunAsScriptsDo) {
    std::filesystem::copy_file("/bin/cat", tree.root() + "/echo");
    tree.program("script", "exec cat");
    serve();
    for (const char* path : {"/echo", "/script"}) {
        Client client(server->port(), {.path = path});
        client.send("hello");
        EXPECT_EQ(client.receive(), "hello") << path;
        EXPECT_EQ(client.close(1000), closed_with(1000)) << path;
    }
}

TEST_F(ScriptDirectory, AProgramIsToldItsOwnPathAsItsName) {
    const std::string script = tree.program("sub/script", "echo \"$0\" $#");
    std::filesystem::create_symlink("sub/script", tree.root() + "/link");
    serve();
    EXPECT_THAT(output("/sub/script"), ElementsAre(script + " 0"));
    EXPECT_THAT(output("/link"), ElementsAre(script + " 0"));
}

TEST_F(ScriptDirectory, ProgramsInheritThreeDescriptors) {
    tree.program("fds", "exec ls /proc/self/fd");
    serve();
    EXPECT_THAT(output("/fds"), ElementsAre("0", "1", "2", "3"));  // ls's own is 3
}

TEST_F(ScriptDirectory, AProgramRunsInTheServersDirectoryOrThatOfTheOption) {
    tree.program("sub/where", "pwd");
    serve();
    EXPECT_THAT(output("/sub/where"), ElementsAre(std::filesystem::current_path().string()));
    serve({"--cwd", "/usr"});
    EXPECT_THAT(output("/sub/where"), ElementsAre("/usr"));
}

TEST_F(ScriptDirectory, TheExitStatusIsTheCloseCode) {
    tree.program("zero", "exit 0");
    tree.program("three", "exit 3");
    tree.program("killed", "kill -9 $$");
    serve();
    EXPECT_EQ(Client(server->port(), {.path = "/zero"}).closed(), closed_with(1000));
    EXPECT_EQ(Client(server->port(), {.path = "/three"}).closed(), closed_with(4003, "exit status 3"));
    EXPECT_EQ(Client(server->port(), {.path = "/killed"}).closed(), closed_with(4137, "killed by SIGKILL"));
}

TEST_F(ScriptDirectory, APagesOriginIsJudgedForProgramsToo) {
    tree.trap("trap");
    serve();
    EXPECT_EQ(status_of(server->port(), upgrade_request({{"Origin", "http://evil.example"}}, "/trap")), 403);
    EXPECT_EQ(status_of(server->port(), upgrade_request({{"Host", "evil.example"}}, "/trap")), 421);
    EXPECT_TRUE(server->descendants().empty());
    EXPECT_EQ(tree.ran(), "");
}

TEST_F(ScriptDirectory, AProgramThatChangesIsServedAsItIsNow) {
    serve();
    EXPECT_EQ(upgrade("/greet"), 404);
    tree.program("greet", "echo first");
    EXPECT_THAT(output("/greet"), ElementsAre("first"));
    tree.program("greet", "echo second");
    EXPECT_THAT(output("/greet"), ElementsAre("second"));
    std::filesystem::permissions(tree.root() + "/greet", std::filesystem::perms::owner_read);
    EXPECT_EQ(upgrade("/greet"), 404);
    std::filesystem::remove(tree.root() + "/greet");
    EXPECT_EQ(upgrade("/greet"), 404);
}

TEST_F(ScriptDirectory, AProgramThatCannotStartIsA500AndTheLogSaysWhy) {
    tree.file("interpreter", "#!/no/such/interpreter\n", 0755);
    tree.file("bare", "echo hello\n", 0755);
    serve();
    EXPECT_EQ(upgrade("/interpreter"), 500);
    EXPECT_EQ(upgrade("/bare"), 500);
    EXPECT_TRUE(server->logs("the interpreter in its first line"));
    EXPECT_TRUE(server->logs("a script needs a first line such as #!/bin/sh"));
    EXPECT_TRUE(leaves_nothing(*server));
}

TEST_F(ScriptDirectory, TheOptionsOfCommandsApplyToItsPrograms) {
    tree.program("both", "echo out; echo err >&2");
    serve({"--stderr", "merge"});
    EXPECT_THAT(output("/both"), ElementsAre("out", "err"));
}

TEST_F(ScriptDirectory, IsSpeltAsWebsocketdSpellsIt) {
    tree.program("greet", "echo hello");
    server.emplace(std::vector<std::string>{"--dir=" + tree.root()});
    EXPECT_THAT(output("/greet"), ElementsAre("hello"));
    server.emplace(
        ServerOptions{.arguments = {"--port=0", "--address=127.0.0.1", "--dir=" + tree.root()}, .name = "websocketd"});
    EXPECT_THAT(output("/greet"), ElementsAre("hello"));
}

TEST_F(ScriptDirectory, ARelativeDirectoryIsTheServers) {
    tree.program("greet", "echo hello");
    const auto relative = std::filesystem::relative(tree.root());
    server.emplace(std::vector<std::string>{"--dir", relative.string(), "--cwd", "/"});
    EXPECT_THAT(output("/greet"), ElementsAre("hello"));
}

TEST(ScriptDirectoryOption, DoesNotGoWithACommand) {
    const Result result = run({"--dir", "/usr", "cat"});
    EXPECT_EQ(result.status, 2);
    EXPECT_THAT(result.err, AllOf(HasSubstr("--dir"), HasSubstr("\"cat\"")));
}

TEST(ScriptDirectoryOption, MustBeADirectory) {
    for (const char* option : {"--dir", "--cgi-dir", "--static-dir"}) {
        for (const auto& [path, why] :
             {std::pair("/no/such/directory", "does not exist"), {"/bin/sh", "is not a directory"}}) {
            const Result result = run({option, path});
            EXPECT_EQ(result.status, 2) << option;
            EXPECT_THAT(result.err, AllOf(HasSubstr(option), HasSubstr(path), HasSubstr(why)));
        }
    }
}

}  // namespace
}  // namespace wsinetd::fixtures::script_directory_test
