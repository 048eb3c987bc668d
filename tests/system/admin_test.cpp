// --admin: what the operator asks, and that what is told adds up.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "fixtures/client.hpp"
#include "fixtures/server.hpp"

namespace wsinetd::fixtures::admin_test {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::IsSupersetOf;
using testing::MatchesRegex;
using testing::Not;
using testing::StartsWith;

std::vector<std::string> with_admin(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"--admin", "127.0.0.1:0"});
    return arguments;
}

/// Where the log says that it answers.
std::uint16_t admin_port(const Server& server) {
    const std::string mark = "admin on http://127.0.0.1:";
    EXPECT_TRUE(server.logs(mark));
    const std::string log = server.log();
    return static_cast<std::uint16_t>(std::stoi(log.substr(log.find(mark) + mark.size())));
}

/// What is answered, head and body.
std::string ask(std::uint16_t port, const std::string& line, const std::string& fields = "Host: localhost\r\n",
                const std::string& address = "127.0.0.1") {
    RawClient client(port, address);
    client.send(line + " HTTP/1.1\r\n" + fields + "\r\n");
    return client.receive_all();
}

std::string body_of(const std::string& answer) { return answer.substr(answer.find("\r\n\r\n") + 4); }

/// Every sample by its name and labels.
std::map<std::string, double> samples(std::uint16_t port) {
    std::map<std::string, double> all;
    std::istringstream lines(body_of(ask(port, "GET /metrics")));
    for (std::string line; std::getline(lines, line);)
        if (!line.starts_with('#')) all[line.substr(0, line.rfind(' '))] = std::stod(line.substr(line.rfind(' ')));
    return all;
}

double sample(std::uint16_t port, const std::string& name) {
    const auto all = samples(port);
    const auto found = all.find(name);
    return found == all.end() ? 0 : found->second;
}

const std::string here = R"({endpoint="*",kind="websocket"})";

TEST(Admin, IsNotThereUnlessItIsAskedFor) {
    Server server({"cat"});
    EXPECT_THAT(server.log(), Not(HasSubstr("admin")));
    EXPECT_EQ(status_of(server.port(), "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"), 426);
}

TEST(Admin, ListensOnLoopbackOnly) {
    for (const char* const address : {"0.0.0.0:9090", "192.168.1.1:9090", "[::]:9090", "[fe80::1]:9090", "8.8.8.8:1"}) {
        const Result result = run({"--admin", address, "true"});
        EXPECT_EQ(result.status, 2);
        EXPECT_THAT(result.err, HasSubstr(std::string("--admin: \"") + address +
                                          "\" could be reached from other machines, and nobody would be asked who they "
                                          "are; 127.0.0.1:9090, [::1]:9090 or unix:PATH cannot"));
    }
    for (const char* const address : {"127.0.0.1:0", "127.9.9.9:0", "localhost:0", "[::1]:0", "unix:/no-such-file"})
        EXPECT_EQ(run({"--check", "--admin", address, "true"}).status, 0) << address;
}

TEST(Admin, IsOnAUnixSocketForUserAndGroupAndRemovesIt) {
    const TemporaryFolder folder;
    const std::string path = folder.path() + "/admin";
    Server server({"--admin", "unix:" + path, "cat"});
    ASSERT_TRUE(server.logs("admin on unix:" + path));
    struct stat status {};
    ASSERT_EQ(::stat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0660U);
    EXPECT_THAT(ask(0, "GET /readyz", "Host: whatever\r\n", path),
                AllOf(StartsWith("HTTP/1.1 200 "), HasSubstr("\r\n\r\nready\n")));
    server.signal(SIGTERM);
    EXPECT_EQ(server.wait(), 0);
    EXPECT_NE(::stat(path.c_str(), &status), 0);
}

TEST(Admin, SaysWhyItCannotListen) {
    const TemporaryFolder folder;
    Server server({"--admin", "unix:" + folder.path() + "/admin", "cat"});
    const Result result = run({"--port", "0", "--admin", "unix:" + folder.path() + "/admin", "cat"});
    EXPECT_EQ(result.status, 1);
    EXPECT_THAT(result.err, HasSubstr("--admin: cannot listen on " + folder.path() + "/admin: Address already in use"));
}

