// wss:// and https:// by the real program: spec sections 1, 2, 4 and 5.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <atomic>
#include <csignal>
#include <fstream>
#include <thread>

#include "fixtures/command.hpp"
#include "fixtures/server.hpp"
#include "fixtures/tls_client.hpp"

namespace wsinetd::fixtures::tls_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

constexpr std::size_t mebibyte = 1024 * 1024;

/// Text without a newline, no two places alike.
std::string pattern(std::size_t size, std::size_t seed) {
    std::string text(size, '\0');
    for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>('!' + (i * 7 + i / 997 + seed * 13) % 90);
    return text;
}

std::vector<std::string> descriptions(const std::vector<std::string>& messages) {
    std::vector<std::string> all;
    for (const std::string& each : messages)
        all.push_back(std::to_string(each.size()) + " " + std::to_string(std::hash<std::string>{}(each)));
    return all;
}

// Messages.

class TlsVersion : public testing::TestWithParam<int> {};

TEST_P(TlsVersion, CarriesMessagesAndTheExitStatus) {
    const ServerFiles files;
    Server server(files.options({"bash", "-c", "read -r line; echo \"got $line\"; exit 3"}));
    TlsClient client(server.port(), {.trusted = contents_of(files.certificate()), .version = GetParam()});
    EXPECT_EQ(client.version(), GetParam() == 12 ? "TLSv1.2" : "TLSv1.3");
    client.send("something");
    EXPECT_EQ(client.receive(), "got something");
    EXPECT_EQ(client.closed(), closed_with(4003, "exit status 3"));
}

TEST_P(TlsVersion, CarriesMebibytesBothWaysAtOnce) {
    const ServerFiles files;
    Server server(files.options({"cat"}));
    TlsClient client(server.port(), {.version = GetParam()});
    std::vector<std::string> messages;
    for (std::size_t i = 0; i < 8; ++i) messages.push_back(pattern(mebibyte - i * 777, i));
    for (std::size_t i = 0; i < 3000; ++i) messages.push_back(pattern(i % 300, i));
    EXPECT_EQ(descriptions(client.exchange(messages)), descriptions(messages));
    EXPECT_EQ(client.close(1000), closed_with(1000));
}

INSTANTIATE_TEST_SUITE_P(Tls, TlsVersion, testing::Values(12, 13), testing::PrintToStringParamName());

TEST(Tls, EverythingThatWasPrintedArrivesThoughTheClientIsSlow) {
    const ServerFiles files;
    Server server(files.options({"bash", "-c", "seq 1 400000; exit 3"}));
    TlsClient client(server.port(), {.receive_buffer = 4096});
    int next = 1;
    while (const auto line = client.receive()) {
        ASSERT_EQ(*line, std::to_string(next));
        ++next;
    }
    EXPECT_EQ(next, 400001);
    EXPECT_EQ(client.closed(), closed_with(4003, "exit status 3"));
}

TEST(Tls, ACommandThatReadsLateLosesNothing) {
    const ServerFiles files;
    const std::string go = files.folder().path("go");
    const std::string taken = files.folder().path("taken");
    constexpr std::size_t count = 64;
    const std::size_t size = 128 * 1024;
    Server server(files.options({"bash", "-c",
                                 "until [ -e " + go + " ]; do sleep 0.01; done; head -c " +
                                     std::to_string(count * (size + 1)) + " > " + taken + "; echo done"}));
    TlsClient client(server.port());
    std::atomic<std::size_t> sent = 0;
    std::string expected;
    for (std::size_t i = 0; i < count; ++i) expected += pattern(size, i) + "\n";
    std::thread sender([&] {
        for (std::size_t i = 0; i < count; ++i) {
            client.send(pattern(size, i));
            ++sent;
        }
    });
    // Until the command's pipe, the server and the kernel's buffers are full: nothing has moved for a while.
    std::size_t before = count + 1;
    eventually([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
        return std::exchange(before, sent.load()) == sent.load();
    });
    EXPECT_LT(sent.load(), count);
    static_cast<void>(files.folder().write("go", ""));
    sender.join();
    EXPECT_EQ(client.receive(), "done");
    EXPECT_TRUE(contents_of(taken) == expected);
}

TEST(Tls, FramesInTheSameRecordAsTheUpgradeAreKept) {
    const ServerFiles files;
    Server server(files.options({"cat"}));
    TlsRawClient client(server.port());
    client.send(upgrade_request() + client_frame(1, "at once"));
    EXPECT_THAT(client.receive_until("\r\n\r\n"), StartsWith("HTTP/1.1 101 "));
    EXPECT_EQ(client.receive_until("at once"),
              "\x81\x07"
              "at once");
}

