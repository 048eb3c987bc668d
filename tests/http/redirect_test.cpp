#include "http/redirect.hpp"

#include <gtest/gtest.h>

namespace wsinetd::http::redirect_test {
namespace {

Request request(std::string target, std::string method = "GET") {
    Request result;
    result.method = std::move(method);
    result.target = std::move(target);
    result.host = "elsewhere.example:80";
    return result;
}

std::string location(const Request& request, std::uint16_t port = 443, std::string_view host = "example.org") {
    return redirect_to_https(request, host, port).reply.fields.joined("Location").value_or("none");
}

TEST(Redirect, Is301ToGetAndHeadAnd308ToAllOthers) {
    for (const char* method : {"GET", "HEAD"})
        EXPECT_EQ(redirect_to_https(request("/", method), "a", 443).reply.status, 301) << method;
    for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS", "PATCH", "get"})
        EXPECT_EQ(redirect_to_https(request("/", method), "a", 443).reply.status, 308) << method;
}

TEST(Redirect, KeepsPathAndQueryAsTheyWereSent) {
    EXPECT_EQ(location(request("/")), "https://example.org/");
    EXPECT_EQ(location(request("/a%20b/../c?x=1&y=%2F?")), "https://example.org/a%20b/../c?x=1&y=%2F?");
}

TEST(Redirect, LeavesOutThePortThatIsHttpsOwn) {
    EXPECT_EQ(location(request("/x"), 443), "https://example.org/x");
    EXPECT_EQ(location(request("/x"), 8443), "https://example.org:8443/x");
}

TEST(Redirect, LeadsToTheHostThatItIsGivenWhateverTheRequestSays) {
    EXPECT_EQ(location(request("/x"), 443, "own.example"), "https://own.example/x");
    EXPECT_EQ(location(request("/x"), 8443, "[2001:db8::1]"), "https://[2001:db8::1]:8443/x");
}

TEST(Redirect, BeginsThePathWithOneSlash) {
    for (const char* target : {"//other.example/a?b=//c", "///other.example/a?b=//c", "/\\other.example/a?b=//c",
                               "/\\/other.example/a?b=//c", "http://example.org//other.example/a?b=//c"})
        EXPECT_EQ(location(request(target)), "https://example.org/other.example/a?b=//c") << target;
    for (const char* target : {"//", "/\\", "\\\\", "http://example.org//", "", "x"})
        EXPECT_EQ(location(request(target)), "https://example.org/") << target;
    EXPECT_EQ(location(request("/a//b\\c")), "https://example.org/a//b\\c");
    EXPECT_EQ(location(request("/@other.example/")), "https://example.org/@other.example/");
    EXPECT_EQ(location(request("/?//other.example")), "https://example.org/?//other.example");
    EXPECT_EQ(location(request("/http://other.example/")), "https://example.org/http://other.example/");
}

TEST(Redirect, TakesThePathOutOfAnAbsoluteTarget) {
    EXPECT_EQ(location(request("http://example.org/a?b")), "https://example.org/a?b");
    EXPECT_EQ(location(request("http://example.org:80?b/c")), "https://example.org/?b/c");
    EXPECT_EQ(location(request("http://example.org")), "https://example.org/");
    EXPECT_EQ(location(request("*", "OPTIONS")), "https://example.org/");
}

}  // namespace
}  // namespace wsinetd::http::redirect_test
