#include "http/cgi_reply.hpp"

#include <gtest/gtest.h>

#include "fixtures/every_split.hpp"

namespace wsinetd::http::cgi_reply_test {
namespace {

using fixtures::bytes_of;
using fixtures::every_split;
using fixtures::Pieces;
using fixtures::text_of;

/// What became of an output.
struct Outcome {
    std::optional<CgiReply> reply;
    std::string why;   ///< of a failure
    std::string rest;  ///< behind the head

    /// All of it, for comparisons.
    [[nodiscard]] std::string told() const {
        if (!reply) return why;
        std::string text = std::to_string(reply->reply.status) + "\n";
        for (const Field& field : reply->reply.fields) text += field.name + ": " + field.value + "\n";
        if (reply->length) text += "length " + std::to_string(*reply->length) + "\n";
        if (!reply->local_redirect.empty()) text += "local " + reply->local_redirect + "\n";
        return text + reply->reply.body + "\n" + rest;
    }
};

Outcome read(const Pieces& pieces, std::size_t max_head) {
    CgiReplyParser parser(max_head);
    Outcome outcome;
    bool going = true;
    for (const std::string& piece : pieces) {
        auto bytes = bytes_of(piece);
        if (going) {
            auto result = parser.next(bytes);
            if (auto* reply = std::get_if<CgiReply>(&result)) outcome.reply = std::move(*reply);
            if (auto* failure = std::get_if<CgiFailure>(&result)) outcome.why = failure->why;
            going = std::holds_alternative<std::monostate>(result);
            EXPECT_TRUE(!going || bytes.empty());
        }
        if (outcome.reply) outcome.rest += text_of(bytes);
    }
    if (going) outcome.why = parser.ended().why;
    EXPECT_NE(outcome.reply.has_value(), !outcome.why.empty());
    return outcome;
}

/// The same in every arrangement.
Outcome read(const std::string& output, std::size_t max_head = 16 * 1024) {
    Outcome outcome = read(Pieces{output}, max_head);
    every_split(output, [&](const Pieces& pieces) {
        EXPECT_EQ(read(pieces, max_head).told(), outcome.told()) << testing::PrintToString(pieces);
    });
    return outcome;
}

std::string told(const std::string& output) { return read(output).told(); }
std::string why(const std::string& output) { return read(output).why; }

TEST(CgiReplyParser, ReadsADocument) {
    EXPECT_EQ(told("Content-Type: text/plain\n\nhello\n\nworld"), "200\nContent-Type: text/plain\n\nhello\n\nworld");
}

TEST(CgiReplyParser, TakesLfAndCrLfAlike) {
    // The second empty line is the body's.
    EXPECT_EQ(told("Content-Type: a/b\nStatus: 404\n\n\r\nx\n"), "404\nContent-Type: a/b\n\n\r\nx\n");
    EXPECT_EQ(told("Content-Type: a/b\r\nStatus: 404\r\n\r\n\r\nx\n"), "404\nContent-Type: a/b\n\n\r\nx\n");
    EXPECT_EQ(told("Content-Type: a/b\r\nStatus: 404\n\r\n\r\nx\n"), "404\nContent-Type: a/b\n\n\r\nx\n");
}

TEST(CgiReplyParser, KeepsOrderAndSpellingOfFieldsAndTrimsValues) {
    EXPECT_EQ(
        told("X-B:  1 \t\nset-cookie: a=1\ncontent-type:text/html\nSet-Cookie: b=2; Path=/\nx-a:\nX-C: a \t b\n\n"),
        "200\nX-B: 1\nset-cookie: a=1\ncontent-type: text/html\nSet-Cookie: b=2; Path=/\nx-a: \nX-C: a \t b\n\n");
}

TEST(CgiReplyParser, WantsContentTypeLocationOrStatus) {
    EXPECT_EQ(told("Content-Type: a/b\n\n"), "200\nContent-Type: a/b\n\n");
    EXPECT_EQ(told("Status: 204\n\n"), "204\n\n");
    EXPECT_EQ(told("Location: http://a/\n\n"), "302\nLocation: http://a/\n\n");
    EXPECT_EQ(why("X: y\nContent-Length: 0\n\n"), "printed a head with neither Content-Type, Location nor Status");
    EXPECT_EQ(why("\nhello"), "printed a head with neither Content-Type, Location nor Status");
    EXPECT_EQ(why("\r\nhello"), "printed a head with neither Content-Type, Location nor Status");
}

TEST(CgiReplyParser, TakesAStatusFrom200To599) {
    for (int status = 0; status <= 999; ++status) {
        const std::string digits = std::to_string(1000 + status).substr(1);
        const Outcome outcome = read(Pieces{"Status: " + digits + "\n\n"}, 100);
        EXPECT_EQ(outcome.reply.has_value(), status >= 200 && status <= 599) << digits;
        if (outcome.reply) {
            EXPECT_EQ(outcome.reply->reply.status, status);
        }
    }
}

TEST(CgiReplyParser, TakesAStatusWithAndWithoutItsReason) {
    EXPECT_EQ(told("Status: 404 Not Found\n\n"), "404\n\n");
    EXPECT_EQ(told("status:\t404 \n\n"), "404\n\n");
    EXPECT_EQ(told("Status: 200 OK: \xc3\xa4\n\n"), "200\n\n");
}

TEST(CgiReplyParser, FailsOnAStatusThatIsNone) {
    for (const std::string value : {"", "4", "40", "4040", "0404", "404Not Found", "404,200", "+404", "-404", " 4 04",
                                    "OK", "OK 404", "0x194", "404\tNot Found", "HTTP/1.1 404", "99999999999999999999"})
        EXPECT_EQ(why("Status: " + value + "\n\n").find("printed Status: "), 0u) << value;
}

TEST(CgiReplyParser, TakesTheLengthOut) {
    EXPECT_EQ(told("Content-Type: a/b\nContent-Length: 5\n\nhello"), "200\nContent-Type: a/b\nlength 5\n\nhello");
    EXPECT_EQ(told("Status: 200\ncontent-length:0\n\n"), "200\nlength 0\n\n");
    EXPECT_EQ(told("Status: 200\nContent-Length: 18446744073709551615\n\n"), "200\nlength 18446744073709551615\n\n");
}

TEST(CgiReplyParser, FailsOnALengthThatIsNone) {
    for (const std::string value : {"", "-1", "+1", "0x1", "1 1", "1, 1", "1,", "one", "1.0", "18446744073709551616"})
        EXPECT_EQ(why("Status: 200\nContent-Length: " + value + "\n\n").find("printed Content-Length: "), 0u) << value;
}

TEST(CgiReplyParser, FailsOnASecondFieldOfThoseThatStandOnce) {
    EXPECT_EQ(why("Status: 200\nstatus: 200\n\n"), "printed status: \"200\", but that field stands once");
    EXPECT_EQ(why("Location: /\nLocation: /\n\n"), "printed Location: \"/\", but that field stands once");
    EXPECT_EQ(why("Content-Type: a/b\nContent-type: a/b\n\n"),
              "printed Content-type: \"a/b\", but that field stands once");
    EXPECT_EQ(why("Status: 200\nContent-Length: 1\nContent-Length: 1\n\n"),
              "printed Content-Length: \"1\", but that field stands once");
}

TEST(CgiReplyParser, RemovesWhatConcernsTheConnection) {
    for (const std::string name :
         {"Connection", "connection", "Keep-Alive", "TE", "Trailer", "Transfer-Encoding", "transfer-encoding",
          "Upgrade", "Proxy-Authenticate", "Proxy-Connection", "proxy-anything"})
        EXPECT_EQ(told("X: y\n" + name + ": chunked\nStatus: 200\n\n"), "200\nX: y\n\n") << name;
    EXPECT_EQ(told("Status: 200\nTea: x\nProxy: x\nTrailers: x\n\n"), "200\nTea: x\nProxy: x\nTrailers: x\n\n");
}

struct LocationRow {
    std::string_view what;
    std::string_view head;
    std::string_view told;
};

TEST(CgiReplyParser, TellsLocalRedirectsFromTheClients) {
    static constexpr LocationRow rows[] = {
        {"6.2.2", "Location: /a/b?c=d\n\n", "302\nLocation: /a/b?c=d\nlocal /a/b?c=d\n\n"},
        {"6.2.2 with a type", "Content-Type: a/b\nLocation: /a\n\n",
         "302\nContent-Type: a/b\nLocation: /a\nlocal /a\n\n"},
        {"the root", "location: /\n\n", "302\nlocation: /\nlocal /\n\n"},
        {"6.2.3", "Location: http://example.com/a#b\n\n", "302\nLocation: http://example.com/a#b\n\n"},
        {"6.2.4", "Status: 303 See Other\nLocation: http://a/\nContent-Type: a/b\n\nbody",
         "303\nLocation: http://a/\nContent-Type: a/b\n\nbody"},
        {"any scheme", "Location: mailto:a@b\n\n", "302\nLocation: mailto:a@b\n\n"},
        {"another host", "Location: //host/a\n\n", "302\nLocation: //host/a\n\n"},
        {"a path with a status", "Location: /a\nStatus: 301\n\n", "301\nLocation: /a\n\n"},
        {"of something created", "Status: 201\nLocation: /a\n\n", "201\nLocation: /a\n\n"},
        {"a path with another field", "Location: /a\nSet-Cookie: a=b\n\n", "302\nLocation: /a\nSet-Cookie: a=b\n\n"},
        {"a path with a length", "Location: /a\nContent-Length: 0\n\n", "302\nLocation: /a\nlength 0\n\n"},
        {"a path with a field that is removed", "Location: /a\nConnection: close\n\n", "302\nLocation: /a\n\n"},
        {"a path with a fragment", "Location: /a#b\n\n", "302\nLocation: /a#b\n\n"},
        {"a relative path", "Location: a/b\n\n", "302\nLocation: a/b\n\n"},
    };
    for (const LocationRow& row : rows) EXPECT_EQ(told(std::string(row.head)), row.told) << row.what;
    EXPECT_EQ(why("Location:\n\n"), "printed Location: \"\", but a location is a URL or a path");
}

TEST(CgiReplyParser, FailsOnLinesThatAreNoFields) {
    EXPECT_EQ(why("Hello, world!\n"), "printed a line that is no header field: \"Hello, world!\"");
    for (const std::string line :
         {"Status", "Status : 200", ": x", " X: y", "\tX: y", "X Y: z", "X\xc3\xa4: y", "(X): y"})
        EXPECT_EQ(why("Status: 200\n" + line + "\n\n"), "printed a line that is no header field: \"" + line + "\"");
}

TEST(CgiReplyParser, FailsAsSoonAsALineIsWrong) {
    auto bytes = bytes_of("Traceback (most recent call last):\n");
    EXPECT_TRUE(std::holds_alternative<CgiFailure>(CgiReplyParser().next(bytes)));
}

TEST(CgiReplyParser, QuotesNoMoreThanTheBeginningOfALine) {
    EXPECT_EQ(why(std::string(100, 'x') + "\n"),
              "printed a line that is no header field: \"" + std::string(80, 'x') + "...\"");
    EXPECT_EQ(why(std::string(80, 'x') + "\n"),
              "printed a line that is no header field: \"" + std::string(80, 'x') + "\"");
}

TEST(CgiReplyParser, JudgesEveryByteInAName) {
    for (int byte = 0; byte < 256; ++byte) {
        const bool allowed = is_token_char(static_cast<char>(byte)) || byte == ':';  // which ends the name early
        const Outcome outcome = read(std::string("Status: 200\nX") + static_cast<char>(byte) + "Y: 1\n\n");
        EXPECT_EQ(outcome.reply.has_value(), allowed) << byte;
    }
}

TEST(CgiReplyParser, JudgesEveryByteInAValue) {
    for (int byte = 0; byte < 256; ++byte) {
        if (byte == '\n') continue;  // ends it
        const bool allowed = (byte >= 0x20 && byte != 0x7f) || byte == '\t';
        const Outcome outcome = read(std::string("Status: 200\nX: a") + static_cast<char>(byte) + "b\n\n");
        EXPECT_EQ(outcome.reply.has_value(), allowed) << byte;
    }
}

TEST(CgiReplyParser, TakesNoCrButBeforeAnLf) {
    EXPECT_EQ(why("Status: 200\r\r\n\r\n").find("printed a header field with control bytes"), 0u);
    EXPECT_EQ(why("Status: 200\n\r\r\n").find("printed a line that is no header field"), 0u);
    EXPECT_EQ(why("Status: 200\r\rX: y\r\r"), "ended before the empty line that ends a head");
}

TEST(CgiReplyParser, ServesNoNphPrograms) {
    EXPECT_EQ(why("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n"),
              "began with a status line; nph programs are not served: \"HTTP/1.1 200 OK\"");
    EXPECT_EQ(why("Status: 200\nHTTP/1.1 200 OK\n\n"), "printed a line that is no header field: \"HTTP/1.1 200 OK\"");
}

TEST(CgiReplyParser, LimitsTheHeadToTheByte) {
    const std::string head = "Status: 200\r\nX: " + std::string(80, 'x') + "\r\n\r\n";
    const std::string failure = "printed a head of more than " + std::to_string(head.size() - 1) + " bytes";
    EXPECT_EQ(read(head + "body", head.size()).rest, "body");
    EXPECT_EQ(read(head + "body", head.size() - 1).why, failure);
    EXPECT_EQ(read(head, head.size() - 1).why, failure);
}

TEST(CgiReplyParser, TakesAHeadOf16KiBAndNoMore) {
    std::string head = "Status: 200\n";
    while (head.size() < 16 * 1024 - 100) head += "X: " + std::string(28, 'x') + "\n";
    head += "X: " + std::string(16 * 1024 - head.size() - 5, 'x') + "\n\n";
    ASSERT_EQ(head.size(), 16u * 1024);
    auto bytes = bytes_of(head);
    EXPECT_TRUE(std::holds_alternative<CgiReply>(CgiReplyParser().next(bytes)));
    head.insert(head.size() - 2, "x");
    bytes = bytes_of(head);
    EXPECT_TRUE(std::holds_alternative<CgiFailure>(CgiReplyParser().next(bytes)));
}

TEST(CgiReplyParser, FailsOnALineThatNeverEnds) {
    CgiReplyParser parser;
    const std::string much(16 * 1024 - 1, 'x');
    auto bytes = bytes_of(much);
    EXPECT_TRUE(std::holds_alternative<std::monostate>(parser.next(bytes)));
    bytes = bytes_of("x");
    EXPECT_TRUE(std::holds_alternative<CgiFailure>(parser.next(bytes)));
}

TEST(CgiReplyParser, SaysWhyAnOutputThatEndedIsNoReply) {
    EXPECT_EQ(CgiReplyParser().ended().why, "printed nothing");
    const std::string head = "Content-Type: text/plain\r\n\r\n";
    for (std::size_t length = 1; length < head.size(); ++length)
        EXPECT_EQ(read(Pieces{head.substr(0, length)}, 100).why, "ended before the empty line that ends a head");
}

}  // namespace
}  // namespace wsinetd::http::cgi_reply_test
