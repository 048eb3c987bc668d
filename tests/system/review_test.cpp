// What a hostile client tries between requests, commands and files: spec sections 2 and 4.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <stop_token>
#include <thread>

#include "fixtures/client.hpp"
#include "fixtures/command.hpp"
#include "fixtures/server.hpp"

namespace wsinetd::fixtures::review_test {
namespace {

using testing::HasSubstr;

/// A post whose body is still to come.
std::string head_of_post(const std::string& path, std::size_t length) {
    return "POST " + path + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + std::to_string(length) + "\r\n\r\n";
}

class Programs : public testing::Test {
protected:
    void serve(std::vector<std::string> options = {}) {
        options.insert(options.begin(), {"--threads", "1", "--cgi-dir", folder.path()});
        server.emplace(std::move(options));
    }
    /// One that notes in `ran` that it has run.
    void program(const std::string& name, const std::string& rest) {
        static_cast<void>(folder.script(name, "#!/bin/bash\necho x >> " + ran(name) + "\n" + rest + "\n"));
    }
    [[nodiscard]] std::string ran(const std::string& name) const { return notes.path() + "/" + name; }

    TemporaryFolder folder;
    TemporaryFolder notes;
    std::optional<Server> server;
};

// Whom a loop serves.

/// Sends one request again and again, as fast as the answers come, until it is told to stop.
void pipeline(const Server& server, const std::stop_token& stopped) {
    RawClient client(server.port());
    std::string requests;
    for (int i = 0; i < 500; ++i) requests += "GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n";
    std::array<char, 64 * 1024> answers{};
    for (std::size_t sent = 0; !stopped.stop_requested();) {
        pollfd ready{client.fd(), POLLIN | POLLOUT, 0};
        ::poll(&ready, 1, 100);
        if ((ready.revents & POLLIN) != 0) ::recv(client.fd(), answers.data(), answers.size(), MSG_DONTWAIT);
        if ((ready.revents & POLLOUT) != 0) sent += client.send_some(std::string_view(requests).substr(sent));
        if (sent == requests.size()) sent = 0;
    }
}

TEST(Pipelining, AClientThatNeverPausesLeavesOthersTheirTurn) {
    Server server({"--threads", "1", "--log-level", "info", "cat"});
    const std::jthread flood([&](const std::stop_token& stopped) { pipeline(server, stopped); });
    for (int i = 0; i < 3; ++i) EXPECT_EQ(status_of(server.port(), "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"), 426);
}

// CGI programs.

TEST_F(Programs, OneThatTakesNoInputEndsAfterItsClientsFin) {
    program("deaf", "exec sleep 1000");
    serve();
    RawClient client(server->port());
    // More than the pipe and the server take, and little enough for the FIN to come behind it.
    client.send(head_of_post("/deaf", 150'000) + std::string(150'000, 'x'));
    ASSERT_FALSE(first_line_of(ran("deaf")).empty());
    client.finish();
    EXPECT_TRUE(leaves_nothing(*server));
}

TEST_F(Programs, OneThatReadsSlowlyHasAllThatWasSentBeforeAFin) {
    program("slow", "printf 'Content-Type: text/plain\\n\\n'; sleep 0.3; wc -c");
    serve();
    RawClient client(server->port());
    client.send(head_of_post("/slow", 300'000) + std::string(300'000, 'x'));
    client.finish();
    EXPECT_THAT(client.receive_all(), HasSubstr("\r\n300000\n\r\n"));
}

}  // namespace
}  // namespace wsinetd::fixtures::review_test