TEST(Admin, IsHealthyAndReadyWhileItServes) {
    Server server(with_admin({"cat"}));
    const auto port = admin_port(server);
    EXPECT_THAT(ask(port, "GET /healthz"), AllOf(StartsWith("HTTP/1.1 200 "), HasSubstr("\r\n\r\nok\n")));
    EXPECT_THAT(ask(port, "GET /readyz"), AllOf(StartsWith("HTTP/1.1 200 "), HasSubstr("\r\n\r\nready\n")));
    EXPECT_THAT(ask(port, "HEAD /readyz"), AllOf(StartsWith("HTTP/1.1 200 "), testing::EndsWith("\r\n\r\n")));
}

TEST(Admin, IsNotReadyOnceTheServerStopsThoughASessionStillRuns) {
    Server server(with_admin({"--close-grace", "20s", "/bin/bash", "-c", "trap '' INT TERM; echo up; sleep 60"}));
    const auto port = admin_port(server);
    Client client(server.port());
    ASSERT_EQ(client.receive(), "up");
    server.signal(SIGTERM);
    ASSERT_TRUE(server.logs("stopping"));
    EXPECT_THAT(ask(port, "GET /readyz"), AllOf(StartsWith("HTTP/1.1 503 "), HasSubstr("\r\n\r\nstopping\n")));
    EXPECT_THAT(ask(port, "GET /healthz"), StartsWith("HTTP/1.1 200 "));
    EXPECT_EQ(sample(port, "wsinetd_ready"), 0);
    EXPECT_EQ(sample(port, "wsinetd_sessions_total" + here), 1);
    server.signal(SIGTERM);
    server.wait();
}

TEST(Admin, AsksEachLoopForASignOfLife) {
    Server server(with_admin({"--threads", "3", "cat"}));
    const auto port = admin_port(server);
    EXPECT_EQ(sample(port, "wsinetd_loops"), 3);
    EXPECT_TRUE(eventually([&] { return sample(port, "wsinetd_loop_lag_seconds_count") >= 3; }));
    EXPECT_THAT(ask(port, "GET /healthz"), StartsWith("HTTP/1.1 200 "));
}

TEST(Admin, CountsAddUpOverSessionsAndLoops) {
    Server server(with_admin({"--threads", "2", "cat"}));
    const auto port = admin_port(server);
    constexpr int clients = 6;
    constexpr int messages = 100;
    for (int i = 0; i < clients; ++i) {
        Client client(server.port());
        for (int j = 0; j < messages; ++j) {
            client.send("0123456789");
            ASSERT_EQ(client.receive(), "0123456789");
        }
        if (i % 2 == 0) EXPECT_EQ(client.close(1000), closed_with(1000));
        if (i % 2 == 1) EXPECT_EQ(client.close(3500), closed_with(3500));
    }
    ASSERT_TRUE(eventually([&] { return sample(port, "wsinetd_sessions" + here) == 0; }));
    const auto all = samples(port);
    EXPECT_EQ(all.at("wsinetd_sessions_total" + here), clients);
    EXPECT_EQ(all.at("wsinetd_received_messages_total" + here), clients * messages);
    EXPECT_EQ(all.at("wsinetd_sent_messages_total" + here), clients * messages);
    // A frame of ten bytes has six more from a client, two from the server; the Close is one with two bytes.
    EXPECT_EQ(all.at("wsinetd_received_bytes_total" + here), clients * (messages * 16 + 8));
    EXPECT_EQ(all.at("wsinetd_sent_bytes_total" + here), clients * (messages * 12 + 4));
    EXPECT_EQ(all.at("wsinetd_closes_total{code=\"1000\"}"), clients / 2);
    EXPECT_EQ(all.at("wsinetd_closes_total{code=\"3xxx\"}"), clients / 2);
    EXPECT_EQ(all.at("wsinetd_requests_total{status=\"101\"}"), clients);
    EXPECT_EQ(all.at("wsinetd_command_start_seconds_count"), clients);
    EXPECT_EQ(all.at("wsinetd_command_start_seconds_bucket{le=\"+Inf\"}"), clients);
    EXPECT_EQ(
        all.at("wsinetd_command_exits_total{how=\"success\"}") + all.at("wsinetd_command_exits_total{how=\"signal\"}"),
        clients);
    EXPECT_EQ(all.at("wsinetd_connections_total"), clients);
    EXPECT_EQ(all.at("wsinetd_processes"), 0);
}

