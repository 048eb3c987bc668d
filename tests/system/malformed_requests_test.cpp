// Spec section 2: malformed requests are refused with 400, and end their connection.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>

#include "fixtures/client.hpp"
#include "fixtures/server.hpp"

namespace wsinetd::fixtures::malformed_requests_test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

constexpr std::string_view plain_get = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// Whether the server closes without another byte, and without a reset.
bool closes(RawClient& client) { return client.receive(1).empty() && !client.was_reset(); }

struct Malformed {
    const char* name;
    std::string request;
};
void PrintTo(const Malformed& malformed, std::ostream* out) { *out << malformed.name; }

std::string upgrade_with(const std::string& lines) {
    std::string request = upgrade_request();
    return request.insert(request.size() - 2, lines);
}

std::string upgrade_without(const std::string& header) { return upgrade_request({{header, ""}}); }

class MalformedRequest : public testing::TestWithParam<Malformed> {};

TEST_P(MalformedRequest, IsA400AndTheEndOfTheConnection) {
    Server server({"cat"});
    RawClient client(server.port());
    client.send(GetParam().request + std::string(plain_get));  // what follows is not looked at
    const Answer answer = receive_answer(client);
    EXPECT_THAT(answer.head, AllOf(StartsWith("HTTP/1.1 400 Bad Request\r\n"), HasSubstr("\r\nConnection: close\r\n")));
    EXPECT_THAT(answer.body, StartsWith("400 Bad Request\n"));
    EXPECT_TRUE(closes(client));
    EXPECT_TRUE(server.descendants().empty());
}

