// Spec section 2: no request makes the server run what is not a program of its directory, whatever happens meanwhile.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <functional>
#include <optional>
#include <ostream>
#include <thread>

#include "fixtures/answer.hpp"
#include "fixtures/program_tree.hpp"

namespace wsinetd::fixtures::cgi_confinement_test {
namespace {

using testing::AnyOf;

namespace fs = std::filesystem;

/// The two directories of programs, each asked in its own way.
struct Way {
    const char* name;
    const char* option;
    std::function<int(const Server&, const std::string& target)> status;
    int started;  ///< the status that says that something was
};
void PrintTo(const Way& way, std::ostream* out) { *out << way.name; }

/// With a body that `cat` makes an answer of.
int by_post(const Server& server, const std::string& target) {
    const std::string body = "Content-Type: text/plain\n\n";
    return status_of(
        server.port(),
        request_for({.target = target, .method = "POST", .headers = "Connection: close\r\n", .body = body}));
}
int by_upgrade(const Server& server, const std::string& target) {
    return status_of(server.port(), upgrade_request({}, target));
}
int by_events(const Server& server, const std::string& target) {
    return status_of(server.port(),
                     request_for({.target = target, .headers = "Accept: text/event-stream\r\nConnection: close\r\n"}));
}

class Confinement : public testing::TestWithParam<Way> {
protected:
    Confinement() {
        tree.trap("../outside");
        tree.trap("../elsewhere/program");
        tree.program("inside", "printf 'Content-Type: text/plain\\n\\n'; echo inside");
        tree.program("sub/inside", "printf 'Content-Type: text/plain\\n\\n'; echo inside");
    }
    void serve() { server.emplace(std::vector<std::string>{GetParam().option, tree.root()}); }
    int status(const std::string& target) { return GetParam().status(*server, target); }

