// What `openssl s_client` sees of the program: versions, resumption, ALPN, renegotiation, chains.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <filesystem>

#include "fixtures/command.hpp"
#include "fixtures/server.hpp"
#include "fixtures/tls_client.hpp"

namespace wsinetd::fixtures::tls_openssl_test {
namespace {

using testing::HasSubstr;
using testing::Not;

struct Said {
    int status;
    std::string text;  ///< stdout and stderr
};

/// Runs `openssl s_client` with `input` as printf(1) writes it.
Said s_client(const Server& server, const std::string& options, const std::string& input = "") {
    const std::string command = "printf '" + input +
                                "' | timeout 30 openssl s_client -connect 127.0.0.1:" + std::to_string(server.port()) +
                                " " + options + " 2>&1";
    FILE* const pipe = ::popen(command.c_str(), "r");
    Said said{-1, {}};
    std::array<char, 4096> piece{};
    while (const std::size_t count = std::fread(piece.data(), 1, piece.size(), pipe))
        said.text.append(piece.data(), count);
    said.status = WEXITSTATUS(::pclose(pipe));
    return said;
}

/// A request after whose answer the server closes; s_client has got its tickets by then.
const std::string whole_request = R"(GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n)";

class OpenSsl : public testing::Test {
protected:
    void SetUp() override {
        if (std::system("command -v openssl >/dev/null") != 0) GTEST_SKIP() << "openssl is not installed";
    }

