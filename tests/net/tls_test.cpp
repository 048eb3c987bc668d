// TLS between two ends of a socket: ours, and OpenSSL's own client.
#include "net/tls.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <functional>

#include "fixtures/certificate.hpp"

namespace wsinetd::net::tls_test {
namespace {

using fixtures::Identity;
using fixtures::make_identity;
using fixtures::PemFolder;
using testing::HasSubstr;
using testing::IsEmpty;

/// The first is the default.
std::shared_ptr<const TlsContext> context_of(const std::vector<Identity>& identities,
                                             const std::string& client_ca = {}) {
    const PemFolder folder;
    TlsFiles files;
    for (const Identity& each : identities) {
        const std::string number = std::to_string(files.pairs.size());
        files.pairs.push_back({folder.write("cert" + number + ".pem", each.certificate),
                               folder.write("key" + number + ".pem", each.key)});
    }
    if (!client_ca.empty()) files.client_ca = folder.write("ca.pem", client_ca);
    auto loaded = TlsContext::load(files);
    EXPECT_THAT(loaded.errors, IsEmpty());
    return loaded.context;
}

constexpr std::size_t plenty = 3 * 1024 * 1024 + 7;

std::string pattern(std::size_t size) {
    std::string text(size, '\0');
    for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + (i * 7 + i / 1000) % 26);
    return text;
}

std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

/// OpenSSL's client, on a socket that does not block. It trusts everybody.
class Peer {
public:
    explicit Peer(int fd, const std::function<void(SSL_CTX*)>& rules = {})
        : fd_(fd), context_(SSL_CTX_new(TLS_client_method())) {
        if (rules) rules(context_);
        ssl_ = SSL_new(context_);
        SSL_set_fd(ssl_, fd);
        SSL_set_connect_state(ssl_);
    }
    ~Peer() {
        SSL_free(ssl_);
        SSL_CTX_free(context_);
        leave();
    }
    Peer(const Peer&) = delete;
    Peer& operator=(const Peer&) = delete;

    bool handshake() { return SSL_do_handshake(ssl_) == 1; }
    bool send(std::string_view text) {
        std::size_t count = 0;
        return SSL_write_ex(ssl_, text.data(), text.size(), &count) == 1;
    }
    /// What has come so far.
    std::string receive() {
        std::string all;
        std::array<char, 20000> space{};
        std::size_t count = 0;
        while (SSL_read_ex(ssl_, space.data(), space.size(), &count) == 1) all.append(space.data(), count);
        return all;
    }
    void close_notify() { SSL_shutdown(ssl_); }
    [[nodiscard]] bool saw_close_notify() const { return (SSL_get_shutdown(ssl_) & SSL_RECEIVED_SHUTDOWN) != 0; }
    void leave() {
        if (fd_ >= 0) ::close(std::exchange(fd_, -1));
    }
    [[nodiscard]] SSL* ssl() const { return ssl_; }

private:
    int fd_;
    SSL_CTX* context_;
    SSL* ssl_ = nullptr;
};

class TlsSessionTest : public testing::Test {
protected:
    TlsSessionTest() {
        ::signal(SIGPIPE, SIG_IGN);  // as the server does
        std::array<int, 2> pair{};
        ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair.data());
        ours_ = pair[0];
        theirs_ = pair[1];
    }
    ~TlsSessionTest() override { ::close(ours_); }

    void begin(const std::function<void(SSL_CTX*)>& rules = {}, const std::string& client_ca = {}) {
        context_ = context_of(identities_, client_ca);
        session_.emplace(*context_, ours_);
        peer_.emplace(theirs_, rules);
    }
    /// Both in turn, until ours has come to something.
    TlsHandshake shake_hands() {
        for (;;) {
            peer_->handshake();
            TlsHandshake attempt = session_->handshake();
            if (attempt.state != TlsHandshake::State::would_block) return attempt;
        }
    }
    void connect(const std::function<void(SSL_CTX*)>& rules = {}) {
        begin(rules);
        ASSERT_EQ(shake_hands().state, TlsHandshake::State::done);
        while (!peer_->handshake()) ASSERT_EQ(session_->read(space_).state, Transfer::State::would_block);
    }
    std::string read(std::size_t size = 65536) {
        const Transfer transfer = session_->read(std::span(space_).first(size));
        EXPECT_EQ(transfer.state, Transfer::State::moved);
        return {reinterpret_cast<const char*>(space_.data()), transfer.bytes};
    }

