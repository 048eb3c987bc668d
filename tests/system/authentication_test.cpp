// Who may come in: passwords, tokens, a command, a trusted proxy's header. Right, wrong, missing and hostile input.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/socket.h>

#include <csignal>
#include <fstream>

#include "fixtures/answer.hpp"
#include "fixtures/client.hpp"
#include "fixtures/server.hpp"

namespace wsinetd::fixtures::authentication_test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

// Of "secret", at the least cost there is.
const std::string users =
    "ada:$2y$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW\n"
    "bob:$6$rounds=1000$salty$fqJZBxaXwxUSvj0hv7ESR6yY7106btt1ezv9lXimUnzi3rcStZRQ7pQyPR4bwWudplzyCKZxsQyr83BPAjCrI/\n";
const std::string ada = "Basic YWRhOnNlY3JldA==";         // ada:secret
const std::string bob = "Basic Ym9iOnNlY3JldA==";         // bob:secret
const std::string ada_wrong = "Basic YWRhOndyb25n";       // ada:wrong
const std::string nobody = "Basic bm9ib2R5OnNlY3JldA==";  // nobody:secret

/// A file of one test's folder.
std::string file_with(const TemporaryFolder& folder, const std::string& text, const std::string& name = "secrets") {
    const std::string path = folder.path() + "/" + name;
    std::ofstream(path) << text;
    return path;
}

/// What a command says of who is there, and of what it could know and must not.
const std::string tell = "echo \"$AUTH_TYPE:$REMOTE_USER\"; env";

std::vector<std::string> telling(std::vector<std::string> options) {
    for (const char* each : {"sh", "-c", tell.c_str()}) options.emplace_back(each);
    return options;
}

int status_with(const Server& server, const Headers& headers) {
    return status_of(server.port(), upgrade_request(headers));
}

/// All that the command says.
std::string said_to(const Server& server, const Headers& headers) {
    Client client(server.port(), {.headers = headers});
    std::string all;
    for (const std::string& line : client.receive_all()) all += line + "\n";
    return all;
}

TEST(AuthBasic, LetsInWhoHasAPasswordOfTheFileAndTellsTheCommandWho) {
    TemporaryFolder folder;
    Server server(telling({"--auth-basic", file_with(folder, users)}));
    EXPECT_THAT(said_to(server, {{"Authorization", ada}}), HasSubstr("Basic:ada\n"));
    EXPECT_THAT(said_to(server, {{"Authorization", bob}}), HasSubstr("Basic:bob\n"));
    EXPECT_THAT(said_to(server, {{"Authorization", ada}}), HasSubstr("Basic:ada\n"));  // known by now
}

TEST(Authentication, ReadsItsFilesAgainAtSighupWithoutAConfigurationFileToo) {
    TemporaryFolder folder;
    const std::string file = file_with(folder, "a-token\n");
    const Server server({"--auth-token-file", file, "cat"});
    EXPECT_EQ(status_with(server, {{"Authorization", "Bearer a-token"}}), 101);
    file_with(folder, "another\n");
    server.signal(SIGHUP);
    ASSERT_TRUE(server.logs("SIGHUP: configuration reloaded"));
    EXPECT_EQ(status_with(server, {{"Authorization", "Bearer a-token"}}), 401);
    EXPECT_EQ(status_with(server, {{"Authorization", "Bearer another"}}), 101);
    file_with(folder, "not a token\n");
    server.signal(SIGHUP);
    ASSERT_TRUE(server.logs("SIGHUP: the old configuration stays"));
    EXPECT_EQ(status_with(server, {{"Authorization", "Bearer another"}}), 101);
}

