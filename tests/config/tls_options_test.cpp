// Where TLS changes what other options mean.
#include <gtest/gtest.h>

#include "config/load.hpp"

namespace wsinetd::config::tls_options_test {
namespace {

Config parsed(std::vector<const char*> arguments) {
    arguments.push_back("cat");
    Loaded result = load(arguments);
    EXPECT_TRUE(result.errors.empty());
    return std::move(result.config);
}

TEST(TlsOptions, MakePort443TheDefaultUnderTheNameWebsocketd) {
    EXPECT_EQ(parsed({"websocketd"}).port, 80);
    EXPECT_EQ(parsed({"websocketd", "--ssl", "--sslcert", "c", "--sslkey", "k"}).port, 443);
    EXPECT_EQ(parsed({"/usr/bin/websocketd", "--tls-cert=c", "--tls-key=k"}).port, 443);
    EXPECT_EQ(parsed({"websocketd", "--port=80", "--sslcert=c", "--sslkey=k"}).port, 80);
    EXPECT_EQ(parsed({"wsinetd", "--tls-cert=c", "--tls-key=k"}).port, 8080);
}

TEST(TlsOptions, ARedirectPortAsksForTcpBesideAUnixSocket) {
    EXPECT_TRUE(parsed({"wsinetd", "--unix-socket=s", "--tls-cert=c", "--tls-key=k"}).addresses.empty());
    const Config config = parsed({"wsinetd", "--unix-socket=s", "--tls-cert=c", "--tls-key=k", "--redirect-port=0"});
    EXPECT_EQ(config.addresses.size(), 2U);
    EXPECT_EQ(config.redirect_port, 0);
}

}  // namespace
}  // namespace wsinetd::config::tls_options_test
