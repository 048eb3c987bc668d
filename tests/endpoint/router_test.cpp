#include "endpoint/router.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "config/config.hpp"

namespace wsinetd::endpoint::router_test {
namespace {

const auto nothing = [](const config::Endpoint&, std::string_view) { return Step::nothing; };

/// By one command a path; the command is called as the path is.
std::vector<config::Endpoint> endpoints(const std::vector<std::string>& paths) {
    std::vector<config::Endpoint> result;
    for (const std::string& path : paths) {
        result.emplace_back().path = path;
        result.back().command = {path};
    }
    return result;
}

std::optional<Match> match(const std::vector<config::Endpoint>& served, std::string path,
                           const LookIn& look = nothing) {
    http::Request request;
    request.path = std::move(path);
    return Router(served).match(request, look);
}

/// "ENDPOINT: SCRIPT_NAME PATH_INFO", or nothing.
std::string found(const std::vector<config::Endpoint>& served, const std::string& path) {
    const auto match_ = match(served, path);
    return match_ ? match_->endpoint->path + ": " + match_->script_name + " " + match_->path_info : "";
}

TEST(Router, ServesEveryPathByTheOneCommandWithoutAPath) {
    const auto served = endpoints({""});
    for (const std::string path : {"/", "/a/b", "//", "/a b"}) EXPECT_EQ(found(served, path), ":  " + path);
    EXPECT_EQ(match(served, "/")->endpoint, served.data());
}

TEST(Router, HasNoEndpointForTheServerItself) { EXPECT_FALSE(match(endpoints({"", "/*"}), "*")); }

TEST(Router, HasNoEndpointWhereThereIsNone) { EXPECT_FALSE(match({}, "/")); }

TEST(Router, MatchesAnExactPathAndNoOther) {
    const auto served = endpoints({"/count", "/a/b/", "/"});
    EXPECT_EQ(found(served, "/count"), "/count: /count ");
    EXPECT_EQ(found(served, "/a/b/"), "/a/b/: /a/b/ ");
    EXPECT_EQ(found(served, "/"), "/: / ");
    for (const std::string path : {"/count/", "/count/x", "/counter", "/coun", "/Count", "//count", "/a/b", "/a/b/c"})
        EXPECT_EQ(found(served, path), "") << path;
}

TEST(Router, MatchesAWildcardBelowAndNotTheNameItself) {
    const auto served = endpoints({"/logs/*"});
    EXPECT_EQ(found(served, "/logs/"), "/logs/*: /logs /");
    EXPECT_EQ(found(served, "/logs/a/b"), "/logs/*: /logs /a/b");
    EXPECT_EQ(found(served, "/logs//"), "/logs/*: /logs //");
    EXPECT_EQ(found(served, "/logs/*"), "/logs/*: /logs /*");
    for (const std::string path : {"/logs", "/log/", "/logsx/", "/", "/x/logs/"})
        EXPECT_EQ(found(served, path), "") << path;
}

TEST(Router, MatchesEveryPathBelowTheRoot) {
    for (const std::string path : {"/", "/a/b"}) EXPECT_EQ(found(endpoints({"/*"}), path), "/*:  " + path);
}

TEST(Router, PutsExactPathsFirstThenLongerThenShorterWhateverTheirOrder) {
    std::vector<std::string> paths{"", "/*", "/a/*", "/a/b/*", "/a/b/c", "/a/b"};
    std::ranges::sort(paths);
    do {
        const auto served = endpoints(paths);
        EXPECT_EQ(found(served, "/a/b/c"), "/a/b/c: /a/b/c ");
        EXPECT_EQ(found(served, "/a/b"), "/a/b: /a/b ");
        EXPECT_EQ(found(served, "/a/b/c/d"), "/a/b/*: /a/b /c/d");
        EXPECT_EQ(found(served, "/a/x"), "/a/*: /a /x");
        EXPECT_EQ(found(served, "/a"), "/*:  /a");
        EXPECT_EQ(found(served, "/x"), "/*:  /x");
    } while (std::ranges::next_permutation(paths).found);
}

TEST(Router, ServesTheProgramsOfADirectory) {
    auto served = endpoints({"", "/scripts/*"});
    for (config::Endpoint& endpoint : served) {
        endpoint.command = {};
        endpoint.dir = "/srv" + endpoint.path;
    }
    std::vector<std::string> asked;
    const LookIn look = [&](const config::Endpoint& endpoint, std::string_view path) {
        asked.push_back(endpoint.dir + ": " + std::string(path));
        if (path == "/sub/greet") return Step::program;
        return path == "/sub" ? Step::directory : Step::nothing;
    };
    const auto at_root = match(served, "/sub/greet/x", look);
    ASSERT_TRUE(at_root);
    EXPECT_EQ(at_root->endpoint, &served[0]);
    EXPECT_EQ(at_root->script_name, "/sub/greet");
    EXPECT_EQ(at_root->path_info, "/x");
    const auto below = match(served, "/scripts/sub/greet/x", look);
    ASSERT_TRUE(below);
    EXPECT_EQ(below->endpoint, &served[1]);
    EXPECT_EQ(below->script_name, "/scripts/sub/greet");
    EXPECT_EQ(below->path_info, "/x");
    EXPECT_EQ(asked, (std::vector<std::string>{"/srv: /sub", "/srv: /sub/greet", "/srv/scripts/*: /sub",
                                               "/srv/scripts/*: /sub/greet"}));
}

TEST(Router, DoesNotPassOnWhatADirectoryLacks) {
    auto served = endpoints({"/*", "/scripts/*"});
    served[1].dir = "/srv/scripts";
    EXPECT_FALSE(match(served, "/scripts/none"));
    EXPECT_FALSE(match(served, "/scripts/"));
    EXPECT_TRUE(match(served, "/other"));
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
}  // namespace wsinetd::endpoint::router_test