TEST(Tls, ARequestMayComeInARecordForEachByte) {
    const ServerFiles files;
    Server server(files.options({"echo", "hello"}));
    TlsRawClient client(server.port());
    for (const char each : upgrade_request()) client.send({&each, 1});
    EXPECT_THAT(client.receive_until("\r\n\r\n"), StartsWith("HTTP/1.1 101 "));
}

TEST(Tls, HttpIsKeptAliveAndPipelined) {
    const ServerFiles files;
    Server server(files.options({"cat"}));
    TlsRawClient client(server.port());
    const std::string request = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
    client.send(request + request);
    const std::string mark = "with a WebSocket client.\n";
    EXPECT_THAT(client.receive_until(mark), StartsWith("HTTP/1.1 426 "));
    EXPECT_THAT(client.receive_until(mark), StartsWith("HTTP/1.1 426 "));
    client.send("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    EXPECT_THAT(client.receive_all(), StartsWith("HTTP/1.1 426 "));
    EXPECT_EQ(client.error(), "");  // close_notify came before FIN
}

// The end.

TEST(Tls, TheClientsCloseIsAnsweredAndTheCommandEnds) {
    const ServerFiles files;
    Server server(files.options({"cat"}));
    TlsClient client(server.port());
    EXPECT_EQ(client.close(3456), closed_with(3456));
    EXPECT_TRUE(server.logs("code=3456"));
    EXPECT_TRUE(eventually([&] { return server.descendants().empty(); }));
}

TEST(Tls, ACloseNotifyWithoutACloseFrameMeansThatTheClientHasGone) {
    const ServerFiles files;
    Server server(files.options({"cat"}));
    TlsRawClient client(server.port());
    client.send(upgrade_request() + client_frame(1, "last"));
    client.receive_until("last");
    client.close_notify();  // no FIN: only TLS tells
    EXPECT_EQ(client.error(), "");
    EXPECT_TRUE(server.logs("code=1006"));
    EXPECT_TRUE(eventually([&] { return server.descendants().empty(); }));
}

TEST(Tls, AFinWithoutCloseNotifyIsAsGoodAsOne) {
    const ServerFiles files;
    Server server(files.options({"cat"}));
    TlsRawClient client(server.port());
    client.send(upgrade_request() + client_frame(1, "last"));
    client.receive_until("last");
    ::shutdown(client.fd(), SHUT_WR);
    EXPECT_EQ(client.receive_all(), "");
    EXPECT_EQ(client.error(), "");  // the server's own came all the same
    EXPECT_TRUE(server.logs("code=1006"));
    EXPECT_TRUE(eventually([&] { return server.descendants().empty(); }));
}

TEST(Tls, AResetEndsTheCommandAlsoWhileItReadsNothing) {
    const ServerFiles files;
    Server server(files.options({"sleep", "1000"}));
    TlsClient client(server.port());
    const std::string message = pattern(32 * 1024, 0);
    for (int i = 0; i < 8; ++i) client.send(message);  // more than the pipe takes
    client.reset();
    EXPECT_TRUE(eventually([&] { return server.descendants().empty(); }));
}

TEST(Tls, TheServersEndIsA1001) {
    const ServerFiles files;
    Server server(files.options({"cat"}));
    TlsClient client(server.port());
    server.signal(SIGTERM);
    EXPECT_EQ(client.closed(), closed_with(1001, "server shutting down"));
    EXPECT_EQ(server.wait(), 0);
}

// The handshake.

TEST(Tls, ListensOnWss) {
    const ServerFiles files;
    Server server(files.options({"cat"}));
    EXPECT_THAT(server.log(), HasSubstr("listening on wss://127.0.0.1:" + std::to_string(server.port()) + "/"));
    EXPECT_THAT(server.log(), Not(HasSubstr("ws://127.0.0.1:" + std::to_string(server.port()) + "/ ")));
}

TEST(Tls, APlainHttpRequestIsAnsweredInPlain) {
    const ServerFiles files;
    Server server(files.options({"cat"}));
    for (const std::string& request : {std::string("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"), upgrade_request()}) {
        RawClient client(server.port());
        client.send(request);
        const std::string answer = client.receive_all();
        EXPECT_THAT(answer, StartsWith("HTTP/1.1 400 "));
        EXPECT_THAT(answer, HasSubstr("use https:// or wss://"));
        EXPECT_FALSE(client.was_reset());
    }
}

TEST(Tls, WhatIsNeitherIsClosedWithoutAReset) {
    const ServerFiles files;
    Server server(files.options({"cat"}));
    RawClient client(server.port());
    client.send("SSH-2.0-OpenSSH_9.2\r\n" + std::string(20000, 'x'));
    client.finish();
    EXPECT_EQ(client.receive_all(), "");
    EXPECT_FALSE(client.was_reset());
    EXPECT_TRUE(server.logs("TLS handshake failed"));
}

std::vector<std::string> one_loop() { return {"--threads", "1", "--handshake-timeout", "300ms", "cat"}; }

TEST(Tls, AHandshakeThatDoesNotBeginOrDoesNotGoOnIsClosed) {
    const ServerFiles files;
    Server server(files.options(one_loop()));
    RawClient silent(server.port());
    RawClient half(server.port());
    half.send(std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11));
    EXPECT_EQ(silent.receive_all(), "");
    EXPECT_EQ(half.receive_all(), "");
}

