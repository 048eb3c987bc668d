// Configuration files and their reload: spec sections 4 and 6.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include "fixtures/answer.hpp"
#include "fixtures/client.hpp"
#include "fixtures/server.hpp"

namespace wsinetd::config_file_test {
namespace {

using namespace fixtures;
using testing::HasSubstr;
using testing::Not;

class ConfigFile : public testing::Test {
protected:
    [[nodiscard]] std::string path(const std::string& name) const { return folder_.path() + "/" + name; }

    void write(const std::string& text, const std::string& name = "w.toml") const { std::ofstream(path(name)) << text; }

    [[nodiscard]] Server serve(std::vector<std::string> arguments = {}) const {
        arguments.insert(arguments.begin(), {"--config", path("w.toml")});
        return Server(std::move(arguments));
    }

    TemporaryFolder folder_;
};

std::string endpoint(const std::string& path, const std::string& script, const std::string& more = "") {
    return "[[endpoint]]\npath = \"" + path + "\"\ncommand = [\"bash\", \"-c\", '" + script + "']\n" + more;
}

/// How many reloads the log tells of.
std::size_t reloads(const Server& server) {
    const std::string log = server.log();
    std::size_t count = 0;
    for (auto at = log.find("configuration reloaded"); at != std::string::npos;
         at = log.find("configuration reloaded", at + 1))
        ++count;
    return count;
}

/// Sends SIGHUP and waits until it is told that the new configuration counts.
void reload(const Server& server) {
    const std::size_t before = reloads(server);
    server.signal(SIGHUP);
    ASSERT_TRUE(eventually([&] { return reloads(server) > before; })) << server.log();
}

int status_at(const Server& server, const std::string& path, const Headers& headers = {}) {
    return status_of(server.port(), upgrade_request(headers, path));
}

/// Waits for it: a loop hears of a new configuration a moment after the log does.
bool comes_to(const Server& server, const std::string& path, int status) {
    return eventually([&] { return status_at(server, path) == status; });
}

std::string said_at(const Server& server, const std::string& path) {
    return Client(server.port(), {.path = path}).receive().value_or("");
}

TEST_F(ConfigFile, ServesEachPathByItsOwnEndpoint) {
    std::filesystem::create_directory(path("scripts"));
    static_cast<void>(folder_.script("scripts/greet", "#!/bin/sh\necho greet $SCRIPT_NAME $PATH_INFO\n"));
    write("env = [\"WHO=top\"]\n" + endpoint("/a", "echo a $SCRIPT_NAME \"$PATH_INFO\" $WHO") +
          endpoint("/logs/*", "echo logs $SCRIPT_NAME $PATH_INFO $WHO", "env = { WHO = \"logs\" }\n") +
          endpoint("/logs/exact", "echo exact") + "[[endpoint]]\npath = \"/s/*\"\ndir = \"scripts\"\n");
    const Server server = serve();
    EXPECT_EQ(said_at(server, "/a"), "a /a  top");
    EXPECT_EQ(said_at(server, "/logs/x/y"), "logs /logs /x/y logs");
    EXPECT_EQ(said_at(server, "/logs/exact"), "exact");
    EXPECT_EQ(said_at(server, "/s/greet/more"), "greet /s/greet /more");
    for (const std::string none : {"/", "/logs", "/a/", "/s/", "/s/none", "/other"})
        EXPECT_EQ(status_at(server, none), 404) << none;
}

TEST_F(ConfigFile, HasTheConsoleAtEachEndpointOfOnePathBesideFiles) {
    std::filesystem::create_directory(path("files"));
    std::ofstream(path("files/index.html")) << "a page";
    write("dev-console = true\nstatic-dir = \"files\"\n" + endpoint("/a", "echo a") + endpoint("/logs/*", "echo logs"));
    const Server server = serve();
    const auto page_at = [&](const std::string& at) {
        return answer_to(server.port(), "GET " + at + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
    };
    EXPECT_THAT(page_at("/a"), testing::AllOf(HasSubstr(" 200 "), HasSubstr("Content-Security-Policy")));
    EXPECT_THAT(page_at("/"), testing::AllOf(HasSubstr(" 200 "), Not(HasSubstr("Content-Security-Policy"))));
    for (const std::string none : {"/logs/x", "/b", "/a/b"}) EXPECT_THAT(page_at(none), HasSubstr(" 404 ")) << none;
}

TEST_F(ConfigFile, LeavesAllOtherPathsToTheCommandLinesCommand) {
    write(endpoint("/a", "echo a"));
    const Server server = serve({"bash", "-c", "echo rest $SCRIPT_NAME $PATH_INFO"});
    EXPECT_EQ(said_at(server, "/a"), "a");
    EXPECT_EQ(said_at(server, "/b"), "rest /b");
}

TEST_F(ConfigFile, GivesEachEndpointItsOwnFramingAndLimits) {
    write("max-message-size = 4\n" + endpoint("/raw", "exec cat", "framing = \"raw\"\n") +
          endpoint("/large", "exec cat", "max-message-size = 100\n") + endpoint("/small", "exec cat"));
    const Server server = serve();
    Client raw(server.port(), {.path = "/raw"});
    raw.send_binary("abc");
    EXPECT_EQ(raw.receive(), "abc");
    EXPECT_FALSE(raw.received_text());
    Client large(server.port(), {.path = "/large"});
    large.send("12345");
    EXPECT_EQ(large.receive(), "12345");
    Client small(server.port(), {.path = "/small"});
    small.send("12345");
    EXPECT_EQ(small.closed().code, 1009);
}

TEST_F(ConfigFile, CountsTheCommandsOfAnEndpointBesidesThoseOfTheServer) {
    write("max-processes = 3\n" + endpoint("/one", "echo; exec cat", "max-processes = 1\n") +
          endpoint("/many", "echo; exec cat"));
    const Server server = serve();
    auto one = std::make_unique<Client>(server.port(), ClientOptions{.path = "/one"});
    EXPECT_EQ(status_at(server, "/one"), 503);
    EXPECT_THAT(server.log(), HasSubstr("max-processes of this endpoint reached"));
    const Client second(server.port(), {.path = "/many"});
    const Client third(server.port(), {.path = "/many"});
    EXPECT_EQ(status_at(server, "/many"), 503);
    EXPECT_TRUE(server.logs("--max-processes reached"));
    one->close();
    EXPECT_TRUE(comes_to(server, "/one", 101));
}

TEST_F(ConfigFile, LetsOriginsOfAnEndpointTakeThePlaceOfTheServers) {
    write("origin = [\"top.example\"]\n" + endpoint("/own", "exec cat", "origin = [\"own.example\"]\n") +
          endpoint("/none", "exec cat", "origin = []\n") + endpoint("/top", "exec cat"));
    const Server server = serve();
    const auto status = [&](const std::string& path, const std::string& origin) {
        return status_at(server, path, {{"Origin", "https://" + origin}});
    };
    EXPECT_EQ(status("/own", "own.example"), 101);
    EXPECT_EQ(status("/own", "top.example"), 403);
    EXPECT_EQ(status("/top", "top.example"), 101);
    EXPECT_EQ(status("/top", "own.example"), 403);
    EXPECT_EQ(status("/none", "top.example"), 403);
}

TEST_F(ConfigFile, ServesNothingUntilSomethingIsIncluded) {
    write("include = \"conf.d/*.toml\"\n");
    const Server server = serve();
    EXPECT_EQ(status_at(server, "/a"), 404);
    std::filesystem::create_directory(path("conf.d"));
    write(endpoint("/a", "echo there"), "conf.d/a.toml");
    reload(server);
    EXPECT_TRUE(comes_to(server, "/a", 101));
    EXPECT_EQ(said_at(server, "/a"), "there");
}

TEST_F(ConfigFile, IsCheckedAndPrinted) {
    write("prot = 1\n" + endpoint("/a", "true", "cwd = \"none\"\n"));
    const Result wrong = run({"--config", path("w.toml"), "--check"});
    EXPECT_EQ(wrong.status, 2);
    EXPECT_THAT(wrong.err,
                HasSubstr("wsinetd: " + path("w.toml") + ":1:1: \"prot\" is not an option; did you mean port?"));
    EXPECT_THAT(wrong.err,
                HasSubstr("wsinetd: " + path("w.toml") + ":5:7: cwd: \"" + path("none") + "\" does not exist"));
    EXPECT_EQ(run({"--config", path("w.toml"), "--print-config"}).out, "");
    write(endpoint("/a", "true"));
    const Result right = run({"--config", path("w.toml"), "--check"});
    EXPECT_EQ(right.status, 0);
    EXPECT_EQ(right.out + right.err, "");
    const Result printed = run({"--config", path("w.toml"), "--port", "7", "--print-config"});
    EXPECT_EQ(printed.status, 0);
    EXPECT_THAT(printed.out, HasSubstr("port = 7\n"));
    write(printed.out, "printed.toml");
    EXPECT_EQ(run({"--config", path("printed.toml"), "--print-config"}).out, printed.out);
}

TEST_F(ConfigFile, PointsToTheFileForCertificatesThatAreWrong) {
    write("tls-cert = \"c.pem\"\ntls-key = \"k.pem\"\n" + endpoint("/a", "true"));
    const Result result = run({"--config", path("w.toml"), "--check"});
    EXPECT_EQ(result.status, 2);
    EXPECT_THAT(result.err, HasSubstr("w.toml:1:12: tls-cert: cannot read \"" + path("c.pem") + "\""));
}

using Reload = ConfigFile;

TEST_F(Reload, AnswersARemovedEndpoints404AndLetsItsSessionsGoOn) {
    write(endpoint("/old", "exec cat") + endpoint("/stays", "exec cat"));
    const Server server = serve();
    Client old(server.port(), {.path = "/old"});
    write(endpoint("/new", "exec cat") + endpoint("/stays", "exec cat"));
    reload(server);
    EXPECT_TRUE(comes_to(server, "/old", 404));
    EXPECT_EQ(status_at(server, "/new"), 101);
    EXPECT_EQ(status_at(server, "/stays"), 101);
    old.send("still here");
    EXPECT_EQ(old.receive(), "still here");
    EXPECT_EQ(old.close().code, 1000);
}

TEST_F(Reload, ChangesTheFramingOfNewSessionsOnly) {
    write(endpoint("/a", "exec cat", "framing = \"lines\"\n"));
    const Server server = serve();
    Client old(server.port(), {.path = "/a"});
    write(endpoint("/a", "exec cat", "framing = \"raw\"\n"));
    reload(server);
    EXPECT_TRUE(eventually([&] {
        Client next(server.port(), {.path = "/a"});
        next.send_binary("x");
        return next.receive() == "x" && !next.received_text();
    }));
    old.send("a line");
    EXPECT_EQ(old.receive(), "a line");
    EXPECT_TRUE(old.received_text());
    old.send_binary("x");
    EXPECT_EQ(old.closed().code, 1003);
}

TEST_F(Reload, OfAFileWithAMistakeChangesNothing) {
    write(endpoint("/a", "exec cat"));
    const Server server = serve();
    Client old(server.port(), {.path = "/a"});
    const std::pair<std::string, std::string> mistakes[] = {
        {"prot = 1\n" + endpoint("/b", "exec cat"), "w.toml:1:1: \\\"prot\\\" is not an option; did you mean port?"},
        {endpoint("/b", "exec cat", "cwd = \"gone\"\n"), "w.toml:4:7: cwd: "},
        {"log-level = \"fatal\"\nmax-connections = \"x\"\n" + endpoint("/b", "exec cat"),
         "w.toml:2:19: max-connections"},
        {"[[", "w.toml:1:"},
        {"", "nothing to serve"},
    };
    for (const auto& [text, why] : mistakes) {
        write(text);
        server.signal(SIGHUP);
        EXPECT_TRUE(server.logs(why)) << text;
        EXPECT_EQ(status_at(server, "/b"), 404);
        EXPECT_EQ(status_at(server, "/a"), 101);
    }
    EXPECT_THAT(server.log(), HasSubstr("SIGHUP: the old configuration stays"));
    EXPECT_EQ(reloads(server), 0u);
    std::remove(path("w.toml").c_str());
    server.signal(SIGHUP);
    EXPECT_TRUE(server.logs("does not exist"));
    EXPECT_EQ(status_at(server, "/a"), 101);
    old.send("still here");
    EXPECT_EQ(old.receive(), "still here");
}

TEST_F(Reload, LowersALimitBelowWhatIsRunning) {
    const auto text = [](int count) {
        return endpoint("/a", "exec cat", "max-processes = " + std::to_string(count) + "\n") +
               endpoint("/b", "exec cat");
    };
    write(text(3));
    const Server server = serve();
    std::vector<Client> clients;
    for (int i = 0; i < 3; ++i) clients.emplace_back(server.port(), ClientOptions{.path = "/a"});
    write(text(1));
    reload(server);
    for (int left = 2; left >= 0; --left) {
        EXPECT_TRUE(comes_to(server, "/a", 503));
        clients.back().send("still here");
        EXPECT_EQ(clients.back().receive(), "still here");
        clients.back().close();
        clients.pop_back();
    }
    EXPECT_TRUE(comes_to(server, "/a", 101));
    write("max-processes = 1\n" + text(0));
    const Client last(server.port(), {.path = "/b"});
    reload(server);
    EXPECT_EQ(status_at(server, "/a"), 503);
    EXPECT_TRUE(server.logs("--max-processes reached"));
}

TEST_F(Reload, AppliesTheLogsLevelAndFormat) {
    write(endpoint("/a", "exec cat"));
    const Server server = serve();
    write("log-level = \"info\"\nlog-format = \"json\"\n" + endpoint("/a", "exec cat"));
    server.signal(SIGHUP);
    ASSERT_TRUE(server.logs("\"event\":\"SIGHUP: configuration reloaded\""));
    const std::size_t before = server.log().size();
    EXPECT_EQ(status_at(server, "/none"), 404);
    reload(server);
    EXPECT_THAT(server.log().substr(before), Not(HasSubstr("/none")));
}

TEST_F(Reload, KeepsListenersAndThreadsAndSaysSo) {
    write("threads = 1\n" + endpoint("/a", "exec cat"));
    const Server server = serve();
    write("threads = 2\nunix-socket = \"s\"\nproxy-protocol = [\"tcp\"]\n" + endpoint("/b", "exec cat"));
    reload(server);
    EXPECT_TRUE(comes_to(server, "/b", 101));
    EXPECT_THAT(server.log(), HasSubstr("SIGHUP: a change is left out, which takes a restart option=threads"));
    EXPECT_THAT(server.log(), HasSubstr("SIGHUP: a change is left out, which takes a restart option=unix-socket"));
    EXPECT_THAT(server.log(), HasSubstr("SIGHUP: a change is left out, which takes a restart option=proxy-protocol"));
    EXPECT_THAT(server.log(), Not(HasSubstr("option=port")));
    EXPECT_FALSE(accepts(0, path("s")));
}

TEST_F(Reload, ReachesRequestsOnConnectionsThatAreOpen) {
    write("header = [\"X-Version: 1\"]\n" + endpoint("/a", "exec cat"));
    const Server server = serve();
    RawClient client(server.port());
    client.send(request_for({.target = "/none"}));
    EXPECT_THAT(receive_whole(client).head, HasSubstr("X-Version: 1"));
    write("header = [\"X-Version: 2\"]\n" + endpoint("/a", "exec cat"));
    reload(server);
    EXPECT_TRUE(eventually([&] {
        client.send(request_for({.target = "/none"}));
        return receive_whole(client).head.find("X-Version: 2") != std::string::npos;
    }));
}

TEST_F(Reload, TwoHundredTimesUnderLoadLosesNoSessionAndNoMessage) {
    const auto text = [](int i) {
        return "max-processes = " + std::to_string(100 + i) + "\nidle-timeout = \"" + std::to_string(60 + i) + "m\"\n" +
               endpoint("/echo", "exec cat") + endpoint("/" + std::to_string(i), "exec cat");
    };
    write(text(0));
    const Server server = serve({"--threads", "2", "--log-level", "info"});
    std::atomic<bool> done = false;
    std::atomic<int> echoed = 0;
    std::atomic<int> lost = 0;
    std::vector<std::jthread> load;
    for (int i = 0; i < 3; ++i)
        load.emplace_back([&] {
            Client client(server.port(), {.path = "/echo"});
            for (int n = 0; !done; ++n) {
                const std::string message = "message " + std::to_string(n);
                client.send(message);
                const auto answer = client.receive();
                ++echoed;
                if (answer == message) continue;
                ++lost;
                ADD_FAILURE() << message << " was answered by "
                              << answer.value_or("a Close: " + client.closed().reason);
                return;
            }
            if (client.close() != closed_with(1000)) ++lost;
        });
    load.emplace_back([&] {
        while (!done) {
            Client client(server.port(), {.path = "/echo"});
            client.send("one");
            if (client.receive() != "one" || client.close() != closed_with(1000)) ++lost;
            ++echoed;
        }
    });
    for (int i = 1; i <= 200; ++i) {
        write(text(i));
        reload(server);
    }
    EXPECT_TRUE(comes_to(server, "/200", 101));
    EXPECT_EQ(status_at(server, "/199"), 404);
    done = true;
    load.clear();
    EXPECT_EQ(lost, 0);
    EXPECT_GT(echoed, 200);
    EXPECT_THAT(server.log(), Not(HasSubstr("error")));
}

}  // namespace
}  // namespace wsinetd::config_file_test
