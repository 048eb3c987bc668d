// Spec section 1: subprotocols, the session's id on the 101, and commands that keep their lines back.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fixtures/client.hpp"
#include "fixtures/command.hpp"
#include "fixtures/server.hpp"

namespace wsinetd::fixtures::subprotocol_test {
namespace {

using testing::HasSubstr;
using testing::Not;

const std::vector<std::string> tell = {"sh", "-c", "echo \"<$WEBSOCKET_SUBPROTOCOL>\""};

std::vector<std::string> telling(std::vector<std::string> options) {
    options.insert(options.end(), tell.begin(), tell.end());
    return options;
}

Client offering(std::uint16_t port, const std::string& names) {
    return Client(port, {.headers = {{"Sec-WebSocket-Protocol", names}}});
}

TEST(Subprotocol, IsSelectedByOurPreferenceAndToldToBothSides) {
    Server server(telling({"--subprotocol", "v2.json", "--subprotocol", "v1.json"}));
    Client client = offering(server.port(), "v1.json, v2.json");
    EXPECT_EQ(client.response_header("Sec-WebSocket-Protocol"), "v2.json");
    EXPECT_EQ(client.receive(), "<v2.json>");
}

TEST(Subprotocol, MayBeTheClientsFirst) {
    Server server(telling({"--subprotocol", "*"}));
    Client client = offering(server.port(), "b, a");
    EXPECT_EQ(client.response_header("Sec-WebSocket-Protocol"), "b");
    EXPECT_EQ(client.receive(), "<b>");
}

TEST(Subprotocol, IsNoneWhereTheClientOffersNoneOfOurs) {
    Server server(telling({"--subprotocol", "a"}));
    Client client = offering(server.port(), "b");
    EXPECT_EQ(client.response_header("Sec-WebSocket-Protocol"), "");
    EXPECT_EQ(client.receive(), "<>");
}

TEST(Subprotocol, IsNoneUnlessWeHaveSome) {
    Server server(tell);
    Client client = offering(server.port(), "a");
    EXPECT_EQ(client.response_header("Sec-WebSocket-Protocol"), "");
    EXPECT_EQ(client.receive(), "<>");
}

TEST(HeaderWs, HasTheSessionsIdWhereItIsAskedFor) {
    Server server({"--header-ws", "X-Session: id-{unique-id}", "sh", "-c", "echo \"id-$UNIQUE_ID\""});
    Client first(server.port());
    Client second(server.port());
    const std::string id = first.response_header("X-Session");
    EXPECT_EQ(first.receive(), id);
    EXPECT_NE(second.response_header("X-Session"), id);
}

TEST(Unbuffer, MakesStdioWriteEachLine) {
    Server server({"--unbuffer", "line", "sh", "-c", "cut -c 2-"});
    Client client(server.port());
    client.send("xhello");
    EXPECT_EQ(client.receive(), "hello");
    client.send("xworld");
    EXPECT_EQ(client.receive(), "world");
}

TEST(Unbuffer, TellsPythonTooAndKeepsALibraryThatIsPreloadedAlready) {
    Server server({"--unbuffer", "line", "--env", "LD_PRELOAD=/nowhere.so", "sh", "-c",
                   "echo $PYTHONUNBUFFERED $_STDBUF_O; echo $LD_PRELOAD"});
    Client client(server.port());
    EXPECT_EQ(client.receive(), "1 L");
    EXPECT_THAT(client.receive().value_or(""), testing::MatchesRegex("/.*/libstdbuf\\.so:/nowhere\\.so"));
}

TEST(Unbuffer, IsHintedAtOnceWhenOutputComesInBlocks) {
    const std::string blocks = "for i in 1 2 3 4 5 6; do head -c 4096 /dev/zero | tr '\\0' x; read go; done";
    Server server(bash(blocks));
    for (int i = 0; i < 2; ++i) {
        Client client(server.port());
        for (int line = 0; line < 6; ++line) client.send("go");
        EXPECT_EQ(client.receive().value_or("").size(), 6U * 4096);
        EXPECT_EQ(client.closed(), closed_with(1000));
    }
    const std::string log = server.log();
    const auto first = log.find("--unbuffer line");
    ASSERT_NE(first, std::string::npos) << log;
    EXPECT_EQ(log.find("--unbuffer line", first + 1), std::string::npos);
}

TEST(Unbuffer, IsNotHintedAtWhenLinesComeAsTheyArePrinted) {
    Server server(bash("for i in 1 2 3 4 5 6; do echo hello; read go; done"));
    Client client(server.port());
    for (int line = 0; line < 6; ++line) client.send("go");
    EXPECT_EQ(client.receive_all().size(), 6U);
    EXPECT_THAT(server.log(), Not(HasSubstr("--unbuffer")));
}

}  // namespace
}  // namespace wsinetd::fixtures::subprotocol_test
