// Spec section 2 and RFC 3875, 4.2: a request's body on a CGI program's stdin, and connections that are kept.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <csignal>
#include <optional>
#include <thread>

#include "fixtures/answer.hpp"
#include "fixtures/program_tree.hpp"

namespace wsinetd::fixtures::cgi_body_test {
namespace {

using testing::AllOf;
using testing::AnyOf;
using testing::HasSubstr;
using testing::StartsWith;

constexpr const char* plain = "printf 'Content-Type: text/plain\\n\\n'\n";

/// Every byte, in no order that repeats soon.
std::string binary(std::size_t size) {
    std::string bytes(size, '\0');
    unsigned state = 1;
    for (char& byte : bytes) byte = static_cast<char>((state = state * 1664525U + 1013904223U) >> 24);
    return bytes;
}

/// `body` in chunks of growing sizes, with an extension and a trailer.
std::string chunked(std::string_view body) {
    std::string text;
    for (std::size_t size = 1; !body.empty(); size = size * 3 + 1) {
        const std::string_view data = body.substr(0, size);
        char digits[32];
        std::snprintf(digits, sizeof digits, "%zX", data.size());
        text.append(digits).append(size % 2 == 0 ? ";name=\"value\"" : "").append("\r\n").append(data).append("\r\n");
        body.remove_prefix(data.size());
    }
    return text + "0\r\nX-Trailer: dropped\r\n\r\n";
}

const std::string chunked_field = "Transfer-Encoding: chunked\r\n";

class CgiBody : public testing::Test {
protected:
    CgiBody() {
        tree.program("echo", std::string(plain) + "exec cat");
        tree.program("lines", std::string(plain) + "while read -r line; do echo \"got $line\"; done\necho end");
        tree.program("deaf", std::string(plain) + "echo answered");
        tree.program("method", std::string(plain) + "cat > /dev/null\nprintf %s $REQUEST_METHOD$PATH_INFO");
        server.emplace(std::vector<std::string>{"--cgi-dir", tree.root(), "--threads", "2"});
    }

    ProgramTree tree;
    std::optional<Server> server;
};

/// Sends on a thread of its own until destroyed, so that the test can read meanwhile.
class Sending {
public:
    Sending(RawClient& client, const std::string& bytes)
        : thread_([fd = client.fd(), &bytes] {
              std::string_view rest = bytes;
              while (!rest.empty()) {
                  const ssize_t count = ::send(fd, rest.data(), rest.size(), MSG_NOSIGNAL);
                  if (count <= 0) return;
                  rest.remove_prefix(static_cast<std::size_t>(count));
              }
          }) {}
    ~Sending() { thread_.join(); }
    Sending(const Sending&) = delete;
    Sending& operator=(const Sending&) = delete;

private:
    std::thread thread_;
};

TEST_F(CgiBody, ACountedBodyArrivesToTheLastByte) {
    for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{65536}, std::size_t{1024 * 1024}}) {
        const std::string body = binary(size);
        const std::string bytes = request_for({.target = "/echo", .method = "POST", .body = body});
        RawClient client(server->port());
        const Sending sending(client, bytes);
        EXPECT_TRUE(receive_whole(client).body == body) << size;
    }
}

TEST_F(CgiBody, AChunkedBodyArrivesWithoutItsChunks) {
    for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{65536}, std::size_t{1024 * 1024}}) {
        const std::string body = binary(size);
        const std::string bytes =
            request_for({.target = "/echo", .method = "POST", .headers = chunked_field}) + chunked(body);
        RawClient client(server->port());
        const Sending sending(client, bytes);
        EXPECT_TRUE(receive_whole(client).body == body) << size;
    }
}

TEST_F(CgiBody, AProgramAnswersWhatHasComeBeforeTheRest) {
    RawClient client(server->port());
    client.send("POST /lines HTTP/1.1\r\nHost: localhost\r\nContent-Length: 8\r\n\r\none\n");
    client.receive_until("\r\n\r\n");
    EXPECT_EQ(receive_chunks_until(client, "one\n"), "got one\n");
    client.send("two\n");
    EXPECT_EQ(receive_chunks_until(client, "end\n"), "got two\nend\n");
    EXPECT_EQ(receive_chunk(client), "");

    client.send("POST /lines HTTP/1.1\r\nHost: localhost\r\n" + chunked_field + "\r\n4\r\none\n\r\n");
    client.receive_until("\r\n\r\n");
    EXPECT_EQ(receive_chunks_until(client, "one\n"), "got one\n");
    client.send("2\r\ntw\r\n2\r\no\n\r\n");
    EXPECT_EQ(receive_chunks_until(client, "two\n"), "got two\n");
    client.send("0\r\n\r\n");
    EXPECT_EQ(receive_chunks_until(client, "end\n"), "end\n");
    EXPECT_EQ(receive_chunk(client), "");
}

