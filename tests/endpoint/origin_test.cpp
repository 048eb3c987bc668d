#include "endpoint/origin.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/authority.hpp"

namespace wsinetd::endpoint::origin_test {
namespace {

using testing::HasSubstr;

http::Request request_to(std::string host, http::Fields fields = {}) {
    http::Request request;
    request.method = "GET";
    request.path = "/";
    request.host = std::move(host);
    request.fields = std::move(fields);
    return request;
}

Origins origins(std::initializer_list<std::string_view> elements) {
    Origins all;
    for (std::string_view element : elements) EXPECT_EQ(all.add(element), std::nullopt) << element;
    return all;
}

bool allows(const Origins& rules, std::string_view host, std::string_view origin) {
    const auto refusal = judge_origin(request_to(std::string(host), {{"Origin", std::string(origin)}}), rules);
    if (refusal) {
        EXPECT_EQ(refusal->reply.status, 403);
    }
    return !refusal;
}

struct OwnRow {
    std::string_view host;
    std::string_view origin;
    bool own;
};

TEST(OwnOrigin, HasTheHostAndPortOfHost) {
    static constexpr OwnRow rows[] = {
        {"h", "http://h", true},
        {"h:80", "http://h", true},
        {"h", "http://h:80", true},
        {"h:", "http://h", true},
        {"h:8080", "http://h:8080", true},
        {"h", "https://h", true},
        {"h:443", "https://h", true},
        {"h", "https://h:443", true},
        {"h", "wss://h:443", true},
        {"h", "ws://h:80", true},
        {"H.Example", "HTTP://h.eXample", true},
        {"[::1]:8080", "http://[::1]:8080", true},
        {"[::1]", "http://[0::1]", true},
        {"127.0.0.1", "http://127.0.0.1", true},
        {"h:80", "https://h", false},
        {"h:443", "http://h", false},
        {"h", "http://h:8080", false},
        {"h:8080", "http://h", false},
        {"h:8080", "http://h:8081", false},
        {"h", "http://other", false},
        {"h", "http://x.h", false},
        {"h", "http://h.", false},
        {"h", "http://h/", false},
        {"h", "http://h/path", false},
        {"h", "http://u@h", false},
        {"h", "http://h http://h", false},
        {"h", "null", false},
        {"null", "null", false},
        {"", "http://", false},
        {"", "", false},
        {"h", "", false},
        {"h", "h", false},
        {"h", "//h", false},
        {"h", "://h", false},
        {"h", "file://", false},
        {"h", "ftp://h", false},
        {"h:21", "ftp://h:21", false},
        {"h", "chrome-extension://h", false},
        {"[::1]", "http://::1", false},
        {"::1", "http://::1", false},
    };
    for (const OwnRow& row : rows)
        EXPECT_EQ(allows({}, row.host, row.origin), row.own) << row.host << ' ' << row.origin;
}

struct RuleRow {
    std::string_view rule;
    std::string_view origin;
    bool allowed;
};

TEST(OriginRule, MatchesWhatItNames) {
    static constexpr RuleRow rows[] = {
        {"a.example", "http://a.example", true},
        {"a.example", "https://a.example:8443", true},
        {"A.example", "http://a.EXAMPLE", true},
        {" a.example\t", "http://a.example", true},
        {"a.example", "http://x.a.example", false},
        {"a.example", "http://a.example.evil", false},
        {"a.example:80", "http://a.example", true},
        {"a.example:80", "http://a.example:80", true},
        {"a.example:80", "https://a.example", false},
        {"a.example:443", "https://a.example", true},
        {"a.example:8080", "http://a.example", false},
        {"https://a.example", "https://a.example", true},
        {"HTTPS://a.example", "https://a.example:8443", true},
        {"https://a.example", "http://a.example", false},
        {"https://a.example:8443", "https://a.example:8443", true},
        {"https://a.example:8443", "https://a.example", false},
        {"[::1]", "http://[::1]:1", true},
        {"[::1]:8080", "http://[::1]:8080", true},
        {"[::1]:8080", "http://[::1]", false},
        {"chrome-extension://abc", "chrome-extension://abc", true},
        {"abc:80", "chrome-extension://abc", false},
        {"a.example", "null", false},
        {"*", "http://anything", true},
        {"*", "null", true},
        {"*", "rubbish", true},
    };
    for (const RuleRow& row : rows)
        EXPECT_EQ(allows(origins({row.rule}), "server", row.origin), row.allowed) << row.rule << ' ' << row.origin;
}

TEST(OriginRule, SaysWhatIsWrongWithItAndWhatWouldBeRight) {
    const std::pair<std::string_view, std::string_view> rows[] = {
        {"", "[scheme://]host[:port]"},
        {"null", "only * allows it"},
        {"https://a.example/", "no path"},
        {"a/b", "no path"},
        {"*.example", "* stands alone"},
        {"https://*", "* stands alone"},
        {"a:*", "* stands alone"},
        {"::1", "[::1]"},
        {"1://a", "scheme"},
        {"://a", "scheme"},
        {"https://", "[scheme://]host[:port]"},
        {"a b", "[scheme://]host[:port]"},
        {"u@a", "[scheme://]host[:port]"},
        {"a:", "port"},
        {"a:0", "port"},
        {"a:65536", "port"},
        {"a:x", "port"},
        {"[::1", "[scheme://]host[:port]"},
    };
    for (const auto& [element, help] : rows) {
        Origins all;
        const auto error = all.add(element);
        ASSERT_TRUE(error) << element;
        EXPECT_THAT(*error, HasSubstr(std::string(help))) << element;
        EXPECT_TRUE(all.rules.empty());
        EXPECT_FALSE(all.any);
    }
}

TEST(Origin, SeveralAreRefusedUnlessAnyIsAllowed) {
    const auto request = request_to("h", {{"Origin", "http://h"}, {"origin", "http://h"}});
    EXPECT_TRUE(judge_origin(request, origins({"h"})));
    EXPECT_FALSE(judge_origin(request, origins({"*"})));
}

struct FetchRow {
    std::string_view site;
    bool allowed;
};

TEST(Origin, WithoutOneAnotherSitesPageIsRefused) {
    static constexpr FetchRow rows[] = {{"cross-site", false}, {"same-site", false}, {"Cross-Site", false},
                                        {"same-origin", true}, {"none", true},       {"", true}};
    for (const FetchRow& row : rows) {
        const auto request = request_to("h", {{"Sec-Fetch-Site", std::string(row.site)}});
        EXPECT_EQ(!judge_origin(request, origins({"x"})), row.allowed) << row.site;
        EXPECT_FALSE(judge_origin(request, origins({"*"}))) << row.site;
    }
    EXPECT_FALSE(judge_origin(request_to("h"), {}));
    const auto own = request_to("h", {{"Origin", "http://h"}, {"Sec-Fetch-Site", "same-site"}});
    EXPECT_FALSE(judge_origin(own, {}));
}

std::string why(std::string_view origin) {
    return judge_origin(request_to("h", {{"Origin", std::string(origin)}}), {})->why;
}

TEST(Origin, ARefusalNamesTheOptionThatWouldAllowIt) {
    EXPECT_EQ(why("http://evil.example"), "origin \"http://evil.example\" is not allowed; --origin evil.example would");
    EXPECT_EQ(why("http://h:81"), "origin \"http://h:81\" is not allowed; --origin h would");
    EXPECT_EQ(why("http://[::1]"), "origin \"http://[::1]\" is not allowed; --origin '[::1]' would");
    EXPECT_EQ(why("null"), "origin \"null\" is not allowed; --origin '*' would");
    const auto fetched = judge_origin(request_to("h", {{"Sec-Fetch-Site", "cross-site"}}), {});
    EXPECT_THAT(fetched->why, HasSubstr("--origin '*'"));
}

TEST(Origin, ARefusalSuggestsNothingHarmfulToAShell) {
    for (std::string_view host : {"$(reboot)", "a;b", "a&b", "a'b", "a,b", "-x"})
        EXPECT_THAT(why("http://" + std::string(host)), HasSubstr("--origin '*' would")) << host;
}

TEST(Origin, EverySuggestionWorks) {
    for (std::string_view origin : {"http://evil.example", "https://[2001:db8::1]:1", "ftp://a_b", "http://1.2.3.4"}) {
        const std::string text = why(origin);
        const auto start = text.find("--origin ") + 9;
        std::string option = text.substr(start, text.find(" would") - start);
        std::erase(option, '\'');
        EXPECT_TRUE(allows(origins({option}), "h", origin)) << text;
    }
}

using V4 = std::array<std::uint8_t, 4>;

TEST(HostCheck, IsForLoopbackLinkLocalAndPrivateAddresses) {
    for (std::string_view text :
         {"127.0.0.0", "127.0.0.1", "127.255.255.255", "10.0.0.0", "10.255.255.255", "172.16.0.0", "172.31.255.255",
          "192.168.0.0", "192.168.255.255", "169.254.0.0", "169.254.255.255", "100.64.0.0", "100.127.255.255"})
        EXPECT_TRUE(needs_host_check(*http::parse_ipv4(text))) << text;
    for (std::string_view text : {"126.255.255.255", "128.0.0.0", "9.255.255.255", "11.0.0.0", "172.15.255.255",
                                  "172.32.0.0", "192.167.255.255", "192.169.0.0", "169.253.255.255", "169.255.0.0",
                                  "100.63.255.255", "100.128.0.0", "8.8.8.8", "192.0.2.1", "0.0.0.0"})
        EXPECT_FALSE(needs_host_check(*http::parse_ipv4(text))) << text;
    for (std::string_view text :
         {"::1", "fe80::", "fe80::1", "febf:ffff::", "fc00::", "fdff:ffff::1", "::ffff:127.0.0.1", "::ffff:10.1.2.3"})
        EXPECT_TRUE(needs_host_check(*http::parse_ipv6(text))) << text;
    for (std::string_view text : {"::", "::2", "fe7f:ffff::", "fec0::", "fbff:ffff::", "fe00::", "2001:db8::1",
                                  "::ffff:8.8.8.8", "::127.0.0.1", "1::1", "ff02::1"})
        EXPECT_FALSE(needs_host_check(*http::parse_ipv6(text))) << text;
}

TEST(HostCheck, KnowsThePrivateRangesByEveryFirstTwoBytes) {
    for (unsigned a = 0; a < 256; ++a) {
        for (unsigned b = 0; b < 256; ++b) {
            const bool expected = a == 127 || a == 10 || (a == 169 && b == 254) || (a == 192 && b == 168) ||
                                  (a == 172 && b >= 16 && b <= 31) || (a == 100 && b >= 64 && b <= 127);
            const V4 address{static_cast<std::uint8_t>(a), static_cast<std::uint8_t>(b), 1, 2};
            ASSERT_EQ(needs_host_check(address), expected) << a << '.' << b;
        }
    }
}

TEST(HostCheck, IsForNoAddressOfAnotherLength) {
    const std::array<std::uint8_t, 17> bytes{127, 0, 0, 1};
    for (std::size_t length : {0u, 1u, 3u, 5u, 15u, 17u})
        EXPECT_FALSE(needs_host_check(std::span(bytes).first(length)));
}

constexpr V4 loopback{127, 0, 0, 1};

struct HostRow {
    std::string_view host;
    bool answered;
};

TEST(Host, IsAnAddressLocalhostOrNamedByAnOption) {
    static constexpr HostRow rows[] = {{"127.0.0.1:8080", true},  {"192.168.1.1", true},
                                       {"8.8.8.8", true},         {"[::1]:8080", true},
                                       {"[2001:db8::1]", true},   {"localhost", true},
                                       {"LocalHost:1", true},     {"named.example", true},
                                       {"NAMED.example:8", true}, {"ruled.example:9", true},
                                       {"evil.example", false},   {"localhost.evil.example", false},
                                       {"x.localhost", false},    {"localhost.", false},
                                       {"127.0.0.1.evil", false}, {"127.1", false},
                                       {"2130706433", false},     {"0x7f.0.0.1", false},
                                       {"127.0.0.01", false},     {"", false},
                                       {"x.named.example", false}};
    const std::string hosts[] = {"other.example", "named.example"};
    const Origins rules = origins({"https://ruled.example:443"});
    for (const HostRow& row : rows) {
        const auto refusal = judge_host(request_to(std::string(row.host)), loopback, hosts, rules);
        EXPECT_EQ(!refusal, row.answered) << row.host;
        if (refusal) {
            EXPECT_EQ(refusal->reply.status, 421);
        }
    }
}

TEST(Host, MayBeANameOfTheCertificate) {
    static constexpr HostRow rows[] = {
        {"secure.example", true}, {"SECURE.example:8443", true},  {"a.wild.example", true},
        {"A.Wild.Example", true}, {"wild.example", false},        {"a.b.wild.example", false},
        {".wild.example", false}, {"a.wild.example.evil", false}, {"awild.example", false},
        {"*.wild.example", true}, {"x.secure.example", false},    {"evil.example", false}};
    const std::string names[] = {"secure.example", "*.wild.example"};
    for (const HostRow& row : rows)
        EXPECT_EQ(!judge_host(request_to(std::string(row.host)), loopback, {}, {}, names), row.answered) << row.host;
}

TEST(Host, IsNotLetInByAStarAloneInACertificate) {
    const std::string names[] = {"*", "*."};
    EXPECT_TRUE(judge_host(request_to("evil.example"), loopback, {}, {}, names));
    EXPECT_TRUE(judge_host(request_to("evil"), loopback, {}, {}, names));
}

TEST(Host, IsNotJudgedOnAPublicAddressNorOnAUnixSocket) {
    EXPECT_FALSE(judge_host(request_to("evil.example"), V4{8, 8, 8, 8}, {}, {}));
    EXPECT_FALSE(judge_host(request_to("evil.example"), {}, {}, {}));
    EXPECT_TRUE(judge_host(request_to("evil.example"), loopback, {}, {}));
}

TEST(Host, AnyIsAllowedByAStarInHostOnly) {
    const std::string any[] = {"*"};
    EXPECT_FALSE(judge_host(request_to("evil.example"), loopback, any, {}));
    EXPECT_FALSE(judge_host(request_to(""), loopback, any, {}));
    EXPECT_TRUE(judge_host(request_to("evil.example"), loopback, {}, origins({"*"})));
}

TEST(OwnHost, IsTheRequestsIfThatIsTheServersOwn) {
    const std::string hosts[] = {"named.example"};
    const std::string names[] = {"secure.example", "*.wild.example"};
    const Origins rules = origins({"ruled.example"});
    for (const auto& [host, expected] :
         {std::pair("named.example:80", "named.example"), std::pair("secure.example", "secure.example"),
          std::pair("a.wild.example:80", "a.wild.example"), std::pair("ruled.example", "ruled.example"),
          std::pair("localhost:8080", "localhost"), std::pair("203.0.113.9", "203.0.113.9"),
          std::pair("[2001:db8::9]:80", "[2001:db8::9]")})
        EXPECT_EQ(own_host(request_to(host), "192.0.2.1", hosts, rules, names), expected) << host;
    const std::string any[] = {"*"};
    EXPECT_EQ(own_host(request_to("x.example"), "192.0.2.1", any, {}, names), "x.example");
}

TEST(OwnHost, IsElseTheFirstWholeNameOfACertificate) {
    const auto instead_of = [](const std::string& host, std::vector<std::string> names) {
        return own_host(request_to(host), "2001:db8::1", {}, {}, names);
    };
    for (const char* host : {"evil.example", "evil.example:80", "", "secure.example.evil.example", "b.secure.example"})
        EXPECT_EQ(instead_of(host, {"*.wild.example", "secure.example", "a.example"}), "secure.example") << host;
    EXPECT_EQ(instead_of("evil.example", {"Ada's server", "a/b", "a:1", "a@b", "*", "b.example"}), "b.example");
    EXPECT_EQ(instead_of("evil.example", {"192.0.2.7", "b.example"}), "192.0.2.7");
    EXPECT_EQ(instead_of("evil.example", {"2001:db8::7"}), "[2001:db8::7]");
    const std::string any[] = {"*"};
    EXPECT_EQ(own_host(request_to(""), "192.0.2.1", any, {}, any), "192.0.2.1");
}

TEST(OwnHost, IsTheLocalAddressWhereThereIsNoNameAtAll) {
    const std::string names[] = {"*.wild.example"};
    EXPECT_EQ(own_host(request_to("evil.example"), "192.0.2.1", {}, {}, names), "192.0.2.1");
    EXPECT_EQ(own_host(request_to(""), "2001:db8::1", {}, {}, names), "[2001:db8::1]");
}

TEST(Host, ARefusalNamesTheOptionThatWouldAllowIt) {
    EXPECT_EQ(judge_host(request_to("foo.example:8080"), loopback, {}, {})->why,
              "host \"foo.example:8080\" is not a name of this server; --host foo.example would make it one");
    EXPECT_THAT(judge_host(request_to("$(x)"), loopback, {}, {})->why, HasSubstr("--host '*'"));
    EXPECT_THAT(judge_host(request_to(""), loopback, {}, {})->why, HasSubstr("--host '*'"));
}

}  // namespace
}  // namespace wsinetd::endpoint::origin_test
