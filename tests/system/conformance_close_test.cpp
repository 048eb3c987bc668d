// RFC 6455, sections 5.5.1, 7 and 10.4, case by case: section 7 of the Autobahn test suite, and limits.
#include "fixtures/command.hpp"
#include "fixtures/conformance.hpp"
#include "fixtures/deflated.hpp"
#include "fixtures/server.hpp"

namespace wsinetd::fixtures::conformance_close_test {
namespace {

using namespace std::string_literals;

Closed error(std::string reason) { return closed_with(1002, std::move(reason)); }
const Closed no_code{{}, "", true};

/// A client's closing handshake and the server's answer, whatever stands behind the Close.
struct Closing {
    const char* name;
    std::string sent;
    Closed closed;
};

void PrintTo(const Closing& row, std::ostream* out) { *out << row.name; }

class ClosingHandshake : public testing::TestWithParam<Closing> {};

TEST_P(ClosingHandshake, IsAnsweredAndNothingFollows) {
    Server server({"cat"});
    for (const Arrival arrival : arrivals) {
        Wire client(server.port());
        if (arrival == Arrival::whole) {
            send(client, GetParam().sent, arrival);
        } else {  // the server may go as soon as it has the Close
            for (const char& byte : GetParam().sent)
                if (client.socket().send_some({&byte, 1}) == 0) break;
        }
        EXPECT_EQ(client.closed(), GetParam().closed);
        EXPECT_TRUE(client.ends_in_silence());
    }
}

INSTANTIATE_TEST_SUITE_P(
    Conformance, ClosingHandshake,
    testing::Values(Closing{"WithoutACode", client_frame(8, ""), no_code},
                    Closing{"Normal", close_frame(1000), closed_with(1000)},
                    Closing{"WithAReason", close_frame(1000, "\u03ba\u1f79\u03c3\u03bc\u03b5"), closed_with(1000)},
                    Closing{"WithTheLongestReason", close_frame(1000, std::string(123, '*')), closed_with(1000)},
                    Closing{"WithAReasonThatIsNul", close_frame(1000, "\x00"s), closed_with(1000)},
                    Closing{"AmidAMessage", client_frame(1, "a", false) + close_frame(1000), closed_with(1000)},
                    Closing{"AmidAMessageWithoutACode", client_frame(1, "a", false) + client_frame(8, ""), no_code},
                    Closing{"Twice", close_frame(1000) + close_frame(1000), closed_with(1000)},
                    Closing{"TwiceWithAnotherCode", close_frame(1000) + close_frame(1001), closed_with(1000)},
                    Closing{"BeforeAPing", close_frame(1000) + client_frame(9, "late"), closed_with(1000)},
                    Closing{"BeforeAText", close_frame(1000) + client_frame(1, "late"), closed_with(1000)},
                    Closing{"BeforeNonsense", close_frame(1000) + "\xff\xff\xff", closed_with(1000)},
                    Closing{"BeforeAWrongClose", close_frame(1000) + client_frame(8, "x"), closed_with(1000)}),
    [](const auto& info) { return std::string(info.param.name); });

class WrongCloses : public testing::TestWithParam<Failed> {};

TEST_P(WrongCloses, FailTheConnection) {
    Server server({"cat"});
    for (const Arrival arrival : arrivals) {
        Wire client(server.port());
        expect_failed(client, GetParam(), arrival);
    }
}

INSTANTIATE_TEST_SUITE_P(
    Conformance, WrongCloses,
    testing::Values(Failed{"OfOneByte", client_frame(8, "\x03"), error("close frame with half a code")},
                    Failed{"OfOneByteAmidAMessage", client_frame(1, "a", false) + client_frame(8, "a"),
                           error("close frame with half a code")},
                    Failed{"OfOneByteWithNul", client_frame(8, "\x00"s), error("close frame with half a code")},
                    Failed{"WithAReasonOf124", plain_header(8, 126).substr(0, 2), error("control frame too long")},
                    Failed{"WithAReasonThatIsNoText", close_frame(1000, "\xff"), closed_with(1007)},
                    Failed{"WithAReasonThatIsCut", close_frame(1000, "a\xe2\x82"), closed_with(1007)},
                    Failed{"WithASurrogate", close_frame(1000, "\u03ba\xed\xa0\x80"), closed_with(1007)},
                    Failed{"WithAWrongCodeAndAWrongReason", close_frame(1005, "\xff"),
                           error("close code that must not be sent")},
                    Failed{"Fragmented", "\x08", error("fragmented control frame")},
                    Failed{"Unmasked", "\x88\x02", error("frame without a mask")}),
    name_of_failed);

/// 7.4.1, 7.4.2 and IANA's registry: each range with its neighbours, and all that stand alone.
TEST(Conformance, EachCloseCodeIsEchoedOrAnError) {
    Server server({"cat"});
    const auto may_be_sent = [](unsigned code) {
        if (code >= 1000 && code <= 1014) return code < 1004 || code > 1006;
        return code >= 3000 && code <= 4999;
    };
    std::vector<unsigned> codes{0,    1,    2,    500,  998,  999,  1100, 1500, 1999, 2000, 2001, 2500,  2999,  3000,
                                3001, 3500, 3999, 4000, 4001, 4500, 4998, 4999, 5000, 5001, 9999, 32768, 65534, 65535};
    for (unsigned code = 1000; code < 1030; ++code) codes.push_back(code);
    for (const unsigned code : codes)
        for (const std::string& reason : {""s, "reason"s}) {
            Wire client(server.port());
            client.send(close_frame(static_cast<std::uint16_t>(code), reason));
            EXPECT_EQ(client.closed(), may_be_sent(code) ? closed_with(static_cast<std::uint16_t>(code))
                                                         : error("close code that must not be sent"))
                << code;
            if (!may_be_sent(code)) client.socket().finish();
            EXPECT_TRUE(client.ends_in_silence()) << code;
        }
}

TEST(Conformance, WhatComesBehindACloseNeverReachesTheCommand) {
    TemporaryFolder folder;
    const std::string got = folder.path() + "/got";
    Server server(bash("cat > " + got));
    Wire client(server.port());
    client.send(client_frame(1, "before") + close_frame(3000) + client_frame(1, "behind") + close_frame(3001));
    EXPECT_EQ(client.closed(), closed_with(3000));
    EXPECT_TRUE(client.ends_in_silence());
    client.socket().finish();
    EXPECT_TRUE(leaves_nothing(server));
    EXPECT_EQ(contents_of(got), "before\n");
}

TEST(Conformance, AnAnswerToTheServersCloseMayHaveAnyForm) {
    for (const std::string& answer : {client_frame(8, ""), close_frame(1000), close_frame(4000, "other"),
                                      client_frame(1, "late") + client_frame(9, "late") + close_frame(1000)}) {
        Server server({"sh", "-c", "read -r line; exit 7"});
        Wire client(server.port());
        client.send(client_frame(1, "end"));
        EXPECT_EQ(client.closed(), closed_with(4007, "exit status 7"));
        client.send(answer);
        EXPECT_TRUE(client.ends_in_silence());
    }
}

// Limits: --max-message-size 1000.

const std::string x500(500, 'x');
const std::string x1000(1000, 'x');
const std::string x1001(1001, 'x');

class WithinTheLimit : public testing::TestWithParam<Accepted> {};

TEST_P(WithinTheLimit, IsTaken) {
    Server server({"--max-message-size", "1000", "--compress", "cat"});
    for (const Arrival arrival : arrivals) {
        Wire client(server.port(), {{"Sec-WebSocket-Extensions", "permessage-deflate"}});
        expect_accepted(client, GetParam(), arrival, true);
    }
}

INSTANTIATE_TEST_SUITE_P(
    Conformance, WithinTheLimit,
    testing::Values(Accepted{"Exactly", client_frame(1, x1000), {x1000}},
                    Accepted{"InFragments", fragments_of(1, x1000, 499), {x1000}},
                    Accepted{"InFragmentsWithPings",
                             client_frame(1, x500, false) + client_frame(9, "p") + client_frame(0, x500, false) +
                                 client_frame(0, ""),
                             {x1000},
                             {"p"}},
                    Accepted{"EachOfSeveral",
                             client_frame(1, x1000) + fragments_of(1, x1000, 500) + client_frame(1, x1000),
                             {x1000, x1000, x1000}},
                    Accepted{"Inflated", client_frame(0x41, deflated(x1000)), {x1000}},
                    Accepted{"InflatedFromFragments", fragments_of(0x41, deflated(x1000), 3), {x1000}},
                    Accepted{"CompressedToMoreThanThat", client_frame(0x41, deflated(x1000, {15, 0})), {x1000}},
                    Accepted{"EachOfSeveralInflated",
                             client_frame(0x41, deflated(x1000)) + client_frame(0x41, deflated(x1000)),
                             {x1000, x1000}}),
    name_of);

class BeyondTheLimit : public testing::TestWithParam<Failed> {};

TEST_P(BeyondTheLimit, FailsTheConnection) {
    Server server({"--max-message-size", "1000", "--compress", "cat"});
    for (const Arrival arrival : arrivals) {
        Wire client(server.port(), {{"Sec-WebSocket-Extensions", "permessage-deflate"}});
        expect_failed(client, GetParam(), arrival);
    }
}

const Closed too_big = closed_with(1009);

INSTANTIATE_TEST_SUITE_P(
    Conformance, BeyondTheLimit,
    testing::Values(
        Failed{"AtTheHeader", plain_header(1, 1001).substr(0, 4), too_big},
        Failed{"AtTheHeaderOfEightBytes", plain_header(1, 70000).substr(0, 10), too_big},
        Failed{"AtTheHeaderOfTheLastFragment",
               client_frame(1, x500, false) + client_frame(0, x500, false) + plain_header(0, 1).substr(0, 2), too_big},
        Failed{"AtTheHeaderOfAFragmentBehindAPing",
               client_frame(1, x1000, false) + client_frame(9, "") + plain_header(0, 1, false).substr(0, 2), too_big},
        Failed{"Inflated", client_frame(0x41, deflated(x1001)), too_big},
        Failed{"InflatedFromFragments", fragments_of(0x41, deflated(x1001), 3), too_big},
        Failed{"InflatedInAFrameThatGoesOn", client_frame(0x41, flushed(x1001), false), too_big},
        Failed{"InflatedBehindAPing",
               client_frame(0x41, flushed(x1000), false) + client_frame(9, "") + client_frame(0, flushed("x"), false),
               too_big}),
    name_of_failed);

}  // namespace
}  // namespace wsinetd::fixtures::conformance_close_test
