// Spec section 2 and RFC 3875: what a CGI program is told, and what becomes of what it prints.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <sstream>

#include "fixtures/answer.hpp"
#include "fixtures/program_tree.hpp"
#include "fixtures/tls_client.hpp"

namespace wsinetd::fixtures::cgi_test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr const char* plain = "printf 'Content-Type: text/plain\\n\\n'\n";

class Cgi : public testing::Test {
protected:
    void serve(std::vector<std::string> options = {}) {
        options.insert(options.begin(), {"--cgi-dir", tree.root()});
        server.emplace(std::move(options));
    }
    Answer ask(Ask request) { return ask_once(server->port(), std::move(request)); }
    Answer ask(const std::string& target) { return ask(Ask{.target = target}); }
    int status(const std::string& target) { return status_in(ask(target).head); }

    /// What a program that printed `text` (printf's) is answered as.
    Answer answer_to_output(const std::string& text) {
        tree.program("printing", "printf '" + text + "'");
        if (!server) serve();
        return ask("/printing");
    }

    ProgramTree tree;
    std::optional<Server> server;
};

std::map<std::string, std::string> variables(const std::string& text) {
    std::map<std::string, std::string> all;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);)
        all[line.substr(0, line.find('='))] = line.substr(std::min(line.size(), line.find('=') + 1));
    return all;
}

// What the program is told: RFC 3875, 4.1.

TEST_F(Cgi, TheEnvironmentTellsWhatWasAsked) {
    const std::string program = tree.program("sub/env", std::string(plain) + "env");
    serve({"--static-dir", tree.beside("")});
    const Answer answer = ask(Ask{.target = "/sub/env/extra%20path/x?a=b%20c&d",
                                  .headers = "X-Thing: one\r\nX-Thing: two\r\nProxy: http://evil.example\r\n"
                                             "X_Under: no\r\nCookie: a=b\r\n"});
    auto env = variables(answer.body);
    EXPECT_EQ(env["GATEWAY_INTERFACE"], "CGI/1.1");
    EXPECT_EQ(env["SERVER_PROTOCOL"], "HTTP/1.1");
    EXPECT_THAT(env["SERVER_SOFTWARE"], StartsWith("wsinetd/"));
    EXPECT_EQ(env["SERVER_NAME"], "localhost");
    EXPECT_EQ(env["SERVER_PORT"], std::to_string(server->port()));
    EXPECT_EQ(env["REQUEST_METHOD"], "GET");
    EXPECT_EQ(env["REQUEST_URI"], "/sub/env/extra%20path/x?a=b%20c&d");
    EXPECT_EQ(env["QUERY_STRING"], "a=b%20c&d");
    EXPECT_EQ(env["SCRIPT_NAME"], "/sub/env");
    EXPECT_EQ(env["PATH_INFO"], "/extra path/x");
    EXPECT_EQ(std::filesystem::path(env["PATH_TRANSLATED"]).lexically_normal(), tree.beside("extra path/x"));
    EXPECT_EQ(env["SCRIPT_FILENAME"], program);
    EXPECT_EQ(env["REMOTE_ADDR"], "127.0.0.1");
    EXPECT_EQ(env["REMOTE_HOST"], "127.0.0.1");
    EXPECT_NE(env["REMOTE_PORT"], "");
    EXPECT_NE(env["UNIQUE_ID"], "");
    for (const char* empty : {"CONTENT_TYPE", "CONTENT_LENGTH", "AUTH_TYPE", "REMOTE_USER", "WEBSOCKET_SUBPROTOCOL"}) {
        EXPECT_TRUE(env.contains(empty)) << empty;
        EXPECT_EQ(env[empty], "") << empty;
    }
    EXPECT_EQ(env["HTTP_HOST"], "localhost");
    EXPECT_EQ(env["HTTP_X_THING"], "one, two");
    EXPECT_EQ(env["HTTP_COOKIE"], "a=b");
    for (const char* absent : {"HTTP_PROXY", "HTTP_X_UNDER", "HTTPS"}) EXPECT_FALSE(env.contains(absent)) << absent;
}