TEST(Authentication, OfAnEndpointTakesThePlaceOfTheServersWayByWay) {
    TemporaryFolder folder;
    file_with(folder, users, "users");
    file_with(folder, "a-token\n", "tokens");
    const std::string command = "command = [\"sh\", \"-c\", 'echo \"$AUTH_TYPE:$REMOTE_USER\"']\n";
    const std::string file = file_with(folder,
                                       "auth-basic = \"users\"\n"
                                       "[[endpoint]]\npath = \"/members\"\n" +
                                           command + "[[endpoint]]\npath = \"/open\"\nauth-basic = \"\"\n" + command +
                                           "[[endpoint]]\npath = \"/either\"\nauth-token-file = \"tokens\"\n" +
                                           command + "[[endpoint]]\npath = \"/program\"\nauth-basic = \"\"\n" +
                                           "auth-token-file = \"tokens\"\n" + command,
                                       "w.toml");
    const Server server({"--config", file});
    const auto status = [&](const std::string& path, const Headers& headers) {
        return status_of(server.port(), upgrade_request(headers, path));
    };
    const Headers none;
    const Headers password{{"Authorization", ada}};
    const Headers token{{"Authorization", "Bearer a-token"}};
    const auto statuses = [&](const std::string& path) {
        return std::vector<int>{status(path, none), status(path, password), status(path, token)};
    };
    EXPECT_THAT(statuses("/members"), testing::ElementsAre(401, 101, 401));
    EXPECT_THAT(statuses("/open"), testing::ElementsAre(101, 101, 101));
    EXPECT_THAT(statuses("/either"), testing::ElementsAre(401, 101, 101));
    EXPECT_THAT(statuses("/program"), testing::ElementsAre(401, 401, 101));
    EXPECT_EQ(Client(server.port(), {.path = "/members", .headers = password}).receive(), "Basic:ada");
    EXPECT_EQ(Client(server.port(), {.path = "/open", .headers = password}).receive(), ":");
}

TEST(AuthBasic, RefusesWhateverElseComes) {
    TemporaryFolder folder;
    Server server(telling({"--auth-basic", file_with(folder, users)}));
    for (const std::string& wrong :
         {ada_wrong, nobody, std::string("Basic"), std::string("Basic !"), std::string("Basic Og=="),
          std::string("Bearer secret"), ada + "x", "Basic " + std::string(8000, 'A')})
        EXPECT_EQ(status_with(server, {{"Authorization", wrong}}), 401) << wrong;
    std::string twice = upgrade_request({{"Authorization", ada}});
    twice.insert(twice.size() - 2, "Authorization: " + ada + "\r\n");
    EXPECT_EQ(status_of(server.port(), twice), 401);
    const std::string answer = answer_to(server.port(), upgrade_request());
    EXPECT_EQ(status_in(answer), 401);
    EXPECT_EQ(field(answer, "WWW-Authenticate"), "Basic realm=\"wsinetd\", charset=\"UTF-8\"");
}

TEST(AuthBasic, StartsNothingForWhomItRefusesAndLogsWhatWouldAllowIt) {
    TemporaryFolder folder;
    const std::string mark = folder.path() + "/started";
    Server server({"--auth-basic", file_with(folder, users), "touch", mark});
    EXPECT_EQ(status_with(server, {}), 401);
    EXPECT_EQ(status_with(server, {{"Authorization", ada_wrong}}), 401);
    EXPECT_TRUE(server.logs("no user and password were sent; those of --auth-basic"));
    EXPECT_TRUE(server.logs("user \\\"ada\\\" has no such password"));
    EXPECT_FALSE(std::ifstream(mark));
}

TEST(AuthBasic, KeepsThePasswordFromCommandAndLog) {
    TemporaryFolder folder;
    Server server(telling({"--auth-basic", file_with(folder, users), "--log-level", "debug"}));
    EXPECT_THAT(said_to(server, {{"Authorization", ada}}),
                AllOf(Not(HasSubstr("YWRh")), Not(HasSubstr("secret\n")), Not(HasSubstr("HTTP_AUTHORIZATION"))));
    EXPECT_EQ(status_with(server, {{"Authorization", ada_wrong}}), 401);
    EXPECT_TRUE(server.logs("has no such password"));
    for (const char* secret : {"YWRh", "wrong\"", "$2y$", "$6$"}) EXPECT_THAT(server.log(), Not(HasSubstr(secret)));
}