    const ServerFiles files_;
};

TEST_F(OpenSsl, IsToldThatTls10And11AreTooOld) {
    Server server(files_.options({"cat"}));
    for (const char* version : {"-tls1", "-tls1_1"}) {
        // What a client of Debian 12 must be told before it tries.
        const Said said = s_client(server, std::string(version) + " -cipher ALL:@SECLEVEL=0");
        EXPECT_NE(said.status, 0) << version;
        EXPECT_THAT(said.text, HasSubstr("alert protocol version")) << version;
    }
    EXPECT_TRUE(server.logs("unsupported protocol"));
}

TEST_F(OpenSsl, SpeaksTls12And13WithForwardSecrecy) {
    Server server(files_.options({"cat"}));
    const Said tls12 = s_client(server, "-tls1_2");
    EXPECT_EQ(tls12.status, 0);
    EXPECT_THAT(tls12.text, HasSubstr("New, TLSv1.2, Cipher is ECDHE-ECDSA-AES128-GCM-SHA256"));
    const Said tls13 = s_client(server, "-tls1_3");
    EXPECT_EQ(tls13.status, 0);
    EXPECT_THAT(tls13.text, HasSubstr("New, TLSv1.3, Cipher is TLS_AES_128_GCM_SHA256"));
}

TEST_F(OpenSsl, FindsNoCipherWithoutForwardSecrecyOrAuthentication) {
    const ServerFiles rsa(make_identity({.rsa_bits = 2048}));
    Server server(rsa.options({"cat"}));
    EXPECT_EQ(s_client(server, "-tls1_2 -cipher ECDHE-RSA-AES256-GCM-SHA384").status, 0);
    for (const char* cipher : {"AES128-GCM-SHA256", "AES128-SHA", "ECDHE-RSA-AES128-SHA", "ECDHE-RSA-AES128-SHA256",
                               "DHE-RSA-AES128-GCM-SHA256", "AECDH-AES128-SHA"}) {
        const Said said = s_client(server, "-tls1_2 -cipher " + std::string(cipher) + ":@SECLEVEL=0");
        EXPECT_THAT(said.text, HasSubstr("alert handshake failure")) << cipher;
    }
}

class OpenSslVersion : public OpenSsl, public testing::WithParamInterface<const char*> {
protected:
    /// Two connections, `between` in the middle; what the second one said.
    std::string second(const Server& server, const std::string& options, const std::function<void()>& between = {}) {
        const std::string session = files_.folder().path("session");
        const std::string all = std::string(GetParam()) + " -ign_eof " + options;
        const Said first = s_client(server, all + " -sess_out " + session, whole_request);
        EXPECT_THAT(first.text, HasSubstr("New, TLSv1."));
        EXPECT_THAT(first.text, HasSubstr("HTTP/1.1 426 "));
        if (between) between();
        const Said said = s_client(server, all + " -sess_in " + session, whole_request);
        EXPECT_THAT(said.text, HasSubstr("HTTP/1.1 426 "));
        return said.text;
    }
};

TEST_P(OpenSslVersion, ResumesItsSession) {
    Server server(files_.options({"cat"}));
    EXPECT_THAT(second(server, ""), HasSubstr("Reused, TLSv1."));
}

TEST_P(OpenSslVersion, ResumesItsSessionAlsoUnderAnotherNameThanTheFirst) {
    const Identity other = make_identity({.common_name = "other", .names = "DNS:other.example"});
    Server server(files_.options({"--tls-cert", files_.folder().write("other.pem", other.certificate), "--tls-key",
                                  files_.folder().write("other.key", other.key), "cat"}));
    EXPECT_THAT(second(server, "-servername other.example"), HasSubstr("Reused, TLSv1."));
}

TEST_P(OpenSslVersion, ResumesItsSessionAlsoWhereCertificatesAreRequired) {
    const Identity authority = make_identity({.common_name = "authority", .authority = true});
    const Identity client = make_identity({.common_name = "Ada", .issuer = &authority});
    const auto file = [&](const std::string& name, const std::string& text) {
        return files_.folder().write(name, text);
    };
    const std::string seen = files_.folder().path("seen");
    Server server(files_.options({"--tls-client-ca", file("ca.pem", authority.certificate), "--close-grace", "30s",
                                  "bash", "-c", "echo \"$SSL_CLIENT_VERIFY $SSL_CLIENT_S_DN\" > " + seen}));
    const std::string options =
        "-cert " + file("client.pem", client.certificate) + " -key " + file("client.key", client.key);
    EXPECT_THAT(second(server, options), HasSubstr("Reused, TLSv1."));
    // And the command still learns who it is. Behind the upgrade comes a Close, so that s_client ends.
    const std::string upgrade =
        R"(GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n)"
        R"(Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n\210\200\0\0\0\0)";
    const Said said =
        s_client(server, std::string(GetParam()) + " -ign_eof -sess_in " + files_.folder().path("session"), upgrade);
    EXPECT_THAT(said.text, HasSubstr("Reused, TLSv1."));
    EXPECT_TRUE(eventually([&] { return contents_of(seen) == "SUCCESS CN=Ada\n"; }));
}

/// Tickets are sealed with keys of the certificates they came with (docs/decisions/0010).
TEST_P(OpenSslVersion, BeginsAnewAfterAReload) {
    Server server(files_.options({"cat"}));
    const std::string text = second(server, "", [&] {
        server.signal(SIGHUP);
        EXPECT_TRUE(server.logs("certificate reloaded"));
        // Each loop gets the new ones by its mailbox, before any connection that comes after them.
    });
    EXPECT_THAT(text, HasSubstr("New, TLSv1."));
}

TEST_P(OpenSslVersion, IsGivenHttp11ByAlpnOrAnAlert) {
    Server server(files_.options({"cat"}));
    const std::string version = GetParam();
    EXPECT_THAT(s_client(server, version + " -alpn h2,http/1.1").text, HasSubstr("ALPN protocol: http/1.1"));
    EXPECT_THAT(s_client(server, version + " -alpn h2,http/1.0").text, HasSubstr("ALPN protocol: http/1.0"));
    EXPECT_THAT(s_client(server, version).text, HasSubstr("No ALPN negotiated"));
    const Said said = s_client(server, version + " -alpn h2,http/0.9");
    EXPECT_NE(said.status, 0);
    EXPECT_THAT(said.text, HasSubstr("alert no application protocol"));
}

TEST_P(OpenSslVersion, IsShownTheWholeChain) {
    const Identity root = make_identity({.common_name = "root", .authority = true});
    const Identity middle = make_identity({.common_name = "middle", .issuer = &root, .authority = true});
    const Identity lower = make_identity({.common_name = "lower", .issuer = &middle, .authority = true});
    const Identity own = make_identity({.common_name = "own", .issuer = &lower});
    const ServerFiles chain({own.certificate + lower.certificate + middle.certificate, own.key});
    Server server(chain.options({"cat"}));
    const std::string text = s_client(server, std::string(GetParam()) + " -showcerts -verify_return_error -CAfile " +
                                                  chain.folder().write("root.pem", root.certificate))
                                 .text;
    std::size_t shown = 0;
    for (std::size_t at = 0; (at = text.find(" s:CN = ", at)) != std::string::npos; ++at) ++shown;
    EXPECT_EQ(shown, 3U) << text;
    EXPECT_THAT(text, HasSubstr("Verify return code: 0 (ok)"));
}

TEST_P(OpenSslVersion, IsToldTheEndByCloseNotify) {
    Server server(files_.options({"cat"}));
    const Said said = s_client(server, std::string(GetParam()) + " -ign_eof -msg", whole_request);
    EXPECT_EQ(said.status, 0);
    const auto answer = said.text.find("HTTP/1.1 426 ");
    ASSERT_NE(answer, std::string::npos);
    EXPECT_THAT(said.text.substr(answer), HasSubstr("warning close_notify"));
    EXPECT_THAT(said.text, Not(HasSubstr("unexpected eof")));
}

INSTANTIATE_TEST_SUITE_P(Tls, OpenSslVersion, testing::Values("-tls1_2", "-tls1_3"),
                         [](const auto& test) { return std::string(test.param).substr(4); });

TEST_F(OpenSsl, MayNotRenegotiate) {
    Server server(files_.options({"cat"}));
    const Said said = s_client(server, "-tls1_2", "R\\n");
    EXPECT_THAT(said.text, HasSubstr("RENEGOTIATING"));
    EXPECT_THAT(said.text, HasSubstr("no renegotiation"));
    EXPECT_EQ(s_client(server, "-tls1_2").status, 0);
}

}  // namespace
}  // namespace wsinetd::fixtures::tls_openssl_test
