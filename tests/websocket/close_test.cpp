#include "websocket/close.hpp"

#include <gtest/gtest.h>

#include "fixtures/every_split.hpp"
#include "websocket/client_frame.hpp"

namespace wsinetd::websocket::close_test {
namespace {

using fixtures::bytes_of;

std::string parsed(std::string_view payload) {
    const auto result = parse_close(bytes_of(payload));
    if (const auto* failure = std::get_if<Failure>(&result))
        return "fail " + std::to_string(failure->code) + ' ' + std::string(failure->reason);
    const Close close = std::get<Close>(result);
    return (close.code ? std::to_string(*close.code) : "none") + ' ' + std::string(close.reason);
}

std::string formatted(const Close& close) {
    std::array<std::byte, max_control> out;
    const std::size_t size = format_close(close, out);
    return fixtures::text_of(std::span(out).first(size));
}

TEST(CloseCode, MayBeSentAsTheRfcAndTheRegistrySay) {
    for (unsigned code = 0; code <= 65535; ++code) {
        bool allowed = code >= 3000 && code <= 4999;
        for (unsigned named : {1000u, 1001u, 1002u, 1003u, 1007u, 1008u, 1009u, 1010u, 1011u, 1012u, 1013u, 1014u})
            allowed = allowed || code == named;
        EXPECT_EQ(may_be_sent(static_cast<std::uint16_t>(code)), allowed) << code;
        const std::string expected =
            allowed ? std::to_string(code) + " bye" : "fail 1002 close code that must not be sent";
        EXPECT_EQ(parsed(big_endian(code, 2) + "bye"), expected);
    }
}

TEST(Close, IsParsedWithCodeAndReasonOrWithoutBoth) {
    EXPECT_EQ(parsed(""), "none ");
    EXPECT_EQ(parsed("\x03\xe8"), "1000 ");
    EXPECT_EQ(parsed("\x03\xe9going"), "1001 going");
    EXPECT_EQ(parsed("\x03\xe8" + std::string(123, 'x')), "1000 " + std::string(123, 'x'));
}

TEST(Close, IsAProtocolErrorWithHalfACode) {
    for (unsigned byte = 0; byte < 256; ++byte)
        EXPECT_EQ(parsed(big_endian(byte, 1)), "fail 1002 close frame with half a code");
}

TEST(Close, IsInvalidTextWhenItsReasonIs) {
    EXPECT_EQ(parsed("\x03\xe8\xe2\x82\xac"), "1000 \xe2\x82\xac");
    EXPECT_EQ(parsed("\x03\xe8\xe2\x82"), "fail 1007 ");
    EXPECT_EQ(parsed("\x03\xe8xx\xff"), "fail 1007 ");
    EXPECT_EQ(parsed("\x03\xe8\xed\xa0\x80"), "fail 1007 ");
}

TEST(Close, IsFormattedAsItIsParsed) {
    EXPECT_EQ(formatted({}), "");
    EXPECT_EQ(formatted({1000, ""}), "\x03\xe8");
    EXPECT_EQ(formatted({4003, "exit status 3"}),
              "\x0f\xa3"
              "exit status 3");
    EXPECT_EQ(formatted({{}, "nobody can say this"}), "");
}

TEST(Close, CutsAReasonAtTheEndOfACharacter) {
    const std::string head = "\x03\xe8";
    const std::string a(121, 'a');
    EXPECT_EQ(formatted({1000, a + "bc"}), head + a + "bc");
    EXPECT_EQ(formatted({1000, a + "bcd"}), head + a + "bc");
    EXPECT_EQ(formatted({1000, a + "\xc3\xa4"}), head + a + "\xc3\xa4");
    EXPECT_EQ(formatted({1000, a + "\xe2\x82\xac"}), head + a);
    EXPECT_EQ(formatted({1000, a + "b\xc3\xa4"}), head + a + "b");
    EXPECT_EQ(formatted({1000, a.substr(1) + "\xf0\x9f\x98\x80!"}), head + a.substr(1));
    EXPECT_EQ(formatted({1000, a.substr(2) + "\xf0\x9f\x98\x80!"}), head + a.substr(2) + "\xf0\x9f\x98\x80");
}

}  // namespace
}  // namespace wsinetd::websocket::close_test
