#include "config/check.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace wsinetd::config::check_test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// Files to be found or not, in a folder that is gone afterwards.
class CheckTest : public testing::Test {
protected:
    CheckTest() {
        std::string pattern = testing::TempDir() + "check_XXXXXX";
        folder_ = std::filesystem::canonical(::mkdtemp(pattern.data())).string();
        config.endpoints.emplace_back();
        config.endpoints.front().command = {file("program", 0755)};
    }
    ~CheckTest() override {
        std::filesystem::permissions(folder_, std::filesystem::perms::owner_all);
        std::filesystem::remove_all(folder_);
    }

    [[nodiscard]] std::string path(const std::string& name) const { return folder_ + "/" + name; }

    std::string file(const std::string& name, mode_t mode) {
        std::filesystem::create_directories(std::filesystem::path(path(name)).parent_path());
        std::ofstream(path(name)) << "#!/bin/sh\n";
        ::chmod(path(name).c_str(), mode);
        return path(name);
    }

    std::vector<std::string> errors_with_command(const std::string& command) {
        config.endpoints.front().command = {command};
        return check(config);
    }

    Config config;

private:
    std::string folder_;
};

TEST_F(CheckTest, FindsNothingWrongWithTheDefaults) {
    EXPECT_THAT(check(config), IsEmpty());
    EXPECT_EQ(config.endpoints.front().program, path("program"));
    EXPECT_THAT(config.addresses, ElementsAre("127.0.0.1", "::1"));
    EXPECT_EQ(config.endpoints.front().identity, std::nullopt);
}

TEST_F(CheckTest, FindsACommandInPath) {
    EXPECT_THAT(errors_with_command("sh"), IsEmpty());
    EXPECT_TRUE(config.endpoints.front().program.starts_with("/")) << config.endpoints.front().program;
    EXPECT_TRUE(config.endpoints.front().program.ends_with("/sh")) << config.endpoints.front().program;
    EXPECT_THAT(config.endpoints.front().command, ElementsAre("sh"));  // argv[0] stays as given
}

TEST_F(CheckTest, MakesARelativeCommandAbsoluteSoThatCwdDoesNotMoveIt) {
    const std::string relative = std::filesystem::relative(path("program")).string();
    ASSERT_NE(relative[0], '/');
    EXPECT_THAT(errors_with_command("./" + relative), IsEmpty());
    EXPECT_EQ(config.endpoints.front().program, path("program"));
}

TEST_F(CheckTest, MissesACommand) {
    EXPECT_THAT(errors_with_command(path("missing")),
                ElementsAre("the command \"" + path("missing") + "\" does not exist"));
    EXPECT_THAT(
        errors_with_command("no-such-program-anywhere"),
        ElementsAre("the command \"no-such-program-anywhere\" does not exist in PATH (a program of this directory is "
                    "./no-such-program-anywhere)"));
    EXPECT_THAT(errors_with_command(path("program") + "/below"),
                ElementsAre("the command \"" + path("program") + "/below\" does not exist"));
}

TEST_F(CheckTest, TakesNoDirectoryForACommand) {
    std::filesystem::create_directory(path("directory"));
    EXPECT_THAT(errors_with_command(path("directory")),
                ElementsAre("the command \"" + path("directory") + "\" is a directory, not a program"));
}

TEST_F(CheckTest, TakesNoPipeForACommand) {
    ASSERT_EQ(::mkfifo(path("pipe").c_str(), 0777), 0);
    EXPECT_THAT(errors_with_command(path("pipe")), ElementsAre("the command \"" + path("pipe") + "\" is not a file"));
}

TEST_F(CheckTest, WantsACommandThatMayBeExecuted) {
    file("text", 0644);
    EXPECT_THAT(errors_with_command(path("text")),
                ElementsAre("the command \"" + path("text") + "\" may not be executed (chmod +x would allow it)"));
}

/// PATH of this process, for one scope.
class PathVariable {
public:
    explicit PathVariable(const std::string& value) {
        if (const char* before = std::getenv("PATH")) before_ = before;
        ::setenv("PATH", value.c_str(), 1);
    }
    ~PathVariable() { ::setenv("PATH", before_.c_str(), 1); }
    PathVariable(const PathVariable&) = delete;
    PathVariable& operator=(const PathVariable&) = delete;

private:
    std::string before_;
};

