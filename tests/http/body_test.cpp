#include "http/body.hpp"

#include <gtest/gtest.h>

#include "fixtures/every_split.hpp"
#include "http/request_parser.hpp"

namespace wsinetd::http::body_test {
namespace {

using fixtures::bytes_of;
using fixtures::every_split;
using fixtures::Pieces;
using fixtures::text_of;

/// As the parser gives it; `lines` say the length or the coding.
Request post(const std::string& lines) {
    const std::string head = "POST / HTTP/1.1\r\nHost: h\r\n" + lines + "\r\n";
    auto bytes = bytes_of(head);
    auto result = RequestParser().next(bytes);
    EXPECT_TRUE(std::holds_alternative<Request>(result)) << head;
    return std::get<Request>(std::move(result));
}

const Request chunked = post("Transfer-Encoding: chunked\r\n");

/// What a reader made of some bytes.
struct Outcome {
    std::string body;
    std::string rest;  ///< behind the body's end
    bool ended = false;
    int status = 0;  ///< of the refusal
    std::string why;
};

Outcome read(const Request& request, const Pieces& pieces) {
    BodyReader reader(request);
    Outcome outcome;
    for (const std::string& piece : pieces) {
        auto bytes = bytes_of(piece);
        while (outcome.status == 0) {
            const auto before = bytes;
            const auto result = reader.next(bytes);
            if (const auto* body = std::get_if<std::span<const std::byte>>(&result)) {
                EXPECT_FALSE(body->empty());
                EXPECT_GE(body->data(), before.data());
                EXPECT_EQ(body->data() + body->size(), bytes.data());
                outcome.body += text_of(*body);
                continue;
            }
            if (const auto* refusal = std::get_if<Refusal>(&result)) {
                outcome.status = refusal->reply.status;
                outcome.why = refusal->why;
            }
            outcome.ended = std::holds_alternative<BodyReader::End>(result);
            EXPECT_EQ(outcome.ended, reader.done());
            EXPECT_TRUE(!std::holds_alternative<std::monostate>(result) || bytes.empty());
            break;
        }
        if (outcome.ended) outcome.rest += text_of(bytes);
    }
    return outcome;
}

/// The same in every arrangement: the status, or 0 where the body is whole, or -1 where more bytes are needed.
int status_of(const std::string& body) {
    const auto judge = [&](const Pieces& pieces) {
        const Outcome outcome = read(chunked, pieces);
        return outcome.ended || outcome.status != 0 ? outcome.status : -1;
    };
    const int status = judge({body});
    every_split(body, [&](const Pieces& pieces) { EXPECT_EQ(judge(pieces), status) << body; });
    return status;
}

TEST(BodyReader, IsDoneAtOnceWithoutABody) {
    for (const std::string lines : {"", "Content-Length: 0\r\n", "Content-Length: 000\r\n"}) {
        BodyReader reader(post(lines));
        EXPECT_TRUE(reader.done()) << lines;
        EXPECT_EQ(reader.length(), 0u) << lines;
        auto bytes = bytes_of("GET");
        EXPECT_TRUE(std::holds_alternative<BodyReader::End>(reader.next(bytes))) << lines;
        EXPECT_EQ(text_of(bytes), "GET") << lines;
    }
}

TEST(BodyReader, TakesAsManyBytesAsContentLengthSays) {
    const Request request = post("Content-Length: 5\r\n");
    EXPECT_EQ(BodyReader(request).length(), 5u);
    EXPECT_FALSE(BodyReader(request).done());
    every_split("helloGET / HTTP/1.1\r\n", [&](const Pieces& pieces) {
        const Outcome outcome = read(request, pieces);
        EXPECT_EQ(outcome.body, "hello");
        EXPECT_TRUE(outcome.ended);
        EXPECT_EQ(outcome.rest, "GET / HTTP/1.1\r\n");
    });
}

TEST(BodyReader, IsDoneWithTheLastByteOfACountedBody) {
    BodyReader reader(post("Content-Length: 2\r\n"));
    auto bytes = bytes_of("ab");
    auto first = bytes.first(1);
    EXPECT_TRUE(std::holds_alternative<std::span<const std::byte>>(reader.next(first)));
    EXPECT_FALSE(reader.done());
    auto second = bytes.subspan(1);
    EXPECT_TRUE(std::holds_alternative<std::span<const std::byte>>(reader.next(second)));
    EXPECT_TRUE(reader.done());
    EXPECT_TRUE(std::holds_alternative<BodyReader::End>(reader.next(second)));
}

TEST(BodyReader, TakesALengthOf64Bits) {
    BodyReader reader(post("Content-Length: 18446744073709551615\r\n"));
    EXPECT_EQ(reader.length(), 18446744073709551615u);
    auto bytes = bytes_of("hello");
    EXPECT_TRUE(std::holds_alternative<std::span<const std::byte>>(reader.next(bytes)));
    EXPECT_FALSE(reader.done());
}

TEST(BodyReader, TakesALengthWithLeadingZeros) {
    EXPECT_EQ(BodyReader(post("Content-Length: 0000000000000000000000005\r\n")).length(), 5u);
}

TEST(BodyReader, NeedsMoreWhereNoBytesAreLeft) {
    for (const std::string lines : {"Content-Length: 1\r\n", "Transfer-Encoding: chunked\r\n"}) {
        BodyReader reader(post(lines));
        std::span<const std::byte> none;
        EXPECT_TRUE(std::holds_alternative<std::monostate>(reader.next(none))) << lines;
    }
}

TEST(BodyReader, PutsChunksTogether) {
    EXPECT_EQ(BodyReader(chunked).length(), std::nullopt);
    const std::string body = "4\r\nWiki\r\n5\r\npedia\r\nE\r\n in\r\n\r\nchunks.\r\n0\r\n\r\n";
    every_split(body + "GET / HTTP/1.1\r\n", [](const Pieces& pieces) {
        const Outcome outcome = read(chunked, pieces);
        EXPECT_EQ(outcome.body, "Wikipedia in\r\n\r\nchunks.");
        EXPECT_TRUE(outcome.ended);
        EXPECT_EQ(outcome.rest, "GET / HTTP/1.1\r\n");
    });
}

TEST(BodyReader, TakesChunkedWithoutRegardToCase) {
    const Outcome outcome = read(post("Transfer-Encoding: CHUNKED\r\n"), {"1\r\na\r\n0\r\n\r\n"});
    EXPECT_EQ(outcome.body, "a");
    EXPECT_TRUE(outcome.ended);
}

TEST(BodyReader, IsDoneWithTheLastByteOfTheLastLine) {
    const std::string body = "1\r\na\r\n0\r\nX: y\r\n\r\n";
    for (std::size_t length = 0; length < body.size(); ++length) {
        const Outcome outcome = read(chunked, {body.substr(0, length)});
        EXPECT_FALSE(outcome.ended) << length;
        EXPECT_EQ(outcome.status, 0) << length;
    }
    EXPECT_TRUE(read(chunked, {body}).ended);
}

TEST(BodyReader, TakesAChunkThatNeverEndsAsItComes) {
    BodyReader reader(chunked);
    auto bytes = bytes_of("FFFFFFFFFFFFFFFF\r\nhello");
    const auto result = reader.next(bytes);
    ASSERT_TRUE(std::holds_alternative<std::span<const std::byte>>(result));
    EXPECT_EQ(text_of(std::get<std::span<const std::byte>>(result)), "hello");
    const std::string much(1 << 20, 'x');
    bytes = bytes_of(much);
    ASSERT_TRUE(std::holds_alternative<std::span<const std::byte>>(reader.next(bytes)));
    EXPECT_TRUE(bytes.empty());
}

TEST(BodyReader, DropsExtensionsAndTrailerFields) {
    const std::string body =
        "3;a\r\nabc\r\n3 ;a=b;c=\"d; \xc3\xa4\"\r\ndef\r\n1\t \t; a\tb\r\ng\r\n0;end\r\n"
        "X:\r\nExpires: Wed, 21 Oct 2015 07:28:00 GMT\r\nContent-Length: 7\r\n\r\n";
    every_split(body + "rest", [](const Pieces& pieces) {
        const Outcome outcome = read(chunked, pieces);
        EXPECT_EQ(outcome.body, "abcdefg");
        EXPECT_EQ(outcome.rest, "rest");
    });
}

bool is_hex(int byte) {
    return byte != 0 && std::string_view("0123456789abcdefABCDEF").find(static_cast<char>(byte)) != std::string::npos;
}

TEST(BodyReader, TakesEveryHexadecimalDigit) {
    for (int byte = 0; byte < 256; ++byte) {
        if (!is_hex(byte)) continue;
        const std::string digit(1, static_cast<char>(byte));
        const std::size_t size = std::stoul(digit, nullptr, 16);
        const std::string body = size > 0 ? std::string(size, 'x') + "\r\n0\r\n\r\n" : "\r\n";
        const Outcome outcome = read(chunked, {digit + "\r\n" + body + "rest"});
        EXPECT_EQ(outcome.body, std::string(size, 'x')) << digit;
        EXPECT_EQ(outcome.rest, "rest") << digit;
    }
}

TEST(BodyReader, JudgesEveryByteWhereASizeBegins) {
    for (int byte = 0; byte < 256; ++byte)
        EXPECT_EQ(read(chunked, {std::string(1, static_cast<char>(byte))}).status, is_hex(byte) ? 0 : 400) << byte;
}

TEST(BodyReader, JudgesEveryByteBehindASize) {
    for (int byte = 0; byte < 256; ++byte) {
        const bool allowed = is_hex(byte) || byte == ';';  // a blank is none before the line's end
        const std::string line = std::string("1") + static_cast<char>(byte) + "\r\n";
        EXPECT_EQ(read(chunked, {line}).status, allowed ? 0 : 400) << byte;
    }
}

bool is_text(int byte) { return (byte >= 0x20 && byte != 0x7f) || byte == '\t'; }

TEST(BodyReader, JudgesEveryByteInAnExtension) {
    for (int byte = 0; byte < 256; ++byte) {
        const std::string line = std::string("1;a") + static_cast<char>(byte) + "b\r\n";
        EXPECT_EQ(read(chunked, {line}).status, is_text(byte) ? 0 : 400) << byte;
    }
}

TEST(BodyReader, JudgesEveryByteInATrailerFieldsName) {
    for (int byte = 0; byte < 256; ++byte) {
        const bool allowed = is_token_char(static_cast<char>(byte)) || byte == ':';  // which ends the name early
        const std::string lines = std::string("0\r\nX") + static_cast<char>(byte) + "Y: 1\r\n\r\n";
        EXPECT_EQ(read(chunked, {lines}).status, allowed ? 0 : 400) << byte;
    }
}

TEST(BodyReader, JudgesEveryByteInATrailerFieldsValue) {
    for (int byte = 0; byte < 256; ++byte) {
        const std::string lines = std::string("0\r\nX: a") + static_cast<char>(byte) + "b\r\n\r\n";
        EXPECT_EQ(read(chunked, {lines}).status, is_text(byte) ? 0 : 400) << byte;
    }
}

TEST(BodyReader, RefusesWhatIsNoChunk) {
    for (const std::string body : {
             "\r\n",                                         // no size
             " 5\r\nhello\r\n0\r\n\r\n",                     // blanks before it
             "5 \r\nhello\r\n0\r\n\r\n",                     // or behind it
             "5\n",                                          // bare LF
             "5\rhello",                                     // bare CR
             "5\r\r\nhello",                                 //
             "5;a\nhello",                                   //
             "5;a\rb\r\n",                                   //
             "+5\r\n",                                       // signs and prefixes
             "-5\r\n",                                       //
             "0x5\r\n",                                      //
             "5h\r\n",                                       //
             "5,5\r\n",                                      //
             "00000000000000005\r\n",                        // 17 digits
             "10000000000000005\r\n",                        // 2^64 + 5
             "5\r\nhello\n0\r\n\r\n",                        // an end that is none
             "5\r\nhello\r0\r\n\r\n",                        //
             "5\r\nhello0\r\n\r\n",                          //
             "5\r\nhello, world\r\n0\r\n\r\n",               // longer than its size
             "5\r\nhell\r\n0\r\n\r\n",                       // shorter
             "0\n\n",                                        //
             "0\r\n\n",                                      //
             "0\r\n\rX",                                     //
             "0\r\nA: b\n\r\n",                              //
             "0\r\nA: b\rc\r\n\r\n",                         //
             "0\r\nA: b\r\n\n",                              //
             "0\r\nA\r\n\r\n",                               // trailers that are no fields
             "0\r\n: b\r\n\r\n",                             //
             "0\r\nA : b\r\n\r\n",                           //
             "0\r\nA: b\r\n folded\r\n\r\n",                 //
             "0\r\nGET /admin HTTP/1.1\r\nHost: h\r\n\r\n",  // a request that another reader would see
         })
        EXPECT_EQ(status_of(body), 400) << testing::PrintToString(body);
}

TEST(BodyReader, TakesSizesOf16Digits) {
    EXPECT_EQ(status_of("0000000000000005\r\nhello\r\n0000000000000000\r\n\r\n"), 0);
    EXPECT_EQ(status_of("1000000000000000\r\n"), -1);
}

TEST(BodyReader, HandsOutWhatCameBeforeAMalformedChunk) {
    const Outcome outcome = read(chunked, {"5\r\nhello\r\n-1\r\n"});
    EXPECT_EQ(outcome.body, "hello");
    EXPECT_EQ(outcome.status, 400);
}

TEST(BodyReader, RefusesForGood) {
    BodyReader reader(chunked);
    auto bytes = bytes_of("-0\r\n\r\n");
    EXPECT_TRUE(std::holds_alternative<Refusal>(reader.next(bytes)));
    bytes = bytes_of("0\r\n\r\n");
    EXPECT_TRUE(std::holds_alternative<Refusal>(reader.next(bytes)));
    EXPECT_EQ(bytes.size(), 5u);
    EXPECT_FALSE(reader.done());
}

TEST(BodyReader, SaysWhatWouldBeRight) {
    EXPECT_EQ(read(chunked, {"5\r\nhello!"}).why,
              "A chunk has as many bytes as its size says, then CR LF (RFC 9112, 7.1).");
    EXPECT_EQ(read(chunked, {"x"}).why, "A chunk begins with its size, in 1 to 16 hexadecimal digits (RFC 9112, 7.1).");
}

TEST(BodyReader, TakesFourKibibytesOfExtensionsAndTrailerFieldsInAll) {
    const std::string half = ";" + std::string(2047, 'x');
    const std::string quarter = "T:" + std::string(1022, 'x');
    const std::string body = "1" + half + "\r\na\r\n0\r\n" + quarter + "\r\n" + quarter + "\r\n";
    EXPECT_TRUE(read(chunked, {body + "\r\n"}).ended);
    EXPECT_EQ(read(chunked, {body + "T:\r\n\r\n"}).status, 400);
    EXPECT_EQ(read(chunked, {"1" + half + "\r\na\r\n1" + half + "\r\na\r\n0\r\n\r\n"}).status, 0);
    EXPECT_EQ(read(chunked, {"1" + half + "\r\na\r\n1" + half + "x\r\na\r\n0\r\n\r\n"}).status, 400);
    EXPECT_EQ(read(chunked, {"1" + std::string(4097, ' ')}).status, 400);
    EXPECT_EQ(read(chunked, {"0\r\n" + std::string(4097, 'x')}).status, 400);
}

TEST(BodyReader, NeedNotEndAChunkedBodyOfManyChunks) {
    std::string body;
    for (int i = 0; i < 10'000; ++i) body += "1\r\nx\r\n";
    const Outcome outcome = read(chunked, {body});
    EXPECT_EQ(outcome.body, std::string(10'000, 'x'));
    EXPECT_EQ(outcome.status, 0);
    EXPECT_FALSE(outcome.ended);
}

}  // namespace
}  // namespace wsinetd::http::body_test
