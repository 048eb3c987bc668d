// From http to https: --redirect-port.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "fixtures/server.hpp"
#include "fixtures/tls_client.hpp"

namespace wsinetd::fixtures::redirect_test {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

std::string location_in(const std::string& answer) {
    const auto at = answer.find("\r\nLocation: ");
    return at == std::string::npos ? "" : answer.substr(at + 12, answer.find('\r', at + 12) - at - 12);
}

TEST(TlsRedirect, LeadsToTheSamePlaceOnTheTlsPort) {
    const ServerFiles files(make_identity({.names = "DNS:some.example"}));
    const TemporaryFolder folder;
    const std::string command = folder.script("command", "#!/bin/sh\ntouch " + folder.path() + "/started\n");
    Server server(files.options({"--port", "0", "--redirect-port", "0", "--address", "127.0.0.1", command}));
    const std::uint16_t port = server.redirect_port();
    EXPECT_THAT(server.log(), HasSubstr("listening on http://127.0.0.1:" + std::to_string(port) + "/"));
    const std::string there = "https://some.example:" + std::to_string(server.port());
    const auto answer = [&](const std::string& method, const std::string& target) {
        return answer_to(port, upgrade_request({{"Host", "some.example:80"}}, target, "HTTP/1.1", method));
    };
    EXPECT_THAT(answer("GET", "/a%20b?c=d&e"), StartsWith("HTTP/1.1 301 "));
    EXPECT_EQ(location_in(answer("GET", "/a%20b?c=d&e")), there + "/a%20b?c=d&e");
    EXPECT_THAT(answer("HEAD", "/"), StartsWith("HTTP/1.1 301 "));
    EXPECT_THAT(answer("POST", "/form"), StartsWith("HTTP/1.1 308 "));
    EXPECT_EQ(location_in(answer("POST", "/form")), there + "/form");
    EXPECT_THAT(answer("GET", "/%zz"), StartsWith("HTTP/1.1 400 "));
    EXPECT_FALSE(std::ifstream(folder.path() + "/started").good());
    TlsClient client(server.port());  // while the other port starts it
    EXPECT_EQ(client.closed(), closed_with(1000));
    EXPECT_TRUE(std::ifstream(folder.path() + "/started").good());
}

TEST(TlsRedirect, CountsAsAskingForTcpBesideAUnixSocket) {
    const ServerFiles files;
    const TemporaryFolder folder;
    const std::string path = folder.path() + "/socket";
    Server server(ServerOptions{.arguments = files.options({"--unix-socket", path, "--redirport", "0", "--port", "0",
                                                            "--address", "127.0.0.1", "echo", "hello"})});
    ASSERT_TRUE(server.logs("listening on unix:"));
    EXPECT_EQ(TlsClient(server.port()).receive(), "hello");
    EXPECT_EQ(Client(0, {.unix_socket = path}).receive(), "hello");  // plain
    EXPECT_NE(server.redirect_port(), 0);
}

// Where it leads.

class RedirectHost : public testing::Test {
protected:
    std::unique_ptr<Server> server_with(std::vector<std::string> more) {
        std::vector<std::string> arguments{"--port", "0", "--redirect-port", "0", "--address", "127.0.0.1"};
        arguments.insert(arguments.end(), more.begin(), more.end());
        arguments.emplace_back("cat");
        return std::make_unique<Server>(files_.options(arguments));
    }
    static std::string answer(const Server& server, const std::string& target, const std::string& host) {
        return answer_to(server.redirect_port(),
                         "GET " + target + " HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n");
    }