/// See handshake_timeout_test.cpp: one loop closes in the order in which it accepted.
TEST(Tls, HandshakeAndFirstRequestShareOneTimeout) {
    const ServerFiles files;
    Server server(files.options(one_loop()));
    TlsRawClient slow(server.port());  // has spent some of its time on the handshake
    RawClient later(server.port());
    for (int i = 0; i < 20; ++i) TlsRawClient whole(server.port());
    slow.send("GET ");
    EXPECT_EQ(later.receive_all(), "");
    // What is left in `slow` are two tickets at most; then its end must be there, without waiting for it.
    std::array<char, 8192> space{};
    while (::recv(slow.fd(), space.data(), space.size(), MSG_DONTWAIT) > 0) {
    }
    EXPECT_EQ(::recv(slow.fd(), space.data(), space.size(), MSG_DONTWAIT), 0);
}

TEST(Tls, ClientsThatVanishDuringTheHandshakeLeaveNothing) {
    const ServerFiles files;
    Server server(files.options({"cat"}));
    {
        TlsClient first(server.port());  // whatever is made once is made now
        first.send("x");
        first.receive();
    }
    ASSERT_TRUE(eventually([&] { return server.descendants().empty(); }));
    const std::size_t before = server.descriptors();
    const std::string hello("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11);
    for (std::size_t i = 0; i < 200; ++i) {
        RawClient client(server.port());
        client.send(hello.substr(0, i % (hello.size() + 1)));
        if (i % 2 == 0) client.reset();
    }
    TlsClient next(server.port());
    next.send("served");
    EXPECT_EQ(next.receive(), "served");
    next.close(1000);
    EXPECT_TRUE(eventually([&] { return server.descriptors() <= before; }));
}

// Client certificates.

class ClientCertificates : public testing::Test {
protected:
    ClientCertificates() { ca_file_ = files_.folder().write("ca.pem", authority_.certificate); }

    /// What a client with `identity` is told; of TLS 1.3 it learns only behind the handshake.
    std::string refusal(const Server& server, const Identity* identity, int version) {
        try {
            TlsRawClient client(server.port(), {.identity = identity, .version = version});
            client.send(upgrade_request());
            EXPECT_THAT(client.receive_all(), IsEmpty());
            return client.error();
        } catch (const std::exception& error) {
            return error.what();
        }
    }

    const ServerFiles files_;
    const Identity authority_ = make_identity({.common_name = "authority", .authority = true});
    std::string ca_file_;
};

TEST_F(ClientCertificates, OfTheAuthorityAreAccepted) {
    const Identity client_identity = make_identity({.common_name = "client", .names = "", .issuer = &authority_});
    Server server(files_.options({"--tls-client-ca", ca_file_, "cat"}));
    for (const int version : {12, 13}) {
        TlsClient client(server.port(), {.identity = &client_identity, .version = version});
        client.send("hello");
        EXPECT_EQ(client.receive(), "hello");
    }
}

TEST_F(ClientCertificates, AreRequired) {
    Server server(files_.options({"--sslca", ca_file_, "cat"}));
    EXPECT_THAT(refusal(server, nullptr, 13), HasSubstr("certificate required"));
    EXPECT_THAT(refusal(server, nullptr, 12), HasSubstr("handshake failure"));
    EXPECT_TRUE(server.logs("peer did not return a certificate"));
    EXPECT_THAT(server.descendants(), IsEmpty());
}

TEST_F(ClientCertificates, OfOthersAreRefused) {
    const Identity stranger = make_identity({.common_name = "stranger"});
    Server server(files_.options({"--tls-client-ca", ca_file_, "cat"}));
    for (const int version : {12, 13}) EXPECT_THAT(refusal(server, &stranger, version), HasSubstr("unknown ca"));
}

TEST_F(ClientCertificates, AreNamedToTheCommand) {
    const Identity client_identity =
        make_identity({.common_name = "Ada\n", .names = "", .issuer = &authority_, .organization = "Example"});
    Server server(
        files_.options({"--tls-client-ca", ca_file_, "bash", "-c", "echo \"$SSL_CLIENT_VERIFY $SSL_CLIENT_S_DN\""}));
    const Headers lies{{"SSL_CLIENT_S_DN", "CN=Eve"}, {"SSL-CLIENT-S-DN", "CN=Eve"}, {"SSL-Client-Verify", "NONE"}};
    for (const int version : {12, 13}) {
        TlsClient client(server.port(), {.identity = &client_identity, .version = version, .headers = lies});
        EXPECT_EQ(client.receive(), "SUCCESS CN=Ada\\0A,O=Example");
    }
}

TEST_F(ClientCertificates, AreNamedOnlyWhereTheyAreAskedFor) {
    const Identity client_identity = make_identity({.common_name = "Ada"});
    const std::vector<std::string> command{"bash", "-c", "env | grep -c ^SSL_ "};
    Server server(files_.options(command));
    EXPECT_EQ(TlsClient(server.port(), {.identity = &client_identity}).receive(), "0");
    const TemporaryFolder folder;
    const std::string path = folder.path() + "/socket";
    Server beside(files_.options(
        {"--tls-client-ca", ca_file_, "--unix-socket", path, "--port", "0", "bash", "-c", "env | grep -c ^SSL_ "}));
    ASSERT_TRUE(beside.logs("listening on unix:"));
    EXPECT_EQ(Client(0, {.unix_socket = path}).receive(), "0");
}

// Reload.

std::string name_served(const Server& server) { return TlsRawClient(server.port()).server_name(); }

TEST(TlsReload, TakesNewCertificatesForNewConnectionsAndLeavesSessionsAlone) {
    const ServerFiles files(make_identity({.common_name = "first"}));
    Server server(files.options({"cat"}));
    TlsClient before(server.port());
    EXPECT_EQ(name_served(server), "first");
    files.replace(make_identity({.common_name = "second", .names = "DNS:second.example"}));
    server.signal(SIGHUP);
    ASSERT_TRUE(server.logs("certificate reloaded"));
    EXPECT_TRUE(eventually([&] { return name_served(server) == "second"; }));
    TlsClient after(server.port(), {.host = "second.example"});
    for (TlsClient* each : {&before, &after}) {
        each->send("still here");
        EXPECT_EQ(each->receive(), "still here");
    }
}

TEST(TlsReload, KeepsTheOldOnesWhereTheNewAreWrong) {
    const Identity old = make_identity({.common_name = "first"});
    const ServerFiles files(old);
    Server server(files.options({"cat"}));
    files.replace_certificate(make_identity({.common_name = "of another key"}).certificate);
    server.signal(SIGHUP);
    ASSERT_TRUE(server.logs("is not the key of the first certificate"));
    EXPECT_EQ(name_served(server), "first");
    files.replace({"no certificate", "no key"});
    server.signal(SIGHUP);
    ASSERT_TRUE(server.logs("holds no private key"));
    EXPECT_THAT(server.log(), HasSubstr("holds no certificate"));
    EXPECT_EQ(name_served(server), "first");
    files.replace(make_identity({.common_name = "second"}));
    server.signal(SIGHUP);
    EXPECT_TRUE(eventually([&] { return name_served(server) == "second"; }));
}

TEST(TlsReload, OfACertificateThatHasExpiredIsAWarningOnly) {
    const ServerFiles files;
    Server server(files.options({"cat"}));
    files.replace(make_identity({.common_name = "old", .first_day = -9, .last_day = -2}));
    server.signal(SIGHUP);
    EXPECT_TRUE(server.logs("expired on "));
    EXPECT_TRUE(eventually([&] { return name_served(server) == "old"; }));
}

TEST(TlsReload, OfNothingIsSaidToBeNothing) {
    Server server({"cat"});
    server.signal(SIGHUP);
    EXPECT_TRUE(server.logs("nothing to reload"));
}

// What a command and its client's Host know of it.

TEST(Tls, TheCommandsEnvironmentSaysHttpsOn) {
    const ServerFiles files;
    Server server(files.options({"bash", "-c", "echo $HTTPS $SERVER_PORT"}));
    TlsClient client(server.port());
    EXPECT_EQ(client.receive(), "on " + std::to_string(server.port()));
    Server plain({"bash", "-c", "echo ${HTTPS-none}"});
    EXPECT_EQ(Client(plain.port()).receive(), "none");
}

TEST(Tls, HostMayBeANameOfTheCertificate) {
    const ServerFiles files(make_identity({.names = "DNS:secure.example,DNS:*.wild.example"}));
    Server server(files.options({"cat"}));
    const auto status = [&](const std::string& host) {
        TlsRawClient client(server.port(), {.host = host});
        client.send(upgrade_request({{"Host", host}}));
        return client.receive_until("\r\n\r\n").substr(9, 3);
    };
    EXPECT_EQ(status("secure.example"), "101");
    EXPECT_EQ(status("a.wild.example:" + std::to_string(server.port())), "101");
    EXPECT_EQ(status("localhost"), "101");
    EXPECT_EQ(status("wild.example"), "421");
    EXPECT_EQ(status("a.b.wild.example"), "421");
    EXPECT_EQ(status("evil.example"), "421");
}

// Options.

TEST(TlsOptions, GoTogetherOrAreMistakes) {
    const ServerFiles files;
    const std::string certificate = files.certificate();
    const std::string key = files.key();
    const auto error_of = [](std::vector<std::string> arguments) {
        arguments.emplace_back("cat");
        const Result result = run(std::move(arguments));
        EXPECT_EQ(result.status, 2) << result.err;
        return result.err;
    };
    EXPECT_THAT(error_of({"--tls-cert", certificate}), HasSubstr("--tls-cert needs --tls-key"));
    EXPECT_THAT(error_of({"--sslkey", key}), HasSubstr("--tls-key needs --tls-cert"));
    EXPECT_THAT(error_of({"--ssl"}), HasSubstr("--ssl needs --tls-cert and --tls-key"));
    EXPECT_THAT(error_of({"--ssl", "--sslcert", certificate}), HasSubstr("--tls-cert needs --tls-key"));
    EXPECT_THAT(error_of({"--tls-client-ca", certificate}), HasSubstr("--tls-client-ca needs TLS"));
    EXPECT_THAT(error_of({"--redirect-port", "8000"}), HasSubstr("--redirect-port needs TLS"));
    EXPECT_THAT(error_of({"--redirect-port", "65536"}), HasSubstr("is not a port"));
    EXPECT_THAT(error_of(files.options({"--port", "8000", "--redirect-port", "8000"})), HasSubstr("are both 8000"));
    const std::string missing = files.folder().path("missing");
    const std::string both =
        error_of({"--check", "--tls-cert", missing, "--tls-key", missing, "--tls-client-ca", missing});
    for (const char* option : {"--tls-cert: ", "--tls-key: ", "--tls-client-ca: "})
        EXPECT_THAT(both, HasSubstr(option));
    EXPECT_THAT(error_of({"--check", "--tls-cert", key, "--tls-key", key}), HasSubstr("holds no certificate"));
    const std::string other_key = files.folder().write("other.pem", make_identity().key);
    EXPECT_THAT(error_of({"--tls-cert", certificate, "--tls-key", other_key}), HasSubstr("is not the key"));
}

TEST(TlsOptions, AreTakenInBothSpellings) {
    const ServerFiles files;
    EXPECT_EQ(run(files.options({"--check", "cat"})).status, 0);
    EXPECT_EQ(run({"--check", "--ssl", "--sslcert=" + files.certificate(), "--sslkey=" + files.key(),
                   "--sslca=" + files.certificate(), "--redirport=80", "cat"})
                  .err,
              "");
}

TEST(TlsOptions, AnExpiredCertificateIsAWarningInTheLog) {
    const ServerFiles files(make_identity({.first_day = -9, .last_day = -2}));
    EXPECT_EQ(run(files.options({"--check", "cat"})).status, 0);
    Server server(files.options({"cat"}));
    EXPECT_TRUE(server.logs("expired on "));
}

// Memory.

TEST(Tls, IdleConnectionsCostLittle) {
    const ServerFiles files;
    Server server(files.options({"--threads", "1", "--log-level", "info", "sleep", "1000"}));
    std::vector<TlsClient> clients;
    for (int i = 0; i < 8; ++i) clients.emplace_back(server.port());
    const std::size_t before = server.private_kib();
    constexpr std::size_t count = 200;
    for (std::size_t i = 0; i < count; ++i) clients.emplace_back(server.port());
    const std::size_t after = server.private_kib();
    std::cout << "an idle TLS connection: " << static_cast<double>(after - before) / count << " KiB\n";
    RecordProperty("kib_a_connection", static_cast<int>((after - before) / count));
}

}  // namespace
}  // namespace wsinetd::fixtures::tls_test
