// Spec sections 1 and 2: --handshake-timeout, judged by the order in which connections are closed, not by a clock.
#include <gtest/gtest.h>
#include <sys/socket.h>

#include "fixtures/client.hpp"
#include "fixtures/server.hpp"

namespace wsinetd::fixtures::handshake_timeout_test {
namespace {

/// On one loop connections are accepted, and time out, in the order in which they came.
std::vector<std::string> one_loop() { return {"--threads", "1", "--handshake-timeout", "300ms", "cat"}; }

/// Returns when the server has accepted everybody who connected before.
void accepted_until_here(const Server& server) {
    ASSERT_EQ(status_of(server.port(), "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"), 426);
}

bool is_closed(const RawClient& client) {
    char byte = 0;
    return ::recv(client.fd(), &byte, 1, MSG_DONTWAIT) == 0;
}

TEST(HandshakeTimeout, ClosesAConnectionThatSaysNothing) {
    Server server(one_loop());
    RawClient client(server.port());
    EXPECT_EQ(client.receive_all(), "");
    EXPECT_FALSE(client.was_reset());
}

TEST(HandshakeTimeout, OfTheFirstRequestCountsFromTheAcceptNotFromItsFirstByte) {
    Server server(one_loop());
    RawClient slow(server.port());
    RawClient later(server.port());
    for (int i = 0; i < 50; ++i) accepted_until_here(server);  // so that a time counted from "G" would be another
    slow.send("G");
    EXPECT_EQ(later.receive_all(), "");
    EXPECT_TRUE(is_closed(slow));
}

TEST(HandshakeTimeout, OfALaterRequestCountsFromItsFirstByte) {
    Server server(one_loop());
    RawClient kept(server.port());
    kept.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    kept.receive_until("endpoint: connect to it with a WebSocket client.\n");
    RawClient silent(server.port());
    EXPECT_EQ(silent.receive_all(), "");  // a whole timeout has passed
    EXPECT_FALSE(is_closed(kept));
    kept.send("GET / HT");
    EXPECT_EQ(kept.receive_all(), "");
}

}  // namespace
}  // namespace wsinetd::fixtures::handshake_timeout_test
