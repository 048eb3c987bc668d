#include "http/authority.hpp"

#include <gtest/gtest.h>

#include <string>

namespace wsinetd::http::authority_test {
namespace {

using std::nullopt;

struct AuthorityRow {
    std::string_view text;
    std::string_view host;  // empty: refused
    std::optional<int> port;
};

TEST(Authority, IsAHostAndMaybeAPort) {
    static constexpr AuthorityRow rows[] = {
        {"example.com", "example.com", nullopt},
        {"example.com:80", "example.com", 80},
        {"example.com:", "example.com", nullopt},
        {"example.com:0", "example.com", 0},
        {"example.com:65535", "example.com", 65535},
        {"example.com:00080", "example.com", 80},
        {"a_b-c.d~%41:1", "a_b-c.d~%41", 1},
        {"127.0.0.1:8080", "127.0.0.1", 8080},
        {"[::1]", "[::1]", nullopt},
        {"[::1]:8080", "[::1]", 8080},
        {"example.com:65536", "", nullopt},
        {"example.com:000080", "", nullopt},
        {"example.com:+80", "", nullopt},
        {"example.com:-1", "", nullopt},
        {"example.com:8a", "", nullopt},
        {"example.com: 80", "", nullopt},
        {"example.com:80:80", "", nullopt},
        {"user@example.com", "", nullopt},
        {"user:1@example.com", "", nullopt},
        {"example.com/", "", nullopt},
        {"example.com?", "", nullopt},
        {"example com", "", nullopt},
        {"a\\b", "", nullopt},
        {"a\"b", "", nullopt},
        {"a%4", "", nullopt},
        {"a%4g", "", nullopt},
        {"\xc3\xa4", "", nullopt},
        {"", "", nullopt},
        {":80", "", nullopt},
        {"::1", "", nullopt},
        {"[::1", "", nullopt},
        {"[::1]8080", "", nullopt},
        {"[::1]x:80", "", nullopt},
        {"[]", "", nullopt},
        {"[example.com]", "", nullopt},
        {"[127.0.0.1]", "", nullopt},
        {"[fe80::1%25eth0]", "", nullopt},
        {"[", "", nullopt},
        {"]", "", nullopt},
    };
    for (const auto& row : rows) {
        const auto authority = parse_authority(row.text);
        ASSERT_EQ(authority.has_value(), !row.host.empty()) << row.text;
        if (!authority) continue;
        EXPECT_EQ(authority->host, row.host) << row.text;
        EXPECT_EQ(authority->port, row.port) << row.text;
    }
}

TEST(Authority, TakesInANameExactlyWhatRfc3986Allows) {
    const std::string_view allowed = "-._~!$&'()*+,;=";
    for (int byte = 0; byte < 256; ++byte) {
        const std::string host = std::string("a") + static_cast<char>(byte) + "b";
        const char c = static_cast<char>(byte);
        const bool letter = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        EXPECT_EQ(parse_authority(host).has_value(), letter || allowed.find(c) != std::string_view::npos) << byte;
    }
}

TEST(Ipv4, IsFourDecimalNumbers) {
    EXPECT_EQ(parse_ipv4("0.0.0.0"), (std::array<std::uint8_t, 4>{0, 0, 0, 0}));
    EXPECT_EQ(parse_ipv4("192.168.1.255"), (std::array<std::uint8_t, 4>{192, 168, 1, 255}));
    for (std::string_view wrong :
         {"",         "1",        "1.2.3",    "1.2.3.4.5", "1.2.3.256",  "1.2.3.04",   "01.2.3.4",
          "1.2.3.",   ".1.2.3",   "1..2.3",   "1.2.3.4.",  "0x7f.0.0.1", "2130706433", "1.2.3.a",
          "1.2.3.-4", "1.2.3.+4", " 1.2.3.4", "1.2.3.4 ",  "1.2.3.1000", "00.0.0.0"})
        EXPECT_EQ(parse_ipv4(wrong), nullopt) << wrong;
}

TEST(Ipv4, TakesEachNumberOfAByteAndNoOther) {
    for (int i = 0; i < 1100; ++i) EXPECT_EQ(parse_ipv4("1.2." + std::to_string(i) + ".4").has_value(), i < 256) << i;
}

TEST(Ipv6, FillsTheGapWithZeros) {
    using Bytes = std::array<std::uint8_t, 16>;
    EXPECT_EQ(parse_ipv6("::"), Bytes{});
    EXPECT_EQ(parse_ipv6("::1"), (Bytes{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}));
    EXPECT_EQ(parse_ipv6("fE80::"), (Bytes{0xfe, 0x80}));
    EXPECT_EQ(parse_ipv6("1:2:3:4:5:6:7:8"), (Bytes{0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8}));
    EXPECT_EQ(parse_ipv6("1:2::7:8"), (Bytes{0, 1, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7, 0, 8}));
    EXPECT_EQ(parse_ipv6("1:2:3:4:5:6:7::"), (Bytes{0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7}));
    EXPECT_EQ(parse_ipv6("::ffff:1.2.3.4"), (Bytes{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 1, 2, 3, 4}));
    EXPECT_EQ(parse_ipv6("1:2:3:4:5:6:1.2.3.4"), (Bytes{0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 1, 2, 3, 4}));
}

TEST(Ipv6, RefusesWhatIsNoAddress) {
    for (std::string_view wrong : {"",
                                   ":",
                                   ":::",
                                   "1",
                                   "1:2:3:4:5:6:7",
                                   "1:2:3:4:5:6:7:8:9",
                                   "1:2:3:4:5:6:7:8::",
                                   "::1:2:3:4:5:6:7:8",
                                   "1::2::3",
                                   ":1",
                                   "1:",
                                   "1::2:",
                                   "12345::",
                                   "g::",
                                   "::1%eth0",
                                   "[::1]",
                                   "1:2:3:4:5:6:7:1.2.3.4",
                                   "::1.2.3",
                                   "1.2.3.4",
                                   "::1.2.3.4:5",
                                   " ::1",
                                   "::+1",
                                   "::-1",
                                   "::0x1"})
        EXPECT_EQ(parse_ipv6(wrong), nullopt) << wrong;
}

TEST(IpLiteral, IsAnAddressInTheFormAHostHasIt) {
    EXPECT_TRUE(is_ip_literal("127.0.0.1"));
    EXPECT_TRUE(is_ip_literal("[::1]"));
    for (std::string_view name : {"::1", "localhost", "127.1", "[127.0.0.1]", "", "[]", "127.0.0.1.example"})
        EXPECT_FALSE(is_ip_literal(name)) << name;
}

TEST(SameHost, ComparesNamesWithoutCaseAndAddressesByValue) {
    EXPECT_TRUE(same_host("Example.COM", "example.com"));
    EXPECT_TRUE(same_host("[::1]", "[0:0::0:1]"));
    EXPECT_FALSE(same_host("[::1]", "[::2]"));
    EXPECT_FALSE(same_host("::1", "[::1]"));
    EXPECT_FALSE(same_host("example.com", "example.com."));
    EXPECT_FALSE(same_host("a", "b"));
}

TEST(Certified, IsTheSameNameOrOneLabelMoreThanAWildcardHas) {
    EXPECT_TRUE(is_certified("a.example", "A.Example"));
    EXPECT_TRUE(is_certified("*.a.example", "b.A.example"));
    EXPECT_TRUE(is_certified("192.0.2.1", "192.0.2.1"));
    for (std::string_view host : {"a.example", "c.b.a.example", ".a.example", "ba.example", "b.a.example.", "b.a", ""})
        EXPECT_FALSE(is_certified("*.a.example", host)) << host;
    EXPECT_FALSE(is_certified("b*.a.example", "bc.a.example"));  // RFC 6125, 6.4.3: a client need not take these
    EXPECT_FALSE(is_certified("*", "a"));
    EXPECT_FALSE(is_certified("*.0.2.1", "192.0.2.1"));
    EXPECT_FALSE(is_certified("", ""));
}

TEST(DefaultPort, IsKnownForTheWebOnly) {
    EXPECT_EQ(default_port("http"), 80);
    EXPECT_EQ(default_port("WS"), 80);
    EXPECT_EQ(default_port("https"), 443);
    EXPECT_EQ(default_port("wss"), 443);
    EXPECT_EQ(default_port("ftp"), nullopt);
    EXPECT_EQ(default_port(""), nullopt);
}

}  // namespace
}  // namespace wsinetd::http::authority_test
