#include "endpoint/forwarded.hpp"

#include <gmock/gmock.h>

namespace wsinetd::endpoint::forwarded_test {
namespace {

http::TrustedProxies trusted() {
    http::TrustedProxies proxies;
    for (const char* each : {"10.0.0.0/8", "2001:db8:1::/48"})
        proxies.networks.push_back(std::get<http::Network>(http::parse_network(each)));
    return proxies;
}

/// `ADDRESS[ PORT][ https| http][ HOST][ :OWN_PORT]`, "-" for no address, the status of a refusal.
std::string client(const http::Fields& fields) {
    http::Request request;
    request.fields = fields;
    const auto result = forwarded_for(request, trusted());
    if (const auto* refusal = std::get_if<http::Refusal>(&result)) return std::to_string(refusal->reply.status);
    const auto& seen = std::get<Forwarded>(result);
    std::string text = seen.address ? format(*seen.address) : "-";
    if (seen.port) text += " " + std::to_string(*seen.port);
    if (seen.https) text += *seen.https ? " https" : " http";
    if (seen.host) text += " " + *seen.host;
    if (seen.own_port) text += " :" + std::to_string(*seen.own_port);
    return text;
}

std::string x_for(const char* value) { return client({{"X-Forwarded-For", value}}); }
std::string forwarded(const char* value) { return client({{"Forwarded", value}}); }

TEST(Forwarded, WithoutAFieldSaysNothing) { EXPECT_EQ(client({{"Host", "localhost"}}), "-"); }

TEST(Forwarded, IsTheRightMostAddressThatIsNotTrusted) {
    EXPECT_EQ(x_for("203.0.113.9"), "203.0.113.9");
    EXPECT_EQ(x_for("203.0.113.9, 10.0.0.1"), "203.0.113.9");
    EXPECT_EQ(x_for("1.1.1.1, 203.0.113.9, 10.0.0.1,10.0.0.2"), "203.0.113.9");
    EXPECT_EQ(x_for("1.1.1.1, 203.0.113.9"), "203.0.113.9");
    EXPECT_EQ(x_for("2001:db8:2::1, 2001:db8:1::1"), "2001:db8:2::1");
    EXPECT_EQ(client({{"X-Forwarded-For", "1.1.1.1"}, {"X-Forwarded-For", "203.0.113.9"}}), "203.0.113.9");
    EXPECT_EQ(client({{"X-Forwarded-For", "203.0.113.9"}, {"x-forwarded-for", "10.0.0.1"}}), "203.0.113.9");
}

TEST(Forwarded, WhereAllAreTrustedIsTheLeftMost) {
    EXPECT_EQ(x_for("10.0.0.3, 10.0.0.2"), "10.0.0.3");
    EXPECT_EQ(forwarded("for=10.0.0.3, for=10.0.0.2"), "10.0.0.3");
}

TEST(Forwarded, HasAPortWhereTheProxySaysIt) {
    EXPECT_EQ(x_for("203.0.113.9:4711"), "203.0.113.9 4711");
    EXPECT_EQ(x_for("[2001:db8:2::1]:4711"), "2001:db8:2::1 4711");
    EXPECT_EQ(x_for("[2001:db8:2::1]"), "2001:db8:2::1");
    EXPECT_EQ(forwarded("for=\"[2001:db8:2::1]:4711\""), "2001:db8:2::1 4711");
    EXPECT_EQ(forwarded("for=\"203.0.113.9:_gazonk\""), "203.0.113.9");
    EXPECT_EQ(forwarded("for=\"203.0.113.9:65536\""), "203.0.113.9");
}

// RFC 7239, 4.
TEST(Forwarded, ReadsTheExamplesOfRfc7239) {
    EXPECT_EQ(forwarded("For=\"[2001:db8:cafe::17]:4711\""), "2001:db8:cafe::17 4711");
    EXPECT_EQ(forwarded("for=192.0.2.60;proto=http;by=203.0.113.43"), "192.0.2.60 http");
    EXPECT_EQ(forwarded("for=192.0.2.43, for=198.51.100.17"), "198.51.100.17");
    EXPECT_EQ(forwarded("for=\"_gazonk\""), "-");
    EXPECT_EQ(forwarded("for=192.0.2.43,for=\"[2001:db8:cafe::17]\",for=unknown"), "-");
    EXPECT_EQ(forwarded("for=_hidden, for=_SEVKISEK"), "-");
}

TEST(Forwarded, OfAClientThatIsHiddenIsTheProxyThatHidesIt) {
    EXPECT_EQ(x_for("203.0.113.9, unknown"), "-");
    EXPECT_EQ(x_for("203.0.113.9, unknown, 10.0.0.1"), "10.0.0.1");
    EXPECT_EQ(x_for("203.0.113.9, <script>, 10.0.0.1"), "10.0.0.1");
    EXPECT_EQ(forwarded("for=203.0.113.9, for=_secret, for=10.0.0.1"), "10.0.0.1");
    EXPECT_EQ(forwarded("for=203.0.113.9, proto=https"), "- https");
}

TEST(Forwarded, TakesProtocolAndHostFromTheSameHop) {
    EXPECT_EQ(forwarded("for=1.1.1.1;proto=http;host=evil.example, for=203.0.113.9;proto=https;host=app.example, "
                        "for=10.0.0.1;proto=http;host=inner"),
              "203.0.113.9 https app.example");
    EXPECT_EQ(forwarded("for=203.0.113.9, for=10.0.0.1;proto=https;host=inner"), "203.0.113.9");
    EXPECT_EQ(forwarded("for=203.0.113.9;host=\"app.example:8443\";proto=wss"), "203.0.113.9 https app.example:8443");
    EXPECT_EQ(client({{"X-Forwarded-For", "1.1.1.1, 203.0.113.9, 10.0.0.1"},
                      {"X-Forwarded-Proto", "http, https, http"},
                      {"X-Forwarded-Host", "evil.example, app.example, inner"}}),
              "203.0.113.9 https app.example");
}

TEST(Forwarded, TakesAListOfAnotherLengthAsTheNearestProxysWord) {
    EXPECT_EQ(client({{"X-Forwarded-For", "1.1.1.1, 203.0.113.9, 10.0.0.1"},
                      {"X-Forwarded-Proto", "https"},
                      {"X-Forwarded-Host", "evil.example, app.example"},
                      {"X-Forwarded-Port", "1, 8443"}}),
              "203.0.113.9 https app.example :8443");
    EXPECT_EQ(client({{"X-Forwarded-Proto", "https"}}), "- https");
    EXPECT_EQ(client({{"X-Forwarded-For", "203.0.113.9"},
                      {"X-Forwarded-Proto", "gopher"},
                      {"X-Forwarded-Host", "a/b"},
                      {"X-Forwarded-Port", "x"}}),
              "203.0.113.9");
}

TEST(Forwarded, IgnoresEmptyElementsAndReadsQuotes) {
    EXPECT_EQ(x_for(" , 203.0.113.9 ,, 10.0.0.1,"), "203.0.113.9");
    EXPECT_EQ(forwarded(", for=203.0.113.9 ,,for=10.0.0.1 , "), "203.0.113.9");
    EXPECT_EQ(forwarded("for=\"203.\\0.113.9\""), "203.0.113.9");
    EXPECT_EQ(forwarded("by=\"a,b;for=1.1.1.1\";for=203.0.113.9"), "203.0.113.9");
    EXPECT_EQ(forwarded(";for=203.0.113.9;; ,;"), "203.0.113.9");
    EXPECT_EQ(forwarded("for=203.0.113.9:80"), "203.0.113.9 80");  // without the quotes that it needs
}

TEST(Forwarded, ThatIsMalformedIsRefused) {
    for (const char* value : {"for", "for=", "=a", "for=\"", "for=\"a\\", "for=1.1.1.1 for=2.2.2.2", "for=a;for=b",
                              "for = a", "for=\"a\"b", "for=<script>", "\"for=1.1.1.1\"", ";for"})
        EXPECT_EQ(forwarded(value), "400") << value;
}

TEST(Forwarded, ThatAClientLeavesOpenSwallowsNoFieldOfTheProxys) {
    EXPECT_EQ(client({{"Forwarded", "for=\""}, {"Forwarded", "for=203.0.113.9"}}), "400");
    EXPECT_EQ(forwarded("for=\", for=203.0.113.9"), "400");
}

TEST(Forwarded, AndXForwardedForMustNameTheSameClient) {
    EXPECT_EQ(client({{"Forwarded", "for=1.1.1.1"}, {"X-Forwarded-For", "203.0.113.9"}}), "400");
    EXPECT_EQ(client({{"Forwarded", "for=unknown"}, {"X-Forwarded-For", "203.0.113.9"}}), "400");
    EXPECT_EQ(client({{"Forwarded", "for=203.0.113.9;proto=https"}, {"X-Forwarded-For", "1.1.1.1, 203.0.113.9"}}),
              "203.0.113.9 https");
    EXPECT_EQ(client({{"Forwarded", ""}, {"X-Forwarded-For", "203.0.113.9"}}), "203.0.113.9");
}

}  // namespace
}  // namespace wsinetd::endpoint::forwarded_test
