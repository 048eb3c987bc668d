// RFC 6455, section 4, case by case over the wire.
#include <gmock/gmock.h>

#include "fixtures/client.hpp"
#include "fixtures/server.hpp"

namespace wsinetd::fixtures::conformance_handshake_test {
namespace {

using testing::HasSubstr;
using testing::Not;

struct Row {
    const char* name;
    Headers changes;
    int status;
};

void PrintTo(const Row& row, std::ostream* out) { *out << row.name; }

class Upgrades : public testing::TestWithParam<Row> {};

TEST_P(Upgrades, AreAnswered) {
    Server server({"cat"});
    const std::string request = upgrade_request(GetParam().changes);
    const std::string whole = answer_to(server.port(), request);
    EXPECT_EQ(status_in(whole), GetParam().status) << whole;
    RawClient client(server.port());
    for (const char& byte : request) client.send({&byte, 1});
    EXPECT_EQ(status_in(client.receive_until("\r\n\r\n")), GetParam().status) << "byte by byte";
}

const char* const upgrade = "Upgrade";
const char* const connection = "Connection";
const char* const key = "Sec-WebSocket-Key";
const char* const version = "Sec-WebSocket-Version";
const char* const protocol = "Sec-WebSocket-Protocol";

INSTANTIATE_TEST_SUITE_P(
    Conformance, Upgrades,
    testing::Values(
        Row{"AsTheRfcHasIt", {}, 101}, Row{"UpgradeInLowerCase", {{upgrade, "websocket"}}, 101},
        Row{"UpgradeInAnyCase", {{upgrade, "WebSOCKET"}}, 101},
        Row{"UpgradeInAList", {{upgrade, "foo/1, WebSocket ,bar"}}, 101},
        Row{"UpgradeIsAnother", {{upgrade, "h2c"}}, 426}, Row{"UpgradeIsOnlyLikeIt", {{upgrade, "websockets"}}, 426},
        Row{"NoUpgrade", {{upgrade, ""}}, 426}, Row{"ConnectionInAnyCase", {{connection, "uPGRADE"}}, 101},
        Row{"ConnectionInAList", {{connection, "keep-alive, Upgrade"}}, 101},
        Row{"ConnectionInAListWithoutBlanks", {{connection, "foo,,upgrade,bar"}}, 101},
        Row{"ConnectionIsAnother", {{connection, "keep-alive"}}, 400},
        Row{"ConnectionIsOnlyLikeIt", {{connection, "Upgrades"}}, 400}, Row{"NoConnection", {{connection, ""}}, 400},
        Row{"NoKey", {{key, ""}}, 400}, Row{"AKeyOf15Bytes", {{key, "MTIzNDU2Nzg5MDEyMzQ1"}}, 400},
        Row{"AKeyOf17Bytes", {{key, "MTIzNDU2Nzg5MDEyMzQ1Njc="}}, 400},
        Row{"AKeyOf16Bytes", {{key, "MTIzNDU2Nzg5MDEyMzQ1Ng=="}}, 101},
        Row{"AKeyWithoutPadding", {{key, "MTIzNDU2Nzg5MDEyMzQ1Ng"}}, 400},
        Row{"AKeyWithPlusAndSlash", {{key, "+/+/+/+/+/+/+/+/+/+/+Q=="}}, 101},
        Row{"AKeyOfUrls", {{key, "-_-_-_-_-_-_-_-_-_-_-Q=="}}, 400},
        Row{"AKeyWithABlank", {{key, "MTIzNDU2Nzg5 DEyMzQ1Ng=="}}, 400},
        Row{"AKeyWithPaddingInside", {{key, "MTIzNDU2Nz==MDEyMzQ1Ng=="}}, 400},
        Row{"TwoKeysInOne", {{key, "MTIzNDU2Nzg5MDEyMzQ1Ng==, MTIzNDU2Nzg5MDEyMzQ1Ng=="}}, 400},
        Row{"NoVersion", {{version, ""}}, 426}, Row{"Version8", {{version, "8"}}, 426},
        Row{"Version7", {{version, "7"}}, 426}, Row{"Version0", {{version, "0"}}, 426},
        Row{"Version14", {{version, "14"}}, 426}, Row{"Version013", {{version, "013"}}, 426},
        Row{"Version13And8", {{version, "13, 8"}}, 426}, Row{"VersionThatIsNoNumber", {{version, "thirteen"}}, 426},
        Row{"VersionWithBlanks", {{version, " \t13\t "}}, 101}, Row{"AProtocol", {{protocol, "chat"}}, 101},
        Row{"ProtocolsNobodySpeaks", {{protocol, "chat, superchat"}}, 101},
        Row{"AProtocolThatIsNoToken", {{protocol, "a b"}}, 400},
        Row{"AProtocolInQuotes", {{protocol, "\"chat\""}}, 400},
        Row{"AnExtensionNobodyKnows", {{"Sec-WebSocket-Extensions", "foo; bar; baz=1, quux"}}, 101},
        Row{"ABody", {{"Content-Length", "5"}}, 400}, Row{"AChunkedBody", {{"Transfer-Encoding", "chunked"}}, 400},
        Row{"NoHost", {{"Host", ""}}, 400}),
    [](const auto& info) { return std::string(info.param.name); });

/// A second field of that name, behind the first.
std::string with_another(const char* name, const char* value) {
    std::string request = upgrade_request();
    return request.insert(request.size() - 2, std::string(name) + ": " + value + "\r\n");
}

TEST(Conformance, AFieldThatMayStandOnceStandsOnce) {
    Server server({"cat"});
    EXPECT_EQ(status_of(server.port(), with_another(key, "dGhlIHNhbXBsZSBub25jZQ==")), 400);
    EXPECT_EQ(status_of(server.port(), with_another(version, "13")), 400);
    EXPECT_EQ(status_of(server.port(), with_another("Host", "localhost")), 400);
}

TEST(Conformance, AListMayStandInSeveralFields) {
    Server server({"--subprotocol", "b", "cat"});
    EXPECT_EQ(status_of(server.port(), with_another(connection, "keep-alive")), 101);
    EXPECT_EQ(status_of(server.port(), with_another(upgrade, "foo")), 101);
    std::string request = upgrade_request({{protocol, "a"}});
    request.insert(request.size() - 2, "Sec-WebSocket-Protocol: b\r\n");
    EXPECT_THAT(answer_to(server.port(), request), HasSubstr("\r\nSec-WebSocket-Protocol: b\r\n"));
}

TEST(Conformance, AHandshakeIsAGetInHttp11) {
    Server server({"cat"});
    for (const char* method : {"POST", "PUT", "HEAD", "DELETE", "OPTIONS"})
        EXPECT_EQ(status_of(server.port(), upgrade_request({}, "/", "HTTP/1.1", method)), 400) << method;
    EXPECT_EQ(status_of(server.port(), upgrade_request({}, "/", "HTTP/1.0")), 426);
}

TEST(Conformance, ARefusedVersionIsToldTheOneThatIsSpoken) {
    Server server({"cat"});
    EXPECT_THAT(answer_to(server.port(), upgrade_request({{version, "25"}})),
                HasSubstr("\r\nSec-WebSocket-Version: 13\r\n"));
}

/// 1.3 and 4.2.2.
TEST(Conformance, TheAnswerHasTheKeysDigestAndNothingThatWasNotAskedFor) {
    Server server({"--compress", "--subprotocol", "chat", "cat"});
    const std::string answer = answer_to(server.port(), upgrade_request({{key, "dGhlIHNhbXBsZSBub25jZQ=="}}));
    EXPECT_THAT(answer, testing::StartsWith("HTTP/1.1 101 Switching Protocols\r\n"));
    EXPECT_THAT(answer, HasSubstr("\r\nUpgrade: websocket\r\n"));
    EXPECT_THAT(answer, HasSubstr("\r\nConnection: Upgrade\r\n"));
    EXPECT_THAT(answer, HasSubstr("\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
    EXPECT_THAT(answer, Not(HasSubstr("Sec-WebSocket-Protocol")));
    EXPECT_THAT(answer, Not(HasSubstr("Sec-WebSocket-Extensions")));
    EXPECT_THAT(answer, Not(HasSubstr("Content-Length")));
}

}  // namespace
}  // namespace wsinetd::fixtures::conformance_handshake_test
