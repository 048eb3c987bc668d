#include "websocket/handshake.hpp"

#include <gtest/gtest.h>

namespace wsinetd::websocket::handshake_test {
namespace {

using Kind = Handshake::Kind;

constexpr std::string_view key = "dGhlIHNhbXBsZSBub25jZQ==";  // RFC 6455, 1.3

/// The RFC's own request (1.2).
http::Request request() {
    http::Request request;
    request.method = "GET";
    request.target = request.path = "/chat";
    request.host = "server.example.com";
    request.fields = {{"Host", "server.example.com"},   {"Upgrade", "websocket"},
                      {"Connection", "Upgrade"},        {"Sec-WebSocket-Key", std::string(key)},
                      {"Origin", "http://example.com"}, {"Sec-WebSocket-Protocol", "chat, superchat"},
                      {"Sec-WebSocket-Version", "13"}};
    return request;
}

/// The same with a field changed, or without it where there is no value.
http::Request request_with(std::string_view name, std::optional<std::string> value) {
    http::Request changed = request();
    std::erase_if(changed.fields, [&](const http::Field& field) { return field.name == name; });
    if (value) changed.fields.push_back({std::string(name), *value});
    return changed;
}

int status_of(const Handshake& handshake) { return handshake.refusal ? handshake.refusal->reply.status : 0; }

TEST(Handshake, AcceptsTheRfcsRequest) {
    const Handshake handshake = judge_handshake(request());
    EXPECT_EQ(handshake.kind, Kind::valid);
    EXPECT_EQ(handshake.key, key);
    EXPECT_FALSE(handshake.refusal);
}

TEST(Handshake, ComparesTokensWithoutCaseAndFindsThemInLists) {
    EXPECT_EQ(judge_handshake(request_with("Upgrade", "WebSocket")).kind, Kind::valid);
    EXPECT_EQ(judge_handshake(request_with("Upgrade", "h2c, WEBSOCKET")).kind, Kind::valid);
    EXPECT_EQ(judge_handshake(request_with("Connection", "keep-alive, upgrade")).kind, Kind::valid);
}

TEST(Handshake, IsAPlainRequestWithoutAnUpgradeToWebSocket) {
    for (const auto& value : {std::optional<std::string>{}, {"h2c"}, {"websocket2"}, {"websocket/13"}, {""}}) {
        const Handshake handshake = judge_handshake(request_with("Upgrade", value));
        EXPECT_EQ(handshake.kind, Kind::plain) << value.value_or("none");
        EXPECT_FALSE(handshake.refusal);
    }
}

TEST(Handshake, IgnoresAnUpgradeInHttp10) {
    http::Request old = request();
    old.minor_version = 0;
    EXPECT_EQ(judge_handshake(old).kind, Kind::plain);
}

TEST(Handshake, RefusesWhatIsNotAsTheRfcSays) {
    std::vector<http::Request> wrong;
    for (const char* method : {"POST", "HEAD", "get", "CONNECT"}) {
        wrong.push_back(request());
        wrong.back().method = method;
    }
    wrong.push_back(request());
    wrong.back().has_body = true;
    wrong.push_back(request_with("Connection", {}));
    wrong.push_back(request_with("Connection", "keep-alive"));
    wrong.push_back(request_with("Sec-WebSocket-Key", {}));
    for (const char* name : {"sec-websocket-key", "Sec-WebSocket-Version"}) {
        wrong.push_back(request());
        wrong.back().fields.push_back({name, name[0] == 's' ? std::string(key) : "13"});
    }
    for (std::size_t i = 0; i < wrong.size(); ++i) {
        const Handshake handshake = judge_handshake(wrong[i]);
        EXPECT_EQ(handshake.kind, Kind::malformed) << i;
        EXPECT_EQ(status_of(handshake), 400) << i;
        EXPECT_FALSE(handshake.refusal->why.empty()) << i;
    }
}

TEST(Handshake, WantsAKeyOfSixteenBytesInBase64) {
    // The first is an example of RFC 6455, 4.1, with bits beyond the sixteenth byte.
    for (const char* good : {"AQIDBAUGBwgJCgsMDQ4PEC==", "++++++++++++++++/////w==", "zZaA0189Zz+/abcdefghiA=="})
        EXPECT_EQ(judge_handshake(request_with("Sec-WebSocket-Key", good)).kind, Kind::valid) << good;
    for (const char* bad : {"", "dGhlIHNhbXBsZSBub25jZQ", "dGhlIHNhbXBsZSBub25jZQ=", "dGhlIHNhbXBsZSBub25jZQ===",
                            "dGhlIHNhbXBsZSBub25jZ===", "dGhlIHNhbXBsZSBub25jZQA=", "dGhlIHNhbXBsZSBub25jZQAA",
                            "dGhlIHNhbXBsZSBub25-ZQ==", "dGhlIHNhbXBsZSBub25_ZQ==", "dGhlIHNhbXBsZSBub25 ZQ==",
                            "dGhlIHNhbXBsZSBub=5jZQ==", "dGhlIHNhbXBsZSBub25jZQ==, dGhlIHNhbXBsZSBub25jZQ=="})
        EXPECT_EQ(status_of(judge_handshake(request_with("Sec-WebSocket-Key", bad))), 400) << bad;
}

TEST(Handshake, AsksForVersion13AfterEverythingElseIsInOrder) {
    for (const auto& version : {std::optional<std::string>{}, {"12"}, {"14"}, {"8"}, {""}, {"013"}, {"13, 8"}}) {
        http::Request other = request_with("Sec-WebSocket-Version", version);
        const Handshake handshake = judge_handshake(other);
        EXPECT_EQ(handshake.kind, Kind::wrong_version) << version.value_or("none");
        ASSERT_EQ(status_of(handshake), 426);
        EXPECT_EQ(handshake.refusal->reply.fields.joined("Sec-WebSocket-Version"), "13");
        other.method = "POST";
        EXPECT_EQ(status_of(judge_handshake(other)), 400);
    }
}

TEST(Handshake, TakesExtensionsAndSubprotocolsAsTheGrammarHasThem) {
    for (const char* good : {"permessage-deflate", "a;b", "a; b=c; d=\"e\" , f", R"(a; b="\c\d")", "a , ,b", ", a", ""})
        EXPECT_EQ(judge_handshake(request_with("Sec-WebSocket-Extensions", good)).kind, Kind::valid) << good;
    for (const char* bad : {";;", "a b", "a;", "a; =1", "a; b=", "a; b=\"c", "a; b=\"c d\"", R"(a; b="\")",
                            R"(a; b="c\)", R"(a; b="\\")", R"(a; b="\,")", "a; b=\"\"", "a=b", "\"a\"", "a;;b"})
        EXPECT_EQ(status_of(judge_handshake(request_with("Sec-WebSocket-Extensions", bad))), 400) << bad;
    for (const char* good : {"chat", "chat, superchat", "v1.json,v2.json", ""})
        EXPECT_EQ(judge_handshake(request_with("Sec-WebSocket-Protocol", good)).kind, Kind::valid) << good;
    for (const char* bad : {"a b", "(x)", "a;b", "a/b"})
        EXPECT_EQ(status_of(judge_handshake(request_with("Sec-WebSocket-Protocol", bad))), 400) << bad;
}

TEST(AcceptKey, IsTheRfcsExample) { EXPECT_EQ(accept_key(key), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="); }

TEST(AcceptReply, IsTheRfcsExample) {
    EXPECT_EQ(accept_reply(key, {}, "chat", ""),
              "HTTP/1.1 101 Switching Protocols\r\n"
              "Upgrade: websocket\r\n"
              "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
              "Sec-WebSocket-Protocol: chat\r\n"
              "Connection: Upgrade\r\n\r\n");
}

TEST(AcceptReply, TakesOtherFieldsButNoneOfItsOwn) {
    const std::vector<http::Field> extra{{"Server", "x"},       {"upgrade", "h2c"},           {"connection", "close"},
                                         {"X-Split", "a\r\nB"}, {"sec-websocket-accept", ""}, {"Content-Length", "5"}};
    EXPECT_EQ(accept_reply(key, extra, {}, "id"),
              "HTTP/1.1 101 Switching Protocols\r\n"
              "Upgrade: websocket\r\n"
              "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
              "Server: x\r\n"
              "X-Split: a  B\r\n"
              "Connection: Upgrade\r\n\r\n");
}

TEST(AcceptReply, PutsTheSessionsIdWhereItIsAskedFor) {
    const std::vector<http::Field> extra{
        {"X-Id", "{unique-id}"}, {"X-Ids", "a{unique-id}-{unique-id}"}, {"X-No", "{id}"}};
    const std::string reply = accept_reply(key, extra, {}, "0123");
    for (const char* line : {"\r\nX-Id: 0123\r\n", "\r\nX-Ids: a0123-0123\r\n", "\r\nX-No: {id}\r\n"})
        EXPECT_NE(reply.find(line), std::string::npos) << line;
}

std::string selected(const std::string& offered, const std::vector<std::string>& preferred) {
    return select_subprotocol(request_with("Sec-WebSocket-Protocol", offered), preferred).value_or("none");
}

TEST(SelectSubprotocol, TakesTheFirstOfOursThatIsOffered) {
    EXPECT_EQ(selected("a, b, c", {"b", "a"}), "b");
    EXPECT_EQ(selected("a", {"b", "a"}), "a");
    EXPECT_EQ(selected(" ,\ta ,, b\t", {"b"}), "b");
}

TEST(SelectSubprotocol, TakesNoneThatIsNotOfferedAndComparesWithCase) {
    EXPECT_EQ(selected("a", {"b"}), "none");
    EXPECT_EQ(selected("A", {"a"}), "none");
    EXPECT_EQ(selected("ab", {"a"}), "none");
    EXPECT_EQ(selected("", {"a"}), "none");
    EXPECT_EQ(selected("a", {}), "none");
}

TEST(SelectSubprotocol, TakesTheClientsFirstForAStar) {
    EXPECT_EQ(selected("a, b", {"*"}), "a");
    EXPECT_EQ(selected("a, b", {"b", "*"}), "b");
    EXPECT_EQ(selected("a, b", {"c", "*"}), "a");
    EXPECT_EQ(selected("", {"*"}), "none");
}

}  // namespace
}  // namespace wsinetd::websocket::handshake_test
