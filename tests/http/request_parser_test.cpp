#include "http/request_parser.hpp"

#include <gtest/gtest.h>

#include "fixtures/every_split.hpp"

namespace wsinetd::http::request_parser_test {
namespace {

using fixtures::bytes_of;
using fixtures::every_split;
using fixtures::Pieces;
using fixtures::text_of;

/// What became of some bytes: the requests or the refusal, one line each, and what was left behind the last head.
struct Outcome {
    std::vector<Request> requests;
    std::optional<Refusal> refusal;
    std::string rest;

    [[nodiscard]] int status() const { return refusal ? refusal->reply.status : 0; }
};

/// Reads heads until one is refused or `heads` are read; what follows is the rest.
Outcome read(const Pieces& pieces, std::size_t heads = 1) {
    RequestParser parser;
    Outcome outcome;
    for (const std::string& piece : pieces) {
        auto bytes = bytes_of(piece);
        while (!bytes.empty() && !outcome.refusal && outcome.requests.size() < heads) {
            auto result = parser.next(bytes);
            if (auto* request = std::get_if<Request>(&result)) outcome.requests.push_back(std::move(*request));
            if (auto* refusal = std::get_if<Refusal>(&result)) outcome.refusal = std::move(*refusal);
        }
        outcome.rest += text_of(bytes);
    }
    return outcome;
}

Request read_one(const std::string& head) {
    Outcome outcome = read({head});
    EXPECT_EQ(outcome.requests.size(), 1u) << head << (outcome.refusal ? outcome.refusal->why : "");
    return outcome.requests.empty() ? Request{} : outcome.requests.front();
}

/// 0 for a request, else the status of the refusal, the same in every arrangement; -1 where more bytes are needed.
int status_of(const std::string& head) {
    auto judge = [&](const Pieces& pieces) {
        const Outcome outcome = read(pieces);
        return outcome.requests.empty() && !outcome.refusal ? -1 : outcome.status();
    };
    const int status = judge({head});
    every_split(head, [&](const Pieces& pieces) { EXPECT_EQ(judge(pieces), status) << head; });
    return status;
}

std::string get(const std::string& lines) { return "GET / HTTP/1.1\r\nHost: h\r\n" + lines + "\r\n"; }

const std::string handshake =
    "GET /chat?a=1 HTTP/1.1\r\nHost: server.example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nOrigin: http://example.com\r\nSec-WebSocket-Version: 13\r\n\r\n";

TEST(RequestParser, FillsEveryMemberInEveryArrangement) {
    const std::string frames("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58\r\n\r\n", 15);
    every_split(handshake + frames, [&](const Pieces& pieces) {
        const Outcome outcome = read(pieces);
        ASSERT_EQ(outcome.requests.size(), 1u);
        const Request& request = outcome.requests.front();
        EXPECT_EQ(request.method, "GET");
        EXPECT_EQ(request.target, "/chat?a=1");
        EXPECT_EQ(request.path, "/chat");
        EXPECT_EQ(request.query, "a=1");
        EXPECT_EQ(request.minor_version, 1);
        EXPECT_TRUE(request.keep_alive);
        EXPECT_FALSE(request.has_body);
        EXPECT_EQ(request.host, "server.example.com");
        ASSERT_EQ(request.fields.size(), 6u);
        EXPECT_EQ(request.fields[3].name, "Sec-WebSocket-Key");
        EXPECT_EQ(request.fields[3].value, "dGhlIHNhbXBsZSBub25jZQ==");
        EXPECT_EQ(outcome.rest, frames);
    });
}

TEST(RequestParser, JudgesNoBodyByItsLength) {
    const Outcome outcome = read({"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 18446744073709551615\r\n\r\n"});
    ASSERT_EQ(outcome.requests.size(), 1u);
    EXPECT_TRUE(outcome.requests.front().has_body);
}

TEST(RequestParser, ReadsPipelinedRequestsOneByOne) {
    const std::string bytes = "GET /1 HTTP/1.1\r\nHost: a\r\n\r\n\r\nGET /2 HTTP/1.0\r\n\r\n" + handshake + "rest";
    every_split(bytes, [](const Pieces& pieces) {
        const Outcome outcome = read(pieces, 3);
        ASSERT_EQ(outcome.requests.size(), 3u);
        EXPECT_EQ(outcome.requests[0].path, "/1");
        EXPECT_EQ(outcome.requests[1].path, "/2");
        EXPECT_EQ(outcome.requests[1].host, "");
        EXPECT_EQ(outcome.requests[2].path, "/chat");
        EXPECT_EQ(outcome.rest, "rest");
    });
}

TEST(RequestParser, HasBegunFromTheFirstByteToTheLast) {
    RequestParser parser;
    EXPECT_FALSE(parser.begun());
    const std::string head = get("");
    for (std::size_t i = 0; i < head.size(); ++i) {
        auto byte = bytes_of(std::string_view(head).substr(i, 1));
        const auto result = parser.next(byte);
        EXPECT_EQ(parser.begun(), i + 1 < head.size()) << i;
        EXPECT_EQ(std::holds_alternative<Request>(result), i + 1 == head.size()) << i;
    }
}

TEST(RequestParser, KeepsTheOrderAndTheSpellingOfFields) {
    const Request request = read_one(get("B:  1 \t\r\na:\r\nb:\t2\r\nC: x \t y\r\nD: \xc3\xa4\r\n"));
    const std::vector<std::pair<std::string, std::string>> expected{{"Host", "h"}, {"B", "1"},      {"a", ""},
                                                                    {"b", "2"},    {"C", "x \t y"}, {"D", "\xc3\xa4"}};
    ASSERT_EQ(request.fields.size(), expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i) {
        EXPECT_EQ(request.fields[i].name, expected[i].first);
        EXPECT_EQ(request.fields[i].value, expected[i].second);
    }
}

TEST(RequestParser, PassesOverEmptyLinesBeforeARequest) {
    EXPECT_EQ(read_one("\r\n" + get("")).path, "/");
    EXPECT_EQ(read_one("\r\n\r\n\r\n" + get("")).path, "/");
    EXPECT_EQ(status_of("\n" + get("")), 400);
    EXPECT_EQ(status_of("\r" + get("")), 400);
    EXPECT_EQ(status_of(" \r\n" + get("")), 400);
}

TEST(RequestParser, AllowsExactlyItsLimit) {
    const std::string frame = "GET / HTTP/1.1\r\nHost: h\r\nX: \r\n\r\n";
    for (const std::string prefix : {"", "\r\n"}) {
        const std::string fitting =
            prefix + get("X: " + std::string(16384 - frame.size() - prefix.size(), 'x') + "\r\n");
        ASSERT_EQ(fitting.size(), 16384u);
        EXPECT_EQ(read({fitting}).requests.size(), 1u);
        EXPECT_EQ(read({fitting.substr(0, 16383), fitting.substr(16383)}).requests.size(), 1u);
        const std::string longer =
            prefix + get("X: " + std::string(16385 - frame.size() - prefix.size(), 'x') + "\r\n");
        EXPECT_EQ(read({longer}).status(), 431);
        EXPECT_EQ(read({longer.substr(0, 16000), longer.substr(16000)}).status(), 431);
    }
    EXPECT_EQ(read({get("X: " + std::string(20000, 'x'))}).status(), 431);
    EXPECT_EQ(read({"GET /" + std::string(20000, 'x')}).status(), 431);
    EXPECT_EQ(read({std::string(20000, 'x')}).status(), 431);
    std::string lines;
    while (lines.size() < 20000) lines += "\r\n";
    EXPECT_EQ(read({lines}).status(), 431);
}

TEST(RequestParser, CountsEachHeadForItself) {
    const std::string head = get("X: " + std::string(10000, 'x') + "\r\n");
    EXPECT_EQ(read({head + head + head}, 3).requests.size(), 3u);
}

struct LineRow {
    std::string_view lines;  // behind "GET / HTTP/1.1" and Host
    int status;
};

TEST(RequestParser, JudgesFields) {
    static constexpr LineRow rows[] = {
        {"", 0},
        {"X: 1\r\n", 0},
        {"X:\r\n", 0},
        {"X: 1\n", 400},
        {"X: 1\n\r\n", 400},
        {"X: 1\r", 400},
        {"X: 1\rY: 2\r\n", 400},
        {"X: 1\r\r\n", 400},
        {"X: 1\r\n 2\r\n", 400},
        {"X: 1\r\n\t2\r\n", 400},
        {"X:\r\n 2\r\n", 400},
        {" X: 1\r\n", 400},
        {"X : 1\r\n", 400},
        {"X\t: 1\r\n", 400},
        {": 1\r\n", 400},
        {"X\r\n", 400},
        {"X Y: 1\r\n", 400},
        {"Host: h\r\n", 400},
        {"host: other\r\n", 400},
        {"Content-Length: 5\r\nContent-Length: 5\r\n", 400},
        {"Content-Length: 5\r\nContent-Length: 6\r\n", 400},
        {"Content-Length: 5, 5\r\n", 400},
        {"Content-Length: 5,\r\n", 400},
        {"Content-Length: +5\r\n", 400},
        {"Content-Length: -5\r\n", 400},
        {"Content-Length: 0x5\r\n", 400},
        {"Content-Length: 5 5\r\n", 400},
        {"Content-Length:\r\n", 400},
        {"Content-Length: 99999999999999999999\r\n", 400},
        {"Content-Length: 5\r\n", 0},
        {"Transfer-Encoding: chunked\r\n", 0},
        {"Transfer-Encoding: CHUNKED\r\n", 0},
        {"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", 400},
        {"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", 400},
        {"Content-Length: 5\r\nTransfer-Encoding: gzip\r\n", 400},
        {"Transfer-Encoding: gzip\r\nContent-Length: 5\r\n", 400},
        {"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", 400},
        {"Transfer-Encoding:\r\n", 400},
        {"Transfer-Encoding: gzip\r\n", 501},
        {"Transfer-Encoding: identity\r\n", 501},
        {"Transfer-Encoding: gzip, chunked\r\n", 501},
        {"Transfer-Encoding: chunked, gzip\r\n", 501},
        {"Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n", 501},
        {"Transfer-Encoding: xchunked\r\n", 501},
    };
    for (const LineRow& row : rows) EXPECT_EQ(status_of(get(std::string(row.lines))), row.status) << row.lines;
}

struct RequestLineRow {
    std::string_view line;
    int status;
};

TEST(RequestParser, JudgesTheRequestLine) {
    static constexpr RequestLineRow rows[] = {
        {"GET / HTTP/1.1", 0},
        {"GET / HTTP/1.0", 0},
        {"M-SEARCH /a HTTP/1.1", 0},
        {"OPTIONS * HTTP/1.1", 0},
        {"GET http://h/ HTTP/1.1", 0},
        {"GET * HTTP/1.1", 400},
        {"CONNECT h:80 HTTP/1.1", 400},
        {"GET ftp://h/ HTTP/1.1", 400},
        {"GET h HTTP/1.1", 400},
        {"GET /.. HTTP/1.1", 400},
        {"GET /% HTTP/1.1", 400},
        {"GET /\" HTTP/1.1", 400},
        {"GET /\xc3\xa4 HTTP/1.1", 400},
        {"GET  / HTTP/1.1", 400},
        {"GET /  HTTP/1.1", 400},
        {"GET\t/ HTTP/1.1", 400},
        {"GET / HTTP/1.1 ", 400},
        {" GET / HTTP/1.1", 400},
        {"GET / x HTTP/1.1", 400},
        {"GET /", 400},
        {"GET", 400},
        {"G", 400},
        {"GET / HTT", 400},
        {"GET / http/1.1", 400},
        {"GET / HTTP/11", 400},
        {"GET / HTTP/1.10", 400},
        {"GET / HTTP/1,1", 400},
        {"G@T / HTTP/1.1", 400},
        {"GET / HTTP/1.2", 505},
        {"GET / HTTP/0.9", 505},
        {"GET / HTTP/2.0", 505},
        {"GET / HTTP/3.0", 505},
    };
    for (const RequestLineRow& row : rows)
        EXPECT_EQ(status_of(std::string(row.line) + "\r\nHost: h\r\n\r\n"), row.status) << row.line;
    EXPECT_EQ(status_of("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 505);
    EXPECT_EQ(status_of("GET / HTTP/1.1\r\n Host: h\r\n\r\n"), 400);
}

struct HostRow {
    std::string_view host;
    int status;
};

TEST(RequestParser, JudgesHost) {
    static constexpr HostRow rows[] = {
        {"example.com", 0},
        {"example.com:8080", 0},
        {"127.0.0.1:1", 0},
        {"[::1]:8080", 0},
        {"", 0},
        {"h:", 0},
        {"h:65536", 400},
        {"h:x", 400},
        {"a b", 400},
        {"u@h", 400},
        {"h/", 400},
        {"http://h", 400},
        {"::1", 400},
        {"[::1", 400},
        {":80", 400},
        {"a,b:1:2", 400},
        {"\"h\"", 400},
        {"\xc3\xa4.example", 400},
        {"h\\", 400},
        {"<h>", 400},
    };
    for (const HostRow& row : rows) {
        const std::string field = "Host: " + std::string(row.host) + "\r\n\r\n";
        EXPECT_EQ(status_of("GET / HTTP/1.1\r\n" + field), row.status) << row.host;
        EXPECT_EQ(status_of("GET / HTTP/1.0\r\n" + field), row.status) << row.host;
        if (row.status == 0) {
            EXPECT_EQ(read_one("GET / HTTP/1.1\r\n" + field).host, row.host);
        }
    }
}

TEST(RequestParser, WantsOneHostInHttp11AndAtMostOneInHttp10) {
    EXPECT_EQ(status_of("GET / HTTP/1.1\r\n\r\n"), 400);
    EXPECT_EQ(status_of("GET / HTTP/1.0\r\n\r\n"), 0);
    EXPECT_EQ(status_of("GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n"), 400);
    EXPECT_EQ(status_of("GET http://h/ HTTP/1.1\r\n\r\n"), 400);
}

TEST(RequestParser, AnAbsoluteTargetReplacesHostEverywhere) {
    const Request request = read_one("GET http://a.example:81/x?y HTTP/1.1\r\nHost: b\r\n\r\n");
    EXPECT_EQ(request.target, "http://a.example:81/x?y");
    EXPECT_EQ(request.path, "/x");
    EXPECT_EQ(request.query, "y");
    EXPECT_EQ(request.host, "a.example:81");
    EXPECT_EQ(request.fields.joined("Host"), "a.example:81");
    EXPECT_EQ(read_one("GET http://a/ HTTP/1.0\r\n\r\n").host, "a");
}

TEST(RequestParser, RefusesTransferEncodingInHttp10) {
    EXPECT_EQ(status_of("GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"), 400);
    EXPECT_EQ(status_of("GET / HTTP/1.0\r\nTransfer-Encoding: gzip\r\n\r\n"), 400);
}

TEST(RequestParser, SaysWhetherABodyFollows) {
    EXPECT_FALSE(read_one(get("")).has_body);
    EXPECT_FALSE(read_one(get("Content-Length: 0\r\n")).has_body);
    EXPECT_FALSE(read_one(get("Content-Length: 000\r\n")).has_body);
    EXPECT_TRUE(read_one(get("Content-Length: 10\r\n")).has_body);
    EXPECT_TRUE(read_one(get("Transfer-Encoding: chunked\r\n")).has_body);
    EXPECT_EQ(read({get("Content-Length: 4\r\n") + "body"}).rest, "body");
}

struct KeepAliveRow {
    std::string_view head;
    bool keep_alive;
};

TEST(RequestParser, KeepsAliveByVersionAndConnection) {
    static constexpr KeepAliveRow rows[] = {
        {"1.1\r\n", true},
        {"1.1\r\nConnection: close\r\n", false},
        {"1.1\r\nConnection: Upgrade, Close\r\n", false},
        {"1.1\r\nConnection: keep-alive\r\nConnection: close\r\n", false},
        {"1.0\r\n", false},
        {"1.0\r\nConnection: Keep-Alive\r\n", true},
        {"1.0\r\nConnection: keep-alive, close\r\n", false},
        {"1.0\r\nConnection: Upgrade\r\n", false},
    };
    for (const KeepAliveRow& row : rows)
        EXPECT_EQ(read_one("GET / HTTP/" + std::string(row.head) + "Host: h\r\n\r\n").keep_alive, row.keep_alive)
            << row.head;
}

bool is_token_byte(int byte) {
    const char c = static_cast<char>(byte);
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (byte != 0 && std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos);
}

TEST(RequestParser, JudgesEveryByteInAFieldName) {
    for (int byte = 0; byte < 256; ++byte) {
        const bool allowed = is_token_byte(byte) || byte == ':';  // a colon ends the name "X" early
        EXPECT_EQ(status_of(get(std::string("X") + static_cast<char>(byte) + "Y: 1\r\n")), allowed ? 0 : 400) << byte;
    }
}

TEST(RequestParser, JudgesEveryByteInAFieldValue) {
    for (int byte = 0; byte < 256; ++byte) {
        const bool allowed = (byte >= 0x20 && byte != 0x7f) || byte == '\t';
        EXPECT_EQ(status_of(get(std::string("X: a") + static_cast<char>(byte) + "b\r\n")), allowed ? 0 : 400) << byte;
    }
}

TEST(RequestParser, JudgesEveryByteInTheMethod) {
    for (int byte = 0; byte < 256; ++byte) {
        const std::string head = std::string("G") + static_cast<char>(byte) + "T / HTTP/1.1\r\nHost: h\r\n\r\n";
        EXPECT_EQ(status_of(head), is_token_byte(byte) ? 0 : 400) << byte;
    }
}

TEST(RequestParser, JudgesEveryByteInTheTarget) {
    for (int byte = 0; byte < 256; ++byte) {
        const char c = static_cast<char>(byte);
        const bool allowed = byte > 0x20 && byte < 0x7f && c != '"' && c != '#';
        const std::string head = std::string("GET /a") + c + "41 HTTP/1.1\r\nHost: h\r\n\r\n";
        EXPECT_EQ(status_of(head), allowed ? 0 : 400) << byte;
    }
}

TEST(RequestParser, RefusesAtOnceWhatCannotBecomeARequest) {
    EXPECT_EQ(read({"GET / HTTP/1.1\n"}).status(), 400);
    EXPECT_EQ(read({std::string("\x16\x03\x01", 3)}).status(), 400);  // TLS to a plain port
    EXPECT_EQ(read({"GET / HTTP/1.1\r\nHost: h\r\n "}).status(), 400);
    EXPECT_EQ(read({"GET / HTTP/1.1\r\nX: 1\rY"}).status(), 400);
}

TEST(RequestParser, NeedsTheWholeHead) {
    for (std::size_t length = 0; length < handshake.size(); ++length) {
        const Outcome outcome = read({handshake.substr(0, length)});
        EXPECT_TRUE(outcome.requests.empty() && !outcome.refusal) << length;
    }
}

}  // namespace
}  // namespace wsinetd::http::request_parser_test
