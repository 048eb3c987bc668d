// Where a client comes from: proxies that are trusted and others, the PROXY protocol, and limits by address.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fixtures/answer.hpp"
#include "fixtures/client.hpp"
#include "fixtures/server.hpp"

namespace wsinetd::fixtures::client_address_test {
namespace {

using testing::HasSubstr;

std::vector<std::string> telling(std::vector<std::string> options) {
    for (const char* each : {"sh", "-c", "echo \"$REMOTE_ADDR|$REMOTE_PORT|$HTTPS|$SERVER_NAME|$SERVER_PORT\""})
        options.emplace_back(each);
    return options;
}

std::string told(const Server& server, const Headers& headers) {
    Client client(server.port(), {.headers = headers});
    return client.receive().value_or("");
}

TEST(TrustedProxy, NamesTheClient) {
    Server server(telling({"--trusted-proxy", "127.0.0.0/8, 10.0.0.0/8"}));
    EXPECT_EQ(told(server, {{"X-Forwarded-For", "1.1.1.1, 203.0.113.9, 10.0.0.1"},
                            {"X-Forwarded-Proto", "https"},
                            {"X-Forwarded-Host", "app.example"}}),
              "203.0.113.9||on|app.example|443");
    EXPECT_EQ(told(server, {{"Forwarded", "for=\"[2001:db8::9]:4711\";proto=http;host=\"app.example:81\""}}),
              "2001:db8::9|4711||app.example|81");
    EXPECT_EQ(told(server, {{"X-Forwarded-For", "203.0.113.9:5"}, {"X-Forwarded-Port", "8443"}}),
              "203.0.113.9|5||localhost|8443");
    EXPECT_TRUE(server.logs("203.0.113.9:5"));
}

TEST(TrustedProxy, ThatContradictsItselfIsRefused) {
    Server server(telling({"--trusted-proxy", "127.0.0.1"}));
    EXPECT_EQ(
        status_of(server.port(), upgrade_request({{"Forwarded", "for=127.0.0.1"}, {"X-Forwarded-For", "203.0.113.9"}})),
        400);
    EXPECT_EQ(status_of(server.port(), upgrade_request({{"Forwarded", "for=\""}})), 400);
    EXPECT_TRUE(server.logs("the proxy must remove the one that it does not write itself"));
}

TEST(TrustedProxy, IsNobodyElse) {
    const Headers forged{{"X-Forwarded-For", "203.0.113.9"},
                         {"X-Forwarded-Proto", "https"},
                         {"X-Forwarded-Host", "evil.example"},
                         {"Forwarded", "for=\""}};
    for (const auto& options : {std::vector<std::string>{}, {"--trusted-proxy", "192.0.2.1,unix"}}) {
        Server server(telling(options));
        const std::string said = told(server, forged);
        EXPECT_THAT(said, testing::StartsWith("127.0.0.1|"));
        EXPECT_THAT(said, HasSubstr("||localhost|" + std::to_string(server.port())));
    }
}

TEST(TrustedProxy, SaysByWhatNameAPageIsTheServersOwn) {
    Server server(telling({"--trusted-proxy", "127.0.0.1"}));
    const auto status = [&](const std::string& origin, const Headers& more) {
        Headers headers = more;
        headers.emplace_back("Origin", origin);
        return status_of(server.port(), upgrade_request(headers));
    };
    EXPECT_EQ(status("https://app.example", {{"X-Forwarded-Host", "app.example"}}), 101);
    EXPECT_EQ(status("https://app.example:8443", {{"X-Forwarded-Host", "app.example"}, {"X-Forwarded-Port", "8443"}}),
              101);
    EXPECT_EQ(status("https://evil.example", {{"X-Forwarded-Host", "app.example"}}), 403);
    EXPECT_EQ(status("http://localhost", {{"X-Forwarded-Host", "app.example"}}), 403);
    // Against rebinding the connection's own Host counts, for a page on this machine could be the peer.
    EXPECT_EQ(status("https://app.example", {{"Host", "evil.example"}, {"X-Forwarded-Host", "app.example"}}), 421);
}

TEST(TrustedProxy, MayComeByTheUnixSocket) {
    TemporaryFolder folder;
    const std::string path = folder.path() + "/socket";
    Server server(ServerOptions{.arguments = telling({"--unix-socket", path, "--trusted-proxy", "unix"})});
    const Headers headers{{"X-Forwarded-For", "203.0.113.9"}, {"X-Forwarded-Proto", "https"}};
    Client client(0, {.headers = headers, .unix_socket = path});
    EXPECT_EQ(client.receive(), "203.0.113.9||on|localhost|443");
    Client bare(0, {.unix_socket = path});
    EXPECT_EQ(bare.receive(), "unix:|||localhost|80");
}

const std::string line = "PROXY TCP4 203.0.113.9 198.51.100.1 56324 443\r\n";
const std::string binary =
    std::string("\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x0c\xcb\x00\x71\x09\xc6\x33\x64\x01\xdc\x04\x01\xbb", 28);

/// The message in the frame behind the head.
std::string message_after(std::uint16_t port, const std::vector<std::string>& pieces,
                          const std::string& address = "127.0.0.1") {
    RawClient client(port, address);
    for (const std::string& piece : pieces) client.send(piece);
    if (status_in(client.receive_until("\r\n\r\n")) != 101) return "";
    const std::string header = client.receive(2);
    return header.size() < 2 ? "" : client.receive(static_cast<std::uint8_t>(header[1]));
}

TEST(ProxyProtocol, NamesTheClientInBothVersions) {
    Server server(telling({"--proxy-protocol", "tcp", "--trusted-proxy", "127.0.0.1"}));
    for (const std::string& header : {line, binary}) {
        EXPECT_EQ(message_after(server.port(), {header + upgrade_request()}), "203.0.113.9|56324||localhost|443");
        std::vector<std::string> bytes;
        for (const char c : header) bytes.emplace_back(1, c);
        bytes.push_back(upgrade_request());
        EXPECT_EQ(message_after(server.port(), bytes), "203.0.113.9|56324||localhost|443");
    }
    EXPECT_THAT(message_after(server.port(), {"PROXY UNKNOWN\r\n" + upgrade_request()}),
                testing::StartsWith("127.0.0.1|"));
}

TEST(ProxyProtocol, IsSpokenOnAUnixSocketToo) {
    TemporaryFolder folder;
    const std::string path = folder.path() + "/s";
    Server server(telling({"--unix-socket", path, "--proxy-protocol", "unix"}));
    for (const std::string& header : {line, binary}) {
        RawClient client(0, path);
        client.send(header + upgrade_request());
        EXPECT_EQ(status_in(client.receive_until("\r\n\r\n")), 101);
        const std::string head = client.receive(2);
        EXPECT_EQ(client.receive(static_cast<std::uint8_t>(head.at(1))), "203.0.113.9|56324||localhost|443");
    }
}

TEST(ProxyProtocol, SkipsWhatFollowsTheAddresses) {
    Server server(telling({"--proxy-protocol", "127.0.0.1"}));
    std::string header = binary;
    header[14] = '\xff';
    header[15] = '\xff';
    header.append(65535 - 12, 'x');
    EXPECT_EQ(message_after(server.port(), {header + upgrade_request()}), "203.0.113.9|56324||localhost|443");
}

TEST(ProxyProtocol, ClosesAConnectionWithoutItsHeader) {
    Server server(telling({"--proxy-protocol", "tcp"}));
    for (const std::string& header : {std::string(), std::string("PROXY TCP4 x\r\n"), "\x16\x03" + line}) {
        RawClient client(server.port());
        client.send(header + upgrade_request());
        EXPECT_EQ(client.receive_all(), "");
    }
    EXPECT_TRUE(server.logs("PROXY protocol failed"));
}

TEST(ProxyProtocol, WaitsForItsHeaderNoLongerThanTheHandshakeTimeout) {
    Server server(telling({"--proxy-protocol", "tcp", "--handshake-timeout", "200ms"}));
    RawClient client(server.port());
    client.send("PROXY ");
    EXPECT_EQ(client.receive_all(), "");
}

TEST(ProxyProtocol, IsSpokenByTrustedProxiesOnlyWhereThereAreAny) {
    Server server(telling({"--proxy-protocol", "tcp", "--trusted-proxy", "192.0.2.1"}));
    RawClient client(server.port());
    client.send(line + upgrade_request());
    EXPECT_EQ(client.receive_all(), "");
    EXPECT_TRUE(server.logs("none in --trusted-proxy"));
}

TEST(ProxyProtocol, IsNoHeaderWhereItIsNotWanted) {
    Server server(telling({"--address", "127.0.0.2", "--proxy-protocol", "127.0.0.2"}));
    EXPECT_EQ(status_of(server.port(), line + upgrade_request()), 400);
    EXPECT_EQ(message_after(server.port(), {line + upgrade_request()}, "127.0.0.2"),
              "203.0.113.9|56324||localhost|443");
    EXPECT_EQ(status_of(server.port(), upgrade_request()), 101);
}

TEST(ProxyProtocol, MakesTheClientThePeerWhoseHeadersCountOrNot) {
    Server server(telling({"--proxy-protocol", "tcp", "--trusted-proxy", "127.0.0.1"}));
    EXPECT_EQ(message_after(server.port(), {line + upgrade_request({{"X-Forwarded-For", "1.1.1.1"}})}),
              "203.0.113.9|56324||localhost|443");
}

TEST(ProxyProtocol, NamesListenersThatThereAre) {
    EXPECT_THAT(run({"--proxy-protocol", "unix,192.0.2.1", "--check", "cat"}).err,
                testing::AllOf(HasSubstr("unix needs --unix-socket"), HasSubstr("none of the addresses")));
    EXPECT_THAT(run({"--trusted-proxy", "10.0.0.1/8", "--check", "cat"}).err, HasSubstr("10.0.0.0/8"));
}

TEST(ClientLimits, AllowEachAddressSoManyCommandsAtOnce) {
    Server server({"--max-per-client", "2", "--trusted-proxy", "127.0.0.1", "cat"});
    const auto from = [](const char* address) { return Headers{{"X-Forwarded-For", address}}; };
    Client one(server.port(), {.headers = from("2001:db8::1")});
    Client two(server.port(), {.headers = from("2001:db8::2")});  // of the same /64
    const std::string answer = answer_to(server.port(), upgrade_request(from("2001:db8::3")));
    EXPECT_EQ(status_in(answer), 429);
    EXPECT_EQ(field(answer, "Retry-After"), "1");
    EXPECT_TRUE(server.logs("--max-per-client of this address is reached; a larger one would allow it"));
    EXPECT_EQ(status_of(server.port(), upgrade_request(from("203.0.113.9"))), 101);
    one.close();
    EXPECT_TRUE(eventually([&] { return status_of(server.port(), upgrade_request(from("2001:db8::3"))) == 101; }));
}

TEST(ClientLimits, AllowEachAddressSoManyStartsInATime) {
    Server server({"--max-connect-rate", "2/1h", "--trusted-proxy", "127.0.0.1", "true"});
    const auto from = [](const char* address) { return upgrade_request({{"X-Forwarded-For", address}}); };
    EXPECT_EQ(status_of(server.port(), from("203.0.113.9")), 101);
    EXPECT_EQ(status_of(server.port(), from("203.0.113.9")), 101);
    const std::string answer = answer_to(server.port(), from("203.0.113.9"));
    EXPECT_EQ(status_in(answer), 429);
    EXPECT_GT(std::stoi(field(answer, "Retry-After")), 1000);
    EXPECT_EQ(status_of(server.port(), from("203.0.113.10")), 101);
    EXPECT_EQ(status_of(server.port(),
                        upgrade_request({{"X-Forwarded-For", "203.0.113.9"}, {"Origin", "http://evil.example"}})),
              403);
}

TEST(ClientLimits, CountWrongPasswordsAsWell) {
    TemporaryFolder folder;
    Server server({"--max-connect-rate", "1/1h", "--auth-command", "false", "true"});
    EXPECT_EQ(status_of(server.port(), upgrade_request()), 401);
    EXPECT_EQ(status_of(server.port(), upgrade_request()), 429);
}

}  // namespace
}  // namespace wsinetd::fixtures::client_address_test