TEST(Admin, CountsOfASessionThatRunsAreThere) {
    Server server(with_admin({"cat"}));
    const auto port = admin_port(server);
    Client client(server.port());
    client.send("one");
    ASSERT_EQ(client.receive(), "one");
    const auto all = samples(port);
    EXPECT_EQ(all.at("wsinetd_sessions" + here), 1);
    EXPECT_EQ(all.at("wsinetd_received_messages_total" + here), 1);
    EXPECT_EQ(all.at("wsinetd_sent_bytes_total" + here), 5);
    EXPECT_EQ(all.at("wsinetd_processes"), 1);
    EXPECT_EQ(all.at("wsinetd_connections"), 1);
}

TEST(Admin, CountsWholeMessagesHoweverTheyCome) {
    Server server(with_admin({"--framing", "lines", "/bin/bash", "-c",
                              "read -r; head -c 200000 /dev/zero | tr '\\0' x; echo; seq 10; printf end"}));
    const auto port = admin_port(server);
    Client client(server.port());
    client.send_fragments({"a", "b", "c"});
    EXPECT_THAT(client.receive_all(), testing::SizeIs(12));
    ASSERT_TRUE(eventually([&] { return sample(port, "wsinetd_sessions" + here) == 0; }));
    EXPECT_EQ(sample(port, "wsinetd_received_messages_total" + here), 1);
    EXPECT_EQ(sample(port, "wsinetd_sent_messages_total" + here), 12);
}

TEST(Admin, CountsCompressedMessagesAndThoseInManyFrames) {
    Server server(with_admin({"--compress", "--max-message-size", "0", "cat"}));
    const auto port = admin_port(server);
    for (const bool deflate : {true, false}) {
        ClientOptions options;
        options.deflate = deflate;
        Client client(server.port(), options);
        for (const std::size_t size : {1U, 5'000U, 300'000U}) {
            client.send(std::string(size, 'x'));
            ASSERT_EQ(client.receive(), std::string(size, 'x'));
        }
    }
    ASSERT_TRUE(eventually([&] { return sample(port, "wsinetd_sessions" + here) == 0; }));
    EXPECT_EQ(sample(port, "wsinetd_received_messages_total" + here), 6);
    EXPECT_EQ(sample(port, "wsinetd_sent_messages_total" + here), 6);
}

TEST(Admin, CountsRefusalsByStatusAndExitsByCode) {
    Server server(with_admin({"--max-processes", "1", "/bin/bash", "-c", "echo up; read -r; exit 7"}));
    const auto port = admin_port(server);
    Client client(server.port());
    ASSERT_EQ(client.receive(), "up");
    EXPECT_EQ(status_of(server.port(), upgrade_request()), 503);
    EXPECT_EQ(status_of(server.port(), upgrade_request({{"Origin", "https://evil.example"}})), 403);
    EXPECT_EQ(status_of(server.port(), "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"), 426);
    EXPECT_EQ(status_of(server.port(), "nonsense\r\n\r\n"), 400);
    client.send("go");
    EXPECT_EQ(client.closed(), closed_with(4007, "exit status 7"));
    ASSERT_TRUE(eventually([&] { return sample(port, "wsinetd_sessions" + here) == 0; }));
    const auto all = samples(port);
    for (const char* const status : {"503", "403", "426", "400"}) {
        EXPECT_EQ(all.at(std::string("wsinetd_refusals_total{status=\"") + status + "\"}"), 1) << status;
        EXPECT_EQ(all.at(std::string("wsinetd_requests_total{status=\"") + status + "\"}"), 1) << status;
    }
    EXPECT_EQ(all.at("wsinetd_closes_total{code=\"4007\"}"), 1);
    EXPECT_EQ(all.at("wsinetd_command_exits_total{how=\"failure\"}"), 1);
    EXPECT_EQ(all.at("wsinetd_processes_limit"), 1);
}

