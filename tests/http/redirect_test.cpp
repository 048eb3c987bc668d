#include "http/redirect.hpp"

#include <gtest/gtest.h>

namespace wsinetd::http {
namespace {

Request request(std::string target, std::string host = "example.org", std::string method = "GET") {
    Request result;
    result.method = std::move(method);
    result.target = std::move(target);
    result.host = std::move(host);
    return result;
}

std::string location(const Request& request, std::uint16_t port = 443, std::string_view address = "192.0.2.1") {
    return redirect_to_https(request, address, port).reply.fields.joined("Location").value_or("none");
}

TEST(Redirect, Is301ToGetAndHeadAnd308ToAllOthers) {
    for (const char* method : {"GET", "HEAD"})
        EXPECT_EQ(redirect_to_https(request("/", "a", method), "", 443).reply.status, 301) << method;
    for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS", "PATCH", "get"})
        EXPECT_EQ(redirect_to_https(request("/", "a", method), "", 443).reply.status, 308) << method;
}

TEST(Redirect, KeepsPathAndQueryAsTheyWereSent) {
    EXPECT_EQ(location(request("/")), "https://example.org/");
    EXPECT_EQ(location(request("/a%20b/../c?x=1&y=%2F?")), "https://example.org/a%20b/../c?x=1&y=%2F?");
    EXPECT_EQ(location(request("//other.example/")), "https://example.org//other.example/");
}

TEST(Redirect, LeavesOutThePortThatIsHttpsOwn) {
    EXPECT_EQ(location(request("/x"), 443), "https://example.org/x");
    EXPECT_EQ(location(request("/x"), 8443), "https://example.org:8443/x");
}

TEST(Redirect, ReplacesThePortOfHost) {
    EXPECT_EQ(location(request("/x", "example.org:8080"), 443), "https://example.org/x");
    EXPECT_EQ(location(request("/x", "example.org:8080"), 8443), "https://example.org:8443/x");
    EXPECT_EQ(location(request("/x", "[2001:db8::1]:80"), 8443), "https://[2001:db8::1]:8443/x");
}

TEST(Redirect, NamesTheServersAddressWhereTheRequestNamesNoHost) {
    EXPECT_EQ(location(request("/x", ""), 443, "192.0.2.1"), "https://192.0.2.1/x");
    EXPECT_EQ(location(request("/x", ""), 8443, "2001:db8::1"), "https://[2001:db8::1]:8443/x");
}

TEST(Redirect, TakesThePathOutOfAnAbsoluteTarget) {
    EXPECT_EQ(location(request("http://example.org/a?b")), "https://example.org/a?b");
    EXPECT_EQ(location(request("http://example.org:80?b/c")), "https://example.org/?b/c");
    EXPECT_EQ(location(request("http://example.org")), "https://example.org/");
    EXPECT_EQ(location(request("*", "example.org", "OPTIONS")), "https://example.org/");
}

}  // namespace
}  // namespace wsinetd::http
