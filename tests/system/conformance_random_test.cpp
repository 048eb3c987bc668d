// Sessions of any messages in any fragments, compressed or not, with control frames anywhere and cut by the network
// anywhere: all of it comes back.
#include <algorithm>
#include <random>
#include <thread>

#include "fixtures/conformance.hpp"
#include "fixtures/deflated.hpp"
#include "fixtures/server.hpp"

namespace wsinetd::fixtures::conformance_random_test {
namespace {

/// How a client compresses.
enum class Deflate { no, each_message, with_takeover };

class Session {
public:
    /// `peer` compresses with takeover.
    Session(unsigned seed, Deflate deflate, TakeoverPeer& peer) : random_(seed), deflate_(deflate), peer_(peer) {
        while (sent.size() < 600'000) add_message();
    }

    /// `sent`, in pieces of any size.
    std::vector<std::string> pieces() {
        std::vector<std::string> pieces;
        for (std::size_t at = 0; at < sent.size(); at += pieces.back().size())
            pieces.push_back(sent.substr(at, size()));
        return pieces;
    }

    std::string sent;
    std::vector<std::string> messages;
    std::vector<std::string> pongs;

private:
    std::size_t below(std::size_t limit) { return random_() % limit; }
    /// 1 and more, many of them where something changes.
    std::size_t size() {
        constexpr std::size_t telling[] = {1,         125,       126,   127,   128,   4096,
                                           25 * 1024, 32 * 1024, 65535, 65536, 65537, 100'000};
        switch (below(4)) {
            case 0: return telling[below(std::size(telling))] + below(3);
            case 1: return 1 + below(100'000);
            default: return 1 + below(300);
        }
    }
    std::string text() {
        constexpr const char* characters[] = {"a", "\u00e9", "\u20ac", "\U0001f600", "zzzzzzzz", "\x7f", "\t"};
        std::string text;
        for (std::size_t left = below(8) == 0 ? 0 : size(); left > 0; --left) text += characters[below(7)];
        return text;
    }

    std::string compressed(const std::string& message) {
        if (deflate_ == Deflate::with_takeover) return peer_.deflated(message);
        return deflated(message, {9 + static_cast<int>(below(7)), static_cast<int>(below(10))});
    }

    void add_message() {
        const std::string message = text();
        messages.push_back(message);
        const bool compress = deflate_ != Deflate::no && below(2) == 0;
        const std::string payload = compress ? compressed(message) : message;
        const unsigned opcode = compress ? 0x41 : 1;
        bool first = true;
        for (std::size_t at = 0, part = 0;; at += part) {
            add_control();
            part = below(3) == 0 ? below(4) : size();
            const bool last = payload.size() - at <= part;
            sent += client_frame(std::exchange(first, false) ? opcode : 0, payload.substr(at, part), last);
            if (last) return;
        }
    }
    void add_control() {
        for (; below(5) == 0; sent += client_frame(10, std::string(below(126), 'o'))) {
            pongs.push_back(std::to_string(pongs.size()) + std::string(below(120), 'i'));
            sent += client_frame(9, pongs.back());
        }
    }

    std::mt19937 random_;
    Deflate deflate_;
    TakeoverPeer& peer_;
};

class AnySession : public testing::TestWithParam<unsigned> {};

/// Of the pongs, those may be missing that found a newer one behind them while the client did not read (5.5.3).
TEST_P(AnySession, ComesBack) {
    for (const Deflate deflate : {Deflate::no, Deflate::each_message, Deflate::with_takeover}) {
        const bool takeover = deflate == Deflate::with_takeover;
        const int window = GetParam() % 2 == 0 ? 9 : 12;
        TakeoverPeer peer(window, window);
        Session session(GetParam(), deflate, peer);
        Server server({takeover ? "--compress-takeover" : "--compress", "--threads", "1", "cat"});
        const std::string windows =
            "; client_max_window_bits=" + std::to_string(window) + "; server_max_window_bits=" + std::to_string(window);
        const Headers offer{{"Sec-WebSocket-Extensions", "permessage-deflate" + (takeover ? windows : "")}};
        Wire client(server.port(), deflate == Deflate::no ? Headers{} : offer);
        if (takeover) EXPECT_EQ(client.answer().find("takeover"), client.answer().npos);
        std::thread sender([&] {
            try {
                for (const std::string& piece : session.pieces()) client.send(piece);
            } catch (const std::exception&) {  // the Close says why
            }
        });
        auto pong = session.pongs.begin();
        std::string payload;
        bool compressed = false;
        for (std::size_t message = 0; message < session.messages.size() || pong != session.pongs.end();) {
            const auto frame = client.frame();
            if (!frame || frame->head.opcode == 8) {
                ADD_FAILURE() << "the connection has ended: " << testing::PrintToString(client.closed());
                break;
            }
            if (frame->head.opcode == 10) {
                pong = std::find(pong, session.pongs.end(), frame->payload);
                if (pong == session.pongs.end()) ADD_FAILURE() << "a pong that nobody asked for";
                if (pong != session.pongs.end()) ++pong;
                continue;
            }
            if (frame->head.opcode != 0) compressed = frame->head.reserved != 0;
            payload += frame->payload;
            if (!frame->head.fin) continue;
            if (compressed) payload = takeover ? peer.inflated(payload) : inflated(payload);
            if (message == session.messages.size() || payload != session.messages[message]) {
                ADD_FAILURE() << "message " << message << " is not what was sent";
                break;
            }
            ++message;
            payload.clear();
        }
        if (testing::Test::HasFailure()) client.socket().finish();
        sender.join();
        client.send(close_frame(1000));
        EXPECT_EQ(client.closed(), closed_with(1000));
    }
}

INSTANTIATE_TEST_SUITE_P(Conformance, AnySession, testing::Range(1U, 9U));

}  // namespace
}  // namespace wsinetd::fixtures::conformance_random_test