TEST(Admin, CountsCommandsThatDoNotStart) {
    const TemporaryFolder folder;
    Server server(with_admin({folder.script("broken", "#!/no/such/interpreter\n")}));
    const auto port = admin_port(server);
    EXPECT_EQ(status_of(server.port(), upgrade_request()), 500);
    EXPECT_EQ(sample(port, "wsinetd_command_start_failures_total"), 1);
    EXPECT_EQ(sample(port, "wsinetd_command_start_seconds_count"), 0);
}

TEST(Admin, CountsWhatAClientThatReadsNothingHoldsUp) {
    Server server(with_admin({"yes"}));
    const auto port = admin_port(server);
    RawClient client(server.port());
    client.send(upgrade_request());
    client.receive_until("\r\n\r\n");
    EXPECT_TRUE(eventually([&] { return sample(port, "wsinetd_backpressure_seconds_total{by=\"client\"}") > 0.1; }));
    EXPECT_EQ(sample(port, "wsinetd_backpressure_seconds_total{by=\"command\"}"), 0);
}

TEST(Admin, CountsWhatACommandThatReadsNothingHoldsUp) {
    Server server(with_admin({"sleep", "60"}));
    const auto port = admin_port(server);
    RawClient client(server.port());
    client.send(upgrade_request());
    client.receive_until("\r\n\r\n");
    const std::string frame = client_frame(1, std::string(60000, 'x'));
    for (int i = 0; i < 20; ++i) client.send_some(frame);
    const std::string name = "wsinetd_backpressure_seconds_total{by=\"command\"}";
    double waited = 0;
    EXPECT_TRUE(eventually([&] { return (waited = sample(port, name)) > 0.1; }));
    client.reset();
    EXPECT_TRUE(eventually([&] { return sample(port, "wsinetd_processes") == 0; }));
    EXPECT_GE(sample(port, name), waited);  // what has been told stays
}

TEST(Admin, TellsEventsAndCgiApart) {
    const TemporaryFolder folder;
    static_cast<void>(folder.script("hello", "#!/bin/sh\necho Content-Type: text/plain; echo; echo hello\n"));
    Server server(with_admin({"--cgi-dir", folder.path(), "echo", "hi"}));
    const auto port = admin_port(server);
    RawClient(server.port()).send("");
    ask(server.port(), "GET /x", "Host: localhost\r\nAccept: text/event-stream\r\nConnection: close\r\n");
    ask(server.port(), "GET /hello", "Host: localhost\r\nConnection: close\r\n");
    EXPECT_TRUE(eventually([&] { return sample(port, R"(wsinetd_sessions_total{endpoint="*",kind="cgi"})") == 1; }));
    EXPECT_EQ(sample(port, R"(wsinetd_sessions_total{endpoint="*",kind="events"})"), 1);
    EXPECT_GT(sample(port, R"(wsinetd_sent_bytes_total{endpoint="*",kind="cgi"})"), 5);
}

TEST(Admin, ItsMetricsAreRightToPromtool) {
    if (std::system("command -v promtool >/dev/null 2>&1") != 0) GTEST_SKIP() << "promtool is not installed";
    const TemporaryFolder folder;
    Server server(with_admin({"cat"}));
    const auto port = admin_port(server);
    Client client(server.port());
    client.send("one");
    ASSERT_EQ(client.receive(), "one");
    const std::string answer = ask(port, "GET /metrics");
    EXPECT_THAT(answer, HasSubstr("\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n"));
    const std::string file = folder.path() + "/metrics";
    std::ofstream(file) << body_of(answer);
    EXPECT_EQ(std::system(("promtool check metrics < '" + file + "' > '" + file + ".out' 2>&1").c_str()), 0);
    std::ifstream said(file + ".out");
    EXPECT_EQ(std::string(std::istreambuf_iterator<char>(said), {}), "");
}