TEST_F(CheckTest, SearchesPathInItsOrderPastWhatMayNotBeExecuted) {
    file("a/tool", 0644);
    std::filesystem::create_directories(path("b/tool"));
    file("c/tool", 0755);
    file("d/tool", 0755);
    const PathVariable variable(path("nowhere") + ":" + path("a") + ":" + path("b") + ":" + path("c") + ":" +
                                path("d"));
    EXPECT_THAT(errors_with_command("tool"), IsEmpty());
    EXPECT_EQ(config.endpoints.front().program, path("c/tool"));
}

TEST_F(CheckTest, SaysSoWhereAllInPathMayNotBeExecuted) {
    file("a/tool", 0644);
    const PathVariable variable(path("a") + ":" + path("nowhere"));
    EXPECT_THAT(errors_with_command("tool"),
                ElementsAre("the command \"tool\" may not be executed (chmod +x would allow it)"));
}

TEST_F(CheckTest, WantsADirectoryToWorkIn) {
    config.endpoints.front().cwd = path("missing");
    EXPECT_THAT(check(config), ElementsAre("--cwd: \"" + path("missing") + "\" does not exist"));
    config.endpoints.front().cwd = path("program");
    EXPECT_THAT(check(config), ElementsAre("--cwd: \"" + path("program") + "\" is not a directory"));
    std::filesystem::create_directory(path("directory"));
    config.endpoints.front().cwd = path("directory/../directory");
    EXPECT_THAT(check(config), IsEmpty());
    EXPECT_EQ(config.endpoints.front().cwd, path("directory"));
}

TEST_F(CheckTest, TakesAnAddressThatIsNamedTwiceOnce) {
    config.addresses = {"127.0.0.1", "localhost", "0:0:0:0:0:0:0:1", "::2"};
    EXPECT_THAT(check(config), IsEmpty());
    EXPECT_THAT(config.addresses, ElementsAre("127.0.0.1", "::1", "::2"));
    config.addresses = {"192.0.2.1", "0.0.0.0", "::1", "0.0.0.0"};
    EXPECT_THAT(check(config), IsEmpty());
    EXPECT_THAT(config.addresses, ElementsAre("0.0.0.0", "::1"));
}

TEST_F(CheckTest, KnowsAddressesAndTheNamesOfSome) {
    config.addresses = {"192.0.2.1", "2001:db8::1"};
    EXPECT_THAT(check(config), IsEmpty());
    EXPECT_THAT(config.addresses, ElementsAre("192.0.2.1", "2001:db8::1"));
    config.addresses = {"*"};
    EXPECT_THAT(check(config), IsEmpty());
    EXPECT_THAT(config.addresses, ElementsAre("0.0.0.0", "::"));
    config.addresses = {"localhost"};
    EXPECT_THAT(check(config), IsEmpty());
    EXPECT_THAT(config.addresses, ElementsAre("127.0.0.1", "::1"));
}

TEST_F(CheckTest, RefusesWhatIsNoAddress) {
    for (const std::string wrong : {"example.com", "127.0.0.1:80", "127.0.0.256", "[::1", "1", ""}) {
        config.addresses = {wrong};
        EXPECT_THAT(check(config),
                    ElementsAre("--address: \"" + wrong + "\" is not an address (IPv4, IPv6, localhost or *)"));
    }
}

TEST_F(CheckTest, WantsAPathThatAUnixSocketCanHave) {
    config.unix_socket = "/" + std::string(106, 's');  // 107 bytes and NUL: sockaddr_un
    EXPECT_THAT(check(config), IsEmpty());
    config.unix_socket += "s";
    EXPECT_THAT(check(config), ElementsAre("--unix-socket: the path is too long (108 bytes; at most 107)"));
}

TEST_F(CheckTest, TagsLinesOnly) {
    config.endpoints.front().stderr_mode = StderrMode::tagged;
    EXPECT_THAT(check(config), IsEmpty());
    config.endpoints.front().framing = framing::Kind::raw;
    EXPECT_THAT(check(config),
                ElementsAre("--stderr tagged needs lines: it does not go with --framing raw or --binary"));
    config.endpoints.front().framing = framing::Kind::content_length;
    EXPECT_THAT(check(config),
                ElementsAre("--stderr tagged needs lines: it does not go with --framing content-length"));
    config.endpoints.front().framing = framing::Kind::jsonl;
    EXPECT_THAT(check(config), ElementsAre("--stderr tagged needs lines: it does not go with --framing jsonl, whose "
                                           "clients expect the command's own JSON"));
    config.endpoints.front().framing = framing::Kind::null;
    EXPECT_THAT(check(config), IsEmpty());
}

