#include "log/log.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <thread>
#include <vector>

namespace wsinetd::log::log_test {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::MatchesRegex;
using testing::SizeIs;

/// A pipe that the test reads when it likes.
class Pipe {
public:
    Pipe() {
        EXPECT_EQ(::pipe2(ends_.data(), O_CLOEXEC), 0);
        ::fcntl(ends_[0], F_SETFL, O_NONBLOCK);
    }
    ~Pipe() {
        for (const int end : ends_) ::close(end);
    }
    Pipe(const Pipe&) = delete;
    Pipe& operator=(const Pipe&) = delete;

    [[nodiscard]] int write_end() const { return ends_[1]; }

    /// Everything that lies in it now.
    std::string read() {
        std::string all;
        std::array<char, 65536> space{};
        for (ssize_t count = 0; (count = ::read(ends_[0], space.data(), space.size())) > 0;)
            all.append(space.data(), static_cast<std::size_t>(count));
        return all;
    }

    /// Makes it as small as a pipe can be, and full but for `room` pages.
    void fill_up_to_pages(int room) {
        const int size = ::fcntl(ends_[1], F_SETPIPE_SZ, 2 * 4096);
        const std::string page(4095, '.');  // with its newline a page
        for (int left = size / 4096 - room; left > 0; --left)
            ASSERT_EQ(::write(ends_[1], (page + "\n").data(), 4096), 4096);
        pollfd poll{ends_[1], POLLOUT, 0};
        ASSERT_EQ(::poll(&poll, 1, 0), room > 0 ? 1 : 0);
    }

private:
    std::array<int, 2> ends_{};
};

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    for (std::size_t begin = 0; begin < text.size();) {
        const auto end = text.find('\n', begin);
        if (end == std::string::npos) {
            lines.push_back(text.substr(begin) + " (without newline)");
            break;
        }
        lines.push_back(text.substr(begin, end - begin));
        begin = end + 1;
    }
    return lines;
}

/// A record of this moment.
auto text_record(const std::string& rest) {
    return MatchesRegex("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z " + rest);
}

TEST(Log, WritesOneLineARecord) {
    Pipe pipe;
    Log log(Level::debug, Format::text, pipe.write_end());
    log.write(Level::info, "listening on ws://127.0.0.1:8080/");
    log.write(Level::error, "cannot\naccept", {{"error", "Too many open files"}, {"count", std::uint64_t{2}}});
    EXPECT_THAT(lines_of(pipe.read()),
                ElementsAre(text_record("info listening on ws://127\\.0\\.0\\.1:8080/"),
                            text_record("error cannot\\\\naccept error=\"Too many open files\" count=2")));
}

TEST(Log, WritesOneObjectARecordInJson) {
    Pipe pipe;
    Log log(Level::debug, Format::json, pipe.write_end());
    log.write(Level::fatal, "e", {{"v", "a\nb"}});
    EXPECT_THAT(lines_of(pipe.read()),
                ElementsAre(MatchesRegex(
                    R"re(\{"time":"[0-9-]{10}T[0-9:]{8}\.[0-9]{3}Z","level":"fatal","event":"e","v":"a\\nb"\})re")));
}

TEST(Log, ShowsItsLevelAndThoseAfterItInWebsocketdsOrder) {
    constexpr Level order[] = {Level::debug, Level::trace, Level::access, Level::info, Level::error, Level::fatal};
    for (std::size_t threshold = 0; threshold < 6; ++threshold) {
        Pipe pipe;
        Log log(order[threshold], Format::text, pipe.write_end());
        std::vector<std::string> expected;
        for (std::size_t level = 0; level < 6; ++level) {
            EXPECT_EQ(log.wants(order[level]), level >= threshold);
            log.write(order[level], "e");
            if (level >= threshold) expected.push_back(std::string(name_of(order[level])) + " e");
        }
        std::vector<std::string> shown;
        for (const std::string& line : lines_of(pipe.read())) shown.push_back(line.substr(line.find(' ') + 1));
        EXPECT_EQ(shown, expected);
    }
}