TEST(Admin, ListsSessions) {
    Server server(with_admin({"/bin/bash", "-c", "echo $UNIQUE_ID $$; cat"}));
    const auto port = admin_port(server);
    EXPECT_EQ(body_of(ask(port, "GET /sessions")), "[\n]\n");
    ClientOptions options;
    options.path = "/some/%22where%22";
    Client client(server.port(), options);
    std::istringstream said(*client.receive());
    std::string id, pid;
    said >> id >> pid;
    const std::string json = body_of(ask(port, "GET /sessions"));
    EXPECT_THAT(json,
                AllOf(HasSubstr("{\"id\":\"" + id + "\",\"kind\":\"websocket\",\"remote\":\"127.0.0.1:"),
                      HasSubstr(R"("endpoint":"*","path":"/some/\"where\"","pid":)" + pid + ",\"age\":"),
                      HasSubstr(R"("bytes_in":0,"bytes_out":)"), HasSubstr(R"("messages_in":0,"messages_out":1})")));
}

TEST(Admin, EndsOneSession) {
    Server server(with_admin({"/bin/bash", "-c", "echo $UNIQUE_ID; cat"}));
    const auto port = admin_port(server);
    Client one(server.port());
    Client two(server.port());
    const std::string id = *one.receive();
    ASSERT_NE(two.receive(), id);
    EXPECT_THAT(ask(port, "POST /sessions/" + id + "/end"), StartsWith("HTTP/1.1 202 "));
    EXPECT_EQ(one.closed(), closed_with(1001, "ended by the operator"));
    two.send("still here");
    EXPECT_EQ(two.receive(), "still here");
    EXPECT_TRUE(eventually([&] { return ask(port, "POST /sessions/" + id + "/end").starts_with("HTTP/1.1 404 "); }));
}

TEST(Admin, EndsASessionWithTheCodeThatIsAskedFor) {
    Server server(with_admin({"/bin/bash", "-c", "echo $UNIQUE_ID; cat"}));
    const auto port = admin_port(server);
    Client client(server.port());
    const std::string id = *client.receive();
    for (const char* const wrong : {"0", "999", "1005", "1006", "5000", "x", "", "1000x", "65536"})
        EXPECT_THAT(ask(port, "POST /sessions/" + id + "/end?code=" + wrong), StartsWith("HTTP/1.1 400 ")) << wrong;
    EXPECT_THAT(ask(port, "DELETE /sessions/" + id + "?code=1008"), StartsWith("HTTP/1.1 202 "));
    EXPECT_EQ(client.closed(), closed_with(1008, "ended by the operator"));
}

TEST(Admin, EndsEventStreams) {
    Server server(with_admin({"/bin/bash", "-c", "echo $UNIQUE_ID; sleep 60"}));
    const auto port = admin_port(server);
    RawClient client(server.port());
    client.send("GET / HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n");
    client.receive_until("data: ");
    std::string id = client.receive_until("\n");
    id.pop_back();
    EXPECT_THAT(ask(port, "POST /sessions/" + id + "/end"), StartsWith("HTTP/1.1 202 "));
    EXPECT_THAT(client.receive_until("\r\n0\r\n\r\n"), HasSubstr("event: close"));
}

