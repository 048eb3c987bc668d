#include "websocket/extension.hpp"

#include <gmock/gmock.h>

namespace wsinetd::websocket::extension_test {
namespace {

constexpr int our_window = 14;

/// Parameters of the answer, and the window of what we compress; "none" where nothing is agreed on.
std::string agreed(std::string_view offers, int window = our_window) {
    const auto agreement = agree_on_deflate(offers, {window, {}});
    if (!agreement) return "none";
    const std::string always = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";
    EXPECT_TRUE(agreement->reply.starts_with(always)) << agreement->reply;
    return std::to_string(agreement->server_window_bits) + agreement->reply.substr(always.size());
}

TEST(DeflateAgreement, IsTheRfcsSimplestOne) {  // RFC 7692, 7.1.3
    const auto agreement = agree_on_deflate("permessage-deflate", {our_window, {}});
    ASSERT_TRUE(agreement);
    EXPECT_EQ(agreement->reply, "permessage-deflate; server_no_context_takeover; client_no_context_takeover");
    EXPECT_EQ(agreement->server_window_bits, our_window);
}

TEST(DeflateAgreement, FollowsTheRfcsOffersWithFallback) {  // RFC 7692, 5.1 and 7.1.3
    EXPECT_EQ(agreed("permessage-deflate; client_max_window_bits; server_max_window_bits=10"),
              "10; server_max_window_bits=10");
    EXPECT_EQ(agreed("permessage-deflate; client_max_window_bits; server_max_window_bits=10, "
                     "permessage-deflate; client_max_window_bits"),
              "10; server_max_window_bits=10");
}

TEST(DeflateAgreement, TakesWhatClientsInTheFieldOffer) {
    EXPECT_EQ(agreed("permessage-deflate; client_max_window_bits"), "14");  // Chromium, ws, Python's websockets
    EXPECT_EQ(agreed("permessage-deflate"), "14");                          // Firefox
    EXPECT_EQ(agreed("permessage-deflate; server_no_context_takeover; client_no_context_takeover"), "14");  // Gorilla
    EXPECT_EQ(agreed("permessage-deflate; client_max_window_bits=15; server_max_window_bits=15"),
              "14; server_max_window_bits=14");
    EXPECT_EQ(agreed("permessage-deflate;client_no_context_takeover;client_max_window_bits,x-webkit-deflate-frame"),
              "14");
}

TEST(DeflateAgreement, OffersNothingByItself) {
    for (const auto* offers : {"", ",", "x-webkit-deflate-frame", "permessage-bzip2; a=1, foo", "permessage-deflat",
                               "Permessage-Deflate", "permessage-deflate-2"})
        EXPECT_EQ(agreed(offers), "none") << offers;
}

TEST(DeflateAgreement, PassesOverOtherExtensions) {
    EXPECT_EQ(agreed("mux; max-channels=4; flow-control, permessage-deflate"), "14");
    EXPECT_EQ(agreed(", ,foo; server_max_window_bits=99 ,\tpermessage-deflate ;\tserver_max_window_bits = 9 , bar"),
              "9; server_max_window_bits=9");
}

TEST(DeflateAgreement, TakesEveryWindowOfTheServerBut8) {
    for (int bits = 9; bits <= 15; ++bits) {
        const std::string offer = "permessage-deflate; server_max_window_bits=" + std::to_string(bits);
        const std::string ours = std::to_string(std::min(bits, our_window));
        EXPECT_EQ(agreed(offer), ours + "; server_max_window_bits=" + ours) << bits;
        EXPECT_EQ(agreed(offer, 12).substr(0, 2), bits < 12 ? ours.substr(0, 2) + (bits == 9 ? ";" : "") : "12")
            << bits;
    }
    EXPECT_EQ(agreed("permessage-deflate; server_max_window_bits=8"), "none");
    EXPECT_EQ(agreed("permessage-deflate; server_max_window_bits=8, permessage-deflate"), "14");
}

TEST(DeflateAgreement, TakesEveryWindowOfTheClientAndAnswersNone) {
    for (int bits = 8; bits <= 15; ++bits)
        EXPECT_EQ(agreed("permessage-deflate; client_max_window_bits=" + std::to_string(bits)), "14") << bits;
}

/// With takeover wished for: the window of what we compress, who takes over, and the parameters of the answer.
std::string agreed_with_takeover(const std::string& parameters) {
    const auto agreement = agree_on_deflate("permessage-deflate" + parameters, {our_window, 12});
    if (!agreement) return "none";
    return std::to_string(agreement->server_window_bits) + (agreement->server_takeover ? " server" : "") +
           (agreement->client_takeover ? " client" : "") + agreement->reply.substr(18);
}

TEST(DeflateAgreement, LetsBothSidesTakeOverWhereTheyCan) {
    EXPECT_EQ(agreed_with_takeover("; client_max_window_bits"), "12 server client; client_max_window_bits=12");
    EXPECT_EQ(agreed_with_takeover("; client_max_window_bits=15"), "12 server client; client_max_window_bits=12");
    EXPECT_EQ(agreed_with_takeover("; client_max_window_bits=10"), "12 server client; client_max_window_bits=10");
    EXPECT_EQ(agreed_with_takeover("; client_max_window_bits=8"), "12 server client; client_max_window_bits=8");
    EXPECT_EQ(agreed_with_takeover("; server_max_window_bits=9; client_max_window_bits"),
              "9 server client; server_max_window_bits=9; client_max_window_bits=12");
    EXPECT_EQ(agreed_with_takeover("; server_max_window_bits=15; client_max_window_bits"),
              "12 server client; server_max_window_bits=12; client_max_window_bits=12");
}

TEST(DeflateAgreement, LetsNobodyTakeOverWhoWouldRatherNotOrWhoseWindowIsNotKnown) {
    EXPECT_EQ(agreed_with_takeover(""), "12 server; client_no_context_takeover");
    EXPECT_EQ(agreed_with_takeover("; client_no_context_takeover; client_max_window_bits"),
              "12 server; client_no_context_takeover");
    EXPECT_EQ(agreed_with_takeover("; server_no_context_takeover; client_max_window_bits"),
              "14 client; server_no_context_takeover; client_max_window_bits=12");
    EXPECT_EQ(agreed_with_takeover("; server_no_context_takeover; client_no_context_takeover"),
              "14; server_no_context_takeover; client_no_context_takeover");
}

TEST(DeflateAgreement, TakesQuotedValues) {
    EXPECT_EQ(agreed(R"(permessage-deflate; server_max_window_bits="\1\0"; client_max_window_bits="1\2")"),
              agreed("permessage-deflate; server_max_window_bits=10; client_max_window_bits=12"));
    EXPECT_EQ(agreed("permessage-deflate; server_max_window_bits=\"10\"; client_max_window_bits=\"12\""),
              "10; server_max_window_bits=10");
}

TEST(DeflateAgreement, DeclinesEveryOfferThatIsInvalid) {  // RFC 7692, 7.1
    for (const std::string parameters : {
             "foo",
             "foo=1",
             "server_no_context_takeover=1",
             "server_no_context_takeover=\"true\"",
             "client_no_context_takeover=0",
             "server_max_window_bits",
             "server_max_window_bits=7",
             "server_max_window_bits=16",
             "server_max_window_bits=0",
             "server_max_window_bits=08",
             "server_max_window_bits=010",
             "server_max_window_bits=1",
             "server_max_window_bits=100",
             "server_max_window_bits=1a",
             "server_max_window_bits=+9",
             "server_max_window_bits=-9",
             "server_max_window_bits=\"09\"",
             "client_max_window_bits=7",
             "client_max_window_bits=16",
             "client_max_window_bits=08",
             "client_max_window_bits=x",
             "client_max_window_bits=\"16\"",
             "server_no_context_takeover; server_no_context_takeover",
             "client_no_context_takeover; client_no_context_takeover",
             "server_max_window_bits=10; server_max_window_bits=10",
             "client_max_window_bits; client_max_window_bits",
             "client_max_window_bits=10; client_max_window_bits",
             "Server_No_Context_Takeover",
         }) {
        const std::string offer = "permessage-deflate; " + parameters;
        EXPECT_EQ(agreed(offer), "none") << offer;
        EXPECT_EQ(agreed(offer + "; client_max_window_bits=9"), "none") << offer;
        EXPECT_EQ(agreed(offer + ", permessage-deflate; server_max_window_bits=11"), "11; server_max_window_bits=11")
            << offer;
    }
}

TEST(DeflateAgreement, IsTheFirstOfferThatCanBeKept) {
    EXPECT_EQ(agreed("permessage-deflate; server_max_window_bits=12, permessage-deflate; server_max_window_bits=10"),
              "12; server_max_window_bits=12");
    EXPECT_EQ(agreed("permessage-deflate; server_max_window_bits=8, foo, permessage-deflate; bar, "
                     "permessage-deflate; server_max_window_bits=9"),
              "9; server_max_window_bits=9");
}

}  // namespace
}  // namespace wsinetd::websocket::extension_test