TEST_F(CheckTest, ReportsEveryErrorAtOnce) {
    config.addresses = {"here", "::1", "there"};
    config.unix_socket = std::string(108, 's');
    config.endpoints.front().stderr_mode = StderrMode::tagged;
    config.endpoints.front().framing = framing::Kind::raw;
    config.endpoints.front().command = {path("missing")};
    config.endpoints.front().cwd = path("nowhere");
    EXPECT_THAT(check(config), ElementsAre("--address: \"here\" is not an address (IPv4, IPv6, localhost or *)",
                                           "--address: \"there\" is not an address (IPv4, IPv6, localhost or *)",
                                           "--unix-socket: the path is too long (108 bytes; at most 107)",
                                           "--stderr tagged needs lines: it does not go with --framing raw or --binary",
                                           "the command \"" + path("missing") + "\" does not exist",
                                           "--cwd: \"" + path("nowhere") + "\" does not exist"));
}

/// Only root can run commands as others.
class IdentityTest : public CheckTest {
protected:
    void SetUp() override {
        if (::geteuid() != 0) GTEST_SKIP() << "not root";
    }
};

TEST_F(IdentityTest, IsTheUserWithItsOwnGroups) {
    config.endpoints.front().user = "nobody";
    ASSERT_THAT(check(config), IsEmpty());
    EXPECT_EQ(config.endpoints.front().identity->user, 65534u);
    EXPECT_EQ(config.endpoints.front().identity->group, 65534u);
    EXPECT_THAT(config.endpoints.front().identity->groups, ElementsAre(65534u));
}

TEST_F(IdentityTest, TakesAGroupInPlaceOfTheUsersOwn) {
    config.endpoints.front().user = "nobody";
    config.endpoints.front().group = "daemon";
    ASSERT_THAT(check(config), IsEmpty());
    EXPECT_EQ(config.endpoints.front().identity->user, 65534u);
    EXPECT_EQ(config.endpoints.front().identity->group, 1u);
    EXPECT_THAT(config.endpoints.front().identity->groups, ElementsAre(1u));
}

TEST_F(IdentityTest, TakesAGroupAlone) {
    config.endpoints.front().group = "daemon";
    ASSERT_THAT(check(config), IsEmpty());
    EXPECT_EQ(config.endpoints.front().identity->user, 0u);
    EXPECT_EQ(config.endpoints.front().identity->group, 1u);
    EXPECT_THAT(config.endpoints.front().identity->groups, ElementsAre(1u));
}

TEST_F(IdentityTest, WantsAGroupForANumberThatNobodyHas) {
    config.endpoints.front().user = "54321";
    EXPECT_THAT(check(config),
                ElementsAre("--user: the user 54321 has no entry and so no group; --group would name one"));
    config.endpoints.front().group = "12345";
    ASSERT_THAT(check(config), IsEmpty());
    EXPECT_EQ(config.endpoints.front().identity->user, 54321u);
    EXPECT_EQ(config.endpoints.front().identity->group, 12345u);
    EXPECT_THAT(config.endpoints.front().identity->groups, ElementsAre(12345u));
}

TEST_F(IdentityTest, MissesAUserAndAGroup) {
    config.endpoints.front().user = "no-such-user";
    config.endpoints.front().group = "no-such-group";
    EXPECT_THAT(check(config), ElementsAre("--user: there is no user \"no-such-user\"",
                                           "--group: there is no group \"no-such-group\""));
    EXPECT_EQ(config.endpoints.front().identity, std::nullopt);
}

TEST_F(IdentityTest, TakesNoNumberThatMeansNobodyAtAll) {  // (uid_t)-1: "leave it as it is"
    config.endpoints.front().user = "4294967295";
    config.endpoints.front().group = "4294967295";
    EXPECT_THAT(check(config),
                ElementsAre("--user: there is no user \"4294967295\"", "--group: there is no group \"4294967295\""));
}

TEST_F(CheckTest, LetsOnlyRootRunCommandsAsOthers) {
    if (::geteuid() == 0 && ::seteuid(65534) != 0) GTEST_SKIP() << "cannot become another user";
    config.endpoints.front().command = {"/bin/sh"};
    config.endpoints.front().user = "nobody";
    const auto with_user = check(config);
    config.endpoints.front().user.clear();
    config.endpoints.front().group = "daemon";
    const auto with_group = check(config);
    if (::getuid() == 0) {
        ASSERT_EQ(::seteuid(0), 0);
    }
    EXPECT_THAT(with_user, ElementsAre("--user: only a server started as root can change to another"));
    EXPECT_THAT(with_group, ElementsAre("--group: only a server started as root can change to another"));
}

}  // namespace
}  // namespace wsinetd::config::check_test
