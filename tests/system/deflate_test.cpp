// permessage-deflate (RFC 7692), as clients on the wire see it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <list>

#include "fixtures/client.hpp"
#include "fixtures/command.hpp"
#include "fixtures/deflated.hpp"
#include "fixtures/server.hpp"
#include "fixtures/wire.hpp"

namespace wsinetd::fixtures::deflate_test {
namespace {

using namespace std::string_literals;

const bool measures_memory = !sanitized;
const int bomb_mebibytes = sanitized ? 32 : 1024;
constexpr std::size_t most_kib = 256;  ///< that one connection may hold

constexpr unsigned rsv1 = 0x40;
const std::string hello = "\xf2\x48\xcd\xc9\xc9\x07\x00"s;  // RFC 7692, 7.2.3.1

Headers offering(const std::string& offer = "permessage-deflate") { return {{"Sec-WebSocket-Extensions", offer}}; }

/// A client's frame of a compressed message: its first one, or the only one.
std::string deflated_frame(unsigned opcode, std::string_view payload, bool fin = true) {
    return client_frame(opcode | rsv1, payload, fin);
}

/// The payload of the next message, which must be compressed: RSV1 in its first frame and in no other.
std::string deflated_payload(Wire& client) {
    std::string payload;
    for (bool first = true;; first = false) {
        const auto frame = client.frame();
        if (!frame) return "the connection has ended";
        if (frame->head.opcode > 8) continue;
        EXPECT_EQ(frame->head.reserved, first ? 4u : 0u);
        payload += frame->payload;
        if (frame->head.fin) return payload;
    }
}

/// What it says.
std::string deflated_message(Wire& client, int window_bits = 15) {
    return inflated(deflated_payload(client), window_bits);
}

/// A message of so many MiB, in a thousandth of that.
std::string bomb(int mebibytes) {
    const std::string one = flushed(std::string(1024 * 1024, 'x'));
    std::string payload;
    for (int i = 0; i < mebibytes; ++i) payload += one;
    return payload;
}

void warm_up(const Server& server) {
    {
        Wire client(server.port(), offering());
        client.send(deflated_frame(1, deflated(prose(300))));
        client.message();
        client.send(close_frame(1000));
        client.closed();
    }
    ASSERT_TRUE(leaves_nothing(server));
    ASSERT_TRUE(server.logs("session ends"));
}

// The handshake.

TEST(Deflate, IsAgreedOnAsTheClientOffersIt) {
    Server server({"--compress", "cat"});
    const std::string always =
        "\r\nSec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; client_no_context_takeover";
    const std::vector<std::pair<std::string, std::string>> offers{
        {"permessage-deflate", "\r\n"},
        {"permessage-deflate; client_max_window_bits", "\r\n"},
        {"permessage-deflate; client_max_window_bits=\"8\"; server_max_window_bits=\"9\"",
         "; server_max_window_bits=9\r\n"},
        {"permessage-deflate; foo, permessage-deflate; server_max_window_bits=12", "; server_max_window_bits=12\r\n"},
    };
    for (const auto& [offer, parameters] : offers)
        EXPECT_THAT(Wire(server.port(), offering(offer)).answer(), testing::HasSubstr(always + parameters)) << offer;
    EXPECT_THAT(Wire(server.port(), offering("foo")).answer(), testing::Not(testing::HasSubstr("Extensions")));
}

TEST(Deflate, TakesWindowsOverWithTheOptionForIt) {
    Server server({"--compress-takeover", "cat"});
    const std::string answer = "\r\nSec-WebSocket-Extensions: permessage-deflate; ";
    const std::vector<std::pair<std::string, std::string>> offers{
        {"permessage-deflate; client_max_window_bits", "client_max_window_bits=12\r\n"},
        {"permessage-deflate", "client_no_context_takeover\r\n"},
        {"permessage-deflate; server_no_context_takeover; client_no_context_takeover",
         "server_no_context_takeover; client_no_context_takeover\r\n"},
        {"permessage-deflate; server_max_window_bits=10; client_max_window_bits=9",
         "server_max_window_bits=10; client_max_window_bits=9\r\n"},
    };
    for (const auto& [offer, parameters] : offers)
        EXPECT_THAT(Wire(server.port(), offering(offer)).answer(), testing::HasSubstr(answer + parameters)) << offer;
    Server tagged({"--compress-takeover", "--stderr", "tagged", "cat"});
    EXPECT_THAT(Wire(tagged.port(), offering()).answer(), testing::HasSubstr(answer + "server_no_context_takeover"));
}

TEST(DeflateWithTakeover, MakesMessagesSmallThatAreLikeThoseBefore) {
    Server server({"--compress-takeover", "cat"});
    Wire client(server.port(), offering("permessage-deflate; client_max_window_bits"));
    TakeoverPeer peer(12, 12);
    for (int i = 0; i < 100; ++i) {
        const std::string text = R"({"sensor":"temperature","unit":"celsius","value":)" + std::to_string(i) + "}";
        const std::string sent = peer.deflated(text);
        client.send(deflated_frame(1, sent));
        const std::string received = deflated_payload(client);
        ASSERT_EQ(peer.inflated(received), text);
        if (i == 0) continue;
        EXPECT_LT(sent.size(), 16u);
        EXPECT_LT(received.size(), 16u);
    }
}

TEST(DeflateWithTakeover, LosesNothingOfLongMessagesShortOnesAndEmptyOnes) {
    Server server({"--compress-takeover", "--threads", "1", "--max-message-size", "0", "cat"});
    Wire first(server.port(), offering("permessage-deflate; client_max_window_bits"));
    Wire second(server.port(), offering("permessage-deflate; client_max_window_bits"));
    TakeoverPeer one(12, 12);
    TakeoverPeer other(12, 12);
    for (const std::size_t size : {150'000U, 17U, 8192U, 8193U, 65'536U, 300U}) {
        first.send(deflated_frame(1, one.deflated(prose(size))));
        second.send(deflated_frame(1, other.deflated(prose(size + 1))));
        EXPECT_EQ(one.inflated(deflated_payload(first)), prose(size)) << size;
        EXPECT_EQ(other.inflated(deflated_payload(second)), prose(size + 1)) << size;
        first.send(client_frame(1, ""));
        EXPECT_EQ(first.message(), "");
    }
}

TEST(DeflateWithTakeover, SendsWhatDoesNotBecomeSmallerForOthersWillReferToIt) {
    Server server({"--compress-takeover", "--framing", "raw", "cat"});
    Wire client(server.port(), offering("permessage-deflate; client_max_window_bits"));
    TakeoverPeer peer(12, 12);
    for (int i = 0; i < 3; ++i) {
        client.send(deflated_frame(2, peer.deflated(noise(1000))));
        const std::string received = deflated_payload(client);
        EXPECT_EQ(peer.inflated(received), noise(1000));
        if (i > 0) {
            EXPECT_LT(received.size(), 100u);
        }
    }
}

TEST(DeflateWithTakeover, OfTheServerAloneLendsAnInflater) {
    Server server({"--compress-takeover", "cat"});
    Wire client(server.port(), offering("permessage-deflate"));
    TakeoverPeer peer(12, 12);
    for (int i = 0; i < 3; ++i) {
        client.send(deflated_frame(1, deflated(prose(40'000))));  // with a window of 15
        EXPECT_EQ(peer.inflated(deflated_payload(client)), prose(40'000));
    }
}

TEST(DeflateWithTakeover, FailsAMessageThatReachesBeyondItsWindow) {
    Server server({"--compress-takeover", "--framing", "raw", "cat"});
    Wire client(server.port(), offering("permessage-deflate; client_max_window_bits"));
    TakeoverPeer peer(15, 12);
    client.send(deflated_frame(2, peer.deflated(noise(6000))));
    EXPECT_EQ(peer.inflated(deflated_payload(client)), noise(6000));
    client.send(deflated_frame(2, peer.deflated(noise(6000))));
    EXPECT_EQ(client.closed(), closed_with(1007, "corrupt compressed data"));
}

TEST(DeflateWithTakeover, CostsAConnectionNoMoreThanItsPageSays) {
    Server server({"--compress-takeover", "--threads", "1", "cat"});
    constexpr std::size_t connections = 50;
    const auto open = [&](std::vector<std::unique_ptr<Wire>>& clients) {
        for (std::size_t i = 0; i < connections; ++i) {
            TakeoverPeer peer(12, 12);
            auto& client = *clients.emplace_back(
                std::make_unique<Wire>(server.port(), offering("permessage-deflate; client_max_window_bits")));
            client.send(deflated_frame(1, peer.deflated(prose(5000))));
            EXPECT_EQ(peer.inflated(deflated_payload(client)), prose(5000));
        }
    };
    std::vector<std::unique_ptr<Wire>> clients;
    open(clients);
    const std::size_t before = server.private_kib();
    open(clients);
    if (measures_memory) {
        EXPECT_LT((server.private_kib() - before) / connections, 54u);
    }
}

TEST(Deflate, IsNotAgreedOnWithoutTheOptionOrAValidOffer) {
    Server without({"cat"});
    Server with({"--compress", "cat"});
    const auto plain = testing::Not(testing::HasSubstr("Sec-WebSocket-Extensions"));
    EXPECT_THAT(Wire(without.port(), offering()).answer(), plain);
    EXPECT_THAT(Wire(with.port(), Headers{}).answer(), plain);
    for (const auto* offer : {"permessage-deflate; foo", "permessage-deflate; server_max_window_bits=8", "foo"}) {
        Wire client(with.port(), offering(offer));
        EXPECT_THAT(client.answer(), plain) << offer;
        client.send(client_frame(1, prose(1000)));
        EXPECT_EQ(client.message(), prose(1000));
        client.send(deflated_frame(1, hello));
        EXPECT_EQ(client.closed(), closed_with(1002, "reserved bit set"));
    }
}

TEST(Deflate, AMalformedListOfExtensionsIsA400) {
    Server server({"--compress", "cat"});
    for (const auto* offer : {"permessage-deflate;", "permessage-deflate; a=", "permessage-deflate; a=\"b", "a b"})
        EXPECT_EQ(status_of(server.port(), upgrade_request(offering(offer))), 400) << offer;
}

// What must not be.

struct Wrong {
    const char* name;
    std::string bytes;
    Closed closed;
};

class WrongDeflate : public testing::TestWithParam<Wrong> {};

TEST_P(WrongDeflate, FailsTheConnection) {
    Server server({"--compress", "--max-message-size", "1000", "cat"});
    for (const bool byte_by_byte : {false, true}) {
        Wire client(server.port(), offering());
        if (byte_by_byte)
            for (const char byte : GetParam().bytes) client.send({&byte, 1});
        else
            client.send(GetParam().bytes);
        EXPECT_EQ(client.closed(), GetParam().closed);
        client.socket().finish();
        EXPECT_TRUE(client.ends_in_silence());
    }
}

const Closed reserved = closed_with(1002, "reserved bit set");
const Closed corrupt = closed_with(1007, "corrupt compressed data");

INSTANTIATE_TEST_SUITE_P(
    Deflate, WrongDeflate,
    testing::Values(Wrong{"Rsv1InAContinuation", deflated_frame(1, hello.substr(0, 3), false) + "\xc0", reserved},
                    Wrong{"Rsv1InAPing", "\xc9", reserved}, Wrong{"Rsv1InAClose", "\xc8", reserved},
                    Wrong{"Rsv1InAContinuationOfAPlainMessage", client_frame(1, "a", false) + "\xc0", reserved},
                    Wrong{"Rsv2", "\xe1", reserved}, Wrong{"Rsv3", "\xd1", reserved},
                    Wrong{"ANewMessageInOne", deflated_frame(1, hello.substr(0, 3), false) + "\xc1",
                          closed_with(1002, "new message inside a message")},
                    Wrong{"ABlockOfNoType", deflated_frame(1, "\x07"), corrupt},
                    Wrong{"LengthsThatDoNotAgree", deflated_frame(1, "\x00\x05\x00\xfa\xfe"s), corrupt},
                    Wrong{"NoEnd", deflated_frame(1, deflated(prose(500)).substr(0, 100)), corrupt},
                    Wrong{"NoEndInALaterFrame",
                          deflated_frame(1, deflated(prose(500)).substr(0, 100), false) + client_frame(0, ""), corrupt},
                    Wrong{"AWindowThatWasNotTakenOver", deflated_frame(1, "\xf2\x00\x11\x00\x00"s), corrupt},
                    Wrong{"NoUtf8", deflated_frame(1, deflated("ab\xff")), closed_with(1007)},
                    Wrong{"HalfACharacter", deflated_frame(1, deflated("ab\xe2\x82")), closed_with(1007)},
                    Wrong{"ABinaryMessage", deflated_frame(2, hello), closed_with(1003)},
                    Wrong{"TooMuch", deflated_frame(1, deflated(std::string(1001, 'x'))), closed_with(1009)},
                    Wrong{"TooMuchInFragments",
                          deflated_frame(1, deflated(std::string(1001, 'x')).substr(0, 5), false) +
                              client_frame(0, deflated(std::string(1001, 'x')).substr(5)),
                          closed_with(1009)}),
    [](const testing::TestParamInfo<Wrong>& info) { return std::string(info.param.name); });

TEST(Deflate, ASmallMessageThatIsRefusedLeavesNoTrace) {
    TemporaryFolder folder;
    const std::string file = folder.path() + "/input";
    Server server(bash("cat > " + file, {"--compress"}));
    const std::string text = prose(30'000);
    for (const std::string& payload : {deflated(text + "\xff"), deflated(text).substr(0, 3000)}) {
        Wire client(server.port(), offering());
        client.send(client_frame(1, "before") + deflated_frame(1, payload));
        EXPECT_EQ(client.closed().code, 1007);
        client.socket().finish();
        EXPECT_TRUE(leaves_nothing(server));
        EXPECT_EQ(contents_of(file), "before\n");
    }
}

TEST(Deflate, TheLimitIsExact) {
    Server server({"--compress", "--max-message-size", "100000", "wc", "-c"});
    Wire client(server.port(), offering());
    client.send(deflated_frame(1, deflated(std::string(100'000, 'x'))));
    client.send(deflated_frame(1, deflated(std::string(100'001, 'x'))));
    EXPECT_EQ(client.closed(), closed_with(1009));
}

// Both ways, with bare frames.

TEST(Deflate, TheRfcsHelloArrives) {
    Server server({"--compress", "cat"});
    Wire client(server.port(), offering());
    client.send(deflated_frame(1, hello) + deflated_frame(1, hello.substr(0, 3), false) + client_frame(9, "p") +
                client_frame(0, hello.substr(3)) + client_frame(1, "plain"));
    EXPECT_EQ(client.socket().receive(3), "\x8a\x01p");
    for (const auto* text : {"Hello", "Hello", "plain"}) {
        const auto frame = client.frame();
        ASSERT_TRUE(frame);
        EXPECT_TRUE(is_proper(frame->head));  // too short to be compressed
        EXPECT_EQ(frame->payload, text);
    }
}

TEST(Deflate, MessagesFrom128BytesOnAreCompressedIfThatMakesThemSmaller) {
    Server server({"--compress", "cat"});
    Wire client(server.port(), offering());
    const auto echoed = [&](const std::string& text) {
        client.send(deflated_frame(1, deflated(text)));
        const auto frame = client.frame();
        return frame ? frame->head : Head{};
    };
    EXPECT_EQ(echoed(prose(127)).reserved, 0u);
    EXPECT_EQ(echoed(prose(128)).reserved, 4u);
    EXPECT_LT(echoed(prose(5000)).length, 3000u);
    Server raw({"--compress", "--framing", "raw", "cat"});
    Wire binary(raw.port(), offering());
    binary.send(client_frame(2, noise(5000)));
    const auto frame = binary.frame();
    ASSERT_TRUE(frame);
    EXPECT_EQ(frame->head.reserved, 0u);
    EXPECT_EQ(frame->payload, noise(5000));
}

TEST(Deflate, EveryWindowOfTheServersIsKept) {
    Server server({"--compress", "--threads", "1", "cat"});
    for (int bits = 9; bits <= 15; ++bits) {
        Wire client(server.port(), offering("permessage-deflate; server_max_window_bits=" + std::to_string(bits)));
        const std::string text = prose(20'000) + prose(20'000);
        client.send(deflated_frame(1, deflated(text)));
        EXPECT_EQ(deflated_message(client, bits), text) << bits;
    }
}

TEST(Deflate, EveryWayToCompressIsRead) {
    Server server({"--compress", "cat"});
    Wire client(server.port(), offering());
    const std::string text = prose(5000) + std::string(5000, 'x');
    for (const int window : {9, 12, 15})
        for (const int level : {0, 1, 9})
            for (const int strategy : {Z_DEFAULT_STRATEGY, Z_FIXED, Z_HUFFMAN_ONLY, Z_RLE}) {
                client.send(deflated_frame(1, deflated(text, {window, level, strategy})));
                ASSERT_EQ(deflated_message(client), text) << window << ' ' << level << ' ' << strategy;
            }
}

TEST(Deflate, MessagesUnderWayDoNotMix) {
    Gate gate;
    Server server(bash("read -r; head -c 100000 /dev/zero | tr '\\0' y; " + gate.wait() + "; printf 'Hello\\n'; cat",
                       {"--compress", "--threads", "1"}));
    Wire output(server.port(), offering());
    output.send(client_frame(1, ""));
    const auto first = output.frame();  // of a line that does not end
    ASSERT_TRUE(first);
    EXPECT_EQ(first->head.reserved, 4u);
    EXPECT_FALSE(first->head.fin);

    Server echo({"--compress", "--threads", "1", "cat"});
    std::list<Wire> clients;
    std::vector<std::string> payloads;
    for (int i = 0; i < 5; ++i) {
        clients.emplace_back(echo.port(), offering());
        payloads.push_back(deflated(prose(1000) + std::to_string(i)));
        clients.back().send(deflated_frame(1, payloads.back().substr(0, 100), false));
    }
    for (std::size_t at = 100; at < 200; at += 10) {
        auto payload = payloads.begin();
        for (Wire& client : clients) client.send(client_frame(0, (payload++)->substr(at, 10), false));
        Wire other(echo.port(), offering());
        other.send(deflated_frame(1, deflated(prose(500))));
        EXPECT_EQ(deflated_message(other), prose(500));
    }
    int i = 0;
    for (Wire& client : clients) {
        client.send(client_frame(0, payloads[static_cast<std::size_t>(i)].substr(200)));
        EXPECT_EQ(deflated_message(client), prose(1000) + std::to_string(i));
        ++i;
    }

    gate.open();
    std::string payload = first->payload;
    for (auto frame = output.frame(); frame; frame = output.frame()) {
        EXPECT_EQ(frame->head.reserved, 0u);
        payload += frame->payload;
        if (frame->head.fin) break;
    }
    EXPECT_EQ(inflated(payload), std::string(100'000, 'y') + "Hello");
}

TEST(Deflate, TaggedLinesOfAnyLengthAndKindAreCompressed) {
    Server server(bash("echo out; printf '\\001%.0s' {1..6000}; echo; printf 'a\\377%.0s' {1..6000} >&2; echo >&2",
                       {"--compress", "--stderr", "tagged"}));
    Client client(server.port(), {.deflate = true});
    std::string control;
    std::string repaired;
    for (int i = 0; i < 6000; ++i) control += "\\u0001";
    for (int i = 0; i < 6000; ++i) repaired += "a\xef\xbf\xbd";
    EXPECT_THAT(client.receive_all(),
                testing::UnorderedElementsAre(R"({"stream":"stdout","data":"out"})",
                                              R"({"stream":"stdout","data":")" + control + R"("})",
                                              R"({"stream":"stderr","data":")" + repaired + R"("})"));
}

TEST(Deflate, AnEofMessageMayBeCompressed) {
    Server server({"--compress", "--eof-message", "Hello", "wc", "-c"});
    Wire client(server.port(), offering());
    client.send(client_frame(1, "12") + deflated_frame(1, deflated(prose(999))) + deflated_frame(1, hello) +
                deflated_frame(1, hello));
    EXPECT_EQ(client.message(), "1003");
    EXPECT_EQ(client.closed(), closed_with(1000));
}

// Both ways, with Beast's client.

class DeflateWithBeast : public testing::TestWithParam<const char*> {};

TEST_P(DeflateWithBeast, EchoesEveryKindOfMessage) {
    Server server({"--compress", "--max-message-size", "0", "--framing", GetParam(), "cat"});
    Client client(server.port(), {.deflate = true});
    EXPECT_THAT(client.response_header("Sec-WebSocket-Extensions"), testing::StartsWith("permessage-deflate"));
    const bool raw = GetParam() == "raw"s;
    for (const std::string& text : {"Hello"s, "Gr\u00fc\u00dfe, \U0001F600"s, prose(127), prose(128), prose(40'000),
                                    std::string(1024 * 1024, 'x'), prose(1024 * 1024)}) {
        if (raw)
            client.send_binary(text);
        else
            client.send(text);
        std::string echo;
        while (echo.size() < text.size()) echo += client.receive().value_or("");
        ASSERT_EQ(echo, text);
    }
    if (raw) return;
    client.send("");
    EXPECT_EQ(client.receive(), "");
    client.send_fragments({"frag", prose(1000), "", "ments"});
    EXPECT_EQ(client.receive(), "frag" + prose(1000) + "ments");
    client.ping("between");
    client.send("end");
    EXPECT_EQ(client.receive(), "end");
    EXPECT_THAT(client.pongs(), testing::ElementsAre("between"));
    EXPECT_EQ(client.close(), closed_with(1000));
}

INSTANTIATE_TEST_SUITE_P(Deflate, DeflateWithBeast, testing::Values("lines", "raw"),
                         [](const testing::TestParamInfo<const char*>& info) { return std::string(info.param); });

TEST(Deflate, ALineOf10MebibytesPassesBothWays) {
    Server server({"--compress", "--max-message-size", "0", "cat"});
    Client client(server.port(), {.deflate = true});
    const std::string text = prose(10 * 1024 * 1024);
    client.send(text);
    EXPECT_EQ(client.receive(), text);
}

TEST(Deflate, TheExitStatusFollowsTheLastMessage) {
    Server server(bash("head -c 3000000 /dev/zero | tr '\\0' z; exit 3", {"--compress"}));
    Client client(server.port(), {.deflate = true});
    EXPECT_EQ(client.receive(), std::string(3'000'000, 'z'));
    EXPECT_EQ(client.closed(), closed_with(4003, "exit status 3"));
}

// Time, and memory held.

TEST(Deflate, ABombIsClosedWith1009HavingInflatedLittle) {
    TemporaryFolder folder;
    const std::string file = folder.path() + "/input";
    Server server(bash("cat > " + file, {"--compress", "--threads", "1", "--max-message-size", "1MiB"}));
    const std::string payload = bomb(bomb_mebibytes);
    const std::size_t before = server.private_kib();
    Wire client(server.port(), offering());
    client.socket().send_some(plain_header(1 | rsv1, payload.size()) + payload);  // it is closed before that is taken
    EXPECT_EQ(client.closed(), closed_with(1009));
    if (measures_memory) {
        EXPECT_LT(server.private_kib(), before + 3 * most_kib);  // with what the loop has for all
    }
    client.socket().reset();
    EXPECT_TRUE(leaves_nothing(server));
    EXPECT_LE(contents_of(file).size(), 1024u * 1024);
}

/// Whoever inflates more than that needs bytes that are never sent, or finds the nonsense behind them.
TEST(Deflate, ABombIsClosedAtTheFirstStepThatIsTooMuch) {
    constexpr int limit = 1024 * 1024;
    Server server({"--compress", "--max-message-size", "1MiB", "cat"});
    const std::string just_more = flushed(std::string(limit + 1, 'x'));
    const std::string nonsense = "\x07";
    Wire unfinished(server.port(), offering());
    unfinished.send(plain_header(1 | rsv1, bomb(1).size() * 1024) + just_more);
    EXPECT_EQ(unfinished.closed(), closed_with(1009));
    Wire whole(server.port(), offering());
    whole.send(deflated_frame(1, bomb(1) + bomb(1) + nonsense));
    EXPECT_EQ(whole.closed(), closed_with(1009));
    Wire sound(server.port(), offering());
    sound.send(deflated_frame(1, flushed(std::string(limit, 'x')) + nonsense));
    EXPECT_EQ(sound.closed(), closed_with(1007, "corrupt compressed data"));
}

TEST(Deflate, ABombForACommandThatDoesNotReadWaits) {
    Gate gate;
    Server server(bash("read -r; echo $REPLY; " + gate.wait() + "; wc -c",
                       {"--compress", "--threads", "1", "--max-message-size", "0", "--eof-message", "end"}));
    warm_up(server);
    const std::size_t before = server.private_kib();
    const int mebibytes = bomb_mebibytes / 16;
    Wire client(server.port(), offering());
    client.send(client_frame(1, "begin"));
    EXPECT_EQ(client.message(), "begin");
    client.send(client_frame(9, "p") + plain_header(1 | rsv1, bomb(mebibytes).size()) + bomb(mebibytes) +
                client_frame(1, "end"));
    EXPECT_EQ(client.socket().receive(3), "\x8a\x01p");  // what was read with the ping has been taken as far as it goes
    if (measures_memory) {
        EXPECT_LT(server.private_kib(), before + most_kib);
    }
    gate.open();
    EXPECT_EQ(client.message(), std::to_string(mebibytes * 1024 * 1024 + 1));
    if (measures_memory) {
        EXPECT_LT(server.private_kib(), before + most_kib);
    }
    EXPECT_EQ(client.closed(), closed_with(1000));
}

TEST(Deflate, ABombForACommandThatReadsNothingMoreIsDropped) {
    Server server(bash("exec <&-; echo closed; " + std::string("while :; do sleep 0.01; done"),
                       {"--compress", "--threads", "1", "--max-message-size", "0"}));
    Wire client(server.port(), offering());
    EXPECT_EQ(client.message(), "closed");
    const std::string payload = bomb(bomb_mebibytes / 16);
    client.send(plain_header(1 | rsv1, payload.size()) + payload + client_frame(9, "behind"));
    const auto frame = client.frame();
    ASSERT_TRUE(frame);
    EXPECT_EQ(frame->payload, "behind");
}

/// What the command of the next test prints.
std::string numbers(int line) {
    std::string text;
    for (int i = 0; i < 30; ++i) text += ' ' + std::to_string((line * 7919 + i * 104729) % 1000003);
    return text;
}

TEST(Deflate, ASlowClientGetsEverythingInConstantMemory) {
    Server server({"--compress", "--threads", "1", "bash", "-c",
                   "[ \"$QUERY_STRING\" ] || { read -r; echo $REPLY; exit; }; exec awk 'BEGIN { for (;; ++l) { "
                   "s = \"\"; for (i = 0; i < 30; ++i) s = s \" \" (l * 7919 + i * 104729) % 1000003; print s } }'"});
    warm_up(server);
    const std::size_t before = server.private_kib();
    Wire client(server.port(), offering(), "/?much", 4096);
    EXPECT_TRUE(stops_at_write(only_command(server)));
    for (int line = 0; line < 20'000; ++line) ASSERT_EQ(deflated_message(client), numbers(line));
    if (measures_memory) {
        EXPECT_LT(server.private_kib(), before + most_kib);
    }
}

/// A thousand, or as many as the limit on descriptors allows, of which each takes no more than 8 of the server's.
int idle_connections() {
    if (!measures_memory) return 50;
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    return static_cast<int>(std::min<rlim_t>(1000, (limit.rlim_cur - 100) / 8));
}

TEST(Deflate, AThousandIdleConnectionsCostNoMoreThanWithoutIt) {
    const int count = idle_connections();
    const auto growth_of = [count](const std::string& option, const Headers& headers) {
        Server server({option, "--threads", "1", "cat"});
        warm_up(server);
        const std::size_t before = server.private_kib();
        std::list<Wire> clients;
        for (int i = 0; i < count; ++i) {
            clients.emplace_back(server.port(), headers);
            clients.back().send(headers.empty() ? client_frame(1, prose(300))
                                                : deflated_frame(1, deflated(prose(300))));
            clients.back().frame();
        }
        const std::size_t after = server.private_kib();
        return after > before ? after - before : 0;
    };
    const std::size_t without = growth_of("--compress", {});
    const std::size_t with = growth_of("--compress", offering());
    testing::Test::RecordProperty("without_kib", static_cast<int>(without));
    testing::Test::RecordProperty("with_kib", static_cast<int>(with));
    if (measures_memory) {
        EXPECT_LT(with, without + count / 2);
    }
}

}  // namespace
}  // namespace wsinetd::fixtures::deflate_test
