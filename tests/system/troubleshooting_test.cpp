// docs/troubleshooting.md: what it says can be seen is brought about, and the program says what the page says it does.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>

#include "fixtures/client.hpp"
#include "fixtures/command.hpp"
#include "fixtures/page.hpp"
#include "fixtures/server.hpp"
#include "fixtures/tls_client.hpp"

namespace wsinetd::fixtures::troubleshooting_test {
namespace {

namespace fs = std::filesystem;
using testing::IsEmpty;

const std::string page_path = WSINETD_SOURCE_DIR "/docs/troubleshooting.md";

/// The page's lines of that kind (log, printed) below a heading.
Lines told_below(const std::string& heading, const std::string& kind) {
    Lines told;
    for (const Block& block : read_page(page_path).blocks)
        if (block.heading == heading && block.kind == kind)
            told.insert(told.end(), block.lines.begin(), block.lines.end());
    EXPECT_THAT(told, testing::Not(IsEmpty())) << heading;
    return told;
}

/// Those of `told` that nothing in `seen` is like.
Lines unseen(const Lines& told, const Lines& seen) {
    Lines rest;
    for (const std::string& line : told)
        if (std::ranges::none_of(seen, [&](const std::string& each) { return is_like(each, line); }))
            rest.push_back(line);
    return rest;
}

/// Records without their times.
Lines records_of(const std::string& log) {
    Lines records = lines_of(log);
    for (std::string& each : records) each.erase(0, each.find(' ') + 1);
    return records;
}

/// Collects what servers have logged.
class Logs {
public:
    void add(const Server& server) { servers_.push_back(&server); }
    [[nodiscard]] Lines seen() const {
        Lines all;
        for (const Server* server : servers_)
            for (std::string& each : records_of(server->log())) all.push_back(std::move(each));
        return all;
    }

private:
    std::vector<const Server*> servers_;
};

/// Waits for every line of the page below `heading` to be in one of the logs.
template <typename... Servers>
void expect_in_logs(const std::string& heading, const Servers&... servers) {
    Logs logs;
    (logs.add(servers), ...);
    const Lines told = told_below(heading, "log");
    eventually([&] { return unseen(told, logs.seen()).empty(); });
    EXPECT_THAT(unseen(told, logs.seen()), IsEmpty()) << testing::PrintToString(logs.seen());
}

void get(const Server& server, const std::string& fields = "Host: localhost\r\n") {
    status_of(server.port(), "GET / HTTP/1.1\r\n" + fields + "\r\n");
}

// A client does not get in.

TEST(Troubleshooting, ABrowserSays1006) {
    Server server({"cat"});
    Client(server.port()).reset();
    Client(server.port()).finish();
    expect_in_logs("The browser says 1006", server);
}

TEST(Troubleshooting, Status400) {
    const ServerFiles files;
    Server secure(files.options({"cat"}));
    get(secure);
    Server plain({"--trusted-proxy", "127.0.0.1", "cat"});
    EXPECT_ANY_THROW(TlsClient(plain.port()));
    get(plain, "Host: localhost\r\nForwarded: for=192.0.2.1\r\nX-Forwarded-For: 192.0.2.2\r\n");
    expect_in_logs("400", secure, plain);
}

TEST(Troubleshooting, Status401) {
    const TemporaryFolder folder;
    Server server({"--auth-token-file", folder.script("tokens", "ada 2f8c1b\n"), "cat"});
    status_of(server.port(), upgrade_request());
    status_of(server.port(), upgrade_request({{"Authorization", "Bearer wrong"}}));
    expect_in_logs("401", server);
}

TEST(Troubleshooting, Status403) {
    Server server({"cat"});
    status_of(server.port(), upgrade_request({{"Origin", "https://app.example"}}));
    Server behind({"--trusted-proxy", "192.0.2.1", "--auth-header", "X-User", "cat"});
    status_of(behind.port(), upgrade_request({{"X-User", "ada"}}));
    expect_in_logs("403", server, behind);
}

TEST(Troubleshooting, Status404) {
    const TemporaryFolder folder;
    const std::string file = folder.path() + "/wsinetd.toml";
    std::ofstream(file) << "[[endpoint]]\npath = \"/chat\"\ncommand = [\"cat\"]\n";
    Server server({"--config", file});
    EXPECT_EQ(status_of(server.port(), upgrade_request({}, "/chat")), 101);
    status_of(server.port(), upgrade_request({}, "/chat/"));
    expect_in_logs("404", server);
}

TEST(Troubleshooting, Status421) {
    Server server({"cat"});
    status_of(server.port(), upgrade_request({{"Host", "chat.lan"}}));
    expect_in_logs("421", server);
}

TEST(Troubleshooting, Status426) {
    Server server({"cat"});
    get(server);
    expect_in_logs("426", server);
}

TEST(Troubleshooting, Status429) {
    Server server({"--max-per-client", "1", "cat"});
    Client first(server.port());
    status_of(server.port(), upgrade_request());
    expect_in_logs("429", server);
}

TEST(Troubleshooting, Status431) {
    Server server({"cat"});
    status_of(server.port(), upgrade_request({{"Cookie", std::string(17 * 1024, 'x')}}));
    expect_in_logs("431", server);
}

TEST(Troubleshooting, Status500) {
    const TemporaryFolder folder;
    const std::string gone = folder.script("gone", "#!/bin/sh\n");
    Server first({gone});
    fs::remove(gone);
    status_of(first.port(), upgrade_request());
    Server second({folder.script("plain", "echo hello\n")});
    status_of(second.port(), upgrade_request());
    expect_in_logs("500", first, second);
}

TEST(Troubleshooting, Status502) {
    const TemporaryFolder folder;
    static_cast<void>(folder.script("hello", "#!/bin/sh\necho hello\n"));
    Server server({"--cgi-dir", folder.path()});
    status_of(server.port(), "GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n");
    expect_in_logs("502 and 504", server);
}

TEST(Troubleshooting, Status503) {
    Server all({"--max-processes", "1", "cat"});
    Client first(all.port());
    status_of(all.port(), upgrade_request());
    const TemporaryFolder folder;
    const std::string file = folder.path() + "/wsinetd.toml";
    std::ofstream(file) << "[[endpoint]]\npath = \"/\"\ncommand = [\"cat\"]\nmax-processes = 1\n";
    Server one({"--config", file});
    Client second(one.port());
    status_of(one.port(), upgrade_request());
    Server poor({.arguments = {"cat"}, .descriptors = 40});
    std::vector<RawClient> crowd;
    for (int i = 0; i < 60; ++i) {
        crowd.emplace_back(poor.port());
        crowd.back().send(upgrade_request());
    }
    expect_in_logs("503, or too many open files", all, one, poor);
}

TEST(Troubleshooting, ATlsHandshakeFails) {
    const ServerFiles files;
    const Identity authority = make_identity({.common_name = "CA", .authority = true});
    Server server(files.options({"--tls-client-ca", files.folder().write("ca.pem", authority.certificate), "cat"}));
    for (const std::string& trusted : {std::string(), authority.certificate})
        EXPECT_ANY_THROW(TlsClient(server.port(), {.trusted = trusted}));
    expect_in_logs("The page loads, but its WebSocket is refused", server);
}

// Messages are not as expected.

TEST(Troubleshooting, OutputComesInBlocks) {
    if (std::system("command -v perl >/dev/null 2>&1") != 0) GTEST_SKIP() << "perl is not installed";
    // Perl keeps 8 KiB back; this is C's stdio, with its blocks.
    Server server({"perl", "-e", "for (1 .. 20) { syswrite STDOUT, ('x' x 99 . qq(\\n)) x 40 . 'x' x 96; sleep 1 }"});
    Client client(server.port());
    expect_in_logs("Output comes late, or in lumps", server);
}

TEST(Troubleshooting, OutputIsNoMessage) {
    Server server(bash("echo 'Server starting up'; printf 'Content-Length: 2\\r\\n\\r\\nok'; cat",
                       {"--framing", "content-length"}));
    Client client(server.port());
    EXPECT_EQ(client.receive(), "ok");
    expect_in_logs("Messages of a language server or an MCP server are missing", server);
}

/// Ends only when its input does.
TEST(Troubleshooting, NothingComesUntilTheClientLeavesOrHasSaidThatItIsAll) {
    Server server({"--eof-message", "that is all", "sort"});
    Client client(server.port());
    for (const char* const line : {"b", "a", "that is all"}) client.send(line);
    EXPECT_THAT(client.receive_all(), testing::ElementsAre("a", "b"));
}

// The connection closes.

/// The code that is logged when a session has ended.
std::string code_logged(const Server& server) {
    EXPECT_TRUE(server.logs("session ends"));
    const std::string log = server.log();
    std::smatch match;
    std::regex_search(log, match, std::regex("session ends .* code=([0-9]+)"));
    return match[1];
}

void nothing(Client&) {}

/// That of a session with a command for the shell, and a client that does something.
std::string code_of(const std::string& command, const std::function<void(Client&)>& act = nothing,
                    std::vector<std::string> options = {}) {
    options.insert(options.end(), {"sh", "-c", command});
    Server server(options);
    Client client(server.port());
    act(client);
    client.closed();
    return code_logged(server);
}

std::string code_when_stopped(std::vector<std::string> options) {
    options.emplace_back("cat");
    Server server(options);
    Client client(server.port());
    server.signal(SIGTERM);
    client.closed();
    return code_logged(server);
}

std::string code_of_frame(const std::string& frame) {
    Server server({"cat"});
    RawClient client(server.port());
    client.send(upgrade_request() + frame);
    return code_logged(server);
}

/// Every row of the page's table of codes is one of these, and each comes about as it says.
TEST(Troubleshooting, EveryCloseCode) {
    const TemporaryFolder folder;
    const std::string plain = folder.path() + "/plain";
    std::ofstream(plain) << "echo\n";
    const std::string broken = "Content-Length: x\\r\\n\\r\\n";
    const std::map<std::string, std::function<std::string()>> ways{
        {"1000", [] { return code_of("true"); }},
        {"1001", [] { return code_when_stopped({}); }},
        {"1002", [] { return code_of_frame("\x81\x02hi"); }},  // without a mask
        {"1003", [] { return code_of("cat", [](Client& client) { client.send_binary("x"); }); }},
        {"1005", [] { return code_of("cat", [](Client& client) { client.close(0); }); }},
        {"1006", [] { return code_of("cat", [](Client& client) { client.finish(); }); }},
        {"1007", [] { return code_of_frame(client_frame(1, "\xff")); }},
        {"1009",
         [] {
             return code_of("cat", [](Client& client) { client.send("xx"); }, {"--max-message-size", "1"});
         }},
        {"1011",
         [&] {
             return code_of("printf '" + broken + "'", nothing, {"--framing", "content-length"});
         }},
        {"1012",
         [] {
             return code_when_stopped({"--shutdown-code", "1012"});
         }},
        {"4003", [] { return code_of("exit 3"); }},
        {"4126", [&] { return code_of(plain); }},
        {"4127", [] { return code_of("nonesuch"); }},
        {"4137", [] { return code_of("kill -KILL $$"); }},
        {"4139",
         [] {
             return code_of("kill -SEGV $$", nothing, {"--limit-core", "0"});
         }},
        {"4152",
         [] {
             return code_of("while :; do :; done", nothing, {"--limit-cpu", "1"});
         }},
    };
    std::set<std::string> rows;
    for (const std::string& line : lines_of(contents_of(page_path)))
        if (std::smatch match; std::regex_search(line, match, std::regex(R"(^\| (\d{4}) \|)"))) rows.insert(match[1]);
    std::set<std::string> brought_about;
    for (const auto& [code, way] : ways) {
        EXPECT_EQ(way(), code);
        brought_about.insert(code);
    }
    EXPECT_EQ(rows, brought_about);
}

TEST(Troubleshooting, TheConnectionClosesAndTheLogSaysWhy) {
    Server missing({"sh", "-c", "nonesuch"});
    Client(missing.port()).closed();
    Server broken({"--framing", "content-length", "sh", "-c", "printf 'Content-Length: x\\r\\n\\r\\n'"});
    Client(broken.port()).closed();
    expect_in_logs("The connection closes", missing, broken);
}

TEST(Troubleshooting, TheProxyDoesNotSpeakTheProxyProtocol) {
    Server server({"--proxy-protocol", "tcp", "cat"});
    status_of(server.port(), upgrade_request());
    expect_in_logs("It works locally, but not behind the proxy", server);
}

// The service.

TEST(Troubleshooting, TheServiceDoesNotStart) {
    const TemporaryFolder folder;
    const std::string file = folder.path() + "/wsinetd.toml";
    std::ofstream(file) << "prot = 80\ncommand = [\"cat\"]\n";
    Server first({"cat"});
    Lines printed;
    const auto add = [&](const std::vector<std::string>& arguments, int status) {
        const Result result = run(arguments);
        EXPECT_EQ(result.status, status) << result.err;
        for (std::string& line : lines_of(result.err)) printed.push_back(std::move(line));
    };
    add({"--address", "127.0.0.1", "--port", std::to_string(first.port()), "cat"}, 1);
    add({"--check", "nonesuch"}, 2);
    add({"--check", "--config", file}, 2);
    EXPECT_THAT(unseen(told_below("It does not start", "printed"), printed), IsEmpty())
        << testing::PrintToString(printed);
}

TEST(Troubleshooting, AReloadDoesNothing) {
    const TemporaryFolder folder;
    const std::string file = folder.path() + "/wsinetd.toml";
    const auto write = [&](const std::string& text) {
        std::ofstream(file) << text << "[[endpoint]]\npath = \"/\"\ncommand = [\"cat\"]\n";
    };
    write("");
    Server server({"--config", file});
    write("[[endpoint]]\npath = \"/x\"\ncomand = [\"cat\"]\n");
    server.signal(SIGHUP);
    EXPECT_TRUE(server.logs("the old configuration stays"));
    write("unix-socket = \"" + folder.path() + "/socket\"\n");
    server.signal(SIGHUP);
    Server without({"cat"});
    Client(without.port()).close();  // ThreadSanitizer keeps a signal back that comes while a thread begins to wait
    without.signal(SIGHUP);
    expect_in_logs("A reload did nothing", server, without);
    const Result result = run({"--reload", std::to_string(server.pid())});
    EXPECT_EQ(result.status, 1);
    EXPECT_THAT(unseen(told_below("A reload did nothing", "printed"), lines_of(result.err)), IsEmpty()) << result.err;
}

// What the log says.

/// Of every `write(log::Level::..., "..."` in the sources, what stands first between the quotes.
std::set<std::string> records_there_are() {
    std::set<std::string> records;
    const std::regex write(R"(Level::\w+, (?:certificate_alone \? )?"([^"]+)\")");
    for (const auto& entry : fs::recursive_directory_iterator(WSINETD_SOURCE_DIR "/src")) {
        if (!entry.is_regular_file()) continue;
        const std::string text = contents_of(entry.path());
        for (std::sregex_iterator at(text.begin(), text.end(), write), end; at != end; ++at)
            if (entry.path().parent_path().filename() != "config") records.insert((*at)[1]);
    }
    return records;
}

TEST(Troubleshooting, EveryRecordOfTheLogIsExplained) {
    Lines explained;
    for (const std::string& line : lines_of(contents_of(page_path))) {
        const std::regex row(R"(^\| (?:debug|access|info|error|error, fatal) \| (.*?) \|)");
        std::smatch match;
        if (!std::regex_search(line, match, row)) continue;
        const std::string names = match[1];
        const std::regex name("`([^`]+)`");
        for (std::sregex_iterator at(names.begin(), names.end(), name), end; at != end; ++at)
            explained.push_back((*at)[1]);
    }
    const std::set<std::string> records = records_there_are();
    EXPECT_GT(records.size(), 20U);
    for (const std::string& record : records)
        EXPECT_TRUE(std::ranges::any_of(explained, [&](const std::string& each) {
            return is_like(record, each) || is_like(record + "x", each);
        })) << record;
    for (const std::string& each : explained)
        EXPECT_TRUE(std::ranges::any_of(records, [&](const std::string& record) {
            return is_like(record, each) || is_like(record + "x", each);
        })) << each;
}

}  // namespace
}  // namespace wsinetd::fixtures::troubleshooting_test