TEST(Admin, RefusesPagesOfOtherSites) {
    Server server(with_admin({"/bin/bash", "-c", "echo $UNIQUE_ID; cat"}));
    const auto port = admin_port(server);
    Client client(server.port());
    const std::string end = "POST /sessions/" + *client.receive() + "/end";
    const std::string own = "Host: 127.0.0.1:" + std::to_string(port) + "\r\n";
    // DNS rebinding; another site; a page that this very server would have to have served, which has none.
    EXPECT_THAT(ask(port, "GET /sessions", "Host: rebound.example\r\n"), StartsWith("HTTP/1.1 421 "));
    EXPECT_THAT(ask(port, end, "Host: rebound.example\r\n"), StartsWith("HTTP/1.1 421 "));
    EXPECT_THAT(ask(port, end, own + "Origin: https://evil.example\r\n"), StartsWith("HTTP/1.1 403 "));
    EXPECT_THAT(ask(port, end, own + "Origin: null\r\n"), StartsWith("HTTP/1.1 403 "));
    EXPECT_THAT(ask(port, end, own + "Origin: http://127.0.0.1:" + std::to_string(port) + "\r\n"),
                StartsWith("HTTP/1.1 403 "));
    EXPECT_THAT(ask(port, end, own + "Sec-Fetch-Site: cross-site\r\n"), StartsWith("HTTP/1.1 403 "));
    EXPECT_THAT(ask(port, end, own + "Sec-Fetch-Site: same-site\r\n"), StartsWith("HTTP/1.1 403 "));
    EXPECT_THAT(ask(port, "GET /sessions", own + "Sec-Fetch-Site: cross-site\r\n"), StartsWith("HTTP/1.1 403 "));
    client.send("untouched");
    EXPECT_EQ(client.receive(), "untouched");
}

TEST(Admin, TakesNoNameWhateverThePublicMayCallTheServer) {
    Server server(with_admin({"--host", "*,named.example", "cat"}));
    const auto port = admin_port(server);
    EXPECT_THAT(ask(port, "GET /sessions", "Host: rebound.example\r\n"), StartsWith("HTTP/1.1 421 "));
    EXPECT_THAT(ask(port, "GET /sessions", "Host: named.example\r\n"), StartsWith("HTTP/1.1 200 "));
}

TEST(Admin, CountsCommandsOfAuthenticationAtTheirEndToo) {
    Server server(with_admin({"--auth-command", "false", "cat"}));
    const auto port = admin_port(server);
    EXPECT_EQ(status_of(server.port(), upgrade_request()), 401);
    EXPECT_EQ(sample(port, "wsinetd_command_start_seconds_count"), 1);
    EXPECT_EQ(sample(port, "wsinetd_command_exits_total{how=\"failure\"}"), 1);
}

TEST(Admin, AnswersNothingElse) {
    Server server(with_admin({"cat"}));
    const auto port = admin_port(server);
    EXPECT_THAT(ask(port, "GET /"), AllOf(StartsWith("HTTP/1.1 200 "), HasSubstr("/metrics ")));
    EXPECT_THAT(ask(port, "GET /nothing"), StartsWith("HTTP/1.1 404 "));
    EXPECT_THAT(ask(port, "POST /metrics"), AllOf(StartsWith("HTTP/1.1 405 "), HasSubstr("\r\nAllow: GET, HEAD\r\n")));
    EXPECT_THAT(ask(port, "GET /sessions/1/end"), AllOf(StartsWith("HTTP/1.1 405 "), HasSubstr("\r\nAllow: POST\r\n")));
    EXPECT_THAT(ask(port, "nonsense"), StartsWith("HTTP/1.1 400 "));
    EXPECT_THAT(ask(port, "GET /healthz", "Host: localhost\r\nX: " + std::string(20000, 'x') + "\r\n"),
                StartsWith("HTTP/1.1 431 "));
    EXPECT_THAT(ask(port, "POST /sessions/1/end", "Host: localhost\r\nContent-Length: 5\r\n\r\nhello"),
                StartsWith("HTTP/1.1 404 "));
}

TEST(Admin, ServesEightAtOnceAndTheNextWhenOneHasGone) {
    Server server(with_admin({"cat"}));
    const auto port = admin_port(server);
    std::vector<RawClient> silent;
    for (int i = 0; i < 8; ++i) {
        silent.emplace_back(port);
        silent.back().send("GET /");
        if (i < 7) EXPECT_THAT(ask(port, "GET /healthz"), StartsWith("HTTP/1.1 200 "));
    }
    RawClient next(port);
    next.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
    silent.pop_back();
    EXPECT_THAT(next.receive_all(), StartsWith("HTTP/1.1 200 "));
}