    const ServerFiles files_{make_identity({.names = "DNS:secure.example,DNS:*.wild.example"})};
};

TEST_F(RedirectHost, MustBeTheServersOwn) {
    const auto server = server_with({"--host", "named.example", "--origin", "https://ruled.example"});
    const std::string end = ":" + std::to_string(server->port()) + "/x";
    for (const std::string host :
         {"secure.example", "a.wild.example", "named.example", "ruled.example", "localhost", "127.0.0.1", "[::1]"}) {
        EXPECT_EQ(location_in(answer(*server, "/x", host)), "https://" + host + end);
        EXPECT_EQ(location_in(answer(*server, "/x", host + ":80")), "https://" + host + end);
        EXPECT_EQ(location_in(answer(*server, "http://" + host + "/x", "evil.example")), "https://" + host + end);
    }
    for (const char* host : {"evil.example", "secure.example.evil.example", "wild.example", "a.b.wild.example",
                             "evil.example:443", "127.0.0.1.evil.example"}) {
        const std::string refused = answer(*server, "/x", host);
        EXPECT_THAT(refused, StartsWith("HTTP/1.1 421 ")) << host;
        EXPECT_EQ(location_in(refused), "") << host;
        EXPECT_THAT(answer(*server, "http://" + std::string(host) + "/x", "secure.example"),
                    StartsWith("HTTP/1.1 421 "));
    }
    EXPECT_TRUE(server->logs("--host evil.example would make it one"));
}

TEST_F(RedirectHost, MayBeAnyWhereHostSaysSo) {
    const auto server = server_with({"--host", "*"});
    EXPECT_EQ(location_in(answer(*server, "/", "any.example")),
              "https://any.example:" + std::to_string(server->port()) + "/");
    const std::string old = answer_to(server->redirect_port(), "GET /x HTTP/1.0\r\n\r\n");
    EXPECT_EQ(location_in(old), "https://secure.example:" + std::to_string(server->port()) + "/x");
}

TEST_F(RedirectHost, IsThatOfNobodyWithoutHost) {
    const auto server = server_with({});
    EXPECT_THAT(answer_to(server->redirect_port(), "GET /x HTTP/1.0\r\n\r\n"), StartsWith("HTTP/1.0 421 "));
}

TEST_F(RedirectHost, IsNeverLeftByThePath) {
    const auto server = server_with({});
    const std::string own = "https://secure.example:" + std::to_string(server->port());
    const auto leads = [&](const std::string& target) {
        return location_in(answer(*server, target, "secure.example"));
    };
    for (const char* target : {"//evil.example/a", "///evil.example/a", "/\\evil.example/a", "/\\/evil.example/a",
                               "http://secure.example//evil.example/a", "http://secure.example/\\evil.example/a"})
        EXPECT_EQ(leads(target), own + "/evil.example/a") << target;
    EXPECT_EQ(leads("/@evil.example/"), own + "/@evil.example/");
    EXPECT_EQ(leads("/%0d%0aLocation:%20x"), own + "/%0d%0aLocation:%20x");
    EXPECT_EQ(leads("/%2f%2fevil.example"), own + "/%2f%2fevil.example");
    EXPECT_EQ(leads("/<script>"), own + "/<script>");
    EXPECT_EQ(leads("http://secure.example?//evil.example"), own + "/?//evil.example");
    for (const char* target : {"http://secure.example@evil.example/", "http://secure.example:80@evil.example/",
                               "http:///evil.example", "evil.example/", "@evil.example/", ".evil.example/",
                               ":80@evil.example/", "http:evil.example", "ftp://secure.example/", "\\\\evil.example"}) {
        const std::string refused = answer(*server, target, "secure.example");
        EXPECT_THAT(refused, StartsWith("HTTP/1.1 400 ")) << target;
        EXPECT_EQ(location_in(refused), "") << target;
    }
    for (const char* host : {"evil.example/", "secure.example/@evil.example", "user@secure.example", "secure.example#",
                             "secure.example\\@evil.example", "secure.example:x", "secure.example evil.example"})
        EXPECT_THAT(answer(*server, "/x", host), StartsWith("HTTP/1.1 400 ")) << host;
}

}  // namespace
}  // namespace wsinetd::fixtures::redirect_test
