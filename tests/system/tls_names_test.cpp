// Several certificates for several names: --tls-cert and --tls-key more than once.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>

#include "fixtures/server.hpp"
#include "fixtures/tls_client.hpp"

namespace wsinetd::fixtures::tls_names_test {
namespace {

using testing::HasSubstr;
using testing::Not;

/// Pairs in files, each for `NAME.example` and with NAME as its common name.
class TlsNames : public testing::Test {
protected:
    void write(const std::string& name) {
        write(name, make_identity({.common_name = name, .names = "DNS:" + name + ".example"}));
    }
    void write(const std::string& name, const Identity& identity) {
        static_cast<void>(folder_.write(name + ".pem", identity.certificate));
        static_cast<void>(folder_.write(name + ".key", identity.key));
    }
    std::vector<std::string> options(const std::vector<std::string>& names, std::vector<std::string> more) {
        std::vector<std::string> all;
        for (const std::string& name : names) {
            write(name);
            all.insert(all.end(),
                       {"--tls-cert", folder_.path(name + ".pem"), "--tls-key", folder_.path(name + ".key")});
        }
        all.insert(all.end(), more.begin(), more.end());
        return all;
    }
    static std::string shown(const Server& server, const std::string& host) {
        return TlsRawClient(server.port(), {.host = host}).server_name();
    }
    std::string error_of(std::vector<std::string> arguments) {
        arguments.emplace_back("cat");
        const Result result = run(std::move(arguments));
        EXPECT_EQ(result.status, 2) << result.err;
        return result.err;
    }

    PemFolder folder_;
};

TEST_F(TlsNames, ChooseTheCertificateAndTheFirstIsTheDefault) {
    Server server(options({"one", "two", "three"}, {"cat"}));
    for (const char* name : {"one", "two", "three"}) EXPECT_EQ(shown(server, std::string(name) + ".example"), name);
    EXPECT_EQ(shown(server, "other.example"), "one");
    EXPECT_EQ(shown(server, ""), "one");
}

TEST_F(TlsNames, OfAllCertificatesAreTheServersOwnWhicheverWasShown) {
    Server server(options({"one", "two"}, {"cat"}));
    const auto status = [&](const std::string& asked, const std::string& host) {
        TlsRawClient client(server.port(), {.host = asked});
        client.send(upgrade_request({{"Host", host}}));
        return client.receive_until("\r\n\r\n").substr(9, 3);
    };
    EXPECT_EQ(status("one.example", "one.example"), "101");
    EXPECT_EQ(status("one.example", "two.example"), "101");
    EXPECT_EQ(status("two.example", "two.example"), "101");
    EXPECT_EQ(status("two.example", "three.example"), "421");
}

TEST_F(TlsNames, AreReloadedTogetherOrNotAtAll) {
    Server server(options({"one", "two"}, {"cat"}));
    write("one", make_identity({.common_name = "new one", .names = "DNS:one.example"}));
    static_cast<void>(folder_.write("two.pem", "broken"));
    static_cast<void>(folder_.write("two.key", "broken"));
    server.signal(SIGHUP);
    ASSERT_TRUE(server.logs("two.key\\\" holds no private key"));
    EXPECT_THAT(server.log(), HasSubstr("two.pem\\\" holds no certificate"));
    EXPECT_THAT(server.log(), Not(HasSubstr("reloaded")));
    EXPECT_EQ(shown(server, "one.example"), "one");
    EXPECT_EQ(shown(server, "two.example"), "two");
    write("two", make_identity({.common_name = "new two", .names = "DNS:other.example"}));
    server.signal(SIGHUP);
    ASSERT_TRUE(server.logs("reloaded"));
    EXPECT_TRUE(eventually([&] { return shown(server, "other.example") == "new two"; }));
    EXPECT_EQ(shown(server, "one.example"), "new one");
    EXPECT_EQ(shown(server, "two.example"), "new one");
}

TEST_F(TlsNames, NeedAKeyForEachCertificate) {
    for (const char* name : {"one", "two", "three"}) write(name);
    const auto file = [&](const std::string& name) { return folder_.path(name); };
    const std::string first = "the first key is the first certificate's";
    const std::string two = error_of({"--tls-cert", file("one.pem"), "--tls-key", file("one.key"), "--sslcert",
                                      file("two.pem"), "--tls-cert", file("three.pem")});
    EXPECT_THAT(two, HasSubstr("--tls-cert: \"" + file("two.pem") + "\" has no --tls-key (" + first));
    EXPECT_THAT(two, HasSubstr("--tls-cert: \"" + file("three.pem") + "\" has no --tls-key"));
    EXPECT_THAT(error_of({"--tls-key", file("one.key"), "--tls-key", file("two.key"), "--tls-cert", file("one.pem")}),
                HasSubstr("--tls-key: \"" + file("two.key") + "\" has no --tls-cert (" + first));
    EXPECT_THAT(error_of({"--tls-cert", file("one.pem"), "--tls-cert", file("two.pem")}),
                HasSubstr("--tls-cert needs --tls-key"));
}

TEST_F(TlsNames, TellOfEveryMistakeInEveryPair) {
    write("one");
    write("two", {"no certificate", "no key"});
    write("three", {make_identity().certificate, make_identity().key});
    const std::string errors =
        error_of({"--check", "--tls-cert", folder_.path("one.pem"), "--tls-key", folder_.path("one.key"), "--tls-cert",
                  folder_.path("two.pem"), "--tls-key", folder_.path("two.key"), "--tls-cert",
                  folder_.path("three.pem"), "--tls-key", folder_.path("three.key"), "--tls-cert",
                  folder_.path("four.pem"), "--tls-key", folder_.path("one.key")});
    EXPECT_THAT(errors, HasSubstr("two.pem\" holds no certificate"));
    EXPECT_THAT(errors, HasSubstr("two.key\" holds no private key"));
    EXPECT_THAT(errors, HasSubstr("three.key\" is not the key of the first certificate in"));
    EXPECT_THAT(errors, HasSubstr("four.pem\": No such file"));
    EXPECT_THAT(errors, Not(HasSubstr("one.")));
}

}  // namespace
}  // namespace wsinetd::fixtures::tls_names_test
