// RFC 6455, section 8.1, case by case: section 6 of the Autobahn test suite. Text is judged at the first byte that
// cannot be part of it, before anything behind it is there.
#include "fixtures/conformance.hpp"
#include "fixtures/server.hpp"
#include "utf8/reference.hpp"

namespace wsinetd::fixtures::conformance_text_test {
namespace {

using namespace std::string_literals;

/// What may follow the beginning of a character, by Unicode's table 3-7.
struct Begun {
    const char* name;
    std::string bytes;  ///< that have come
    unsigned lowest;    ///< of the next byte
    unsigned highest;
};
void PrintTo(const Begun& row, std::ostream* out) { *out << row.name; }

const Begun begun[] = {
    {"C2", "\xc2", 0x80, 0xbf},
    {"DF", "\xdf", 0x80, 0xbf},
    {"E0", "\xe0", 0xa0, 0xbf},
    {"E1", "\xe1", 0x80, 0xbf},
    {"ED", "\xed", 0x80, 0x9f},
    {"EE", "\xee", 0x80, 0xbf},
    {"EF", "\xef", 0x80, 0xbf},
    {"F0", "\xf0", 0x90, 0xbf},
    {"F1", "\xf1", 0x80, 0xbf},
    {"F3", "\xf3", 0x80, 0xbf},
    {"F4", "\xf4", 0x80, 0x8f},
    {"E0A0", "\xe0\xa0", 0x80, 0xbf},
    {"ED9F", "\xed\x9f", 0x80, 0xbf},
    {"F090", "\xf0\x90", 0x80, 0xbf},
    {"F48F", "\xf4\x8f", 0x80, 0xbf},
    {"F09080", "\xf0\x90\x80", 0x80, 0xbf},
    {"F48FBF", "\xf4\x8f\xbf", 0x80, 0xbf},
};

/// In a frame, and where a fragment ends inside the character and has been taken, as the pong shows.
void expect_to_fail_at_its_byte(const Server& server, const std::string& before, unsigned impossible) {
    const std::string byte(1, static_cast<char>(impossible));
    Wire in_a_frame(server.port());
    in_a_frame.send(plain_header(1, 1000) + "\u03ba\u1f79\u03c3\u03bc\u03b5" + before + byte);
    EXPECT_EQ(in_a_frame.closed(), closed_with(1007)) << "in a frame";
    Wire in_fragments(server.port());
    in_fragments.send(client_frame(1, before, false) + client_frame(9, "so far"));
    const auto pong = in_fragments.frame();
    ASSERT_TRUE(pong && pong->payload == "so far");
    in_fragments.send(plain_header(0, 100'000, false) + byte);
    EXPECT_EQ(in_fragments.closed(), closed_with(1007)) << "in fragments";
}

class Characters : public testing::TestWithParam<Begun> {};

TEST_P(Characters, FailTheConnectionAtABytesThatCannotGoOn) {
    Server server({"cat"});
    const Begun& row = GetParam();
    for (const unsigned byte : {0x00U, 0x20U, 0x7fU, row.lowest - 1, row.highest + 1, 0xc0U, 0xc2U, 0xe2U, 0xffU}) {
        SCOPED_TRACE(byte);
        expect_to_fail_at_its_byte(server, row.bytes, byte);
    }
}

TEST_P(Characters, GoOnWithTheirFirstByteAndTheirLast) {
    Server server({"cat"});
    const Begun& row = GetParam();
    const auto lead = static_cast<unsigned char>(row.bytes[0]);
    const std::size_t size = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    for (const unsigned byte : {row.lowest, row.highest}) {
        std::string character = row.bytes + static_cast<char>(byte);
        character.resize(size, '\x80');
        for (const Arrival arrival : arrivals) {
            Wire client(server.port());
            expect_accepted(client,
                            {"", client_frame(1, character) + fragments_of(1, character, 1), {character, character}},
                            arrival);
        }
    }
}

TEST_P(Characters, ThatAreNotWholeAtTheEndFailTheConnection) {
    Server server({"cat"});
    const std::string& bytes = GetParam().bytes;
    for (const std::string& frames :
         {client_frame(1, "a" + bytes), client_frame(1, "a" + bytes, false) + client_frame(0, ""),
          client_frame(1, "a", false) + client_frame(0, bytes),
          plain_header(1, 70'000) + std::string(70'000 - bytes.size(), 'a') + bytes})
        for (const Arrival arrival : arrivals) {
            Wire client(server.port());
            expect_failed(client, {"", frames, closed_with(1007)}, arrival);
        }
}

INSTANTIATE_TEST_SUITE_P(ConformanceText, Characters, testing::ValuesIn(begun),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(Conformance, EveryByteThatBeginsNoCharacterFailsTheConnection) {
    Server server({"cat"});
    for (unsigned byte = 0x80; byte < 0x100; ++byte) {
        if (byte >= 0xc2 && byte <= 0xf4) continue;
        Wire client(server.port());
        client.send(plain_header(1, 1000) + "a" + static_cast<char>(byte));
        EXPECT_EQ(client.closed(), closed_with(1007)) << byte;
    }
}

// Section 6 by its own names.

class ValidText : public testing::TestWithParam<Accepted> {};

TEST_P(ValidText, IsTakenWholeAndInFragmentsOfOneByte) {
    Server server({"cat"});
    const std::string& text = GetParam().sent;
    for (const Arrival arrival : arrivals) {
        Wire client(server.port());
        expect_accepted(client, {"", client_frame(1, text) + fragments_of(1, text, 1), {text, text}}, arrival);
    }
}

INSTANTIATE_TEST_SUITE_P(
    ConformanceText, ValidText,
    testing::Values(Accepted{"HelloWorld", "Hello-\u00b5@\u00df\u00f6\u00e4\u00fc\u00e0\u00e1-UTF-8!!"},
                    Accepted{"Kosme", "\u03ba\u1f79\u03c3\u03bc\u03b5"}, Accepted{"Nul", "\x00"s},
                    Accepted{"FirstOf2Bytes", utf8::encode(0x80)}, Accepted{"LastOf1Byte", utf8::encode(0x7f)},
                    Accepted{"LastOf2Bytes", utf8::encode(0x7ff)}, Accepted{"FirstOf3Bytes", utf8::encode(0x800)},
                    Accepted{"LastOf3Bytes", utf8::encode(0xffff)}, Accepted{"FirstOf4Bytes", utf8::encode(0x10000)},
                    Accepted{"TheLastOfAll", utf8::encode(0x10ffff)},
                    Accepted{"BeforeTheSurrogates", utf8::encode(0xd7ff)},
                    Accepted{"BehindTheSurrogates", utf8::encode(0xe000)},
                    Accepted{"TheReplacement", utf8::encode(0xfffd)},
                    Accepted{"Noncharacters", utf8::encode(0xfdd0) + utf8::encode(0xfffe) + utf8::encode(0x1ffff) +
                                                  utf8::encode(0x2fffe) + utf8::encode(0xfffff)},
                    Accepted{"AByteOrderMark", "\xef\xbb\xbf\xef\xbb\xbf"}),
    name_of);

class InvalidText : public testing::TestWithParam<Failed> {};

TEST_P(InvalidText, FailsTheConnectionAtItsByte) {
    Server server({"cat"});
    for (const Arrival arrival : arrivals) {
        Wire client(server.port());
        expect_failed(client, {"", plain_header(1, 1000) + "valid \u20ac " + GetParam().sent, closed_with(1007)},
                      arrival);
    }
}

INSTANTIATE_TEST_SUITE_P(
    ConformanceText, InvalidText,
    testing::Values(Failed{"ALoneContinuation", "\x80", {}}, Failed{"ALoneContinuationBF", "\xbf", {}},
                    Failed{"OverlongSlashIn2Bytes", "\xc0", {}}, Failed{"OverlongSlashIn3Bytes", "\xe0\x80", {}},
                    Failed{"OverlongSlashIn4Bytes", "\xf0\x80", {}}, Failed{"OverlongSlashIn5Bytes", "\xf8", {}},
                    Failed{"OverlongSlashIn6Bytes", "\xfc", {}}, Failed{"OverlongNul", "\xc0", {}},
                    Failed{"OverlongC1", "\xc1", {}}, Failed{"OverlongE0", "\xe0\x9f", {}},
                    Failed{"OverlongF0", "\xf0\x8f", {}}, Failed{"ASurrogate", "\xed\xa0", {}},
                    Failed{"ALowSurrogate", "\xed\xbf", {}}, Failed{"ASurrogatePair", "\xed\xb0", {}},
                    Failed{"Beyond10FFFF", "\xf4\x90", {}}, Failed{"F5", "\xf5", {}}, Failed{"FiveBytes", "\xf8", {}},
                    Failed{"SixBytes", "\xfd", {}}, Failed{"FE", "\xfe", {}}, Failed{"FF", "\xff", {}},
                    Failed{"Cut2", "\xc3 ", {}}, Failed{"Cut3", "\xe2\x82 ", {}}, Failed{"Cut4", "\xf0\x9f\x98 ", {}},
                    Failed{"CutByAnother", "\xe2\xe2", {}}),
    name_of_failed);

/// 6.4: valid text, then a byte that is not, then more: the Close comes before the last part is sent.
TEST(Conformance, TheCloseComesBeforeTheRestOfAMessageIsSent) {
    Server server({"cat"});
    const std::string valid = "\u03ba\u1f79\u03c3\u03bc\u03b5";
    for (const bool fragments : {false, true}) {
        Wire client(server.port());
        if (fragments)
            client.send(client_frame(1, valid, false) + client_frame(0, "\xf4\x90\x80\x80", false));
        else
            client.send(plain_header(1, valid.size() + 10) + valid + "\xf4\x90");
        EXPECT_EQ(client.closed(), closed_with(1007));
        client.socket().send_some("edited");
        client.socket().finish();
        EXPECT_TRUE(client.ends_in_silence());
    }
}

TEST(Conformance, BytesThatAreNoTextAreNoErrorInABinaryMessage) {
    Server server({"--binary", "cat"});
    Wire client(server.port());
    client.send(client_frame(2, "\xff\xfe\xc0", false) + client_frame(0, "\x80"));
    std::string echo;
    while (echo.size() < 4) echo += client.frame().value().payload;
    EXPECT_EQ(echo, "\xff\xfe\xc0\x80");
}

}  // namespace
}  // namespace wsinetd::fixtures::conformance_text_test