TEST(Admin, EndsWithTheServerWhateverItsClientsDo) {
    Server server(with_admin({"cat"}));
    const auto port = admin_port(server);
    RawClient silent(port);
    silent.send("GET /");
    EXPECT_THAT(ask(port, "GET /healthz"), StartsWith("HTTP/1.1 200 "));
    server.signal(SIGTERM);
    EXPECT_EQ(server.wait(), 0);
}

/// What a file of docs/examples names.
std::set<std::string> metrics_in(const std::string& path) {
    std::ifstream file(path);
    EXPECT_TRUE(file) << path;
    const std::string text(std::istreambuf_iterator<char>(file), {});
    std::set<std::string> names;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const bool begins = text.compare(at, 8, "wsinetd_") == 0 || text.compare(at, 8, "process_") == 0;
        if (!begins || (at > 0 && (std::isalnum(static_cast<unsigned char>(text[at - 1])) || text[at - 1] == '_')))
            continue;
        const auto end = text.find_first_not_of("abcdefghijklmnopqrstuvwxyz_", at);
        names.insert(text.substr(at, end - at));
        at = end - 1;
    }
    return names;
}

/// What a live server tells of, families and the samples of histograms.
std::set<std::string> metrics_told() {
    Server server(with_admin({"/bin/bash", "-c", "exit 1"}));
    const auto port = admin_port(server);
    Client(server.port()).closed();
    status_of(server.port(), "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    EXPECT_TRUE(eventually([&] { return sample(port, "wsinetd_sessions_total" + here) == 1; }));
    std::set<std::string> names;
    for (const auto& [name, value] : samples(port)) names.insert(name.substr(0, name.find('{')));
    return names;
}

TEST(Monitoring, DashboardAndRulesNameOnlyWhatTheServerTells) {
    const std::set<std::string> told = metrics_told();
    for (const char* const file : {"/grafana/wsinetd.json", "/prometheus/wsinetd.rules.yml"}) {
        const auto named = metrics_in(std::string(WSINETD_SOURCE_DIR "/docs/examples") + file);
        EXPECT_GT(named.size(), 5U);
        EXPECT_THAT(told, IsSupersetOf(named)) << file;
    }
}

TEST(Monitoring, ItsGuideNamesAllThatTheServerTellsAndNothingElse) {
    std::set<std::string> families;
    for (std::string name : metrics_told()) {
        for (const std::string_view suffix : {"_bucket", "_count", "_sum"})
            if (name.ends_with(suffix)) name.resize(name.size() - suffix.size());
        families.insert(name);
    }
    std::set<std::string> named = metrics_in(WSINETD_SOURCE_DIR "/docs/monitoring.md");
    EXPECT_EQ(named, families);
}

TEST(Monitoring, RulesAndScrapeAreRightToPromtool) {
    if (std::system("command -v promtool >/dev/null 2>&1") != 0) GTEST_SKIP() << "promtool is not installed";
    const std::string folder = WSINETD_SOURCE_DIR "/docs/examples/prometheus/";
    EXPECT_EQ(std::system(("promtool check rules '" + folder + "wsinetd.rules.yml' >/dev/null").c_str()), 0);
    EXPECT_EQ(std::system(("promtool check config '" + folder + "prometheus.yml' >/dev/null").c_str()), 0);
}

TEST(Monitoring, DashboardIsJson) {
    if (std::system("command -v python3 >/dev/null 2>&1") != 0) GTEST_SKIP() << "python3 is not installed";
    EXPECT_EQ(
        std::system("python3 -m json.tool '" WSINETD_SOURCE_DIR "/docs/examples/grafana/wsinetd.json' >/dev/null"), 0);
}

}  // namespace
}  // namespace wsinetd::fixtures::admin_test
