// Certificates out of files, and what is wrong with them.
#include "net/tls_context.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fixtures/certificate.hpp"

namespace wsinetd::net::tls_context_test {
namespace {

using fixtures::encrypted;
using fixtures::Identity;
using fixtures::make_identity;
using fixtures::PemFolder;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TlsContext::Loaded load(const PemFolder& folder, const Identity& identity, const std::string& client_ca = {}) {
    TlsFiles files{{{folder.write("cert.pem", identity.certificate), folder.write("key.pem", identity.key)}}, {}};
    if (!client_ca.empty()) files.client_ca = folder.write("ca.pem", client_ca);
    return TlsContext::load(files);
}

std::shared_ptr<const TlsContext> context_of(const Identity& identity, const std::string& client_ca = {}) {
    const PemFolder folder;
    auto loaded = load(folder, identity, client_ca);
    EXPECT_THAT(loaded.errors, IsEmpty());
    return loaded.context;
}

TEST(TlsContext, NamesWhomTheCertificateIsFor) {
    const auto context = context_of(make_identity(
        {.common_name = "ignored.example", .names = "DNS:example.org,DNS:*.example.org,IP:192.0.2.1,IP:2001:db8::1"}));
    EXPECT_THAT(context->names(), ElementsAre("example.org", "*.example.org", "192.0.2.1", "2001:db8::1"));
    EXPECT_THAT(context->warnings(), IsEmpty());
}

TEST(TlsContext, TakesTheCommonNameOnlyWhereThereIsNoOther) {
    EXPECT_THAT(context_of(make_identity({.common_name = "old.example", .names = ""}))->names(),
                ElementsAre("old.example"));
    EXPECT_THAT(context_of(make_identity({.common_name = "old.example", .names = "email:a@b.example"}))->names(),
                ElementsAre("old.example"));
}

TEST(TlsContext, WarnsOfACertificateThatHasExpiredOrIsNotValidYet) {
    EXPECT_THAT(context_of(make_identity({.first_day = -9, .last_day = -2}))->warnings(),
                ElementsAre(HasSubstr("expired on ")));
    EXPECT_THAT(context_of(make_identity({.first_day = 2, .last_day = 9}))->warnings(),
                ElementsAre(HasSubstr("is not valid before ")));
}

TEST(TlsContext, TellsOfEveryFileThatIsMissing) {
    const auto loaded = TlsContext::load({{{"/nowhere/cert.pem", "/nowhere/key.pem"}}, "/nowhere/ca.pem"});
    EXPECT_EQ(loaded.context, nullptr);
    EXPECT_THAT(loaded.errors,
                ElementsAre("--tls-cert: cannot read \"/nowhere/cert.pem\": No such file or directory",
                            "--tls-key: cannot read \"/nowhere/key.pem\": No such file or directory",
                            "--tls-client-ca: cannot read \"/nowhere/ca.pem\": No such file or directory"));
}

TEST(TlsContext, TellsOfFilesThatHoldSomethingElse) {
    const Identity good = make_identity();
    const PemFolder folder;
    EXPECT_THAT(load(folder, {"no PEM", good.key}).errors, ElementsAre(HasSubstr("--tls-cert: ")));
    EXPECT_THAT(load(folder, {good.certificate, "no PEM"}).errors, ElementsAre(HasSubstr("holds no private key")));
    EXPECT_THAT(load(folder, {good.key, good.certificate}).errors,
                ElementsAre(HasSubstr("holds no certificate"), HasSubstr("holds no private key")));
    EXPECT_THAT(load(folder, good, "no PEM").errors, ElementsAre(HasSubstr("--tls-client-ca: ")));
    EXPECT_THAT(load(folder, {"", ""}).errors, testing::SizeIs(2));
    EXPECT_THAT(TlsContext::load({{{"/tmp", "/tmp"}}, ""}).errors,
                ElementsAre(HasSubstr("Is a directory"), HasSubstr("Is a directory")));
}

TEST(TlsContext, TakesNoChainWithABrokenLink) {
    const Identity good = make_identity();
    std::string broken = good.certificate;
    broken[broken.size() / 2] = '!';
    const PemFolder folder;
    EXPECT_THAT(load(folder, {good.certificate + broken, good.key}).errors, ElementsAre(HasSubstr("broken")));
}

TEST(TlsContext, TellsThatTheKeyIsAnothers) {
    const PemFolder folder;
    const auto loaded = load(folder, {make_identity().certificate, make_identity().key});
    EXPECT_EQ(loaded.context, nullptr);
    EXPECT_THAT(loaded.errors, ElementsAre(HasSubstr("is not the key of the first certificate")));
}

TEST(TlsContext, AsksForNoPassword) {
    const Identity good = make_identity();
    const PemFolder folder;
    EXPECT_THAT(load(folder, {good.certificate, encrypted(good.key, "secret")}).errors,
                ElementsAre(HasSubstr("asks for a password")));
}

TEST(TlsContext, SaysWhyOpenSslWantsNoneOfACertificate) {
    const PemFolder folder;
    EXPECT_THAT(load(folder, make_identity({.rsa_bits = 1024})).errors, ElementsAre(HasSubstr("key too small")));
}

TEST(TlsContext, TakesCertificateAndKeyOutOfOneFile) {
    const Identity good = make_identity();
    const PemFolder folder;
    const std::string both = folder.write("both.pem", good.key + good.certificate);
    EXPECT_NE(TlsContext::load({{{both, both}}, {}}).context, nullptr);
}

// Several pairs.

TlsFiles files_of(const PemFolder& folder, const std::vector<Identity>& identities) {
    TlsFiles files;
    for (const Identity& each : identities) {
        const std::string number = std::to_string(files.pairs.size());
        files.pairs.push_back({folder.write("cert" + number + ".pem", each.certificate),
                               folder.write("key" + number + ".pem", each.key)});
    }
    return files;
}

TEST(TlsContext, NamesWhomAllCertificatesAreForTheFirstInFront) {
    const PemFolder folder;
    const auto loaded = TlsContext::load(files_of(folder, {make_identity({.names = "DNS:b.example,DNS:*.c.example"}),
                                                           make_identity({.names = "DNS:a.example"})}));
    EXPECT_THAT(loaded.errors, IsEmpty());
    EXPECT_THAT(loaded.context->names(), ElementsAre("b.example", "*.c.example", "a.example"));
}

TEST(TlsContext, TellsWhatIsWrongWithEachPair) {
    const PemFolder folder;
    const Identity good = make_identity();
    const auto loaded = TlsContext::load(files_of(
        folder, {good, {"no PEM", good.key}, {good.certificate, make_identity().key}, {good.certificate, "no PEM"}}));
    EXPECT_EQ(loaded.context, nullptr);
    EXPECT_THAT(loaded.errors, ElementsAre(HasSubstr("cert1.pem\" holds no certificate"),
                                           HasSubstr("key2.pem\" is not the key of the first certificate in"),
                                           HasSubstr("key3.pem\" holds no private key")));
}

TEST(TlsContext, SaysWhyOpenSslWantsNoneOfEachCertificate) {
    const PemFolder folder;
    const Identity small = make_identity({.names = "DNS:small.example", .rsa_bits = 1024});
    const auto loaded = TlsContext::load(files_of(folder, {make_identity(), small, small}));
    EXPECT_THAT(loaded.errors,
                ElementsAre(HasSubstr("cert1.pem\" cannot be used: "), HasSubstr("cert2.pem\" cannot be used: ")));
}

TEST(TlsContext, WarnsOfEachCertificateThatHasExpired) {
    const PemFolder folder;
    const Identity expired = make_identity({.first_day = -9, .last_day = -2});
    EXPECT_THAT(TlsContext::load(files_of(folder, {make_identity(), expired, expired})).context->warnings(),
                ElementsAre(HasSubstr("cert1.pem\" expired on "), HasSubstr("cert2.pem\" expired on ")));
}

}  // namespace
}  // namespace wsinetd::net::tls_context_test