TEST_F(Cgi, WithoutPathInfoThereIsNothingToTranslate) {
    tree.program("env", std::string(plain) + "env");
    serve({"--static-dir", tree.beside("")});
    auto env = variables(ask("/env").body);
    EXPECT_EQ(env["SCRIPT_NAME"], "/env");
    EXPECT_EQ(env["PATH_INFO"], "");
    EXPECT_EQ(env["PATH_TRANSLATED"], "");
    EXPECT_EQ(env["QUERY_STRING"], "");
    EXPECT_EQ(variables(ask("/env/").body)["PATH_INFO"], "/");
}

TEST_F(Cgi, TheEnvironmentTellsOfTheBody) {
    tree.program("env", std::string(plain) + "env");
    serve();
    auto env = variables(
        ask(Ask{.target = "/env", .method = "POST", .headers = "Content-Type: text/x; y=z\r\n", .body = "12345"}).body);
    EXPECT_EQ(env["REQUEST_METHOD"], "POST");
    EXPECT_EQ(env["CONTENT_TYPE"], "text/x; y=z");
    EXPECT_EQ(env["CONTENT_LENGTH"], "5");
}

TEST_F(Cgi, TheMethodIsWhateverTheClientSays) {
    tree.program("method", std::string(plain) + "echo $REQUEST_METHOD");
    serve();
    for (const char* method : {"GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND"})
        EXPECT_EQ(ask(Ask{.target = "/method", .method = method}).body, std::string(method) + "\n");
}

TEST_F(Cgi, AProgramRunsInItsOwnDirectory) {
    tree.program("a/b/where", std::string(plain) + "pwd");
    std::filesystem::create_symlink("a/b/where", tree.root() + "/link");
    serve({"--cwd", "/"});
    EXPECT_EQ(ask("/a/b/where").body, tree.root() + "/a/b\n");
    EXPECT_EQ(ask("/link").body, tree.root() + "/a/b\n");
}

TEST_F(Cgi, AProgramGetsTheVariablesOfTheOptions) {
    tree.program("env", std::string(plain) + "env");
    serve({"--env", "MINE=yes"});
    EXPECT_EQ(variables(ask("/env").body)["MINE"], "yes");
}

TEST_F(Cgi, AProgramInheritsThreeDescriptors) {
    tree.program("fds", std::string(plain) + "exec ls /proc/self/fd");
    serve();
    EXPECT_EQ(ask("/fds").body, "0\n1\n2\n3\n");  // ls's own is 3
}

TEST_F(Cgi, IsServedUnderTlsToo) {
    tree.program("env", std::string(plain) + "cat; env");
    const ServerFiles files;
    server.emplace(files.options({"--cgi-dir", tree.root()}));
    TlsRawClient client(server->port());
    client.send("POST /env HTTP/1.0\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nbody\n");
    const std::string answer = client.receive_all();
    EXPECT_THAT(answer,
                AllOf(StartsWith("HTTP/1.0 200 OK\r\n"), HasSubstr("\r\n\r\nbody\n"), HasSubstr("\nHTTPS=on\n")));
    EXPECT_EQ(client.error(), "");
}

// What it answers: RFC 3875, 6.

