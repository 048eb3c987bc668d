#include "http/authorization.hpp"

#include <gmock/gmock.h>

namespace wsinetd::http::authorization_test {
namespace {

using std::nullopt;

Request with(Fields fields) {
    Request request;
    request.fields = std::move(fields);
    return request;
}

std::string basic(const char* value) {
    const auto found = basic_credentials(with({{"Authorization", value}}));
    return found ? found->user + "|" + found->password : "-";
}

// RFC 4648, 10.
TEST(Base64, DecodesTheExamplesOfRfc4648) {
    for (const auto& [text, bytes] : std::initializer_list<std::pair<const char*, const char*>>{
             {"", ""}, {"Zg==", "f"}, {"Zm8=", "fo"}, {"Zm9v", "foo"}, {"Zm9vYg==", "foob"}, {"Zm9vYmFy", "foobar"}})
        EXPECT_EQ(decode_base64(text), bytes);
    for (const char* text : {"Zg", "Zg=", "Zg===", "=Zg=", "Z=g=", "Zh==", "Zm9=", "Zm 9", "Zm9v\n", "Zm-_", "===="})
        EXPECT_EQ(decode_base64(text), nullopt) << text;
}

// RFC 7617, 2.
TEST(BasicCredentials, AreTheExamplesOfRfc7617) {
    EXPECT_EQ(basic("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="), "Aladdin|open sesame");
    EXPECT_EQ(basic("Basic dGVzdDoxMjPCow=="), "test|123£");
}

TEST(BasicCredentials, HaveASchemeInAnyCaseAndAPasswordWithColons) {
    EXPECT_EQ(basic("bAsIc  YTpiOmM="), "a|b:c");
    EXPECT_EQ(basic("Basic Og=="), "|");
}

TEST(BasicCredentials, AreNoneWhereMalformed) {
    for (const char* value : {"", "Basic", "Basic ", "BasicYTpi", "Bearer YTpi", "Basic YTpi YTpi",
                              "Basic YWI=", "Basic !!!!", "Basic YQA6Yg==" /* a NUL */, "Basic YTpiCg==" /* LF */})
        EXPECT_EQ(basic(value), "-") << value;
    EXPECT_FALSE(basic_credentials(with({{"Authorization", "Basic YTpi"}, {"Authorization", "Basic YTpi"}})));
}

std::string token(Fields fields) {
    const auto found = bearer_token(with(std::move(fields)));
    if (!found) return "-";
    switch (found->place) {
        case Token::Place::authorization: return "authorization " + found->value;
        case Token::Place::cookie: return "cookie " + found->value;
        case Token::Place::subprotocol: return "subprotocol " + found->value;
    }
    return "?";
}

TEST(BearerToken, StandsInAuthorizationCookieOrSubprotocol) {
    EXPECT_EQ(token({{"Authorization", "Bearer mF_9.B5f-4.1JqM"}}), "authorization mF_9.B5f-4.1JqM");
    EXPECT_EQ(token({{"authorization", "bearer abc"}}), "authorization abc");
    EXPECT_EQ(token({{"Cookie", "a=b; wsinetd_token=abc; c=d"}}), "cookie abc");
    EXPECT_EQ(token({{"Cookie", "a=b"}, {"Cookie", "wsinetd_token=\"abc\""}}), "cookie abc");
    EXPECT_EQ(token({{"Sec-WebSocket-Protocol", "bearer, abc"}}), "subprotocol abc");
    EXPECT_EQ(token({{"Sec-WebSocket-Protocol", "chat"}, {"Sec-WebSocket-Protocol", "bearer,abc , x"}}),
              "subprotocol abc");
    EXPECT_EQ(token({{"Authorization", "Bearer one"}, {"Cookie", "wsinetd_token=two"}}), "authorization one");
}

TEST(BearerToken, IsNoneWhereNothingIsThere) {
    EXPECT_EQ(token({}), "-");
    EXPECT_EQ(token({{"Authorization", "Bearer"}}), "-");
    EXPECT_EQ(token({{"Authorization", "Bearer a"}, {"Authorization", "Bearer a"}}), "-");
    EXPECT_EQ(token({{"Cookie", "wsinetd_token="}}), "-");
    EXPECT_EQ(token({{"Cookie", "WSINETD_TOKEN=a; xwsinetd_token=a"}}), "-");
    EXPECT_EQ(token({{"Sec-WebSocket-Protocol", "bearer"}}), "-");
    EXPECT_EQ(token({{"Sec-WebSocket-Protocol", "abc, bearer"}}), "-");
    EXPECT_EQ(token({{"Sec-WebSocket-Protocol", "Bearer, abc"}}), "-");
}

template <typename Withhold>
std::string value_after(Withhold withhold, const char* name, Fields fields) {
    Request request = with(std::move(fields));
    withhold(request);
    return request.fields.joined(name).value_or("-");
}

TEST(Withholding, LeavesTheRest) {
    EXPECT_EQ(value_after(withhold_authorization, "Authorization", {{"Authorization", "a"}, {"authorization", "b"}}),
              "-");
    EXPECT_EQ(value_after(withhold_cookie, "Cookie", {{"Cookie", "a=b; wsinetd_token=abc;c=d"}}), "a=b; c=d");
    EXPECT_EQ(value_after(withhold_cookie, "Cookie", {{"Cookie", "wsinetd_token=1"}, {"cookie", "wsinetd_token=2"}}),
              "-");
    EXPECT_EQ(value_after(withhold_subprotocol, "Sec-WebSocket-Protocol",
                          {{"Sec-WebSocket-Protocol", "chat, bearer"}, {"Sec-WebSocket-Protocol", "abc, x"}}),
              "chat, x");
    EXPECT_EQ(value_after(withhold_subprotocol, "Sec-WebSocket-Protocol", {{"Sec-WebSocket-Protocol", "bearer, abc"}}),
              "-");
}

}  // namespace
}  // namespace wsinetd::http::authorization_test