    /// Asks for `target` again and again while another thread exchanges `one` and `other`, until it was refused and
    /// served; nothing outside may have run.
    void ask_while_exchanging(const std::string& one, const std::string& other, const std::string& target) {
        std::atomic<bool> done = false;
        std::thread exchanger([&] {
            while (!done) ::renameat2(AT_FDCWD, one.c_str(), AT_FDCWD, other.c_str(), RENAME_EXCHANGE);
        });
        int served = 0;
        int refused = 0;
        for (int i = 0; i < 300 || ((served == 0 || refused == 0) && i < 20'000); ++i)
            ++(status(target) == GetParam().started ? served : refused);
        done = true;
        exchanger.join();
        EXPECT_GT(served, 0);
        EXPECT_GT(refused, 0);
        EXPECT_TRUE(leaves_nothing(*server));
        EXPECT_EQ(tree.ran(), "");
    }

    ProgramTree tree;
    std::optional<Server> server;
};

TEST_P(Confinement, NoPathLeadsOut) {
    serve();
    for (const char* target : {"/../outside",
                               "/sub/../../outside",
                               "/%2e%2e/outside",
                               "/%2e%2e%2foutside",
                               "/..%2foutside",
                               "/..%2Foutside",
                               "/..%5coutside",
                               "/..%5Coutside",
                               "/.%2e/outside",
                               "/%252e%252e/outside",
                               "/%252e%252e%252foutside",
                               "/sub/..%00/outside",
                               "/..%00/outside",
                               "/inside%00",
                               "/inside/../../outside",
                               "/inside%2f..%2f..%2foutside",
                               "http://localhost/../outside",
                               "http://localhost/%2e%2e/outside",
                               "/....//outside",
                               "//../outside",
                               "/./../outside",
                               "/sub/..;/..;/outside",
                               "/sub/%2e%2e/%2e%2e/outside",
                               "/%c0%ae%c0%ae/outside",
                               "/%uff0e%uff0e/outside",
                               "/sub//..//..//outside",
                               "/../root/../outside",
                               "/%2fetc/passwd",
                               "//etc/passwd"})
        EXPECT_THAT(status(target), AnyOf(400, 404)) << target;
    EXPECT_TRUE(leaves_nothing(*server));
    EXPECT_EQ(tree.ran(), "");
    // What stays inside is served, however it is spelt.
    for (const char* target : {"/inside", "/sub/../inside", "/sub/%2e%2e/inside", "/%69nside", "/./inside",
                               "/sub//inside", "//inside", "http://localhost/inside", "/sub%2finside"})
        EXPECT_EQ(status(target), GetParam().started) << target;
}

TEST_P(Confinement, ALinkIsFollowedInsideOnly) {
    const std::string root = tree.root();
    fs::create_symlink("../outside", root + "/relative");
    fs::create_symlink(tree.beside("outside"), root + "/absolute");
    fs::create_directory_symlink("..", root + "/up");
    fs::create_directory_symlink("/", root + "/top");
    fs::create_symlink("/proc/self/exe", root + "/magic");
    fs::create_symlink("relative", root + "/chain");
    fs::create_symlink("sub/inside", root + "/within");
    fs::create_directory_symlink("sub", root + "/below");
    fs::create_symlink("loop", root + "/loop");
    serve();
    for (const char* target :
         {"/relative", "/absolute", "/up/outside", "/top/bin/true", "/magic", "/chain", "/loop", "/up/root/inside"})
        EXPECT_EQ(status(target), 404) << target;
    for (const char* target : {"/within", "/below/inside"}) EXPECT_EQ(status(target), GetParam().started) << target;
    EXPECT_TRUE(leaves_nothing(*server));
    EXPECT_EQ(tree.ran(), "");
}

TEST_P(Confinement, OnlyFilesThatMayBeExecutedArePrograms) {
    tree.trap(".hidden");
    tree.trap(".git/hook");
    fs::create_symlink(".hidden", tree.root() + "/shown");
    tree.file("text", "#!/bin/sh\necho text >> " + tree.beside("ran") + "\n", 0644);
    ASSERT_EQ(::mkfifo((tree.root() + "/pipe").c_str(), 0777), 0);
    serve();
    for (const char* target : {"/", "/sub", "/sub/", "/none", "/sub/none", "/none/inside", "/text", "/text/x", "/pipe",
                               "/.hidden", "/.git/hook", "/%2ehidden", "/sub/../.hidden", "/shown", "/."})
        EXPECT_EQ(status(target), 404) << target;
    EXPECT_EQ(tree.ran(), "");
    EXPECT_TRUE(server->descendants().empty());
}

TEST_P(Confinement, AProgramOfWellKnownIsNoDotFile) {
    tree.program(".well-known/change-password", "printf 'Content-Type: text/plain\\n\\n'");
    serve();
    EXPECT_EQ(status("/.well-known/change-password"), GetParam().started);
}

// A script's interpreter opens it by its name once more, see docs/security.md; so these are binaries.

TEST_P(Confinement, ADirectoryThatIsExchangedForALinkMeanwhileLeadsOutNever) {
    fs::create_directory(tree.root() + "/swapped");
    fs::copy_file("/bin/cat", tree.root() + "/swapped/program");
    fs::create_directory_symlink(tree.beside("elsewhere"), tree.root() + "/link");
    serve();
    ask_while_exchanging(tree.root() + "/swapped", tree.root() + "/link", "/swapped/program");
}

TEST_P(Confinement, AProgramThatIsExchangedForALinkMeanwhileLeadsOutNever) {
    fs::copy_file("/bin/cat", tree.root() + "/program");
    fs::create_symlink(tree.beside("outside"), tree.root() + "/link");
    serve();
    ask_while_exchanging(tree.root() + "/program", tree.root() + "/link", "/program");
}

INSTANTIATE_TEST_SUITE_P(Programs, Confinement,
                         testing::Values(Way{"Cgi", "--cgi-dir", by_post, 200},
                                         Way{"Upgrade", "--dir", by_upgrade, 101},
                                         Way{"Events", "--dir", by_events, 200}),
                         [](const auto& param) { return std::string(param.param.name); });

}  // namespace
}  // namespace wsinetd::fixtures::cgi_confinement_test