TEST_F(Cgi, AnAnswerWithoutAStatusIsOk) {
    const Answer answer = answer_to_output("Content-Type: text/x-mine\\nX-Own: value\\n\\nhello\\n");
    EXPECT_THAT(answer.head, StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_EQ(field(answer.head, "Content-Type"), "text/x-mine");
    EXPECT_EQ(field(answer.head, "X-Own"), "value");
    EXPECT_NE(field(answer.head, "Date"), "-");
    EXPECT_EQ(answer.body, "hello\n");
}

TEST_F(Cgi, AHeadEndsItsLinesInLfOrCrLf) {
    for (const char* text : {"Content-Type: text/plain\\n\\nx\\r\\ny", "Content-Type: text/plain\\r\\n\\r\\nx\\r\\ny",
                             "Content-Type: text/plain\\r\\n\\nx\\r\\ny"}) {
        const Answer answer = answer_to_output(text);
        EXPECT_EQ(field(answer.head, "Content-Type"), "text/plain");
        EXPECT_EQ(answer.body, "x\r\ny");
    }
}

TEST_F(Cgi, AHeadMayComeByteByByte) {
    tree.file("text", "Status: 203 X\nContent-Type: text/plain\n\nhello");
    tree.program("slow", "exec dd bs=1 if=text status=none");
    serve();
    const Answer answer = ask("/slow");
    EXPECT_EQ(status_in(answer.head), 203);
    EXPECT_EQ(answer.body, "hello");
}

TEST_F(Cgi, TheStatusIsTheProgramsAndNoField) {
    for (const int status : {200, 201, 299, 400, 404, 418, 500, 503, 599}) {
        const Answer answer = answer_to_output("Status: " + std::to_string(status) + " So be it\\n\\nbody");
        EXPECT_EQ(status_in(answer.head), status);
        EXPECT_EQ(field(answer.head, "Status"), "-");
        EXPECT_EQ(answer.body, "body");
    }
}

TEST_F(Cgi, ALocationElsewhereIsTheClientsToFollow) {
    for (const char* location :
         {"http://elsewhere.example/x?y", "https://localhost/", "//elsewhere.example/", "/here#part"}) {
        const Answer answer = answer_to_output("Location: " + std::string(location) + "\\n\\n");
        EXPECT_EQ(status_in(answer.head), 302) << location;
        EXPECT_EQ(field(answer.head, "Location"), location);
    }
    const Answer own = answer_to_output("Status: 307\\nLocation: /printing\\nContent-Type: text/plain\\n\\nthere");
    EXPECT_EQ(status_in(own.head), 307);
    EXPECT_EQ(field(own.head, "Location"), "/printing");
    EXPECT_EQ(own.body, "there");
}

TEST_F(Cgi, ALocationHereIsFollowedByTheServer) {
    tree.program("first", "cat > /dev/null\nprintf 'Location: /sub/second/info?x=y%%20z\\n\\n'");
    tree.program("sub/second", std::string(plain) + "cat; env");
    serve();
    const Answer answer = ask(Ask{.target = "/first?old",
                                  .method = "POST",
                                  .headers = "Content-Type: text/x\r\nX-Own: kept\r\n",
                                  .body = "gone"});
    EXPECT_EQ(status_in(answer.head), 200);
    EXPECT_EQ(field(answer.head, "Location"), "-");
    EXPECT_THAT(answer.body, Not(HasSubstr("gone")));
    auto env = variables(answer.body);
    EXPECT_EQ(env["REQUEST_METHOD"], "GET");
    EXPECT_EQ(env["SCRIPT_NAME"], "/sub/second");
    EXPECT_EQ(env["PATH_INFO"], "/info");
    EXPECT_EQ(env["QUERY_STRING"], "x=y%20z");
    EXPECT_EQ(env["CONTENT_LENGTH"], "");
    EXPECT_EQ(env["CONTENT_TYPE"], "");
    EXPECT_EQ(env["HTTP_X_OWN"], "kept");
}

TEST_F(Cgi, ALocationHereMayBeAFileAndKeepsTheConnection) {
    tree.program("first", "printf 'Location: /page.txt\\n\\n'");
    tree.file("../files/page.txt", "a file");
    serve({"--static-dir", tree.beside("files")});
    RawClient client(server->port());
    for (int i = 0; i < 3; ++i) {
        client.send(request_for({.target = "/first"}));
        EXPECT_EQ(receive_whole(client).body, "a file");
    }
    client.send(request_for({.target = "/first", .method = "HEAD"}));
    const Answer head = receive_whole(client, true);
    EXPECT_EQ(field(head.head, "Content-Length"), "6");
    client.send(request_for({.target = "/page.txt"}));
    EXPECT_EQ(receive_whole(client).body, "a file");
}

TEST_F(Cgi, LocationsThatLeadInACircleAreA502) {
    tree.program("ping", "printf 'Location: /pong\\n\\n'");
    tree.program("pong", "printf 'Location: /ping\\n\\n'");
    tree.program("up", "printf 'Location: /../../etc/passwd\\n\\n'");
    serve();
    EXPECT_EQ(status("/ping"), 502);
    EXPECT_TRUE(server->logs("status=502 why=\"redirect to /p"));
    EXPECT_EQ(status("/up"), 502);
    EXPECT_TRUE(server->logs("redirect to /../../etc/passwd"));
}

TEST_F(Cgi, ALengthOfTheProgramsIsKept) {
    tree.program("exact", "printf 'Content-Type: text/plain\\nContent-Length: 5\\n\\nhello'");
    tree.program("more", "printf 'Content-Type: text/plain\\nContent-Length: 5\\n\\nhello, world'");
    tree.program("less", "printf 'Content-Type: text/plain\\nContent-Length: 50\\n\\nhello'");
    serve();
    RawClient client(server->port());
    for (const char* target : {"/exact", "/more", "/exact"}) {
        client.send(request_for({.target = target}));
        const Answer answer = receive_whole(client);
        EXPECT_EQ(field(answer.head, "Content-Length"), "5");
        EXPECT_EQ(field(answer.head, "Transfer-Encoding"), "-");
        EXPECT_EQ(answer.body, "hello");
    }
    client.send(request_for({.target = "/less"}));
    EXPECT_EQ(field(client.receive_until("\r\n\r\n"), "Content-Length"), "50");
    EXPECT_EQ(client.receive_all(), "hello");  // and the end, by which the client can tell
}

TEST_F(Cgi, WithoutALengthABodyIsChunkedOrEndsWithTheConnection) {
    tree.program("print", std::string(plain) + "echo hello");
    serve();
    EXPECT_EQ(field(ask("/print").head, "Transfer-Encoding"), "chunked");
    const Answer old = ask(Ask{.target = "/print", .headers = "Connection: keep-alive\r\n", .minor_version = 0});
    EXPECT_THAT(old.head, StartsWith("HTTP/1.0 200 OK\r\n"));
    EXPECT_EQ(field(old.head, "Transfer-Encoding"), "-");
    EXPECT_EQ(field(old.head, "Content-Length"), "-");
    EXPECT_EQ(old.body, "hello\n");
}

TEST_F(Cgi, TheProgramsConnectionFieldsAreNotTheServers) {
    const Answer answer = answer_to_output(
        "Content-Type: text/plain\\nConnection: keep-alive, X-Own\\nTransfer-Encoding: gzip\\nUpgrade: h2c\\n\\nhello");
    EXPECT_EQ(field(answer.head, "Transfer-Encoding"), "chunked");
    EXPECT_EQ(field(answer.head, "Connection"), "close");
    EXPECT_EQ(field(answer.head, "Upgrade"), "-");
    EXPECT_EQ(answer.body, "hello");
}

TEST_F(Cgi, AnAnswerToHeadHasNoBody) {
    tree.program("print", "printf \"Content-Type: text/plain\\nX-Method: $REQUEST_METHOD\\n\\n\"\necho hello");
    tree.program("counted", "printf 'Content-Type: text/plain\\nContent-Length: 5\\n\\nhello'");
    serve();
    RawClient client(server->port());
    client.send(request_for({.target = "/print", .method = "HEAD"}) +
                request_for({.target = "/counted", .method = "HEAD"}) + request_for({.target = "/print"}));
    EXPECT_EQ(field(receive_whole(client, true).head, "X-Method"), "HEAD");
    EXPECT_EQ(field(receive_whole(client, true).head, "Content-Length"), "5");
    EXPECT_EQ(receive_whole(client).body, "hello\n");
}

TEST_F(Cgi, SomeStatusesHaveNoBodyWhateverIsPrinted) {
    tree.program("none", "printf \"Status: $QUERY_STRING\\nContent-Length: 5\\n\\nhello\"");
    serve();
    RawClient client(server->port());
    for (const char* number : {"204", "304", "204"}) {
        client.send(request_for({.target = "/none?" + std::string(number)}));
        const Answer answer = receive_whole(client);
        EXPECT_EQ(status_in(answer.head), std::stoi(number));
        EXPECT_EQ(field(answer.head, "Transfer-Encoding"), "-");
    }
}

TEST_F(Cgi, ExtraHeadersStandOnItsAnswerToo) {
    tree.program("print", std::string(plain) + "echo hello");
    serve({"--header", "X-All: a", "--header-http", "X-Http: b", "--header-ws", "X-Ws: c"});
    const Answer answer = ask("/print");
    EXPECT_EQ(field(answer.head, "X-All"), "a");
    EXPECT_EQ(field(answer.head, "X-Http"), "b");
    EXPECT_EQ(field(answer.head, "X-Ws"), "-");
}

TEST_F(Cgi, StderrIsForTheLogWhateverTheOptionSays) {
    for (const char* mode : {"log", "merge", "tagged", "discard"}) {
        tree.program("complain", std::string(plain) + "echo complaint >&2\necho hello");
        serve({"--stderr", mode});
        EXPECT_EQ(ask("/complain").body, "hello\n") << mode;
        if (std::string(mode) != "discard") EXPECT_TRUE(server->logs("complaint")) << mode;
    }
}

// What is no answer.

TEST_F(Cgi, NonsenseIsA502AndTheLogSaysWhy) {
    const struct {
        const char* output;
        const char* why;
    } cases[] = {
        {"hello\\n\\n", "printed a line that is no header field"},
        {": x\\n\\n", "printed a line that is no header field"},
        {"Bad Name: x\\n\\n", "printed a line that is no header field"},
        {"X: \\001\\n\\n", "control bytes"},
        {"HTTP/1.1 200 OK\\r\\n\\r\\n", "nph programs are not served"},
        {"Status: 99\\n\\n", "a status is a number from 200 to 599"},
        {"Status: OK\\n\\n", "a status is a number from 200 to 599"},
        {"Content-Type: a/b\\nContent-Length: 1\\nContent-Length: 1\\n\\nx", "but that field stands once"},
        {"Content-Type: a/b\\nContent-Length: -1\\n\\nx", "a length is one decimal number"},
        {"X-Own: y\\n\\nhello", "neither Content-Type, Location nor Status"},
        {"\\nhello", "neither Content-Type, Location nor Status"},
        {"Content-Type: text/plain\\n", "ended before the empty line"},
        {"Content-Type: text/pl", "ended before the empty line"},
        {"", "printed nothing"},
    };
    for (const auto& [output, why] : cases) {
        server.reset();
        const Answer answer = answer_to_output(output);
        EXPECT_EQ(status_in(answer.head), 502) << output;
        EXPECT_THAT(answer.body, StartsWith("502 Bad Gateway\n")) << output;
        EXPECT_TRUE(server->logs("status=502")) << output;
        EXPECT_THAT(server->log(), HasSubstr(why)) << output;
    }
}

TEST_F(Cgi, AProgramThatFailsAtOnceIsA502AndTheConnectionIsKept) {
    tree.program("fail", "exit 1");
    tree.program("killed", "kill -9 $$");
    serve();
    RawClient client(server->port());
    for (const char* target : {"/fail", "/killed", "/fail"}) {
        client.send(request_for({.target = target}));
        EXPECT_EQ(status_in(receive_whole(client).head), 502);
    }
    EXPECT_TRUE(server->logs("printed nothing"));
}

TEST_F(Cgi, AHeadHasSixteenKibibytes) {
    tree.program("endless", "printf 'Content-Type: text/plain\\nX-Long: '\nyes | tr -d '\\n'");
    tree.program("lines", "printf 'Content-Type: text/plain\\n'\nyes 'X-Many: y'");
    serve();
    for (const char* target : {"/endless", "/lines"}) EXPECT_EQ(status(target), 502) << target;
    EXPECT_TRUE(server->logs("printed a head of more than 16384 bytes"));
    EXPECT_TRUE(leaves_nothing(*server));
}

TEST_F(Cgi, AProgramThatCannotStartIsA500AndTheLogSaysWhy) {
    tree.file("interpreter", "#!/no/such/interpreter\n", 0755);
    tree.file("bare", "echo hello\n", 0755);
    serve();
    for (const char* target : {"/interpreter", "/bare"}) EXPECT_EQ(status(target), 500) << target;
    EXPECT_TRUE(server->logs("the interpreter in its first line"));
    EXPECT_TRUE(server->logs("a script needs a first line such as #!/bin/sh"));
    EXPECT_TRUE(leaves_nothing(*server));
}

}  // namespace
}  // namespace wsinetd::fixtures::cgi_test