TEST(AuthBasic, HoldsForFilesProgramsEventsAndTheConsole) {
    TemporaryFolder folder;
    TemporaryFolder pages;
    TemporaryFolder programs;
    std::ofstream(pages.path() + "/page.html") << "hello";
    (void)programs.script("user",
                          "#!/bin/sh\necho 'Content-Type: text/plain'\necho\necho \"$AUTH_TYPE:$REMOTE_USER\"\n");
    Server server({"--auth-basic", file_with(folder, users), "--static-dir", pages.path(), "--cgi-dir", programs.path(),
                   "--dev-console", "echo", "event"});
    const std::string header = "Authorization: " + ada + "\r\n";
    const std::string events = "Accept: text/event-stream\r\n";
    for (const char* target : {"/page.html", "/user", "/_console/", "/no-such-file"})
        EXPECT_THAT(ask_once(server.port(), {.target = target}).head, HasSubstr(" 401 ")) << target;
    EXPECT_THAT(ask_once(server.port(), {.headers = events}).head, HasSubstr(" 401 "));
    EXPECT_EQ(ask_once(server.port(), {.target = "/page.html", .headers = header}).body, "hello");
    EXPECT_EQ(ask_once(server.port(), {.target = "/user", .headers = header}).body, "Basic:ada\n");
    EXPECT_THAT(ask_once(server.port(), {.target = "/_console/", .headers = header}).head, HasSubstr(" 200 "));
    EXPECT_THAT(ask_once(server.port(), {.headers = header + events}).body, HasSubstr("data: event"));
    EXPECT_THAT(ask_once(server.port(), {.target = "/no-such-file", .headers = header}).head, HasSubstr(" 404 "));
}

TEST(AuthBasic, HoldsForWhatAProgramRedirectsToAsWell) {
    TemporaryFolder folder;
    TemporaryFolder programs;
    (void)programs.script("there", "#!/bin/sh\necho 'Location: /user'\necho\n");
    (void)programs.script(
        "user", "#!/bin/sh\necho 'Content-Type: text/plain'\necho\necho \"$REMOTE_USER$HTTP_AUTHORIZATION\"\n");
    Server server({"--auth-basic", file_with(folder, users), "--cgi-dir", programs.path()});
    EXPECT_EQ(ask_once(server.port(), {.target = "/there", .headers = "Authorization: " + ada + "\r\n"}).body, "ada\n");
}

TEST(AuthBasic, ComesAfterTheRefusalsThatConcernEverybody) {
    TemporaryFolder folder;
    Server server(telling({"--auth-basic", file_with(folder, users)}));
    EXPECT_EQ(status_with(server, {{"Sec-WebSocket-Key", "x"}}), 400);
    EXPECT_EQ(status_with(server, {{"Sec-WebSocket-Version", "8"}}), 426);
    EXPECT_EQ(status_with(server, {{"Host", "evil.example"}}), 421);
    EXPECT_EQ(status_with(server, {{"Origin", "http://evil.example"}}), 403);
}

TEST(AuthBasic, DoesNotHoldUpSessionsWhilePasswordsAreChecked) {
    TemporaryFolder folder;
    // A cost of a second or so.
    const std::string slow = "ada:$2y$14$abcdefghijklmnopqrstuuKdMdHTbYf0cC6vWWWWWWWWWWWWWWWWW\n";
    Server server({"--threads", "1", "--auth-basic", file_with(folder, slow), "--auth-token-file",
                   file_with(folder, "token", "tokens"), "cat"});
    Client session(server.port(), {.headers = {{"Authorization", "Bearer token"}}});
    RawClient waiting(server.port());
    waiting.send(upgrade_request({{"Authorization", ada}}));
    for (int i = 0; i < 50; ++i) {
        session.send("hello");
        EXPECT_EQ(session.receive(), "hello");
    }
    char byte = 0;
    EXPECT_LT(::recv(waiting.fd(), &byte, 1, MSG_DONTWAIT), 0);  // still being checked
    server.signal(SIGTERM);
    (void)session.closed();
}

TEST(AuthFiles, ThatAreWrongAreErrorsWithTheirLine) {
    TemporaryFolder folder;
    const std::string weak = file_with(folder, "ada:{SHA}x\nbob:secret\n", "weak");
    const std::string tokens = file_with(folder, "a b c\n", "tokens");
    const Result result = run({"--auth-basic", weak, "--auth-token-file", tokens, "--check", "cat"});
    EXPECT_EQ(result.status, 2);
    EXPECT_THAT(result.err, AllOf(HasSubstr("--auth-basic: " + weak + ": line 1: "), HasSubstr(": line 2: "),
                                  HasSubstr("--auth-token-file: " + tokens + ": line 1: "), Not(HasSubstr("secret"))));
    const Result missing = run({"--auth-basic", "/no/such", "--auth-token-file", folder.path(), "--auth-header",
                                "X-User", "--auth-command", "/no/such", "--check", "cat"});
    EXPECT_EQ(missing.status, 2);
    EXPECT_THAT(missing.err, AllOf(HasSubstr("\"/no/such\" does not exist"), HasSubstr("is not a file"),
                                   HasSubstr("--auth-header needs --trusted-proxy"), HasSubstr("--auth-command: ")));
}

