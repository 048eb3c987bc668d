#include "endpoint/environment.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace wsinetd::endpoint::environment_test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// What a command would find, name by name; says so if a name comes twice.
std::map<std::string, std::string> read(const Environment& environment) {
    std::map<std::string, std::string> all;
    std::size_t count = 0;
    for (const char* const* entry = environment.envp(); *entry; ++entry, ++count) {
        const std::string text = *entry;
        const auto equals = text.find('=');
        EXPECT_NE(equals, std::string::npos) << text;
        EXPECT_TRUE(all.emplace(text.substr(0, equals), text.substr(equals + 1)).second) << text;
    }
    EXPECT_EQ(count, environment.size());
    return all;
}

/// A request with its surroundings, for a test to change.
struct Scene {
    http::Request request;
    Match match{nullptr, "", "/a b"};
    Peer peer{"192.0.2.7", "50000", "192.0.2.1", "8080", false, false};
    std::vector<std::string> passed;
    std::vector<std::string> defined;
    std::string subprotocol;

    Scene() {
        request.method = "GET";
        request.target = "/a%20b?x=1&y=%32";
        request.path = "/a b";
        request.query = "x=1&y=%32";
        request.host = "server.example:80";
        request.fields = {{"Host", "server.example:80"}, {"Upgrade", "websocket"}};
    }
    [[nodiscard]] std::map<std::string, std::string> variables() const {
        return read(Environment(request, match, peer, {"wsinetd/0.1", "id-1", subprotocol, passed, defined}));
    }
};

TEST(Environment, HasTheClientsNameForItsHostWhereOneIsKnown) {
    Scene scene;
    scene.peer.remote_host = "client.example";
    EXPECT_EQ(scene.variables().at("REMOTE_HOST"), "client.example");
    EXPECT_EQ(scene.variables().at("REMOTE_ADDR"), "192.0.2.7");
}

TEST(Environment, HoldsExactlyTheVariablesOfCgi) {
    const std::map<std::string, std::string> expected{
        {"AUTH_TYPE", ""},
        {"CONTENT_LENGTH", ""},
        {"CONTENT_TYPE", ""},
        {"GATEWAY_INTERFACE", "CGI/1.1"},
        {"HTTP_HOST", "server.example:80"},
        {"HTTP_UPGRADE", "websocket"},
        {"PATH_INFO", "/a b"},
        {"PATH_TRANSLATED", ""},
        {"QUERY_STRING", "x=1&y=%32"},
        {"REMOTE_ADDR", "192.0.2.7"},
        {"REMOTE_HOST", "192.0.2.7"},
        {"REMOTE_PORT", "50000"},
        {"REMOTE_USER", ""},
        {"REQUEST_METHOD", "GET"},
        {"REQUEST_URI", "/a%20b?x=1&y=%32"},
        {"SCRIPT_NAME", ""},
        {"SERVER_NAME", "server.example"},
        {"SERVER_PORT", "8080"},
        {"SERVER_PROTOCOL", "HTTP/1.1"},
        {"SERVER_SOFTWARE", "wsinetd/0.1"},
        {"UNIQUE_ID", "id-1"},
        {"WEBSOCKET_SUBPROTOCOL", ""},
    };
    EXPECT_EQ(Scene().variables(), expected);
}

TEST(Environment, SaysHttpsUnderTlsOnly) {
    Scene scene;
    scene.peer.tls = true;
    EXPECT_EQ(scene.variables().at("HTTPS"), "on");
}

TEST(Environment, NamesWhoHasShownACertificate) {
    Scene scene;
    scene.peer.tls = true;
    scene.peer.client_subject = "CN=Ada,O=Example";
    EXPECT_EQ(scene.variables().at("SSL_CLIENT_VERIFY"), "SUCCESS");
    EXPECT_EQ(scene.variables().at("SSL_CLIENT_S_DN"), "CN=Ada,O=Example");
}