TEST_F(CgiBody, AClientThatAsksIsToldToContinue) {
    RawClient client(server->port());
    client.send("POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
    EXPECT_EQ(client.receive_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
    client.send("hello");
    EXPECT_EQ(receive_whole(client).body, "hello");
    client.send("POST /echo HTTP/1.1\r\nHost: localhost\r\n" + chunked_field + "Expect: 100-Continue\r\n\r\n");
    EXPECT_EQ(client.receive_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
    client.send("5\r\nhello\r\n0\r\n\r\n");
    EXPECT_EQ(receive_whole(client).body, "hello");
}

TEST_F(CgiBody, NobodyIsToldToContinueWhoNeedNot) {
    for (const char* request :
         {"POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\nhello",
          "POST /echo HTTP/1.0\r\nHost: localhost\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\nhello",
          "GET /echo HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n\r\n",
          "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nExpect: 100-continue\r\n\r\n"})
        EXPECT_EQ(status_of(server->port(), request), 200) << request;
}

TEST_F(CgiBody, ARefusalComesInPlaceOfContinue) {
    const std::string rest = "Content-Length: 5\r\nExpect: 100-continue\r\n\r\n";
    EXPECT_EQ(status_of(server->port(), "POST /none HTTP/1.1\r\nHost: localhost\r\n" + rest), 404);
    EXPECT_EQ(status_of(server->port(), "POST /echo HTTP/1.1\r\nHost: evil.example\r\n" + rest), 421);
    EXPECT_EQ(
        status_of(server->port(), "POST /echo HTTP/1.1\r\nHost: localhost\r\nOrigin: http://evil.example\r\n" + rest),
        403);
}

TEST_F(CgiBody, ABodyOfMethodsThatSeldomHaveOneIsGivenToo) {
    for (const char* method : {"GET", "DELETE", "PUT"})
        EXPECT_EQ(ask_once(server->port(), {.target = "/echo", .method = method, .body = "hello"}).body, "hello");
}

// Connections that are kept.

TEST_F(CgiBody, RequestsWithBodiesAreServedOneAfterAnotherAlsoWhenTheyComeTogether) {
    std::string all;
    for (int i = 0; i < 3; ++i) {
        all += request_for({.target = "/echo", .method = "POST", .body = "counted" + std::to_string(i)});
        all += request_for({.target = "/echo", .method = "POST", .headers = chunked_field}) +
               chunked("chunked, and longer");
        all += request_for({.target = "/method/x"});
        all += request_for({.target = "/method", .method = "POST", .body = binary(100'000)});
    }
    RawClient client(server->port());
    const Sending sending(client, all);
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(receive_whole(client).body, "counted" + std::to_string(i));
        EXPECT_EQ(receive_whole(client).body, "chunked, and longer");
        EXPECT_EQ(receive_whole(client).body, "GET/x");
        EXPECT_EQ(receive_whole(client).body, "POST");
    }
}

TEST_F(CgiBody, WhatAProgramDoesNotReadIsNoRequest) {
    const std::string inner = request_for({.target = "/method/smuggled"});
    RawClient client(server->port());
    client.send(request_for({.target = "/deaf", .method = "POST", .body = inner}) +
                request_for({.target = "/method/real"}));
    EXPECT_EQ(receive_whole(client).body, "answered\n");
    EXPECT_EQ(receive_whole(client).body, "GET/real");
}

TEST_F(CgiBody, AnAnswerToWhomDoesNotReadArrivesWholeAndWithoutAReset) {
    const std::string body(4 * 1024 * 1024, 'x');
    const std::string bytes =
        request_for({.target = "/deaf", .method = "POST", .headers = "Connection: close\r\n", .body = body});
    RawClient client(server->port());
    {
        const Sending sending(client, bytes);
        EXPECT_EQ(receive_whole(client).body, "answered\n");
    }
    EXPECT_EQ(client.receive_all(), "");
    EXPECT_FALSE(client.was_reset());
}

TEST_F(CgiBody, AnAnswerDoesNotWaitForABodyThatNobodyReads) {
    RawClient client(server->port());
    client.send("POST /deaf HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\nsome");
    EXPECT_EQ(receive_whole(client).body, "answered\n");
    EXPECT_EQ(client.receive_all(), "");  // for where the next request would begin nobody knows
    EXPECT_FALSE(client.was_reset());
}

TEST_F(CgiBody, ARedirectIsFollowedWhenTheBodyThatNobodyReadsHasCome) {
    tree.program("elsewhere", "printf 'Location: /method/there\\n\\n'\necho up > " + tree.beside("up"));
    RawClient client(server->port());
    client.send("POST /elsewhere HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n");
    EXPECT_EQ(first_line_of(tree.beside("up")), "up");
    EXPECT_TRUE(leaves_nothing(*server));
    client.send(std::string(1'000'000, 'x') + request_for({.target = "/method/next"}));
    EXPECT_EQ(receive_whole(client).body, "GET/there");
    EXPECT_EQ(receive_whole(client).body, "GET/next");
}

TEST_F(CgiBody, TheServersStopDoesNotWaitForABodyBeforeARedirect) {
    tree.program("elsewhere", "printf 'Location: /method/there\\n\\n'\necho up > " + tree.beside("up"));
    server.emplace(std::vector<std::string>{"--cgi-dir", tree.root(), "--shutdown-grace", "1000s"});
    RawClient client(server->port());
    client.send("POST /elsewhere HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\nsome");
    EXPECT_EQ(first_line_of(tree.beside("up")), "up");
    EXPECT_TRUE(leaves_nothing(*server));
    server->signal(SIGTERM);
    EXPECT_THAT(client.receive_all(), testing::Not(HasSubstr("GET/there")));
    EXPECT_EQ(server->wait(), 0);
}

// Malformed bodies.

TEST_F(CgiBody, AMalformedChunkIsA400AndTheEndOfTheConnection) {
    tree.program("waiting", "cat > /dev/null; echo done >> " + tree.beside("done"));
    for (const char* body : {"x\r\n", "5\nhello\r\n0\r\n\r\n", "5\r\nhello, world\r\n0\r\n\r\n", "-1\r\n\r\n",
                             "0x5\r\nhello\r\n", "5 \r\nhello\r\n", "\r\n", "11111111111111111\r\n",
                             "5\r\nhello\r\n0\r\n folded\r\n\r\n", "5\r\nhello\r\n0\r\nName : x\r\n\r\n"}) {
        RawClient client(server->port());
        client.send("POST /waiting HTTP/1.1\r\nHost: localhost\r\n" + chunked_field + "\r\n" + body +
                    request_for({.target = "/method/smuggled"}));
        const Answer answer = receive_whole(client);
        EXPECT_THAT(answer.head, AllOf(StartsWith("HTTP/1.1 400 "), HasSubstr("\r\nConnection: close\r\n"))) << body;
        EXPECT_EQ(client.receive_all(), "") << body;
        EXPECT_FALSE(client.was_reset()) << body;
    }
    EXPECT_TRUE(server->logs("status=400"));
    EXPECT_TRUE(leaves_nothing(*server));
}

TEST_F(CgiBody, AMalformedChunkBehindTheAnswersBeginningEndsTheConnection) {
    RawClient client(server->port());
    client.send("POST /lines HTTP/1.1\r\nHost: localhost\r\n" + chunked_field + "\r\n4\r\none\n\r\n");
    EXPECT_THAT(client.receive_until("\r\n\r\n"), StartsWith("HTTP/1.1 200 "));
    EXPECT_EQ(receive_chunks_until(client, "one\n"), "got one\n");
    client.send("nonsense\r\n" + request_for({.target = "/method/smuggled"}));
    EXPECT_THAT(client.receive_all(), testing::Not(HasSubstr("smuggled")));
    EXPECT_TRUE(leaves_nothing(*server));
}

TEST_F(CgiBody, NoRequestOfTwoMeaningsStartsAnything) {
    tree.trap("trap");
    const std::string zero(1, '\0');
    const std::string first = "POST /trap HTTP/1.1\r\nHost: localhost\r\n";
    for (const std::string& request : {
             first + "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
             first + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
             first + "Content-Length: 5, 5\r\n\r\nhello",
             first + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
             first + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
             first + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
             first + "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
             first + "Content-Length : 5\r\n\r\nhello",
             first + "Content-Length: 5\nX: y\r\n\r\nhello",
             first + "X: y\r\n Content-Length: 5\r\n\r\nhello",
             first + "Content-Length:\r\n 5\r\n\r\nhello",
             first + "Content-Length: 5" + zero + "\r\n\r\nhello",
             first + "X" + zero + ": y\r\n\r\n",
             first + "Content-Length: +5\r\n\r\nhello",
             first + "Content-Length: 0x5\r\n\r\nhello",
             first + "Content-Length: -5\r\n\r\nhello",
             first + "Content-Length: 5 5\r\n\r\nhello",
             first + "Content-Length:\r\n\r\nhello",
             first + "Host: localhost\r\n\r\n",
             std::string("POST /trap HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello"),
             std::string("POST /trap HTTP/1.1\nHost: localhost\n\n"),
             std::string("POST /trap HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
         }) {
        RawClient client(server->port());
        client.send(request + "GET /trap HTTP/1.1\r\nHost: localhost\r\n\r\n");
        const Answer answer = receive_whole(client);
        EXPECT_EQ(status_in(answer.head), 400) << request;
        EXPECT_EQ(client.receive_all(), "") << request;
        EXPECT_FALSE(client.was_reset()) << request;
    }
    // Codings that are not spoken are not guessed at (RFC 9112, 6.1).
    for (const char* coding : {"gzip", "chunked, gzip", "gzip, chunked", "xchunked", "identity", "chunked;q=1"}) {
        RawClient client(server->port());
        client.send(first + "Transfer-Encoding: " + coding +
                    "\r\n\r\n0\r\n\r\nGET /trap HTTP/1.1\r\nHost: localhost\r\n\r\n");
        EXPECT_THAT(status_in(receive_whole(client).head), AnyOf(400, 501)) << coding;
        EXPECT_EQ(client.receive_all(), "") << coding;
    }
    EXPECT_EQ(tree.ran(), "");
}

}  // namespace
}  // namespace wsinetd::fixtures::cgi_body_test