INSTANTIATE_TEST_SUITE_P(
    MalformedRequests, MalformedRequest,
    testing::Values(
        Malformed{"BareLfAfterTheRequestLine", "GET / HTTP/1.1\nHost: localhost\r\n\r\n"},
        Malformed{"BareLfAfterAField", "GET / HTTP/1.1\r\nHost: localhost\nX: y\r\n\r\n"},
        Malformed{"BareLfAtTheEnd", "GET / HTTP/1.1\r\nHost: localhost\r\n\n"},
        Malformed{"BareCr", "GET / HTTP/1.1\r\nHost: local\rhost\r\n\r\n"},
        Malformed{"FoldedField", "GET / HTTP/1.1\r\nHost: localhost\r\nX: a\r\n b\r\n\r\n"},
        Malformed{"FoldedFieldWithTab", "GET / HTTP/1.1\r\nHost: localhost\r\nX: a\r\n\tb\r\n\r\n"},
        Malformed{"FieldBeforeAnyField", "GET / HTTP/1.1\r\n Host: localhost\r\n\r\n"},
        Malformed{"SpaceBeforeTheColon", "GET / HTTP/1.1\r\nHost : localhost\r\n\r\n"},
        Malformed{"EmptyName", "GET / HTTP/1.1\r\nHost: localhost\r\n: x\r\n\r\n"},
        Malformed{"NoColon", "GET / HTTP/1.1\r\nHost: localhost\r\nnonsense\r\n\r\n"},
        Malformed{"NameThatIsNoToken", "GET / HTTP/1.1\r\nHost: localhost\r\nX(y): z\r\n\r\n"},
        Malformed{"NulInAValue", "GET / HTTP/1.1\r\nHost: localhost\r\nX: a" + std::string(1, '\0') + "b\r\n\r\n"},
        Malformed{"NulInAName", "GET / HTTP/1.1\r\nHost: localhost\r\nX" + std::string(1, '\0') + ": b\r\n\r\n"},
        Malformed{"NulInTheTarget", "GET /" + std::string(1, '\0') + " HTTP/1.1\r\nHost: localhost\r\n\r\n"},
        Malformed{"ControlByte", "GET / HTTP/1.1\r\nHost: localhost\r\nX: \x01\r\n\r\n"},
        Malformed{"TwoLengths",
                  "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd"},
        Malformed{"EqualLengthsTwice",
                  "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc"},
        Malformed{"EqualLengthsInOneField", "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3, 3\r\n\r\nabc"},
        Malformed{"NegativeLength", "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n"},
        Malformed{"SignedLength", "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: +3\r\n\r\nabc"},
        Malformed{"HexadecimalLength", "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0x3\r\n\r\nabc"},
        Malformed{"HugeLength",
                  "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999999999999999\r\n\r\n"},
        Malformed{
            "ChunkedWithLength",
            "POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n"},
        Malformed{
            "LengthWithChunked",
            "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
        Malformed{"NoHost", "GET / HTTP/1.1\r\nX: y\r\n\r\n"}, Malformed{"NoFieldsAtAll", "GET / HTTP/1.1\r\n\r\n"},
        Malformed{"SecondHost", "GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n"},
        Malformed{"HostWithPath", "GET / HTTP/1.1\r\nHost: localhost/x\r\n\r\n"},
        Malformed{"HostWithUser", "GET / HTTP/1.1\r\nHost: me@localhost\r\n\r\n"},
        Malformed{"HostWithBadPort", "GET / HTTP/1.1\r\nHost: localhost:65536\r\n\r\n"},
        Malformed{"TwoHostsInOne", "GET / HTTP/1.1\r\nHost: localhost, evil.example\r\n\r\n"},
        Malformed{"NoVersion", "GET /\r\nHost: localhost\r\n\r\n"},
        Malformed{"NoTarget", "GET HTTP/1.1\r\nHost: localhost\r\n\r\n"},
        Malformed{"TwoSpaces", "GET  / HTTP/1.1\r\nHost: localhost\r\n\r\n"},
        Malformed{"SpaceInTheTarget", "GET /a b HTTP/1.1\r\nHost: localhost\r\n\r\n"},
        Malformed{"TabForSpace", "GET\t/\tHTTP/1.1\r\nHost: localhost\r\n\r\n"},
        Malformed{"LowerCaseVersion", "GET / http/1.1\r\nHost: localhost\r\n\r\n"},
        Malformed{"RelativeTarget", "GET x HTTP/1.1\r\nHost: localhost\r\n\r\n"},
        Malformed{"StarWithoutOptions", "GET * HTTP/1.1\r\nHost: localhost\r\n\r\n"},
        Malformed{"Connect", "CONNECT localhost:80 HTTP/1.1\r\nHost: localhost\r\n\r\n"},
        Malformed{"Fragment", "GET /#x HTTP/1.1\r\nHost: localhost\r\n\r\n"},
        Malformed{"BrokenEscape", "GET /%zz HTTP/1.1\r\nHost: localhost\r\n\r\n"},
        Malformed{"EscapedNul", "GET /%00 HTTP/1.1\r\nHost: localhost\r\n\r\n"},
        Malformed{"ClimbingPath", "GET /../etc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n"},
        Malformed{"EncodedClimbingPath", "GET /%2e%2e/etc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n"},
        Malformed{"TargetBeyondAscii", "GET /\xc3\xa9 HTTP/1.1\r\nHost: localhost\r\n\r\n"},
        Malformed{"Tls", std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11)},
        Malformed{"UpgradeByPost", upgrade_request({}, "/", "HTTP/1.1", "POST")},
        Malformed{"UpgradeWithABody", upgrade_with("Content-Length: 3\r\n") + "abc"},
        Malformed{"UpgradeWithChunks", upgrade_with("Transfer-Encoding: chunked\r\n") + "0\r\n\r\n"},
        Malformed{"UpgradeWithoutConnection", upgrade_without("Connection")},
        Malformed{"UpgradeWithAnotherConnection", upgrade_request({{"Connection", "keep-alive"}})},
        Malformed{"UpgradeWithoutKey", upgrade_without("Sec-WebSocket-Key")},
        Malformed{"UpgradeWithTwoKeys", upgrade_with("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n")},
        Malformed{"UpgradeWithAShortKey", upgrade_request({{"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25j"}})},
        Malformed{"UpgradeWithALongKey", upgrade_request({{"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZSE="}})},
        Malformed{"UpgradeWithAKeyThatIsNoBase64",
                  upgrade_request({{"Sec-WebSocket-Key", "dGhlIHNhbXBs!SBub25jZQ=="}})},
        Malformed{"UpgradeWithTwoVersions", upgrade_with("Sec-WebSocket-Version: 13\r\n")}),
    [](const auto& param) { return std::string(param.param.name); });

TEST(MalformedRequests, ARefusalReachesAClientThatIsStillSending) {
    Server server({"cat"});
    RawClient client(server.port());
    // Closing with unread bytes would reset the connection and could destroy the answer.
    client.send("nonsense\r\n\r\n" + std::string(100'000, 'x'));
    const Answer answer = receive_answer(client);
    EXPECT_EQ(status_in(answer.head), 400);
    client.finish();
    EXPECT_TRUE(closes(client));
}

TEST(MalformedRequests, AreToldTheTimeLikeEveryRefusedRequest) {
    Server server({"cat"});
    for (const std::string& request :
         {std::string("nonsense\r\n\r\n"), std::string(plain_get), upgrade_request({{"Origin", "null"}})})
        EXPECT_THAT(
            answer_to(server.port(), request),
            testing::ContainsRegex("\r\nDate: [A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9:]{8} GMT\r\n"));
    EXPECT_THAT(answer_to(server.port(), upgrade_request()), testing::Not(HasSubstr("Date")));
}

TEST(MalformedRequests, EmptyLinesBeforeARequestArePassedOver) {
    Server server({"cat"});
    EXPECT_EQ(status_of(server.port(), "\r\n\r\n" + upgrade_request()), 101);
}

}  // namespace
}  // namespace wsinetd::fixtures::malformed_requests_test