/// The test ends, and that is what it shows. What is lost is counted, and said as soon as somebody reads.
TEST(Log, DoesNotWaitForEverForAReader) {
    Pipe pipe;
    Log log(Level::debug, Format::text, pipe.write_end());
    pipe.fill_up_to_pages(0);
    for (int i = 0; i < 100; ++i) log.write(Level::info, "lost");
    EXPECT_THAT(lines_of(pipe.read()), Each(testing::StartsWith("....")));
    log.write(Level::info, "kept");
    log.write(Level::info, "kept too");
    EXPECT_THAT(lines_of(pipe.read()), ElementsAre(text_record("error log records lost count=100"),
                                                   text_record("info kept"), text_record("info kept too")));
}

TEST(Log, SaysInJsonTooHowManyRecordsAreLost) {
    Pipe pipe;
    Log log(Level::debug, Format::json, pipe.write_end());
    pipe.fill_up_to_pages(0);
    log.write(Level::info, "lost");
    pipe.read();
    log.write(Level::info, "kept");
    EXPECT_THAT(
        lines_of(pipe.read()),
        ElementsAre(MatchesRegex(R"re(\{"time":"[^"]+","level":"error","event":"log records lost","count":1\})re"),
                    MatchesRegex(R"re(\{"time":"[^"]+","level":"info","event":"kept"\})re")));
}

/// A record longer than a page can be cut by a reader that stalls; the next one stands on a line of its own.
TEST(Log, EndsTheLineOfARecordThatWasCut) {
    Pipe pipe;
    Log log(Level::debug, Format::text, pipe.write_end());
    pipe.fill_up_to_pages(1);
    const std::string value(2000, 'x');
    log.write(Level::info, "long", {{"a", value}, {"b", value}, {"c", value}});
    EXPECT_THAT(lines_of(pipe.read()), SizeIs(2));
    log.write(Level::info, "kept");
    const std::string rest = pipe.read();
    EXPECT_EQ(rest.substr(0, 1), "\n");
    EXPECT_THAT(lines_of(rest.substr(1)),
                ElementsAre(text_record("error log records lost count=1"), text_record("info kept")));
}

TEST(Log, GivesUpWhereTheReaderIsGone) {
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    ::close(ends[0]);
    const auto before = std::signal(SIGPIPE, SIG_IGN);  // as the server has it
    Log log(Level::debug, Format::text, ends[1]);
    for (int i = 0; i < 10; ++i) log.write(Level::info, "to nobody");
    std::signal(SIGPIPE, before);
    ::close(ends[1]);
}

TEST(Log, KeepsTheRecordsOfAllThreadsWhole) {
    std::FILE* const file = std::tmpfile();
    ASSERT_TRUE(file);
    {
        Log log(Level::debug, Format::text, ::fileno(file));
        std::vector<std::thread> threads;
        for (char name = 'a'; name < 'e'; ++name)
            threads.emplace_back([&log, name] {
                const std::string value(1000, name);
                for (int i = 0; i < 100; ++i) log.write(Level::info, "e", {{"v", value}});
            });
        for (std::thread& thread : threads) thread.join();
    }
    std::string text(static_cast<std::size_t>(::lseek(::fileno(file), 0, SEEK_END)), '\0');
    ASSERT_EQ(::pread(::fileno(file), text.data(), text.size(), 0), static_cast<ssize_t>(text.size()));
    std::fclose(file);
    std::array<int, 4> count{};
    for (const std::string& line : lines_of(text)) {
        const std::string value = line.substr(line.find('=') + 1);
        ASSERT_EQ(value, std::string(1000, value[0]));
        ++count.at(static_cast<std::size_t>(value[0] - 'a'));
    }
    EXPECT_THAT(count, Each(100));
}

}  // namespace
}  // namespace wsinetd::log::log_test