    /// A new pair of sockets in the place of the old one.
    void renew_sockets() {
        session_.reset();
        peer_.reset();
        ::close(ours_);
        std::array<int, 2> pair{};
        ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair.data());
        ours_ = pair[0];
        theirs_ = pair[1];
    }

    std::vector<Identity> identities_{make_identity()};
    std::shared_ptr<const TlsContext> context_;
    std::optional<TlsSession> session_;
    std::optional<Peer> peer_;
    std::vector<std::byte> space_ = std::vector<std::byte>(65536);
    int ours_ = -1;
    int theirs_ = -1;
};

using State = Transfer::State;
using Wait = TlsSession::Wait;

TEST_F(TlsSessionTest, CarriesBytesBothWays) {
    connect();
    EXPECT_EQ(session_->read(space_).state, State::would_block);
    EXPECT_EQ(session_->to_read(), Wait::readable);
    ASSERT_TRUE(peer_->send("ping"));
    EXPECT_EQ(read(), "ping");
    EXPECT_EQ(session_->write(bytes_of("pong")).bytes, 4U);
    EXPECT_EQ(peer_->receive(), "pong");
}

TEST_F(TlsSessionTest, TakesSeveralRecordsInOneRead) {
    connect();
    for (const char* each : {"one ", "two ", "three"}) ASSERT_TRUE(peer_->send(each));
    EXPECT_EQ(read(), "one two three");
    EXPECT_EQ(session_->to_read(), Wait::readable);
}

TEST_F(TlsSessionTest, WaitsForNothingWhileItHoldsMoreThanWasAskedFor) {
    connect();
    ASSERT_TRUE(peer_->send("abcdef"));
    EXPECT_EQ(read(4), "abcd");
    EXPECT_EQ(session_->to_read(), Wait::none);
    EXPECT_EQ(read(4), "ef");
    EXPECT_EQ(session_->to_read(), Wait::readable);
}

TEST_F(TlsSessionTest, TellsOfAnEndThatCameWithTheLastBytes) {
    connect();
    ASSERT_TRUE(peer_->send("last"));
    peer_->close_notify();
    EXPECT_EQ(read(), "last");
    EXPECT_EQ(session_->to_read(), Wait::none);
    EXPECT_EQ(session_->read(space_).state, State::end);
}

TEST_F(TlsSessionTest, EndsAtAFinWithoutCloseNotify) {
    connect();
    peer_->receive();  // the tickets: closing over unread bytes would be a reset
    peer_->leave();
    EXPECT_EQ(session_->read(space_).state, State::end);
}

TEST_F(TlsSessionTest, CloseNotifyEndsOneDirectionOnly) {
    connect();
    session_->write(bytes_of("bye"));
    session_->close_notify();
    EXPECT_EQ(peer_->receive(), "bye");
    EXPECT_TRUE(peer_->saw_close_notify());
    ASSERT_TRUE(peer_->send("not yet"));
    EXPECT_EQ(read(), "not yet");
}

