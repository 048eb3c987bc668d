#include "http/reply.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace wsinetd::http::reply_test {
namespace {

using testing::HasSubstr;
using testing::Not;

const Reply hello{200, {{"Content-Type", "text/plain"}}, "hello"};

TEST(Reply, IsClosedUnlessKeptAlive) {
    EXPECT_EQ(format(hello, {}),
              "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello");
    EXPECT_EQ(format(hello, {1, true, false}),
              "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello");
}

TEST(Reply, AnswersHttp10InKind) {
    EXPECT_EQ(
        format(hello, {0, true, false}),
        "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\nhello");
    EXPECT_THAT(format(hello, {0, false, false}), HasSubstr("HTTP/1.0 200 OK\r\n"));
    EXPECT_THAT(format(hello, {0, false, false}), HasSubstr("\r\nConnection: close\r\n"));
}

TEST(Reply, TellsHeadTheLengthWithoutTheBody) {
    EXPECT_EQ(format(hello, {1, true, true}),
              "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\n");
}

TEST(Reply, HasNoLengthAndNoBodyWhereNoneMayBe) {
    for (int status : {100, 101, 204, 304})
        EXPECT_EQ(format({status, {}, "body"}, {1, true, false}),
                  "HTTP/1.1 " + std::to_string(status) + " " + std::string(reason(status)) + "\r\n\r\n");
}

TEST(Reply, SwitchingProtocolsKeepsItsConnectionOption) {
    const Reply reply{101, {{"Upgrade", "websocket"}, {"Connection", "Upgrade"}}, ""};
    EXPECT_EQ(format(reply, {}),
              "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
}

TEST(Reply, KeepsALengthOrACodingOfItsOwn) {
    EXPECT_EQ(format({200, {{"content-length", "9"}}, ""}, {1, true, true}),
              "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n");
    EXPECT_EQ(format({200, {{"Transfer-Encoding", "chunked"}}, ""}, {1, true, false}),
              "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
}

TEST(Reply, ExtraFieldsReplaceTheirNamesakesAndNeverTheFraming) {
    const Field extra[] = {{"content-type", "text/html"},
                           {"Set-Cookie", "a"},
                           {"Set-Cookie", "b"},
                           {"Content-Length", "99"},
                           {"Transfer-Encoding", "chunked"}};
    EXPECT_EQ(format(hello, {1, true, false}, extra),
              "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\nSet-Cookie: a\r\nSet-Cookie: b\r\nContent-Length: 5\r\n"
              "\r\nhello");
}

TEST(Reply, ExtraConnectionOptionsJoin) {
    const Field extra[] = {{"Connection", "X-Hop"}};
    EXPECT_THAT(format(refusal(426, "x"), {}, extra), HasSubstr("\r\nConnection: Upgrade, X-Hop, close\r\n"));
}

TEST(Reply, LetsNoValueEndItsLine) {
    for (int byte = 0; byte < 256; ++byte) {
        const char c = static_cast<char>(byte);
        const std::string value = std::string("a") + c + "b";
        const bool blank = c == '\r' || c == '\n' || c == '\0';
        const std::string line = "X: " + (blank ? std::string("a b") : value) + "\r\n";
        const Field extra[] = {{"X", value}};
        EXPECT_EQ(format({204, {{"X", value}}, ""}, {1, true, false}), "HTTP/1.1 204 No Content\r\n" + line + "\r\n");
        EXPECT_EQ(format({204, {}, ""}, {1, true, false}, extra), "HTTP/1.1 204 No Content\r\n" + line + "\r\n");
    }
}

TEST(Reply, AnUnknownStatusHasAnEmptyReason) {
    EXPECT_EQ(format({299, {}, ""}, {1, true, false}), "HTTP/1.1 299 \r\nContent-Length: 0\r\n\r\n");
}

TEST(Delivery, FollowsTheRequest) {
    Request request;
    request.method = "HEAD";
    request.minor_version = 0;
    request.keep_alive = false;
    const Delivery head = delivery_for(request);
    EXPECT_EQ(head.minor_version, 0);
    EXPECT_FALSE(head.keep_alive);
    EXPECT_TRUE(head.head_only);
    request = Request{};
    request.method = "GET";
    const Delivery get = delivery_for(request);
    EXPECT_EQ(get.minor_version, 1);
    EXPECT_TRUE(get.keep_alive);
    EXPECT_FALSE(get.head_only);
}

TEST(Refusal, SaysInPlainTextWhatWouldBeRight) {
    EXPECT_EQ(format(refusal(400, "A request has a Host."), {}),
              "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 38\r\n"
              "Connection: close\r\n\r\n400 Bad Request\nA request has a Host.\n");
}

TEST(Refusal, CarriesTheFieldsItsStatusOwes) {
    const std::string upgrade = format(refusal(426, "x"), {1, true, false});
    EXPECT_THAT(upgrade, HasSubstr("\r\nUpgrade: websocket\r\n"));
    EXPECT_THAT(upgrade, HasSubstr("\r\nConnection: Upgrade\r\n"));
    EXPECT_THAT(upgrade, HasSubstr("\r\nSec-WebSocket-Version: 13\r\n"));
    EXPECT_THAT(format(refusal(426, "x"), {}), HasSubstr("\r\nConnection: Upgrade, close\r\n"));
    EXPECT_THAT(format(refusal(503, "x"), {}), HasSubstr("\r\nRetry-After: 1\r\n"));
    EXPECT_THAT(format(refusal(405, "x"), {}), HasSubstr("\r\nAllow: GET, HEAD, OPTIONS\r\n"));
    EXPECT_THAT(format(refusal(404, "x"), {}), Not(HasSubstr("Upgrade")));
}

TEST(Refusal, HasAReasonPhraseForEveryStatusOfTheSpec) {
    for (int status : {101, 200, 206, 301, 304, 308, 400, 403, 404, 405, 406, 416, 421, 426, 431, 500, 501, 503, 505})
        EXPECT_NE(reason(status), "") << status;
}

TEST(Refusal, TellsTheLogWhatItTellsTheClientUnlessGivenMore) {
    EXPECT_EQ(refuse(400, "text").why, "text");
    EXPECT_EQ(refuse(403, "text", "more").why, "more");
    EXPECT_THAT(refuse(403, "text", "more").reply.body, Not(HasSubstr("more")));
}

}  // namespace
}  // namespace wsinetd::http::reply_test