TEST(Environment, TakesACertificateFromNoHeader) {
    Scene scene;
    scene.peer.tls = true;
    for (const char* name : {"SSL_CLIENT_VERIFY", "SSL-CLIENT-VERIFY", "SSL_CLIENT_S_DN", "SSL-CLIENT-S-DN"})
        scene.request.fields.push_back({name, "SUCCESS"});
    EXPECT_FALSE(scene.variables().contains("SSL_CLIENT_VERIFY"));
    EXPECT_FALSE(scene.variables().contains("SSL_CLIENT_S_DN"));
    EXPECT_EQ(scene.variables().at("HTTP_SSL_CLIENT_VERIFY"), "SUCCESS");
    scene.peer.client_subject = "CN=Ada";
    EXPECT_EQ(scene.variables().at("SSL_CLIENT_S_DN"), "CN=Ada");
}

TEST(Environment, NamesTheSubprotocolSelected) {
    Scene scene;
    scene.subprotocol = "chat.v2";
    EXPECT_EQ(scene.variables().at("WEBSOCKET_SUBPROTOCOL"), "chat.v2");
}

TEST(Environment, SplitsThePathAsMatched) {
    Scene scene;
    scene.match = {nullptr, "/greet", "/more"};
    EXPECT_EQ(scene.variables().at("SCRIPT_NAME"), "/greet");
    EXPECT_EQ(scene.variables().at("PATH_INFO"), "/more");
}

TEST(Environment, TellsTheVersionOfTheRequest) {
    Scene scene;
    scene.request.minor_version = 0;
    EXPECT_EQ(scene.variables().at("SERVER_PROTOCOL"), "HTTP/1.0");
}

struct NameRow {
    std::string host;
    std::string local_address;
    bool unix_socket;
    std::string name;
    std::string port;
};

TEST(Environment, NamesTheServerByHostElseByItsAddress) {
    const NameRow rows[] = {
        {"h:81", "192.0.2.1", false, "h", "8080"},
        {"h", "192.0.2.1", false, "h", "8080"},
        {"[::1]:81", "::1", false, "[::1]", "8080"},
        {"[::1]", "::1", false, "[::1]", "8080"},
        {"", "192.0.2.1", false, "192.0.2.1", "8080"},
        {"", "2001:db8::1", false, "[2001:db8::1]", "8080"},
        {"h:81", "", true, "h", "81"},
        {"h", "", true, "h", "80"},
        {"", "", true, "localhost", "80"},
        {"[::1]:65535", "", true, "[::1]", "65535"},
    };
    for (const NameRow& row : rows) {
        Scene scene;
        scene.request.host = row.host;
        scene.peer.local_address = row.local_address;
        scene.peer.unix_socket = row.unix_socket;
        EXPECT_EQ(scene.variables().at("SERVER_NAME"), row.name) << row.host;
        EXPECT_EQ(scene.variables().at("SERVER_PORT"), row.port) << row.host;
    }
}

TEST(Environment, AUnixSocketHasNoRemotePort) {
    Scene scene;
    scene.peer.unix_socket = true;
    const auto variables = scene.variables();
    EXPECT_EQ(variables.at("REMOTE_ADDR"), "unix:");
    EXPECT_EQ(variables.at("REMOTE_HOST"), "unix:");
    EXPECT_EQ(variables.at("REMOTE_PORT"), "");
}

TEST(Environment, JoinsFieldsOfOneNameInTheirOrder) {
    Scene scene;
    scene.request.fields = {{"X-A", "2"}, {"Y", ""}, {"x-a", "1"}, {"X-B", "b"}, {"X-a", "3, 4"}, {"X-A-", "z"}};
    const auto variables = scene.variables();
    EXPECT_EQ(variables.at("HTTP_X_A"), "2, 1, 3, 4");
    EXPECT_EQ(variables.at("HTTP_Y"), "");
    EXPECT_EQ(variables.at("HTTP_X_B"), "b");
    EXPECT_EQ(variables.at("HTTP_X_A_"), "z");
}

TEST(Environment, PassesNamesOfLettersDigitsAndHyphensOnly) {
    for (int byte = 1; byte < 256; ++byte) {
        const char c = static_cast<char>(byte);
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        Scene scene;
        scene.request.fields = {{std::string("X") + c, "v"}};
        const auto variables = scene.variables();
        const char upper = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c == '-' ? '_' : c;
        EXPECT_EQ(variables.size(), letter || c == '-' ? 21u : 20u) << byte;
        EXPECT_EQ(variables.contains(std::string("HTTP_X") + upper), letter || c == '-') << byte;
    }
}