TEST(AuthToken, StandsInAuthorizationCookieOrSubprotocolAndIsKeptFromTheCommand) {
    TemporaryFolder folder;
    Server server(telling(
        {"--auth-token-file", file_with(folder, "ada T0ken-of-ada\nT0ken-of-nobody\n"), "--log-level", "debug"}));
    for (const Headers& headers : {Headers{{"Authorization", "Bearer T0ken-of-ada"}},
                                   Headers{{"Cookie", "theme=dark; wsinetd_token=T0ken-of-ada"}},
                                   Headers{{"Sec-WebSocket-Protocol", "bearer, T0ken-of-ada"}}})
        EXPECT_THAT(said_to(server, headers), AllOf(HasSubstr("Bearer:ada\n"), Not(HasSubstr("T0ken"))));
    EXPECT_THAT(said_to(server, {{"Cookie", "theme=dark; wsinetd_token=T0ken-of-ada"}}),
                HasSubstr("HTTP_COOKIE=theme=dark\n"));
    EXPECT_THAT(said_to(server, {{"Authorization", "Bearer T0ken-of-ada"},
                                 {"Cookie", "wsinetd_token=T0ken-of-ada"},
                                 {"Sec-WebSocket-Protocol", "bearer, T0ken-of-ada"}}),
                AllOf(HasSubstr("Bearer:ada\n"), Not(HasSubstr("T0ken"))));
    EXPECT_THAT(said_to(server, {{"Authorization", "Bearer T0ken-of-nobody"}}), HasSubstr("Bearer:\n"));
    EXPECT_THAT(server.log(), Not(HasSubstr("T0ken")));
}

TEST(AuthToken, BehindBearerSelectsBearerOrWhatTheEndpointSpeaks) {
    TemporaryFolder folder;
    const std::string tokens = file_with(folder, "token\n");
    const Headers offers{{"Sec-WebSocket-Protocol", "bearer, token, chat"}};
    Server bare({"--auth-token-file", tokens, "true"});
    EXPECT_EQ(field(answer_to(bare.port(), upgrade_request(offers)), "Sec-WebSocket-Protocol"), "bearer");
    for (const char* spoken : {"chat", "*"}) {
        Server server({"--auth-token-file", tokens, "--subprotocol", spoken, "true"});
        EXPECT_EQ(field(answer_to(server.port(), upgrade_request(offers)), "Sec-WebSocket-Protocol"), "chat");
    }
}

TEST(AuthToken, RefusesWhateverElseComes) {
    TemporaryFolder folder;
    Server server({"--auth-token-file", file_with(folder, "ada token\n"), "true"});
    for (const Headers& headers :
         {Headers{}, Headers{{"Authorization", "Bearer wrong"}}, Headers{{"Authorization", "Bearer ada token"}},
          Headers{{"Authorization", "Bearer ada"}}, Headers{{"Authorization", "token"}},
          Headers{{"Cookie", "wsinetd_token=wrong"}}, Headers{{"Sec-WebSocket-Protocol", "token, bearer"}},
          Headers{{"Sec-WebSocket-Protocol", "bearer"}}}) {
        const std::string answer = answer_to(server.port(), upgrade_request(headers));
        EXPECT_EQ(status_in(answer), 401);
        EXPECT_EQ(field(answer, "WWW-Authenticate"), "Bearer realm=\"wsinetd\"");
        EXPECT_THAT(answer, Not(HasSubstr("token-file")));
    }
    EXPECT_TRUE(server.logs("would be let in"));
    EXPECT_EQ(status_of(server.port(), "GET /?token=token HTTP/1.1\r\nHost: localhost\r\n\r\n"), 426);
}

