// Spec section 2: who may start a command, by Origin, Sec-Fetch-Site and Host.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "fixtures/client.hpp"
#include "fixtures/server.hpp"

namespace wsinetd::fixtures::who_may_start_test {
namespace {

using testing::HasSubstr;
using testing::Not;

/// A server whose command is of no interest, with `options`.
std::vector<std::string> serving(std::vector<std::string> options = {}) {
    options.emplace_back("true");
    return options;
}

int status_with(const Server& server, const Headers& changes) {
    return status_of(server.port(), upgrade_request(changes));
}

int status_from(const Server& server, const std::string& origin, const std::string& host = "localhost") {
    return status_with(server, {{"Host", host}, {"Origin", origin}});
}

// Origin.

struct Page {
    const char* host;
    const char* origin;
};

TEST(WhoMayStart, APageOfTheServersOwnOrigin) {
    Server server(serving());
    for (const auto& [host, origin] : {
             Page{"localhost", "http://localhost"},
             Page{"localhost:8080", "http://localhost:8080"},
             Page{"LOCALHOST", "http://localhost"},
             Page{"localhost", "http://LocalHost"},
             Page{"127.0.0.1:8080", "http://127.0.0.1:8080"},
             Page{"[::1]:8080", "http://[::1]:8080"},
             // A missing port is that of the Origin's scheme, on either side.
             Page{"localhost:80", "http://localhost"},
             Page{"localhost", "http://localhost:80"},
             Page{"localhost:443", "https://localhost"},
             Page{"localhost", "https://localhost"},
             Page{"localhost", "https://localhost:443"},
             Page{"[::1]", "https://[::1]:443"},
             Page{"localhost:8443", "https://localhost:8443"},
         })
        EXPECT_EQ(status_from(server, origin, host), 101) << origin << " at " << host;
}

TEST(WhoMayStart, NoPageOfAnotherOrigin) {
    Server server(serving());
    for (const auto& [host, origin] : {
             Page{"localhost", "http://evil.example"},
             Page{"localhost:8080", "http://localhost"},
             Page{"localhost", "http://localhost:8080"},
             Page{"localhost:8080", "http://localhost:8081"},
             Page{"localhost:443", "http://localhost"},
             Page{"localhost:80", "https://localhost"},
             Page{"localhost", "http://127.0.0.1"},
             Page{"127.0.0.1", "http://localhost"},
             Page{"[::1]", "http://[::2]"},
             Page{"localhost", "http://localhost.evil.example"},
             Page{"localhost", "http://evil.example.localhost"},
             Page{"localhost", "http://notlocalhost"},
             // What no browser sends, or nobody owns.
             Page{"localhost", "null"},
             Page{"localhost", "localhost"},
             Page{"localhost", "file://"},
             Page{"localhost", "http://localhost@evil.example"},
             Page{"localhost", "http://evil.example#localhost"},
             Page{"localhost", "http://localhost, http://localhost"},
             Page{"localhost", "http://localhost http://localhost"},
             Page{"localhost", "chrome-extension://localhost"},
             Page{"localhost", "://localhost"},
             Page{"localhost", "*"},
         })
        EXPECT_EQ(status_from(server, origin, host), 403) << origin << " at " << host;
}

TEST(WhoMayStart, AnEmptyOriginIsNobodys) {
    Server server(serving());
    std::string request = upgrade_request();
    request.insert(request.size() - 2, "Origin:\r\n");
    EXPECT_EQ(status_of(server.port(), request), 403);
}

TEST(WhoMayStart, NobodyWithTwoOrigins) {
    Server server(serving({"--origin", "app.example"}));
    for (const char* second : {"http://localhost", "http://app.example", "http://evil.example"}) {
        std::string request = upgrade_request({{"Origin", "http://localhost"}});
        request.insert(request.size() - 2, "Origin: " + std::string(second) + "\r\n");
        EXPECT_EQ(status_of(server.port(), request), 403) << second;
    }
}

TEST(WhoMayStart, AProgramThatSendsNoOrigin) {
    Server server(serving());
    EXPECT_EQ(status_with(server, {}), 101);
}

TEST(WhoMayStart, OriginsOfTheOptionBesidesTheOwn) {
    Server server(serving({"--origin", "any-port.example, https://secure.example ,port.example:8080",
                           "--origin=https://both.example:8443", "--origin", "default.example:443,[2001:db8::1]:81"}));
    for (const char* origin :
         {"http://localhost", "http://any-port.example", "https://any-port.example", "http://any-port.example:81",
          "https://ANY-PORT.example", "custom://any-port.example", "https://secure.example",
          "https://secure.example:444", "http://port.example:8080", "https://port.example:8080",
          "https://both.example:8443", "https://default.example", "https://default.example:443",
          "http://default.example:443", "http://[2001:db8::1]:81", "http://[2001:DB8:0:0::1]:81"})
        EXPECT_EQ(status_from(server, origin), 101) << origin;
    for (const char* origin :
         {"http://sub.any-port.example", "http://any-port.example.evil", "http://secure.example", "http://port.example",
          "https://port.example:8443", "http://both.example:8443", "https://both.example", "http://default.example",
          "http://[2001:db8::1]", "http://[2001:db8::2]:81", "null"})
        EXPECT_EQ(status_from(server, origin), 403) << origin;
}

TEST(WhoMayStart, AnybodyWhereTheOptionIsAStar) {
    for (const std::vector<std::string>& options : {std::vector<std::string>{"--origin", "*"},
                                                    {"--origin=app.example,*"},
                                                    {"--same-origin=false"},
                                                    {"--sameorigin=false"}}) {
        Server server(serving(options));
        for (const char* origin :
             {"http://evil.example", "null", "file://", "nonsense", "http://a.example, http://b.example"})
            EXPECT_EQ(status_from(server, origin), 101) << origin;
        EXPECT_EQ(status_with(server, {{"Sec-Fetch-Site", "cross-site"}}), 101);
        std::string two = upgrade_request({{"Origin", "http://a.example"}});
        two.insert(two.size() - 2, "Origin: http://b.example\r\n");
        EXPECT_EQ(status_of(server.port(), two), 101);
    }
}

TEST(WhoMayStart, OnlyTheOwnPagesWithSameOrigin) {
    for (const char* spelling : {"--same-origin", "--sameorigin", "--same-origin=true"}) {
        Server server(serving({spelling}));
        EXPECT_EQ(status_from(server, "http://localhost"), 101);
        EXPECT_EQ(status_from(server, "http://evil.example"), 403);
    }
}

TEST(WhoMayStart, NoPageOfAnotherSiteThatLeavesOutItsOrigin) {
    Server server(serving({"--origin", "app.example"}));
    for (const char* site : {"cross-site", "same-site", "Cross-Site"})
        EXPECT_EQ(status_with(server, {{"Sec-Fetch-Site", site}}), 403) << site;
    for (const char* site : {"same-origin", "none"})
        EXPECT_EQ(status_with(server, {{"Sec-Fetch-Site", site}}), 101) << site;
    // Where there is an Origin, it decides.
    EXPECT_EQ(status_with(server, {{"Sec-Fetch-Site", "cross-site"}, {"Origin", "http://app.example"}}), 101);
    EXPECT_EQ(status_with(server, {{"Sec-Fetch-Site", "same-origin"}, {"Origin", "http://evil.example"}}), 403);
}

TEST(WhoMayStart, OriginsAreJudgedOnAUnixSocketToo) {
    TemporaryFolder folder;
    const std::string path = folder.path() + "/s";
    Server server({"--unix-socket", path, "true"});
    EXPECT_EQ(status_of(0, upgrade_request({{"Host", "app.example"}, {"Origin", "https://app.example"}}), path), 101);
    EXPECT_EQ(status_of(0, upgrade_request({{"Host", "app.example"}, {"Origin", "https://evil.example"}}), path), 403);
    EXPECT_EQ(status_of(0, upgrade_request({{"Sec-Fetch-Site", "cross-site"}}), path), 403);
}

// Host.

constexpr const char* names_of_this_machine[] = {"localhost",        "LOCALHOST",         "LocalHost:9999", "127.0.0.1",
                                                 "127.0.0.1:8080",   "192.0.2.7",         "10.1.2.3:80",    "[::1]",
                                                 "[2001:db8::1]:80", "[::ffff:127.0.0.1]"};
constexpr const char* names_of_others[] = {"evil.example",
                                           "evil.example:8080",
                                           "localhost.evil.example",
                                           "127.0.0.1.evil",
                                           "sub.localhost.example",
                                           "127.1",
                                           "2130706433",
                                           "0x7f.0.0.1",
                                           "127.0.0.256",
                                           "notlocalhost"};

void judges_hosts(const Server& server, const std::string& address) {
    for (const char* host : names_of_this_machine)
        EXPECT_EQ(status_of(server.port(), upgrade_request({{"Host", host}}), address), 101) << host;
    for (const char* host : names_of_others)
        EXPECT_EQ(status_of(server.port(), upgrade_request({{"Host", host}}), address), 421) << host;
    // DNS rebinding: the page's origin and Host agree, and both are the attacker's.
    const Headers rebound{{"Host", "evil.example"}, {"Origin", "http://evil.example"}};
    EXPECT_EQ(status_of(server.port(), upgrade_request(rebound), address), 421);
    std::string without = upgrade_request({{"Host", ""}});
    without.insert(without.size() - 2, "Host:\r\n");
    EXPECT_EQ(status_of(server.port(), without, address), 421);
}

TEST(WhoMayStart, OnLoopbackOnlyWhoNamesThisMachine) {
    Server server(serving());
    judges_hosts(server, "127.0.0.1");
}

TEST(WhoMayStart, OnAnyLoopbackAddressOnlyWhoNamesThisMachine) {
    Server server(serving({"--port", "0", "--address", "0.0.0.0"}));
    judges_hosts(server, "127.1.2.3");
}

TEST(WhoMayStart, OnLoopbackOfIpv6OnlyWhoNamesThisMachine) {
    if (!has_ipv6()) GTEST_SKIP() << "no ::1 here";
    Server server(serving({"--port", "0", "--address", "::1"}));
    judges_hosts(server, "::1");
}

TEST(WhoMayStart, TheHostOfAnAbsoluteTargetIsWhatCounts) {
    Server server(serving());
    EXPECT_EQ(status_of(server.port(), upgrade_request({}, "http://evil.example/")), 421);
    EXPECT_EQ(status_of(server.port(), upgrade_request({{"Host", "evil.example"}}, "http://localhost/")), 101);
}

TEST(WhoMayStart, WhoUsesANameOfTheHostOption) {
    Server server(serving({"--host", "app.example, other.example", "--host=third.example"}));
    for (const char* host :
         {"app.example", "APP.example:8080", "other.example", "third.example", "localhost", "127.0.0.1"})
        EXPECT_EQ(status_with(server, {{"Host", host}}), 101) << host;
    for (const char* host : {"evil.example", "sub.app.example", "app.example.evil"})
        EXPECT_EQ(status_with(server, {{"Host", host}}), 421) << host;
    EXPECT_EQ(status_from(server, "http://app.example", "app.example"), 101);
    EXPECT_EQ(status_from(server, "http://app.example", "localhost"), 403);
}

TEST(WhoMayStart, WhoUsesANameOfTheOriginOption) {
    Server server(serving({"--origin", "https://app.example:8443,other.example"}));
    for (const char* host : {"app.example", "app.example:1234", "other.example"})
        EXPECT_EQ(status_with(server, {{"Host", host}}), 101) << host;
    EXPECT_EQ(status_with(server, {{"Host", "evil.example"}}), 421);
}

TEST(WhoMayStart, WhoUsesAnyNameWhereHostIsAStar) {
    Server server(serving({"--host", "*"}));
    EXPECT_EQ(status_with(server, {{"Host", "evil.example"}}), 101);
    EXPECT_EQ(status_from(server, "http://evil.example", "localhost"), 403);
}

TEST(WhoMayStart, AnyOriginDoesNotMeanAnyHost) {
    for (const char* option : {"--origin=*", "--same-origin=false"}) {
        Server server(serving({option}));
        EXPECT_EQ(status_from(server, "http://evil.example", "localhost"), 101);
        EXPECT_EQ(status_from(server, "http://evil.example", "evil.example"), 421);
    }
}

TEST(WhoMayStart, OnAUnixSocketWhoeverReachesIt) {
    TemporaryFolder folder;
    const std::string path = folder.path() + "/s";
    Server server({"--unix-socket", path, "true"});
    for (const char* host : names_of_others)
        EXPECT_EQ(status_of(0, upgrade_request({{"Host", host}}), path), 101) << host;
}

// Refusals.

TEST(WhoMayStart, ARefusalStartsNothing) {
    TemporaryFolder folder;
    const std::string file = folder.path() + "/started";
    Server server({"sh", "-c", "echo started >> " + file});
    for (int i = 0; i < 10; ++i) {
        EXPECT_EQ(status_from(server, "http://evil.example"), 403);
        EXPECT_EQ(status_with(server, {{"Host", "evil.example"}}), 421);
        EXPECT_EQ(status_with(server, {{"Sec-Fetch-Site", "cross-site"}}), 403);
    }
    Client(server.port()).closed();
    std::ifstream lines(file);
    EXPECT_EQ(std::string(std::istreambuf_iterator<char>(lines), {}), "started\n");
}

TEST(WhoMayStart, ARefusalIsLoggedWithTheOptionThatWouldAllowIt) {
    Server server(serving());
    const struct {
        Headers headers;
        const char* logged;
    } cases[] = {
        {{{"Origin", "https://app.example"}},
         R"(status=403 why="origin \"https://app.example\" is not allowed; --origin app.example would")"},
        {{{"Origin", "http://[2001:db8::1]"}}, R"(--origin '[2001:db8::1]' would")"},
        {{{"Origin", "null"}}, R"(origin \"null\" is not allowed; --origin '*' would")"},
        {{{"Sec-Fetch-Site", "cross-site"}}, R"(--origin '*' would allow it")"},
        {{{"Host", "app.example:8080"}},
         R"(status=421 why="host \"app.example:8080\" is not a name of this server; --host app.example would make it one")"},
        // Nothing that a shell would take amiss is offered for pasting.
        {{{"Host", "$(reboot)"}}, R"(--host '*' would make it one")"},
        {{{"Origin", "http://a;reboot"}}, R"(--origin '*' would")"},
    };
    for (const auto& each : cases) {
        status_with(server, each.headers);
        EXPECT_TRUE(server.logs(each.logged)) << server.log();
    }
    EXPECT_THAT(server.log(), Not(HasSubstr("session begins")));
}

TEST(WhoMayStart, TheOptionThatTheLogNamesDoesAllowIt) {
    Server server(serving({"--origin", "app.example", "--host", "name.example"}));
    EXPECT_EQ(status_from(server, "https://app.example", "localhost"), 101);
    EXPECT_EQ(status_with(server, {{"Host", "name.example:8080"}}), 101);
}

TEST(WhoMayStart, TheAnswerDoesNotTellStrangersWhatWouldAllowThem) {
    Server server(serving());
    for (const Headers& headers : {Headers{{"Origin", "http://evil.example"}}, Headers{{"Host", "evil.example"}}}) {
        RawClient client(server.port());
        client.send(upgrade_request(headers));
        const Answer answer = receive_answer(client);
        EXPECT_THAT(answer.head + answer.body, Not(HasSubstr("--")));
        EXPECT_THAT(answer.head + answer.body, Not(HasSubstr("evil")));
    }
}

// Under the name websocketd.

Server websocketd(std::vector<std::string> options = {}) {
    options.insert(options.begin(), {"--port", "0", "--address", "127.0.0.1"});
    return Server({.arguments = serving(std::move(options)), .name = "websocketd"});
}

TEST(WhoMayStart, AnybodyUnderTheNameWebsocketd) {
    const Server server = websocketd();
    EXPECT_EQ(status_from(server, "http://evil.example", "evil.example"), 101);
    EXPECT_EQ(status_from(server, "null"), 101);
    EXPECT_EQ(status_with(server, {{"Sec-Fetch-Site", "cross-site"}}), 101);
}

TEST(WhoMayStart, OnlyTheOwnPagesUnderTheNameWebsocketdWhenAskedFor) {
    const Server server = websocketd({"--sameorigin=true"});
    EXPECT_EQ(status_from(server, "http://app.example", "app.example"), 101);  // any host
    EXPECT_EQ(status_from(server, "http://evil.example", "app.example"), 403);
}

TEST(WhoMayStart, OnlyTheOriginsNamedUnderTheNameWebsocketd) {
    const Server server = websocketd({"--origin=app.example"});
    EXPECT_EQ(status_from(server, "https://app.example", "other.example"), 101);
    EXPECT_EQ(status_from(server, "https://evil.example", "other.example"), 403);
}

}  // namespace
}  // namespace wsinetd::fixtures::who_may_start_test