TEST(Environment, LetsNoTwoNamesMeetAndNoProxyThrough) {
    Scene scene;
    scene.request.fields = {{"X_A", "forged"}, {"Proxy", "http://evil"}, {"PROXY", "http://evil"}, {"X-A", "real"}};
    const auto variables = scene.variables();
    EXPECT_EQ(variables.at("HTTP_X_A"), "real");
    EXPECT_FALSE(variables.contains("HTTP_PROXY"));
}

TEST(Environment, DefinedWinsOverCgiAndCgiOverPassed) {
    Scene scene;
    scene.passed = {"PATH=/bin", "HOME=/root", "REMOTE_ADDR=forged", "HTTP_HOST=forged", "HOME=/second"};
    scene.defined = {"PATH=/usr/bin", "REQUEST_METHOD=PUT", "HTTP_UPGRADE=none", "NEW=1", "NEW=2", "EMPTY="};
    const auto variables = scene.variables();
    EXPECT_EQ(variables.at("PATH"), "/usr/bin");
    EXPECT_EQ(variables.at("HOME"), "/root");
    EXPECT_EQ(variables.at("REMOTE_ADDR"), "192.0.2.7");
    EXPECT_EQ(variables.at("HTTP_HOST"), "server.example:80");
    EXPECT_EQ(variables.at("REQUEST_METHOD"), "PUT");
    EXPECT_EQ(variables.at("HTTP_UPGRADE"), "none");
    EXPECT_EQ(variables.at("NEW"), "2");
    EXPECT_EQ(variables.at("EMPTY"), "");
}

TEST(Environment, KeepsItsStringsWhenItMoves) {
    const Scene scene;
    Environment first(scene.request, scene.match, scene.peer, {"s", "u", "", {}, {}});
    const auto before = read(first);
    const char* place = first.envp()[0];
    const Environment second = std::move(first);
    EXPECT_EQ(second.envp()[0], place);
    EXPECT_EQ(read(second), before);
}

TEST(Environment, HoldsThousandsOfFields) {
    Scene scene;
    for (int i = 0; i < 4000; ++i) scene.request.fields.push_back({"f" + std::to_string(i), ""});
    EXPECT_EQ(scene.variables().size(), 4022u);
}

TEST(PassEnvironment, TakesWholeNamesAndBeginningsBeforeAStar) {
    const char* const entries[] = {"PATH=/bin", "PATHS=no", "LC_ALL=C",  "LC_=x", "LC=no",   "lc_all=no",
                                   "EMPTY=",    "HOME",     "=nameless", "A=b=c", "XLC_A=no"};
    const std::string patterns[] = {"PATH", "LC_*", "EMPTY", "HOME", "A", "ABSENT", ""};
    EXPECT_THAT(pass_environment(entries, patterns), ElementsAre("PATH=/bin", "LC_ALL=C", "LC_=x", "EMPTY=", "A=b=c"));
}

TEST(PassEnvironment, TakesNothingWithoutPatternsAndAllWithAStar) {
    const char* const entries[] = {"A=1", "B=2"};
    const std::string any[] = {"*"};
    EXPECT_THAT(pass_environment(entries, {}), IsEmpty());
    EXPECT_THAT(pass_environment(entries, any), ElementsAre("A=1", "B=2"));
}

/// sd_notify(3), sd_watchdog_enabled(3), sd_listen_fds(3).
TEST(PassEnvironment, NeverTakesWhatTheServiceManagerTellsTheServer) {
    const char* const entries[] = {"NOTIFY_SOCKET=/run/n", "WATCHDOG_USEC=1",    "WATCHDOG_PID=1",
                                   "LISTEN_FDS=1",         "LISTEN_PID=1",       "LISTEN_FDNAMES=a",
                                   "LISTEN_PIDFDID=1",     "LISTEN_ADDRESS=mine"};
    const std::string patterns[] = {"*", "NOTIFY_SOCKET", "LISTEN_*"};
    EXPECT_THAT(pass_environment(entries, patterns), ElementsAre("LISTEN_ADDRESS=mine"));
}

TEST(PassEnvironment, AStarWithinANameIsALetter) {
    const char* const entries[] = {"AXB=1", "A*B=2"};
    const std::string patterns[] = {"A*B"};
    EXPECT_THAT(pass_environment(entries, patterns), ElementsAre("A*B=2"));
}

}  // namespace
}  // namespace wsinetd::endpoint::environment_test
