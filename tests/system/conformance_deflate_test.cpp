// RFC 7692 over the wire, case by case: sections 12 and 13 of the Autobahn test suite, and what must not be.
#include <gmock/gmock.h>

#include "fixtures/conformance.hpp"
#include "fixtures/deflated.hpp"
#include "fixtures/server.hpp"

namespace wsinetd::fixtures::conformance_deflate_test {
namespace {

using namespace std::string_literals;

const std::string hello = "\xf2\x48\xcd\xc9\xc9\x07\x00"s;  // 7.2.3.1
const std::string agreed = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

Headers offering(const std::string& offer = "permessage-deflate") { return {{"Sec-WebSocket-Extensions", offer}}; }
std::string compressed(std::string_view text) { return client_frame(0x41, deflated(text)); }

/// The value of the 101's Sec-WebSocket-Extensions; "none" without it.
std::string extension_in(const std::string& answer) {
    const std::string name = "\r\nSec-WebSocket-Extensions: ";
    const auto at = answer.find(name);
    if (at == std::string::npos) return "none";
    return answer.substr(at + name.size(), answer.find('\r', at + 2) - at - name.size());
}

// 5 and 7.1: what is offered, and what comes of it.

struct Offer {
    const char* name;
    std::string offer;
    std::string answer;
};

void PrintTo(const Offer& row, std::ostream* out) { *out << row.name; }

class Offers : public testing::TestWithParam<Offer> {};

TEST_P(Offers, AreAnswered) {
    Server server({"--compress", "cat"});
    Wire client(server.port(), offering(GetParam().offer));
    EXPECT_EQ(extension_in(client.answer()), GetParam().answer);
    const std::string text = prose(3000);
    const Accepted row{"", client_frame(1, text) + (GetParam().answer == "none" ? "" : compressed(text))};
    Accepted expected = row;
    expected.messages.assign(GetParam().answer == "none" ? 1 : 2, text);
    expect_accepted(client, expected, Arrival::whole, GetParam().answer != "none");
}

INSTANTIATE_TEST_SUITE_P(
    ConformanceDeflate, Offers,
    testing::Values(
        Offer{"Plain", "permessage-deflate", agreed},
        Offer{"ServerNoContextTakeover", "permessage-deflate; server_no_context_takeover", agreed},
        Offer{"ClientNoContextTakeover", "permessage-deflate; client_no_context_takeover", agreed},
        Offer{"BothNoContextTakeover", "permessage-deflate; client_no_context_takeover; server_no_context_takeover",
              agreed},
        Offer{"ServerWindow9", "permessage-deflate; server_max_window_bits=9", agreed + "; server_max_window_bits=9"},
        Offer{"ServerWindow10", "permessage-deflate; server_max_window_bits=10",
              agreed + "; server_max_window_bits=10"},
        Offer{"ServerWindow14", "permessage-deflate; server_max_window_bits=14",
              agreed + "; server_max_window_bits=14"},
        Offer{"ServerWindow15", "permessage-deflate; server_max_window_bits=15",
              agreed + "; server_max_window_bits=14"},
        Offer{"ServerWindowQuoted", "permessage-deflate; server_max_window_bits=\"12\"",
              agreed + "; server_max_window_bits=12"},
        Offer{"ServerWindowQuotedWithABackslash", "permessage-deflate; server_max_window_bits=\"1\\2\"",
              agreed + "; server_max_window_bits=12"},
        Offer{"ClientWindow", "permessage-deflate; client_max_window_bits", agreed},
        Offer{"ClientWindow8", "permessage-deflate; client_max_window_bits=8", agreed},
        Offer{"ClientWindow15", "permessage-deflate; client_max_window_bits=15", agreed},
        Offer{"All",
              "permessage-deflate; client_max_window_bits=10; server_max_window_bits=11; client_no_context_takeover; "
              "server_no_context_takeover",
              agreed + "; server_max_window_bits=11"},
        Offer{"WithoutBlanks", "permessage-deflate;server_max_window_bits=11;client_max_window_bits",
              agreed + "; server_max_window_bits=11"},
        Offer{"WithManyBlanks", " \t permessage-deflate \t ; \t server_max_window_bits \t = \t 11 \t ",
              agreed + "; server_max_window_bits=11"},
        Offer{"AnotherName", "x-webkit-deflate-frame", "none"}, Offer{"AnotherCase", "Permessage-Deflate", "none"},
        Offer{"ServerWindow8", "permessage-deflate; server_max_window_bits=8", "none"},
        Offer{"ServerWindow7", "permessage-deflate; server_max_window_bits=7", "none"},
        Offer{"ServerWindow16", "permessage-deflate; server_max_window_bits=16", "none"},
        Offer{"ServerWindow0", "permessage-deflate; server_max_window_bits=0", "none"},
        Offer{"ServerWindow09", "permessage-deflate; server_max_window_bits=09", "none"},
        Offer{"ServerWindow100", "permessage-deflate; server_max_window_bits=100", "none"},
        Offer{"ServerWindowInHexadecimal", "permessage-deflate; server_max_window_bits=0xf", "none"},
        Offer{"ServerWindowSigned", "permessage-deflate; server_max_window_bits=+9", "none"},
        Offer{"ServerWindowWithoutAValue", "permessage-deflate; server_max_window_bits", "none"},
        Offer{"ServerWindowTwice", "permessage-deflate; server_max_window_bits=10; server_max_window_bits=10", "none"},
        Offer{"ClientWindow7", "permessage-deflate; client_max_window_bits=7", "none"},
        Offer{"ClientWindow16", "permessage-deflate; client_max_window_bits=16", "none"},
        Offer{"ClientWindow08", "permessage-deflate; client_max_window_bits=08", "none"},
        Offer{"ClientWindowTwice", "permessage-deflate; client_max_window_bits; client_max_window_bits=9", "none"},
        Offer{"ServerTakeoverWithAValue", "permessage-deflate; server_no_context_takeover=1", "none"},
        Offer{"ClientTakeoverWithAValue", "permessage-deflate; client_no_context_takeover=true", "none"},
        Offer{"ServerTakeoverTwice", "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
              "none"},
        Offer{"ClientTakeoverTwice", "permessage-deflate; client_no_context_takeover; client_no_context_takeover",
              "none"},
        Offer{"AnUnknownParameter", "permessage-deflate; unknown", "none"},
        Offer{"AnUnknownParameterWithAValue", "permessage-deflate; server_max_window_bits=10; unknown=1", "none"},
        Offer{"AParameterInAnotherCase", "permessage-deflate; Server_Max_Window_Bits=10", "none"},
        Offer{"FallbackToTheSecond", "permessage-deflate; unknown, permessage-deflate; server_max_window_bits=10",
              agreed + "; server_max_window_bits=10"},
        Offer{"FallbackToTheThird",
              "permessage-deflate; server_max_window_bits=8, permessage-deflate; client_max_window_bits=99, "
              "permessage-deflate",
              agreed},
        Offer{"BehindAnotherExtension", "foo; bar=\"baz\", permessage-deflate; server_max_window_bits=9",
              agreed + "; server_max_window_bits=9"},
        Offer{"TheFirstOfTwo", "permessage-deflate; server_max_window_bits=9, permessage-deflate",
              agreed + "; server_max_window_bits=9"},
        Offer{"EmptyElements", ", permessage-deflate,, ,", agreed}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(ConformanceDeflate, OffersMayStandInSeveralFields) {
    Server server({"--compress", "cat"});
    RawClient client(server.port());
    std::string request = upgrade_request(offering("permessage-deflate; unknown"));
    request.insert(request.size() - 2, "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=13\r\n");
    client.send(request);
    EXPECT_EQ(extension_in(client.receive_until("\r\n\r\n")), agreed + "; server_max_window_bits=13");
}

TEST(ConformanceDeflate, AnOfferThatIsNoListOfExtensionsIsA400) {
    Server server({"--compress", "cat"});
    for (const char* offer :
         {"permessage-deflate;", "permessage-deflate; =1", "permessage-deflate; a=", "a b", "permessage-deflate; a=\"b",
          "permessage-deflate; a=\"\"", "permessage-deflate; a=\"b c\"", "permessage-deflate; a=\"\\\"",
          "permessage-deflate; a=b=c", "; a", "\"a\""})
        EXPECT_EQ(status_of(server.port(), upgrade_request(offering(offer))), 400) << offer;
}

// 6 and 7.2: messages.

class Compressed : public testing::TestWithParam<Accepted> {};

TEST_P(Compressed, AreTaken) {
    Server server({"--compress", "--max-message-size", "0", "cat"});
    for (const Arrival arrival : arrivals) {
        Wire client(server.port(), offering());
        expect_accepted(client, GetParam(), arrival, true);
    }
}

const std::string two_blocks = "\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00"s;  // 7.2.3.5
const std::string stored = "\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00"s;              // 7.2.3.3
const std::string with_final = "\xf3\x48\xcd\xc9\xc9\x07\x00\x00"s;                      // 7.2.3.4

INSTANTIATE_TEST_SUITE_P(
    ConformanceDeflate, Compressed,
    testing::Values(
        Accepted{"Hello", client_frame(0x41, hello), {"Hello"}},
        Accepted{"HelloInFragments",
                 client_frame(0x41, hello.substr(0, 3), false) + client_frame(0, hello.substr(3)),
                 {"Hello"}},
        Accepted{"HelloWithoutCompression", client_frame(0x41, stored), {"Hello"}},
        Accepted{"HelloWithAFinalBlock", client_frame(0x41, with_final), {"Hello"}},
        Accepted{"HelloInTwoBlocks", client_frame(0x41, two_blocks), {"Hello"}},
        Accepted{"Empty", client_frame(0x41, "\x00"s), {""}},
        Accepted{"EmptyInFragments", client_frame(0x41, "", false) + client_frame(0, "\x00"s), {""}},
        Accepted{"AFragmentOfEachByte", fragments_of(0x41, hello, 1) + client_frame(1, "plain"), {"Hello", "plain"}},
        Accepted{"PlainInFragments",
                 client_frame(1, "pl", false) + client_frame(0, "ain") + client_frame(0x41, hello),
                 {"plain", "Hello"}},
        Accepted{"PingsAmidFragments",
                 client_frame(0x41, hello.substr(0, 2), false) + client_frame(9, "a") +
                     client_frame(0, hello.substr(2, 2), false) + client_frame(9, "b") +
                     client_frame(0, hello.substr(4)),
                 {"Hello"},
                 {"a", "b"}},
        Accepted{"TheSameTwice", client_frame(0x41, hello) + client_frame(0x41, hello), {"Hello", "Hello"}},
        Accepted{"Characters", compressed("\u03ba\u1f79\u03c3\u03bc\u03b5"), {"\u03ba\u1f79\u03c3\u03bc\u03b5"}},
        Accepted{"CharactersInFragments",
                 fragments_of(0x41, deflated("\u03ba\U0001f600", {15, 0}), 1),
                 {"\u03ba\U0001f600"}}),
    name_of);

TEST(ConformanceDeflate, LongMessagesAreTakenInOneFrameAndInMany) {
    Server server({"--compress", "--max-message-size", "0", "cat"});
    const std::string text = prose(1048576);
    for (const Arrival arrival : arrivals)
        for (const std::string& frames : {compressed(text), fragments_of(0x41, deflated(text), 1000)}) {
            Wire client(server.port(), offering());
            expect_accepted(client,
                            Accepted{"", compressed(text.substr(0, 65536)) + frames, {text.substr(0, 65536), text}},
                            arrival, true);
        }
}

/// 12.1 to 12.5 and 13: many messages of one size, with each window.
TEST(ConformanceDeflate, ManyMessagesOfOneSizeAreEchoedWithEachWindow) {
    Server server({"--compress", "cat"});
    for (const char* offer :
         {"permessage-deflate", "permessage-deflate; server_max_window_bits=9",
          "permessage-deflate; server_max_window_bits=15; server_no_context_takeover; client_no_context_takeover; "
          "client_max_window_bits=9"})
        for (const std::size_t size : {16, 64, 256, 1024, 4096, 16384, 65536}) {
            Accepted row{""};
            for (int i = 0; i < 30; ++i) {
                const std::string text = prose(size + static_cast<std::size_t>(i)).substr(static_cast<std::size_t>(i));
                row.sent += client_frame(0x41, deflated(text, {9}));
                row.messages.push_back(text);
            }
            Wire client(server.port(), offering(offer));
            expect_accepted(client, row, Arrival::whole, true);
        }
}

// What must not be.

class WrongCompressed : public testing::TestWithParam<Failed> {};

TEST_P(WrongCompressed, FailTheConnection) {
    Server server({"--compress", "cat"});
    for (const Arrival arrival : arrivals) {
        Wire client(server.port(), offering());
        expect_failed(client, GetParam(), arrival);
    }
}

const Closed reserved = closed_with(1002, "reserved bit set");
const Closed corrupt = closed_with(1007, "corrupt compressed data");
const std::string begun = client_frame(0x41, hello.substr(0, 3), false);

INSTANTIATE_TEST_SUITE_P(
    ConformanceDeflate, WrongCompressed,
    testing::Values(
        Failed{"Rsv1InAContinuation", begun + "\xc0", reserved},
        Failed{"Rsv1InAContinuationThatGoesOn", begun + "\x40", reserved},
        Failed{"Rsv1InAContinuationOfAPlainMessage", client_frame(1, "a", false) + "\xc0", reserved},
        Failed{"Rsv1InAContinuationOfNothing", "\xc0", reserved}, Failed{"Rsv1InAClose", "\xc8", reserved},
        Failed{"Rsv1InAPing", "\xc9", reserved}, Failed{"Rsv1InAPong", "\xca", reserved},
        Failed{"Rsv1InAPingAmidAMessage", begun + "\xc9", reserved}, Failed{"Rsv1WithOpcode3", "\xc3", reserved},
        Failed{"Rsv2", "\xa1", reserved}, Failed{"Rsv3", "\x91", reserved}, Failed{"Rsv1And2", "\xe1", reserved},
        Failed{"Rsv1And3", "\xd1", reserved}, Failed{"AllReservedBits", "\xf1", reserved},
        Failed{"Rsv2InAContinuation", begun + "\xa0", reserved},
        Failed{"ANewCompressedMessageInOne", begun + "\xc1", closed_with(1002, "new message inside a message")},
        Failed{"ANewPlainMessageInOne", begun + "\x81", closed_with(1002, "new message inside a message")},
        Failed{"ACompressedMessageInAPlainOne", client_frame(1, "a", false) + "\xc1",
               closed_with(1002, "new message inside a message")},
        Failed{"Unmasked", "\xc1\x07", closed_with(1002, "frame without a mask")},
        Failed{"ABinaryMessage", "\xc2", closed_with(1003)},
        Failed{"ABlockOfNoType", client_frame(0x41, "\x07"), corrupt},
        Failed{"ABlockOfNoTypeInAFrameThatGoesOn", client_frame(0x41, "\x07", false), corrupt},
        Failed{"LengthsThatDoNotAgree", client_frame(0x41, "\x00\x05\x00\xfa\xfe"s), corrupt},
        Failed{"ADistanceBeforeTheBeginning", client_frame(0x41, "\xf2\x00\x11\x00\x00"s), corrupt},
        Failed{"AStoredBlockThatIsCut", client_frame(0x41, stored.substr(0, 7)), corrupt},
        Failed{"ACutMessage", client_frame(0x41, deflated(prose(500)).substr(0, 100)), corrupt},
        Failed{"ACutMessageInFragments",
               client_frame(0x41, deflated(prose(500)).substr(0, 100), false) + client_frame(0, ""), corrupt},
        Failed{"PlainTextAsIfCompressed", client_frame(0x41, "Hello"), corrupt},
        Failed{"NoText", compressed("ab\xff"), closed_with(1007)},
        Failed{"NoTextInAFrameThatGoesOn", client_frame(0x41, flushed("ab\xff"), false), closed_with(1007)},
        Failed{"HalfACharacter", compressed("ab\xe2\x82"), closed_with(1007)},
        Failed{"HalfACharacterInFragments", client_frame(0x41, flushed("ab\xe2\x82"), false) + client_frame(0, "\x00"s),
               closed_with(1007)},
        Failed{"AWindowThatWasNotTakenOver", client_frame(0x41, hello) + client_frame(0x41, "\xf2\x00\x11\x00\x00"s),
               corrupt}),
    name_of_failed);

TEST(ConformanceDeflate, WithoutAnAgreementEveryRsv1IsAnError) {
    Server with({"--compress", "cat"});
    Server without({"cat"});
    for (const Server* server : {&with, &without})
        for (const char* first : {"\xc1", "\xc2", "\x41", "\xc0", "\xc9"}) {
            Wire client(server->port(), server == &with ? Headers{} : offering());
            client.send(first);
            EXPECT_EQ(client.closed(), reserved);
        }
}

}  // namespace
}  // namespace wsinetd::fixtures::conformance_deflate_test
