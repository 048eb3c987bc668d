// Many who begin a TLS handshake and go no further.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <csignal>

#include "fixtures/server.hpp"
#include "fixtures/tls_client.hpp"

namespace wsinetd::fixtures::tls_crowd_test {
namespace {

const std::size_t crowd = sanitized ? 300 : 1000;
const std::size_t kib_unanswered = sanitized ? 1024 : 64;  // the sanitizer's own, most of it

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

class TlsCrowd : public testing::Test {
protected:
    void SetUp() override {
        rlimit limit{};
        ::getrlimit(RLIMIT_NOFILE, &limit);
        limit.rlim_cur = limit.rlim_max;
        ::setrlimit(RLIMIT_NOFILE, &limit);
        if (limit.rlim_cur < 2 * crowd) GTEST_SKIP() << "too few descriptors";
    }
    void gather(const Server& server, const std::string& hello) {
        for (std::size_t i = 0; i < crowd; ++i) clients_.emplace_back(server.port()).send(hello);
        ASSERT_TRUE(eventually([&] { return server.descriptors() > crowd; }));
    }
    static void expect_served(const Server& server) {
        TlsClient client(server.port());
        client.send("served");
        EXPECT_EQ(client.receive(), "served");
        EXPECT_EQ(client.close(1000), closed_with(1000));
    }

    const ServerFiles files_;
    std::vector<RawClient> clients_;
};

TEST_F(TlsCrowd, OfHalfOpenHandshakesCostsLittleAndKeepsNobodyOut) {
    Server server(files_.options({"--handshake-timeout", "1h", "cat"}));
    expect_served(server);  // whatever is made once is made now
    const std::size_t before = server.private_kib();
    const std::string hello = client_hello();
    gather(server, hello.substr(0, hello.size() / 2));
    expect_served(server);
    const std::size_t growth = server.private_kib() - before;
    EXPECT_LT(growth, 8 * 1024U);
    std::cout << crowd << " half-open handshakes: " << growth << " KiB\n";
}

/// Whoever has sent a whole ClientHello has made OpenSSL begin.
TEST_F(TlsCrowd, ThatLeavesTheServersAnswerUnansweredCostsBoundedMemoryAndKeepsNobodyOut) {
    Server server(files_.options({"--handshake-timeout", "1h", "cat"}));
    expect_served(server);
    const std::size_t before = server.private_kib();
    gather(server, client_hello());
    for (RawClient& each : clients_) EXPECT_EQ(each.receive(1), "\x16");
    expect_served(server);
    const std::size_t growth = server.private_kib() - before;
    std::cout << crowd << " unanswered handshakes: " << growth << " KiB\n";
    EXPECT_LT(growth, kib_unanswered * crowd);
}

TEST_F(TlsCrowd, OfHalfOpenHandshakesIsSentAwayByTheTimeout) {
    Server server(files_.options({"--handshake-timeout", "1s", "cat"}));
    const std::size_t before = server.descriptors();
    const std::string hello = client_hello();
    for (std::size_t i = 0; i < crowd; ++i) {
        RawClient& client = clients_.emplace_back(server.port());
        client.send(hello.substr(0, i % hello.size()));
    }
    for (RawClient& each : clients_) EXPECT_EQ(each.receive_all(), "");
    EXPECT_TRUE(eventually([&] { return server.descriptors() <= before; }));
}

}  // namespace
}  // namespace wsinetd::fixtures::tls_crowd_test
