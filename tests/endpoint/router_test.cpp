#include "endpoint/router.hpp"

#include <gtest/gtest.h>

#include "config/config.hpp"

namespace wsinetd::endpoint {
namespace {

const auto nothing = [](std::string_view) { return Step::nothing; };

std::optional<Match> match(const config::Endpoint& endpoint, std::string path, const Look& look = nothing) {
    http::Request request;
    request.path = std::move(path);
    return Router(endpoint).match(request, look);
}

TEST(Router, ServesEveryPathByTheOneCommand) {
    config::Endpoint endpoint;
    endpoint.command = {"cat"};
    for (std::string_view path : {"/", "/a/b", "//", "/a b"}) {
        const auto found = match(endpoint, std::string(path));
        ASSERT_TRUE(found) << path;
        EXPECT_EQ(found->endpoint, &endpoint);
        EXPECT_EQ(found->script_name, "");
        EXPECT_EQ(found->path_info, path);
    }
}

TEST(Router, HasNoEndpointForTheServerItself) {
    config::Endpoint endpoint;
    endpoint.command = {"cat"};
    EXPECT_FALSE(match(endpoint, "*"));
}

TEST(Router, HasNoEndpointWithoutACommandOrADirectory) { EXPECT_FALSE(match({}, "/")); }

TEST(Router, ServesTheProgramsOfADirectory) {
    config::Endpoint endpoint;
    endpoint.dir = "/srv/scripts";
    const auto found = match(endpoint, "/sub/greet/x", [](std::string_view path) {
        if (path == "/sub/greet") return Step::program;
        return path == "/sub" ? Step::directory : Step::nothing;
    });
    ASSERT_TRUE(found);
    EXPECT_EQ(found->endpoint, &endpoint);
    EXPECT_EQ(found->script_name, "/sub/greet");
    EXPECT_EQ(found->path_info, "/x");
}

/// A tree with the program /a/b, and what was asked about it.
struct Asked {
    std::vector<std::string> paths;
    std::optional<SplitPath> split(std::string_view path) {
        return find_program(path, [this](std::string_view name) {
            paths.emplace_back(name);
            if (name == "/a" || name == "//a") return Step::directory;
            return name == "/a/b" || name == "//a//b" ? Step::program : Step::nothing;
        });
    }
};

TEST(FindProgram, EndsAtTheFirstProgramOnTheWay) {
    Asked asked;
    const auto split = asked.split("/a/b/c/d");
    ASSERT_TRUE(split);
    EXPECT_EQ(split->script_name, "/a/b");
    EXPECT_EQ(split->path_info, "/c/d");
    EXPECT_EQ(asked.paths, (std::vector<std::string>{"/a", "/a/b"}));
}

TEST(FindProgram, LeavesASlashBehindTheProgramToIt) {
    Asked asked;
    EXPECT_EQ(asked.split("/a/b/")->path_info, "/");
    EXPECT_EQ(asked.split("/a/b")->path_info, "");
}

TEST(FindProgram, AsksNoFurtherWhereTheWayEnds) {
    Asked asked;
    EXPECT_FALSE(asked.split("/x/y/z"));
    EXPECT_EQ(asked.paths, std::vector<std::string>{"/x"});
}

TEST(FindProgram, FindsNoneInTheDirectoryItself) {
    for (std::string_view path : {"/", "//", "", "/a", "/a/"}) EXPECT_FALSE(Asked{}.split(path)) << path;
}

TEST(FindProgram, PassesOverEmptyNames) {
    Asked asked;
    const auto split = asked.split("//a//b//c");
    ASSERT_TRUE(split);
    EXPECT_EQ(split->script_name, "//a//b");
    EXPECT_EQ(split->path_info, "//c");
}

}  // namespace
}  // namespace wsinetd::endpoint
