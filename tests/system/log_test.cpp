// What the operator reads: spec section 1, --log-level and --log-format, and section 2, "each refusal logged".
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <thread>

#include "fixtures/client.hpp"
#include "fixtures/json.hpp"
#include "fixtures/server.hpp"

namespace wsinetd::fixtures::log_test {
namespace {

using namespace std::string_literals;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::MatchesRegex;
using testing::Not;
using testing::Pair;
using testing::SizeIs;

using Record = std::map<std::string, std::string>;

std::vector<std::string> lines_of(const std::string& text) {
    EXPECT_TRUE(text.empty() || text.ends_with('\n')) << text;
    std::vector<std::string> lines;
    for (std::size_t begin = 0; begin < text.size();) {
        const auto end = std::min(text.find('\n', begin), text.size());
        lines.push_back(text.substr(begin, end - begin));
        begin = end + 1;
    }
    return lines;
}

/// Every line, or the test has failed.
std::vector<Record> records_of(const std::string& log) {
    std::vector<Record> records;
    for (const std::string& line : lines_of(log)) {
        const auto record = parse_json_object(line);
        EXPECT_TRUE(record) << line;
        if (record) records.push_back(*record);
    }
    return records;
}

std::vector<Record> records_of(const Server& server, const std::string& event) {
    std::vector<Record> records = records_of(server.log());
    std::erase_if(records, [&](const Record& record) { return record.at("event") != event; });
    return records;
}

std::vector<std::string> json(std::vector<std::string> options_and_command) {
    options_and_command.insert(options_and_command.begin(), "--log-format=json");
    return options_and_command;
}

const std::string time_pattern = "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z";

/// A pattern's own letters in `text`, taken as they are.
std::string literally(const std::string& text) {
    std::string pattern;
    for (const char c : text)
        pattern += (std::string("[](){}.*+?^$|\\/").find(c) == std::string::npos ? "" : "\\") + std::string(1, c);
    return pattern;
}

// A session's records.

TEST(Log, ASessionInText) {
    Server server({"sh", "-c", "read line; echo $line; exit 3"});
    RawClient client(server.port());
    client.send(upgrade_request({{"Origin", "http://localhost"}}, "/path?query"));
    client.receive_until("\r\n\r\n");
    client.send(client_frame(1, "hello"));     // 11 bytes
    client.receive(7 + 2 + 2 + 13);            // the message, and Close 4003 "exit status 3"
    client.send(client_frame(8, "\x0f\xa3"));  // 8 bytes
    EXPECT_EQ(client.receive_all(), "");
    client.finish();
    ASSERT_TRUE(server.logs("session ends"));
    const std::vector<std::string> lines = lines_of(server.log());
    ASSERT_THAT(lines, SizeIs(4));
    EXPECT_THAT(lines[0],
                MatchesRegex(time_pattern +
                             literally(" info listening on ws://127.0.0.1:" + std::to_string(server.port()) + "/")));
    EXPECT_THAT(
        lines[1],
        MatchesRegex(
            time_pattern + " access request remote=127\\.0\\.0\\.1:[0-9]+ " +
            literally("method=GET target=/path?query host=localhost origin=http://localhost status=101 why=\"\"")));
    EXPECT_THAT(
        lines[2],
        MatchesRegex(time_pattern + " access session begins id=[0-9a-f]{32} remote=127\\.0\\.0\\.1:[0-9]+ pid=[0-9]+"));
    EXPECT_THAT(lines[3],
                MatchesRegex(time_pattern +
                             " access session ends id=[0-9a-f]{32} code=4003 reason=\"exit status 3\" "
                             "exit=\"exited with status 3\" bytes_in=19 bytes_out=[0-9]+ seconds=[0-9]+\\.[0-9]{3}"));
    EXPECT_EQ(lines[2].substr(lines[2].find(" id="), 36), lines[3].substr(lines[3].find(" id="), 36));
}

TEST(Log, ASessionInJson) {
    Server server(json({"sh", "-c", "echo $UNIQUE_ID; kill -9 $$"}));
    Client client(server.port());
    const std::string id = client.receive().value();
    client.closed();
    ASSERT_TRUE(server.logs("session ends"));
    const std::vector<Record> records = records_of(server.log());
    ASSERT_THAT(records, SizeIs(4));
    for (const Record& record : records) EXPECT_THAT(record.at("time"), MatchesRegex(time_pattern));
    EXPECT_THAT(records[0],
                AllOf(SizeIs(3), Contains(Pair("level", "info")),
                      Contains(Pair("event", "listening on ws://127.0.0.1:" + std::to_string(server.port()) + "/"))));
    EXPECT_THAT(records[1],
                AllOf(SizeIs(10), Contains(Pair("event", "request")), Contains(Pair("level", "access")),
                      Contains(Pair("status", "101")), Contains(Pair("method", "GET")), Contains(Pair("target", "/"))));
    EXPECT_THAT(records[2], AllOf(SizeIs(6), Contains(Pair("event", "session begins")), Contains(Pair("id", id)),
                                  Contains(Pair("remote", records[1].at("remote")))));
    EXPECT_THAT(records[3], AllOf(SizeIs(10), Contains(Pair("event", "session ends")), Contains(Pair("id", id)),
                                  Contains(Pair("code", "4137")), Contains(Pair("reason", "killed by SIGKILL")),
                                  Contains(Pair("exit", "killed by SIGKILL")),
                                  Contains(Pair("seconds", MatchesRegex("[0-9]+\\.[0-9]{3}")))));
}

TEST(Log, BytesAreThoseOfTheFrames) {
    Server server(json({"cat"}));
    RawClient client(server.port());
    client.send(upgrade_request());
    client.receive_until("\r\n\r\n");
    const std::string sent =
        client_frame(1, std::string(100'000, 'x')) + client_frame(9, "ping") + client_frame(8, "\x03\xe8");
    client.send(sent);
    const std::string received = client.receive_all();
    client.finish();
    ASSERT_TRUE(server.logs("session ends"));
    EXPECT_THAT(records_of(server, "session ends"),
                ElementsAre(AllOf(Contains(Pair("bytes_in", std::to_string(sent.size()))),
                                  Contains(Pair("bytes_out", std::to_string(received.size()))),
                                  Contains(Pair("code", "1000")))));
}

TEST(Log, HowTheClientWentIsTold) {
    struct Case {
        std::string frames;
        const char* code;
        const char* reason;
    };
    for (const Case& each : {Case{client_frame(8, ""), "1005", ""}, Case{client_frame(8, "\x0f\xa0"), "4000", ""},
                             Case{client_frame(1, "\xff"), "1007", ""}, Case{client_frame(2, "x"), "1003", ""},
                             Case{client_frame(3, "x"), "1002", nullptr}, Case{"", "1006", nullptr}}) {
        Server server(json({"cat"}));
        RawClient client(server.port());
        client.send(upgrade_request() + each.frames);
        client.receive_until("\r\n\r\n");
        client.finish();
        ASSERT_TRUE(server.logs("session ends"));
        const Record end = records_of(server, "session ends").at(0);
        EXPECT_EQ(end.at("code"), each.code);
        if (each.reason) EXPECT_EQ(end.at("reason"), each.reason);
        if (!each.reason) EXPECT_NE(end.at("reason"), "") << each.code;
    }
}

TEST(Log, OverAUnixSocketTheClientHasNoAddress) {
    TemporaryFolder folder;
    const std::string path = folder.path() + "/s";
    Server server(json({"--unix-socket", path, "true"}));
    Client(0, {.unix_socket = path}).closed();
    ASSERT_TRUE(server.logs("session ends"));
    EXPECT_THAT(records_of(server, "request"), ElementsAre(Contains(Pair("remote", "unix:"))));
}

TEST(Log, ARefusedRequestIsARecordToo) {
    Server server(json({"true"}));
    answer_to(server.port(), "GET /plain HTTP/1.1\r\nHost: localhost\r\n\r\n");
    answer_to(server.port(), "nonsense\r\n\r\n");
    EXPECT_TRUE(eventually([&] { return records_of(server, "request").size() == 2; }));
    EXPECT_THAT(records_of(server, "request"),
                ElementsAre(AllOf(Contains(Pair("status", "426")), Contains(Pair("target", "/plain")),
                                  Contains(Pair("why", "no upgrade"))),
                            AllOf(Contains(Pair("status", "400")), Contains(Pair("target", "")),
                                  Not(Contains(Pair("why", ""))))));
    EXPECT_THAT(server.log(), Not(HasSubstr("session")));
}

// The command's stderr.

TEST(Log, EveryLineOfStderrIsARecordWithItsSession) {
    Server server(json(
        {"sh", "-c", "echo $UNIQUE_ID; echo one >&2; echo >&2; printf 'two \\tthree\\r\\n' >&2; printf 'no end' >&2"}));
    Client one(server.port());
    Client two(server.port());
    const std::string ids[] = {one.receive().value(), two.receive().value()};
    one.closed();
    two.closed();
    ASSERT_TRUE(eventually([&] { return records_of(server, "session ends").size() == 2; }));
    for (const std::string& id : ids) {
        std::vector<Record> lines = records_of(server, "stderr");
        std::erase_if(lines, [&](const Record& record) { return record.at("id") != id; });
        EXPECT_THAT(lines, ElementsAre(Contains(Pair("line", "one")), Contains(Pair("line", "")),
                                       Contains(Pair("line", "two \tthree")), Contains(Pair("line", "no end"))));
    }
}

TEST(Log, AVeryLongLineOfStderrIsSeveralRecords) {
    Server server(json({"sh", "-c", "head -c 100000 /dev/zero | tr '\\0' x >&2"}));
    Client(server.port()).closed();
    ASSERT_TRUE(server.logs("session ends"));
    std::size_t size = 0;
    for (const Record& record : records_of(server, "stderr")) {
        EXPECT_LE(record.at("line").size(), 2048U);
        size += record.at("line").size();
    }
    EXPECT_EQ(size, 100'000U);
}

// Hostile bytes.

/// What could end a line, start a record, or drive a terminal, in headers that the parser lets through.
const std::string hostile_field =
    "\t\" x=1\\n\\\" status=101 \xff\xfe \xc2\x9b"
    "31m \xe2\x80\xa8 {\"event\":\"fake\"}'";

TEST(Log, NothingInARequestCanBreakARecord) {
    for (const char* format : {"text", "json"}) {
        Server server({"--log-format", format, "--same-origin=false", "true"});
        std::size_t requests = 0;
        for (const std::string& request :
             {upgrade_request({{"Origin", "x" + hostile_field}}), upgrade_request({}, "/\\n{|}'`$(x)\\\\?\\r\\n"),
              upgrade_request({{"Host", "a!$&'()*+,;=b"}}), "G\x01T / HTTP/1.1\r\n\r\n" + std::string(),
              "\0\n\r\x1b[31m\x9b\n\n"s, upgrade_request({{"Origin", std::string(10'000, '\xff')}}),
              upgrade_request({{"Origin", std::string(10'000, '"')}}),
              upgrade_request({}, "/" + std::string(10'000, '\\'))}) {
            status_of(server.port(), request);
            ++requests;
        }
        ASSERT_TRUE(eventually([&] {
            const std::string log = server.log();
            std::size_t count = 0;
            for (std::size_t at = 0; (at = log.find("status", at)) != std::string::npos; ++at) ++count;
            return count >= requests && log.find("session ends") != std::string::npos;
        }));
        server.signal(SIGTERM);
        EXPECT_EQ(server.wait(), 0);
        std::size_t seen = 0;
        for (const std::string& line : lines_of(server.log())) {
            EXPECT_TRUE(is_utf8(line)) << line;
            EXPECT_TRUE(std::ranges::all_of(line, [](char c) {
                return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f;
            })) << line;
            EXPECT_THAT(line, Not(HasSubstr("\xc2\x9b"))) << line;
            if (format == std::string("json")) {
                const auto record = parse_json_object(line);
                ASSERT_TRUE(record) << line;
                seen += record->at("event") == "request";
            } else {
                EXPECT_THAT(line, testing::ContainsRegex("^" + time_pattern +
                                                         " (access|info|error) (request|session|listening|stopp)"));
                seen += line.substr(25, 14) == "access request";
            }
        }
        EXPECT_EQ(seen, requests) << format;
    }
}

TEST(Log, AValueThatIsNoWordIsQuotedInText) {
    Server server({"--same-origin=false", "true"});
    status_of(server.port(), upgrade_request({{"Origin", "a\" status=200 why=\"\\"}}));
    EXPECT_TRUE(server.logs(R"(origin="a\" status=200 why=\"\\" status=101 why="")")) << server.log();
}

TEST(Log, NothingOnStderrCanBreakARecord) {
    const std::string bytes = R"(\033[2J\a\0\200\377\302\233x\342\200\250{"event":"fake"}\r\b\\n\177)";
    for (const char* format : {"text", "json"}) {
        Server server({"--log-format", format, "sh", "-c",
                       "printf '" + bytes + "\\n2026-01-01T00:00:00.000Z fatal fake\\n' >&2"});
        Client(server.port()).closed();
        ASSERT_TRUE(server.logs("session ends"));
        const std::vector<std::string> lines = lines_of(server.log());
        EXPECT_THAT(lines, SizeIs(6));
        for (const std::string& line : lines) {
            EXPECT_TRUE(is_utf8(line)) << line;
            EXPECT_TRUE(std::ranges::all_of(line, [](char c) {
                return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f;
            })) << line;
            EXPECT_THAT(line, Not(testing::StartsWith("2026-01-01T00:00:00.000Z")));
        }
        if (format == std::string("json"))
            EXPECT_THAT(
                records_of(server, "stderr"),
                ElementsAre(
                    Contains(Pair(
                        "line",
                        "\x1b[2J\a\0\xef\xbf\xbd\xef\xbf\xbd\xc2\x9bx\xe2\x80\xa8{\"event\":\"fake\"}\r\b\\n\x7f"s)),
                    Contains(Pair("line", "2026-01-01T00:00:00.000Z fatal fake"))));
    }
}

// Levels.

TEST(Log, ALevelShowsItselfAndThoseAfterIt) {
    struct Row {
        const char* level;
        bool access, info, error;
    };
    // websocketd's order: debug, trace, access, info, error, fatal.
    for (const Row& row :
         {Row{"debug", true, true, true}, Row{"trace", true, true, true}, Row{"access", true, true, true},
          Row{"info", false, true, true}, Row{"error", false, false, true}, Row{"fatal", false, false, false}}) {
        TemporaryFolder folder;
        const std::string path = folder.path() + "/s";
        Server server({.arguments = {"--unix-socket", path, "--loglevel", row.level, "sh", "-c", "echo oops >&2"},
                       .wait_until_listening = false});
        ASSERT_TRUE(eventually([&] { return accepts(0, path); }));
        ASSERT_EQ(status_of(0, upgrade_request(), path), 101);
        ASSERT_TRUE(eventually([&] { return server.descendants().empty(); }));
        server.signal(SIGTERM);
        EXPECT_EQ(server.wait(), 0);
        const std::string log = server.log();
        EXPECT_EQ(log.find(" access request ") != std::string::npos, row.access) << row.level;
        EXPECT_EQ(log.find(" access session ends ") != std::string::npos, row.access) << row.level;
        EXPECT_EQ(log.find(" info listening on ") != std::string::npos, row.info) << row.level;
        EXPECT_EQ(log.find(" error stderr ") != std::string::npos, row.error) << row.level;
        if (!row.error) EXPECT_EQ(log, "");
    }
}

// A log nobody reads.

/// A pipe that is full, for the server's log.
class FullPipe {
public:
    FullPipe() {
        ::mkfifo(path().c_str(), 0600);
        fd_ = ::open(path().c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC);
        ::fcntl(fd_, F_SETPIPE_SZ, static_cast<int>(filling().size()));
        EXPECT_EQ(::write(fd_, filling().data(), filling().size()), static_cast<ssize_t>(filling().size()));
    }
    ~FullPipe() { ::close(fd_); }
    [[nodiscard]] std::string path() const { return folder_.path() + "/log"; }
    [[nodiscard]] std::string socket() const { return folder_.path() + "/s"; }
    static std::string filling() { return std::string(16383, 'x') + "\n"; }
    /// What is in it now; then there is room.
    std::string drain() {
        std::string text(65536, '\0');
        const ssize_t count = ::read(fd_, text.data(), text.size());
        text.resize(static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
        return text;
    }

private:
    TemporaryFolder folder_;
    int fd_;
};

bool echoes(const std::string& unix_socket) {
    Client client(0, {.unix_socket = unix_socket});
    client.send("hello");
    return client.receive() == "hello";
}

class UnreadLog : public testing::TestWithParam<const char*> {};

TEST_P(UnreadLog, DoesNotStopTheServerAndIsToldOfAfterwards) {
    FullPipe pipe;
    Server server(
        {.arguments = {"--log-format", GetParam(), "--unix-socket", pipe.socket(), "sh", "-c", "echo x >&2; cat"},
         .wrapper = {"bash", "-c", "exec \"$0\" \"$@\" 2>" + pipe.path()},
         .wait_until_listening = false});
    ASSERT_TRUE(eventually([&] { return accepts(0, pipe.socket()); }));
    for (int i = 0; i < 20; ++i) EXPECT_TRUE(echoes(pipe.socket()));
    EXPECT_EQ(pipe.drain(), FullPipe::filling());
    // Read again, it goes on, whole lines only, and tells how much is missing.
    std::string log;
    EXPECT_TRUE(eventually([&] {
        EXPECT_TRUE(echoes(pipe.socket()));
        log += pipe.drain();
        return log.find("session ends") != std::string::npos;
    }));
    EXPECT_THAT(lines_of(log).at(0), HasSubstr("log records lost"));
    for (const std::string& line : lines_of(log)) {
        if (GetParam() == std::string("json"))
            EXPECT_TRUE(parse_json_object(line)) << line;
        else
            EXPECT_THAT(line, testing::ContainsRegex("^" + time_pattern + " (access|info|error) "));
    }
}

INSTANTIATE_TEST_SUITE_P(Log, UnreadLog, testing::Values("text", "json"),
                         [](const auto& param) { return std::string(param.param); });

TEST(Log, ALogThatIsClosedDoesNotStopTheServer) {
    TemporaryFolder folder;
    const std::string path = folder.path() + "/s";
    for (const char* redirection : {"2>&-", "2>/dev/full", "2> >(exit)"}) {
        Server server({.arguments = {"--unix-socket", path, "sh", "-c", "echo x >&2; cat"},
                       .wrapper = {"bash", "-c", std::string("exec \"$0\" \"$@\" ") + redirection},
                       .wait_until_listening = false});
        ASSERT_TRUE(eventually([&] { return accepts(0, path); })) << redirection;
        EXPECT_EQ(status_of(0, upgrade_request(), path), 101) << redirection;
        EXPECT_TRUE(echoes(path)) << redirection;
        server.signal(SIGTERM);
        EXPECT_EQ(server.wait(), 0) << redirection;
    }
}

TEST(Log, AServerWithoutStdioDoesNotLogIntoItsSessions) {
    TemporaryFolder folder;
    const std::string path = folder.path() + "/s";
    Server server({.arguments = {"--unix-socket", path, "--threads", "4", "echo", "x"},
                   .wrapper = {"bash", "-c", "exec \"$0\" \"$@\" <&- >&- 2>&-"},
                   .wait_until_listening = false});
    ASSERT_TRUE(eventually([&] { return accepts(0, path); }));
    ASSERT_EQ(status_of(0, upgrade_request(), path), 101);
    std::vector<std::thread> crowd;  // while one loop starts a command, another writes a record
    std::atomic<int> wrong = 0;
    for (int i = 0; i < 4; ++i)
        crowd.emplace_back([&] {
            for (int k = 0; k < 50; ++k)
                if (Client(0, {.unix_socket = path}).receive_all() != std::vector<std::string>{"x"}) ++wrong;
        });
    for (std::thread& each : crowd) each.join();
    EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace wsinetd::fixtures::log_test
