#include "http/address.hpp"

#include <gmock/gmock.h>

namespace wsinetd::http::address_test {
namespace {

using testing::HasSubstr;

TEST(Address, IsWrittenAsRfc5952Has) {
    for (const auto& [text, written] : std::initializer_list<std::pair<const char*, const char*>>{
             {"192.0.2.1", "192.0.2.1"},
             {"::ffff:192.0.2.1", "192.0.2.1"},
             {"::", "::"},
             {"::1", "::1"},
             {"1::", "1::"},
             {"2001:DB8:0:0:0:0:0:1", "2001:db8::1"},
             {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},  // 4.2.2: not for one group
             {"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},           // 4.2.3: the longest
             {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},     // 4.2.3: the first of two
             {"fe80:0:0:0:0:0:0:0", "fe80::"},
         }) {
        const auto address = parse_address(text);
        ASSERT_TRUE(address) << text;
        EXPECT_EQ(format(*address), written);
    }
    for (const char* text : {"", "192.0.2", "192.0.2.256", "[::1]", "fe80::1%eth0", "example.com", "1:2"})
        EXPECT_FALSE(parse_address(text)) << text;
}

Network network(const char* text) { return std::get<Network>(parse_network(text)); }

TEST(Network, ContainsWhatItsFirstBitsSay) {
    struct Row {
        const char* network;
        const char* inside;
        const char* outside;
    };
    for (const auto& [of, inside, outside] : {
             Row{"192.0.2.0/24", "192.0.2.255", "192.0.3.0"},
             Row{"192.0.2.128/25", "192.0.2.128", "192.0.2.127"},
             Row{"192.0.2.1", "192.0.2.1", "192.0.2.2"},
             Row{"192.0.2.1/32", "::ffff:192.0.2.1", "192.0.2.0"},
             Row{"0.0.0.0/0", "203.0.113.9", "::1"},
             Row{"::/0", "203.0.113.9", "nobody"},
             Row{"2001:db8::/33", "2001:db8:7fff::1", "2001:db8:8000::"},
             Row{"[::1]", "::1", "::2"},
             Row{"::1/128", "::1", "127.0.0.1"},
         }) {
        EXPECT_TRUE(network(of).contains(*parse_address(inside))) << of;
        const auto other = parse_address(outside);
        EXPECT_FALSE(other && network(of).contains(*other)) << of;
    }
}

TEST(Network, SaysWhatIsWrongAndWhatWouldBeRight) {
    for (const auto& [text, why] : std::initializer_list<std::pair<const char*, const char*>>{
             {"192.0.2.1/24", "192.0.2.0/24"},
             {"2001:db8::1/32", "2001:db8::/32"},
             {"192.0.2.0/33", "0 to 32"},
             {"::/129", "0 to 128"},
             {"192.0.2.0/", "0 to 32"},
             {"192.0.2.0/+8", "0 to 32"},
             {"192.0.2.0/8 ", "0 to 32"},
             {"localhost", "not an address or a network"},
             {"", "not an address or a network"},
             {"192.0.2/24", "not an address or a network"},
         }) {
        const auto result = parse_network(text);
        ASSERT_TRUE(std::holds_alternative<std::string>(result)) << text;
        EXPECT_THAT(std::get<std::string>(result), HasSubstr(why)) << text;
    }
}

}  // namespace
}  // namespace wsinetd::http::address_test