TEST_F(TlsSessionTest, LosesNothingWhenTheSocketTakesNoMore) {
    connect();
    const std::string sent = pattern(plenty);
    std::span<const std::byte> rest = bytes_of(sent);
    std::string received;
    std::size_t blocked = 0;
    while (!rest.empty()) {
        // As Outgoing does: what is left lies elsewhere the next time.
        const std::vector<std::byte> kept(rest.begin(),
                                          rest.begin() + std::min<std::ptrdiff_t>(100'000, std::ssize(rest)));
        const Transfer transfer = session_->write(kept);
        rest = rest.subspan(transfer.bytes);
        if (transfer.state == State::would_block) {
            ++blocked;
            EXPECT_EQ(session_->to_write(), Wait::writable);
            received += peer_->receive();
        }
    }
    received += peer_->receive();
    EXPECT_GT(blocked, 3U);
    EXPECT_TRUE(received == sent);
}

TEST_F(TlsSessionTest, CountsWhatTheSocketHasTaken) {
    connect();
    const std::uint64_t before = session_->sent();
    EXPECT_GT(before, 500U);  // the handshake
    EXPECT_EQ(session_->made(), before);
    const std::string text = pattern(plenty);
    session_->write(bytes_of("x"));
    const std::uint64_t frame = session_->sent() - before - 1;
    EXPECT_EQ(frame, 22U);  // TLS 1.3: 5 of header, 1 of type, 16 of tag
    EXPECT_EQ(session_->made(), session_->sent());
    const Transfer transfer = session_->write(bytes_of(text));
    ASSERT_LT(transfer.bytes, text.size());
    const std::size_t taken = transfer.bytes + 1;  // one byte is left until all of it is gone
    const std::size_t records = taken / 16384;
    EXPECT_EQ(session_->made(), before + frame + 1 + taken + records * frame);
    EXPECT_LT(session_->sent(), session_->made());
}

TEST_F(TlsSessionTest, HasWrittenTheLastByteWhenTheSocketHasTakenItsRecord) {
    connect();
    const std::string text = pattern(plenty);
    const Transfer first = session_->write(bytes_of(text));
    ASSERT_EQ(first.state, State::moved);
    const std::string last = text.substr(first.bytes, 1);
    EXPECT_EQ(session_->write(bytes_of(last)).state, State::would_block);
    EXPECT_EQ(session_->to_write(), Wait::writable);
    std::string received = peer_->receive();
    while (session_->write(bytes_of(last)).state == State::would_block) received += peer_->receive();
    EXPECT_EQ(session_->sent(), session_->made());
    received += peer_->receive();
    EXPECT_TRUE(received == text.substr(0, first.bytes + 1));
}

TEST_F(TlsSessionTest, FailsToWriteToOneWhoHasGoneWithRecordsWaiting) {
    connect();
    const std::string text = pattern(plenty);
    const Transfer first = session_->write(bytes_of(text));
    peer_->leave();
    EXPECT_EQ(session_->write(bytes_of(text.substr(first.bytes))).state, State::failed);
    EXPECT_EQ(session_->write(bytes_of("x")).state, State::failed);
}

TEST_F(TlsSessionTest, SpeaksTls12And13AndNothingOlder) {
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        renew_sockets();
        connect([&](SSL_CTX* rules) { SSL_CTX_set_max_proto_version(rules, version); });
        EXPECT_EQ(SSL_version(peer_->ssl()), version);
        ASSERT_TRUE(peer_->send("hello"));
        EXPECT_EQ(read(), "hello");
    }
    renew_sockets();
    begin([](SSL_CTX* rules) {
        SSL_CTX_set_security_level(rules, 0);
        SSL_CTX_set_min_proto_version(rules, TLS1_VERSION);
        SSL_CTX_set_max_proto_version(rules, TLS1_1_VERSION);
    });
    EXPECT_EQ(shake_hands().state, TlsHandshake::State::refused);
}

TEST_F(TlsSessionTest, OffersHttp11ByAlpn) {
    connect([](SSL_CTX* rules) {
        static constexpr unsigned char offer[] = "\x02h2\x08http/1.1";
        SSL_CTX_set_alpn_protos(rules, offer, sizeof offer - 1);
    });
    const unsigned char* chosen = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(peer_->ssl(), &chosen, &size);
    EXPECT_EQ(std::string(reinterpret_cast<const char*>(chosen), size), "http/1.1");
}

TEST_F(TlsSessionTest, RefusesWhoSpeaksHttp2Only) {
    begin([](SSL_CTX* rules) {
        static constexpr unsigned char offer[] = "\x02h2";
        SSL_CTX_set_alpn_protos(rules, offer, sizeof offer - 1);
    });
    EXPECT_EQ(shake_hands().state, TlsHandshake::State::refused);
}

TEST_F(TlsSessionTest, KnowsPlainHttpWhenItSeesIt) {
    begin();
    ASSERT_GT(::send(theirs_, "GET / HTTP/1.1\r\n", 16, 0), 0);
    EXPECT_EQ(session_->handshake().state, TlsHandshake::State::plain_http);
}

TEST_F(TlsSessionTest, RefusesWhatIsNeitherTlsNorHttp) {
    begin();
    ASSERT_GT(::send(theirs_, "SSH-2.0-OpenSSH_9\r\n", 19, 0), 0);
    const TlsHandshake attempt = session_->handshake();
    EXPECT_EQ(attempt.state, TlsHandshake::State::refused);
    EXPECT_THAT(attempt.why, HasSubstr("wrong version"));
}

/// What OpenSSL's client says first.
std::string client_hello() {
    SSL_CTX* const context = SSL_CTX_new(TLS_client_method());
    SSL* const ssl = SSL_new(context);
    SSL_set_bio(ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_connect_state(ssl);
    SSL_do_handshake(ssl);
    char* text = nullptr;
    const long size = BIO_get_mem_data(SSL_get_wbio(ssl), &text);
    std::string hello(text, static_cast<std::size_t>(size));
    SSL_free(ssl);
    SSL_CTX_free(context);
    return hello;
}

class TlsFirstRecord : public TlsSessionTest {
protected:
    /// A session to which `text` has been sent.
    void begin_with(const std::string& text) {
        renew_sockets();
        if (!context_) context_ = context_of(identities_);
        session_.emplace(*context_, ours_);
        send(text);
    }
    void send(const std::string& text) { ASSERT_EQ(::send(theirs_, text.data(), text.size(), 0), std::ssize(text)); }
    /// Bytes that wait in the kernel.
    [[nodiscard]] int unread() const {
        int count = 0;
        ::ioctl(ours_, FIONREAD, &count);
        return count;
    }
    [[nodiscard]] int wakes_at() const {
        int count = 0;
        socklen_t size = sizeof count;
        ::getsockopt(ours_, SOL_SOCKET, SO_RCVLOWAT, &count, &size);
        return count;
    }
    void TearDown() override { ::close(theirs_); }

    const std::string hello_ = client_hello();
};

TEST_F(TlsFirstRecord, IsLeftWithTheKernelUntilItIsWhole) {
    for (std::size_t cut = 1; cut < hello_.size(); ++cut) {
        begin_with(hello_.substr(0, cut));
        ASSERT_EQ(session_->handshake().state, TlsHandshake::State::would_block);
        EXPECT_EQ(session_->to_read(), Wait::readable);
        EXPECT_EQ(unread(), cut);
        EXPECT_EQ(wakes_at(), cut < 5 ? 5 : hello_.size());
        send(hello_.substr(cut));
        ASSERT_EQ(session_->handshake().state, TlsHandshake::State::would_block);
        EXPECT_EQ(unread(), 0);
        EXPECT_EQ(wakes_at(), 1);
    }
}

TEST_F(TlsFirstRecord, ThatComesByteByByteIsWaitedForTwiceAtMost) {
    begin_with("");
    ASSERT_EQ(session_->handshake().state, TlsHandshake::State::would_block);
    EXPECT_EQ(wakes_at(), 1);
    for (std::size_t i = 0; i < 5; ++i) send(hello_.substr(i, 1));
    ASSERT_EQ(session_->handshake().state, TlsHandshake::State::would_block);
    EXPECT_EQ(wakes_at(), hello_.size());
    send(hello_.substr(5, 1));
    ASSERT_EQ(session_->handshake().state, TlsHandshake::State::would_block);  // woken too early: OpenSSL may have it
    EXPECT_EQ(wakes_at(), 1);
    EXPECT_EQ(unread(), 0);
}

TEST_F(TlsFirstRecord, ThatEndsInTheMiddleIsNotWaitedForForever) {
    for (const std::size_t cut : {0UL, 1UL, 4UL, 5UL, 100UL}) {
        begin_with(hello_.substr(0, cut));
        ::shutdown(theirs_, SHUT_WR);
        for (int i = 0; i < 3 && session_->handshake().state == TlsHandshake::State::would_block; ++i) {
        }
        EXPECT_EQ(session_->handshake().state, TlsHandshake::State::lost) << cut;
    }
}

TEST_F(TlsFirstRecord, OfAnImpossibleLengthIsRefused) {
    std::string hello(16 * 1024 + 5, '\xff');
    hello.replace(0, 3, "\x16\x03\x01");
    begin_with(hello);
    EXPECT_EQ(session_->handshake().state, TlsHandshake::State::refused);
    EXPECT_EQ(wakes_at(), 1);
}

TEST_F(TlsFirstRecord, NeedNotHoldAllOfWhatTheClientSays) {
    // The same in two records: RFC 8446, 5.1, allows it.
    const std::string head("\x16\x03\x01\x00\x0a", 5);
    std::string rest = hello_.substr(15);
    const std::string second{'\x16', '\x03', '\x01', static_cast<char>(rest.size() / 256),
                             static_cast<char>(rest.size() % 256)};
    begin_with(head + hello_.substr(5, 10));
    ASSERT_EQ(session_->handshake().state, TlsHandshake::State::would_block);
    send(second + rest);
    ASSERT_EQ(session_->handshake().state, TlsHandshake::State::would_block);
    std::array<char, 6> answer{};
    ASSERT_EQ(::recv(theirs_, answer.data(), answer.size(), 0), std::ssize(answer));
    EXPECT_EQ(answer[0], 22);
    EXPECT_EQ(answer[5], 2);  // ServerHello
}

TEST_F(TlsFirstRecord, IsNotNeededToEndIt) {
    begin_with("");
    session_->close_notify();
    EXPECT_EQ(session_->client_subject(), std::nullopt);
    session_.reset();
}

TEST_F(TlsSessionTest, TellsOfAClientThatLeavesDuringTheHandshake) {
    begin();
    EXPECT_EQ(session_->handshake().state, TlsHandshake::State::would_block);
    peer_->handshake();
    peer_->leave();
    session_->handshake();
    EXPECT_EQ(session_->handshake().state, TlsHandshake::State::lost);
}

TEST_F(TlsSessionTest, AsksNothingOfOpenSslOnceTheConnectionIsBroken) {
    connect();
    ASSERT_GT(::send(theirs_, "no record at all", 16, 0), 0);
    EXPECT_EQ(session_->read(space_).state, State::failed);
    EXPECT_EQ(session_->read(space_).state, State::failed);
    EXPECT_EQ(session_->write(bytes_of("x")).state, State::failed);
    session_->close_notify();
}

// Several certificates.

std::function<void(SSL_CTX*)> showing(const PemFolder& folder, const Identity& identity) {
    const std::string certificate = folder.write("client.pem", identity.certificate);
    const std::string key = folder.write("client.key", identity.key);
    return [=](SSL_CTX* rules) {
        SSL_CTX_use_certificate_file(rules, certificate.c_str(), SSL_FILETYPE_PEM);
        SSL_CTX_use_PrivateKey_file(rules, key.c_str(), SSL_FILETYPE_PEM);
    };
}

class TlsCertificates : public TlsSessionTest {
protected:
    /// The common name in what a client is shown that asks for `host`; nullptr: it names none.
    std::string shown(const char* host, const std::function<void(SSL_CTX*)>& rules = {}) {
        renew_sockets();
        session_.emplace(*context_, ours_);
        peer_.emplace(theirs_, rules);
        if (host) SSL_set_tlsext_host_name(peer_->ssl(), host);
        if (shake_hands().state != TlsHandshake::State::done) return "refused";
        while (!peer_->handshake()) session_->read(space_);
        std::array<char, 64> name{};
        X509_NAME_get_text_by_NID(X509_get_subject_name(SSL_get0_peer_certificate(peer_->ssl())), NID_commonName,
                                  name.data(), name.size());
        return name.data();
    }
};

TEST_F(TlsCertificates, AreChosenByTheNameTheClientAsksFor) {
    context_ = context_of({make_identity({.common_name = "first", .names = "DNS:first.example"}),
                           make_identity({.common_name = "second", .names = "DNS:second.example,DNS:*.wild.example"}),
                           make_identity({.common_name = "third.example", .names = ""})});
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        const auto rules = [&](SSL_CTX* client) { SSL_CTX_set_max_proto_version(client, version); };
        EXPECT_EQ(shown("first.example", rules), "first");
        EXPECT_EQ(shown("second.example", rules), "second");
        EXPECT_EQ(shown("SECOND.Example", rules), "second");
        EXPECT_EQ(shown("a.wild.example", rules), "second");
        EXPECT_EQ(shown("third.example", rules), "third.example");
    }
}

TEST_F(TlsCertificates, TheFirstIsForThoseWhoAskForNoneOfThemOrForNoName) {
    context_ = context_of({make_identity({.common_name = "first", .names = "DNS:first.example"}),
                           make_identity({.common_name = "second", .names = "DNS:*.second.example"})});
    for (const char* host : {"other.example", "second.example", "a.b.second.example", "localhost", "x"})
        EXPECT_EQ(shown(host), "first") << host;
    EXPECT_EQ(shown(nullptr), "first");
}

TEST_F(TlsCertificates, OfTwoForOneNameTheFirstIsTakenButAWholeNameBeforeAWildcard) {
    context_ = context_of({make_identity({.common_name = "wild", .names = "DNS:*.example,DNS:shared.example"}),
                           make_identity({.common_name = "whole", .names = "DNS:www.example,DNS:shared.example"}),
                           make_identity({.common_name = "again", .names = "DNS:www.example"})});
    EXPECT_EQ(shown("shared.example"), "wild");
    EXPECT_EQ(shown("www.example"), "whole");
    EXPECT_EQ(shown("ftp.example"), "wild");
}

TEST_F(TlsCertificates, OfDifferentKindsForTheSameNamesTheOneIsTakenThatTheClientCanUse) {
    context_ =
        context_of({make_identity({.common_name = "default"}),
                    make_identity({.common_name = "rsa", .names = "DNS:a.example,DNS:b.example", .rsa_bits = 2048}),
                    make_identity({.common_name = "ecdsa", .names = "DNS:B.example,DNS:a.example"})});
    const auto only = [](const char* algorithms) {
        return [=](SSL_CTX* client) { SSL_CTX_set1_sigalgs_list(client, algorithms); };
    };
    EXPECT_EQ(shown("a.example"), "ecdsa");
    EXPECT_EQ(shown("a.example", only("RSA-PSS+SHA256")), "rsa");
    EXPECT_EQ(shown("a.example", only("ECDSA+SHA256")), "ecdsa");
    EXPECT_EQ(shown("b.example",
                    [](SSL_CTX* client) {
                        SSL_CTX_set_max_proto_version(client, TLS1_2_VERSION);
                        SSL_CTX_set_cipher_list(client, "ECDHE-RSA-AES128-GCM-SHA256");
                    }),
              "rsa");
}

TEST_F(TlsCertificates, AllKeepTheRulesOfTheHandshake) {
    const Identity authority = make_identity({.common_name = "authority", .authority = true});
    context_ = context_of({make_identity({.common_name = "first", .names = "DNS:first.example"}),
                           make_identity({.common_name = "second", .names = "DNS:second.example"})},
                          authority.certificate);
    const PemFolder folder;
    const Identity stranger = make_identity({.common_name = "authority", .authority = true});
    EXPECT_EQ(shown("second.example"), "refused");
    EXPECT_EQ(shown("second.example", showing(folder, make_identity({.issuer = &stranger}))), "refused");
    EXPECT_EQ(shown("second.example", showing(folder, make_identity({.issuer = &authority}))), "second");
    const auto http2 = [&](SSL_CTX* client) {
        showing(folder, make_identity({.issuer = &authority}))(client);
        static constexpr unsigned char offer[] = "\x02h2";
        SSL_CTX_set_alpn_protos(client, offer, sizeof offer - 1);
    };
    EXPECT_EQ(shown("second.example", http2), "refused");
}

TEST_F(TlsCertificates, AreStillThereForAHandshakeThatAReloadOvertakes) {
    context_ = context_of({make_identity({.common_name = "first", .names = "DNS:first.example"}),
                           make_identity({.common_name = "second", .names = "DNS:second.example"})});
    session_.emplace(*context_, ours_);
    peer_.emplace(theirs_);
    SSL_set_tlsext_host_name(peer_->ssl(), "second.example");
    EXPECT_EQ(session_->handshake().state, TlsHandshake::State::would_block);
    context_.reset();
    EXPECT_EQ(shake_hands().state, TlsHandshake::State::done);
}

// Clients with certificates.

TEST_F(TlsSessionTest, TakesAClientWhoseCertificateTheAuthoritySigned) {
    const Identity authority = make_identity({.common_name = "authority", .authority = true});
    const PemFolder folder;
    begin(showing(folder, make_identity({.common_name = "client", .issuer = &authority})), authority.certificate);
    EXPECT_EQ(shake_hands().state, TlsHandshake::State::done);
}

TEST_F(TlsSessionTest, KnowsWhoseCertificateTheClientHasShown) {
    const Identity authority = make_identity({.common_name = "authority", .authority = true});
    const PemFolder folder;
    begin(showing(folder, make_identity({.common_name = "Ada", .issuer = &authority, .organization = "Example"})),
          authority.certificate);
    EXPECT_EQ(session_->client_subject(), std::nullopt);
    EXPECT_EQ(shake_hands().state, TlsHandshake::State::done);
    EXPECT_EQ(session_->client_subject(), "CN=Ada,O=Example");
}

TEST_F(TlsSessionTest, KnowsOfNoCertificateWhereNoneIsAskedFor) {
    const PemFolder folder;
    connect(showing(folder, make_identity({.common_name = "Ada"})));
    EXPECT_EQ(session_->client_subject(), std::nullopt);
}

struct SubjectRow {
    std::string common_name;
    std::string subject;
};

TEST_F(TlsSessionTest, WritesWhatIsOddInASubjectInPrintableAscii) {
    const SubjectRow rows[] = {
        {"a\nSSL_CLIENT_VERIFY=x", "CN=a\\0ASSL_CLIENT_VERIFY=x"},
        {std::string("a\0b", 3), "CN=a\\00b"},
        {"a\x1b[2J\x7f", "CN=a\\1B[2J\\7F"},
        {"Zo\u00eb", "CN=Zo\\C3\\AB"},
        {"a,O=b+c\"\\<>;", "CN=a\\,O=b\\+c\\\"\\\\\\<\\>\\;"},
        {"#a b ", "CN=\\#a b\\ "},
    };
    const Identity authority = make_identity({.common_name = "authority", .authority = true});
    const PemFolder folder;
    for (const SubjectRow& row : rows) {
        renew_sockets();
        begin(showing(folder, make_identity({.common_name = row.common_name, .issuer = &authority})),
              authority.certificate);
        EXPECT_EQ(shake_hands().state, TlsHandshake::State::done);
        EXPECT_EQ(session_->client_subject(), row.subject);
    }
}

TEST_F(TlsSessionTest, TakesAnAuthorityThatAnotherHasSigned) {
    const Identity root = make_identity({.common_name = "root", .authority = true});
    const Identity authority = make_identity({.common_name = "authority", .issuer = &root, .authority = true});
    const PemFolder folder;
    begin(showing(folder, make_identity({.common_name = "client", .issuer = &authority})), authority.certificate);
    EXPECT_EQ(shake_hands().state, TlsHandshake::State::done);
}

TEST_F(TlsSessionTest, RefusesAClientWithoutACertificate) {
    begin({}, make_identity({.authority = true}).certificate);
    const TlsHandshake attempt = shake_hands();
    EXPECT_EQ(attempt.state, TlsHandshake::State::refused);
    EXPECT_THAT(attempt.why, HasSubstr("did not return a certificate"));
}

TEST_F(TlsSessionTest, RefusesACertificateOfAnotherAuthorityOrOneThatHasExpired) {
    const Identity authority = make_identity({.common_name = "authority", .authority = true});
    const Identity stranger = make_identity({.common_name = "authority", .authority = true});
    const PemFolder folder;
    begin(showing(folder, make_identity({.common_name = "client", .issuer = &stranger})), authority.certificate);
    EXPECT_EQ(shake_hands().state, TlsHandshake::State::refused);
}

TEST_F(TlsSessionTest, RefusesAClientsCertificateThatHasExpired) {
    const Identity authority = make_identity({.common_name = "authority", .authority = true});
    const PemFolder folder;
    begin(showing(folder, make_identity({.issuer = &authority, .first_day = -9, .last_day = -2})),
          authority.certificate);
    const TlsHandshake attempt = shake_hands();
    EXPECT_EQ(attempt.state, TlsHandshake::State::refused);
    EXPECT_THAT(attempt.why, HasSubstr("certificate has expired"));
}

}  // namespace
}  // namespace wsinetd::net::tls_test