TEST(AuthCommand, LetsInByItsExitStatusAndNamesTheUser) {
    TemporaryFolder folder;
    const std::string command =
        folder.script("ask", "#!/bin/sh\n[ \"$HTTP_X_KEY\" = open ] || exit 1\necho REMOTE_USER=ada\necho more\n");
    Server server(telling({"--auth-command", command}));
    EXPECT_THAT(said_to(server, {{"X-Key", "open"}, {"Authorization", ada}}),
                AllOf(HasSubstr("Command:ada\n"), Not(HasSubstr("HTTP_AUTHORIZATION"))));
    const std::string answer = answer_to(server.port(), upgrade_request({{"X-Key", "shut"}}));
    EXPECT_EQ(status_in(answer), 401);
    EXPECT_THAT(field(answer, "WWW-Authenticate"), HasSubstr("Basic"));
    EXPECT_TRUE(server.logs("exited with status 1; exit status 0 would let in"));
}

TEST(AuthCommand, ThatMisbehavesLetsNobodyIn) {
    TemporaryFolder folder;
    for (const char* text : {"kill -9 $$", "yes", "printf 'REMOTE_USER=a\\033b\\n'", "exec /no/such"}) {
        Server server({"--auth-command", folder.script("ask", std::string("#!/bin/sh\n") + text + "\n"), "true"});
        EXPECT_EQ(status_with(server, {}), 401) << text;
        EXPECT_TRUE(eventually([&] { return server.descendants().empty(); })) << text;
    }
}

TEST(AuthCommand, IsEndedWithTheServerAndHoldsUpNobody) {
    TemporaryFolder folder;
    const std::string command = folder.script("ask", "#!/bin/sh\n[ \"$HTTP_X_KEY\" ] || exec sleep 1000\n");
    Server server({"--threads", "1", "--auth-command", command, "echo", "hello"});
    RawClient waiting(server.port());
    waiting.send(upgrade_request());
    EXPECT_TRUE(eventually([&] { return !server.descendants().empty(); }));
    Client other(server.port(), {.headers = {{"X-Key", "open"}}});
    EXPECT_EQ(other.receive(), "hello");
    server.signal(SIGTERM);
    EXPECT_EQ(server.wait(), 0);
}

TEST(AuthCommand, CountsAsAProcess) {
    TemporaryFolder folder;
    const std::string command = folder.script("ask", "#!/bin/sh\nexec sleep 1000\n");
    Server server({"--max-processes", "1", "--auth-command", command, "true"});
    RawClient waiting(server.port());
    waiting.send(upgrade_request());
    EXPECT_TRUE(eventually([&] { return !server.descendants().empty(); }));
    EXPECT_EQ(status_with(server, {}), 503);
}

TEST(AuthHeader, IsBelievedOfATrustedProxyOnly) {
    Server trusting(telling({"--trusted-proxy", "127.0.0.1", "--auth-header", "X-User"}));
    EXPECT_THAT(said_to(trusting, {{"X-User", "ada"}}), HasSubstr("Proxy:ada\n"));
    EXPECT_EQ(status_with(trusting, {}), 403);
    EXPECT_EQ(status_with(trusting, {{"X-User", ""}}), 403);
    std::string twice = upgrade_request({{"X-User", "ada"}});
    twice.insert(twice.size() - 2, "x-user: bob\r\n");
    EXPECT_EQ(status_of(trusting.port(), twice), 403);
    Server wary(telling({"--trusted-proxy", "192.0.2.1", "--auth-header", "X-User"}));
    EXPECT_EQ(status_with(wary, {{"X-User", "ada"}}), 403);
    EXPECT_TRUE(wary.logs("the peer is none in --trusted-proxy"));
}

TEST(AuthHeader, OfAStrangerDoesNotReachTheCommand) {
    TemporaryFolder folder;
    Server server(telling({"--trusted-proxy", "192.0.2.1", "--auth-header", "X-User", "--auth-token-file",
                           file_with(folder, "bob token\n")}));
    EXPECT_THAT(said_to(server, {{"X-User", "ada"}, {"Authorization", "Bearer token"}}),
                AllOf(HasSubstr("Bearer:bob\n"), Not(HasSubstr("HTTP_X_USER"))));
}

}  // namespace
}  // namespace wsinetd::fixtures::authentication_test
