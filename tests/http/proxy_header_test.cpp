#include "http/proxy_header.hpp"

#include <gmock/gmock.h>

#include "fixtures/every_split.hpp"

namespace wsinetd::http::proxy_header_test {
namespace {

using fixtures::bytes_of;

std::string told(const ProxyHeader& header) {
    if (header.unix_socket) return "unix";
    if (!header.ends) return "own";
    const auto end = [](const ProxyHeader::End& one) { return format(one.address) + " " + std::to_string(one.port); };
    return end(header.ends->source) + " > " + end(header.ends->destination);
}

/// What of `text` is a header, and what it says; "?" while more is needed, "!" if it is none.
std::string parsed(std::string_view text) {
    const auto result = parse_proxy_header(bytes_of(text));
    if (std::holds_alternative<std::monostate>(result)) return "?";
    if (std::holds_alternative<std::string>(result)) return "!";
    const auto& header = std::get<ProxyHeader>(result);
    return std::to_string(header.size) + " " + told(header);
}

/// Of version 2: `command` and `family` as bytes, then a length and the rest.
std::string version_2(unsigned char command, unsigned char family, std::string_view rest,
                      std::optional<std::size_t> length = {}) {
    std::string text("\r\n\r\n\0\r\nQUIT\n", 12);
    const std::size_t count = length.value_or(rest.size());
    text += static_cast<char>(command);
    text += static_cast<char>(family);
    text += static_cast<char>(count >> 8);
    text += static_cast<char>(count & 0xff);
    return text.append(rest);
}

const std::string inet("\xc0\x00\x02\x01\xc6\x33\x64\x01\xdc\x04\x01\xbb", 12);
const std::string inet6 = std::string("\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01", 16) +
                          std::string("\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x02", 16) +
                          std::string("\x04\x00\x00\x50", 4);

TEST(ProxyHeader, OfVersion1IsALine) {
    // The specification's own examples of the longest lines: 2.1.
    EXPECT_EQ(parsed("PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n"),
              "56 255.255.255.255 65535 > 255.255.255.255 65535");
    EXPECT_EQ(parsed("PROXY TCP6 ffff:f:f:f:f:f:f:f ffff:f:f:f:f:f:f:f 65535 65535\r\n").substr(0, 3), "62 ");
    EXPECT_EQ(parsed("PROXY TCP4 192.168.0.1 192.168.0.11 56324 443\r\nGET / HTTP/1.1\r\n"),
              "47 192.168.0.1 56324 > 192.168.0.11 443");
    EXPECT_EQ(parsed("PROXY UNKNOWN\r\n"), "15 own");
    EXPECT_EQ(parsed("PROXY UNKNOWN ffff:f... anything at all\r\n"), "41 own");
}

TEST(ProxyHeader, OfVersion1IsRefusedWhereItIsNotExact) {
    for (const char* text : {
             "GET / HTTP/1.1\r\n",
             "proxy TCP4 192.0.2.1 192.0.2.2 1 2\r\n",
             "PROXY TCP5 192.0.2.1 192.0.2.2 1 2\r\n",
             "PROXY TCP4  192.0.2.1 192.0.2.2 1 2\r\n",
             "PROXY TCP4 192.0.2.1 192.0.2.2 1\r\n",
             "PROXY TCP4 192.0.2.1 192.0.2.2 1 2 3\r\n",
             "PROXY TCP4 192.0.2.1 192.0.2.2 1 2 \r\n",
             "PROXY TCP4 192.0.2.1 192.0.2.2 1 65536\r\n",
             "PROXY TCP4 192.0.2.1 192.0.2.2 01 2\r\n",
             "PROXY TCP4 192.0.2.1 192.0.2.2 -1 2\r\n",
             "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\n",
             "PROXY TCP4 ::1 ::2 1 2\r\n",
             "PROXY TCP6 192.0.2.1 192.0.2.2 1 2\r\n",
             "PROXY TCP4 192.0.2.256 192.0.2.2 1 2\r\n",
             "PROXY TCP4 localhost 192.0.2.2 1 2\r\n",
             "PROXY \r\n",
             "PROXYTCP4",
         })
        EXPECT_EQ(parsed(text), "!") << text;
    EXPECT_EQ(parsed("PROXY UNKNOWN " + std::string(91, 'x') + "\r\n"), "107 own");
    EXPECT_EQ(parsed("PROXY UNKNOWN " + std::string(92, 'x') + "\r\n"), "!");
    EXPECT_EQ(parsed("PROXY UNKNOWN " + std::string(93, 'x')), "!");
}

TEST(ProxyHeader, OfVersion2HasAddressesOfEveryFamily) {
    EXPECT_EQ(parsed(version_2(0x21, 0x11, inet) + "GET"), "28 192.0.2.1 56324 > 198.51.100.1 443");
    EXPECT_EQ(parsed(version_2(0x21, 0x21, inet6)), "52 2001:db8::1 1024 > 2001:db8::2 80");
    EXPECT_EQ(parsed(version_2(0x21, 0x31, std::string(216, 'p'))), "232 unix");
    EXPECT_EQ(parsed(version_2(0x21, 0x00, "")), "16 own");
    EXPECT_EQ(parsed(version_2(0x20, 0x11, inet)), "28 own");  // LOCAL: addresses or not
    EXPECT_EQ(parsed(version_2(0x20, 0x00, "")), "16 own");
}

TEST(ProxyHeader, OfVersion2IsKnownBeforeItsTlvsHaveCome) {
    EXPECT_EQ(parsed(version_2(0x21, 0x11, inet, 65535)), "65551 192.0.2.1 56324 > 198.51.100.1 443");
    EXPECT_EQ(parsed(version_2(0x21, 0x11, inet + std::string("\x04\x00\x01x", 4))),
              "32 192.0.2.1 56324 > 198.51.100.1 443");
}

TEST(ProxyHeader, OfVersion2IsRefusedWithAnyOtherCommandFamilyOrProtocol) {
    for (unsigned command = 0; command < 256; ++command)
        EXPECT_EQ(parsed(version_2(static_cast<unsigned char>(command), 0x11, inet)) == "!",
                  command != 0x20 && command != 0x21)
            << command;
    const std::string enough(216, '\x01');
    for (unsigned family = 0; family < 256; ++family)
        EXPECT_EQ(parsed(version_2(0x21, static_cast<unsigned char>(family), enough)) == "!",
                  family != 0x11 && family != 0x21 && family != 0x31 && family > 0x02)
            << family;
}

TEST(ProxyHeader, OfVersion2IsRefusedWhereItsLengthLeavesNoRoomForTheAddresses) {
    EXPECT_EQ(parsed(version_2(0x21, 0x11, inet.substr(1))), "!");
    EXPECT_EQ(parsed(version_2(0x21, 0x21, inet6.substr(1))), "!");
    EXPECT_EQ(parsed(version_2(0x21, 0x31, std::string(215, 'p'))), "!");
    EXPECT_EQ(parsed(version_2(0x21, 0x11, "")), "!");
}

TEST(ProxyHeader, NeedsMoreAsLongAsOnlyABeginningIsThere) {
    for (const std::string& whole :
         {version_2(0x21, 0x11, inet), version_2(0x21, 0x21, inet6), version_2(0x21, 0x31, std::string(216, 'p')),
          std::string("PROXY TCP4 192.168.0.1 192.168.0.11 56324 443\r\n"), std::string("PROXY UNKNOWN\r\n")})
        for (std::size_t count = 0; count < whole.size(); ++count)
            EXPECT_EQ(parsed(whole.substr(0, count)), "?") << count;
}

TEST(ProxyHeader, IsRefusedAtTheFirstByteThatCannotBeOne) {
    EXPECT_EQ(parsed("G"), "!");
    EXPECT_EQ(parsed("PROXX"), "!");
    EXPECT_EQ(parsed("\r\n\r\nG"), "!");
    EXPECT_EQ(parsed("\x16\x03\x01"), "!");
}

}  // namespace
}  // namespace wsinetd::http::proxy_header_test
