// docs/guide.md from front to back: every file it shows is written, every command run, and what comes is what it says.
// Ports are free ones, what lies below /etc and the like lies in a folder, and systemd, sudo and apt have stand-ins
// that do as much of it as the guide asks for; tests/package/run and debian/tests have the real ones.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <span>
#include <sstream>

#include "fixtures/command.hpp"
#include "fixtures/page.hpp"
#include "fixtures/server.hpp"

namespace wsinetd::fixtures::guide_test {
namespace {

namespace fs = std::filesystem;

const std::string guide_path = WSINETD_SOURCE_DIR "/docs/guide.md";

/// What the guide's commands find in their PATH before all else.
const fs::path stand_ins = WSINETD_SOURCE_DIR "/tests/system/guide";

bool can_be_bound(std::uint16_t port) {
    const int descriptor = ::socket(AF_INET, SOCK_STREAM, 0);
    const int on = 1;
    ::setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    const bool bound = ::bind(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    ::close(descriptor);
    return bound;
}

/// Below those that the system gives to others.
std::uint16_t free_port() {
    static auto next = static_cast<std::uint16_t>(12000 + ::getpid() * 10 % 20000);
    while (!can_be_bound(++next)) {
    }
    return next;
}

/// A reader of the guide, who does all of it.
class Reader {
public:
    Reader() {
        ::prctl(PR_SET_CHILD_SUBREAPER, 1);
        for (const char* const folder : {"/bin", "/work/scripts", "/root/etc/prometheus", "/out"})
            fs::create_directories(folder_.path() + folder);
        for (const fs::path& entry : fs::directory_iterator(stand_ins))
            fs::create_symlink(entry, folder_.path() + "/bin/" + entry.filename().string());
        fs::create_symlink(stand_ins / "package", work() + "/scripts/package");
        fs::create_symlink(program, folder_.path() + "/bin/wsinetd");
        for (const char* const port : {"8000", "8080", "8081", "8082", "8443", "9090", "9091", "9092"})
            ports_[port] = std::to_string(free_port());
    }
    /// Nothing that was started outlives this.
    ~Reader() {
        while (::waitpid(-1, nullptr, WNOHANG) >= 0) {
            for (const fs::path& entry : fs::directory_iterator("/proc/self/task"))
                for (std::istringstream all(contents_of(entry / "children")); pid_t pid = next_of(all);)
                    ::kill(pid, SIGKILL);
            std::this_thread::sleep_for(std::chrono::milliseconds(2));
        }
        ::prctl(PR_SET_CHILD_SUBREAPER, 0);
    }
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;

    /// Does what it says.
    void take(const Block& block) {
        if (block.chapter != chapter_) stop_server();
        chapter_ = block.chapter;
        heading_ = block.heading;
        if (!block.name.empty())
            write(block);
        else if (block.kind == "sh")
            set_up(block);
        else if (block.kind == "console")
            converse(block);
        else
            ADD_FAILURE() << heading_ << ": nobody can run a block of \"" << block.kind
                          << "\" without the name of a file";
    }
    /// Only what those that come later need of it.
    void glance_at(const Block& block) {
        if (!block.name.empty() || block.kind == "sh") take(block);
    }

private:
    static pid_t next_of(std::istream& numbers) {
        pid_t pid = 0;
        return numbers >> pid ? pid : 0;
    }
    [[nodiscard]] std::string work() const { return folder_.path() + "/work"; }
    [[nodiscard]] std::string root() const { return folder_.path() + "/root"; }

    /// As it is here: ports, and where files lie.
    [[nodiscard]] std::string here(std::string text) const {
        text = std::regex_replace(text, std::regex("/usr/share/doc/wsinetd/examples"),
                                  WSINETD_SOURCE_DIR "/docs/examples");
        const std::regex system(R"((^|[^\w./])/(etc|usr/local|srv|var/lib)/)");
        text = std::regex_replace(text, system, "$1" + root() + "/$2/");
        for (const auto& [port, free] : ports_) text = std::regex_replace(text, std::regex("\\b" + port + "\\b"), free);
        return text;
    }

    void write(const Block& block) const {
        const fs::path named = here(block.name);
        const fs::path path = named.is_absolute() ? named : work() / named;
        fs::create_directories(path.parent_path());
        std::ofstream file(path);
        for (const std::string& line : block.lines) file << here(line) << "\n";
    }

    /// Runs the line in a shell with what it prints in a file of its own; gives the pid, and the file.
    std::pair<pid_t, std::string> start(const std::string& line) {
        const std::string out = folder_.path() + "/out/" + std::to_string(++commands_);
        const std::string command = "cd '" + work() + "' && exec >'" + out + "' 2>&1 </dev/null\n" + here(line);
        const std::string path = folder_.path() + "/bin:" + std::getenv("PATH") + ":/usr/sbin";
        const pid_t pid = ::fork();
        if (pid != 0) return {pid, out};
        ::setenv("PATH", path.c_str(), 1);
        ::setenv("ROOT", root().c_str(), 1);
        ::setenv("SOURCE", WSINETD_SOURCE_DIR, 1);
        ::setenv("SITE_PORT", ports_.at("8000").c_str(), 1);
        ::close_range(3, ~0U, 0);
        ::execl("/bin/bash", "bash", "-c", command.c_str(), nullptr);
        ::_exit(127);
    }

    /// Its exit status. Whoever else has ended is reaped on the way, for stand-ins wait for that.
    static int wait_for(pid_t pid) {
        int status = -1;
        eventually([&] {
            int of_any = 0;
            for (pid_t ended = ::waitpid(-1, &of_any, WNOHANG); ended > 0; ended = ::waitpid(-1, &of_any, WNOHANG))
                if (ended == pid) return status = of_any, true;
            return false;
        });
        return status;
    }

    void stop_server() {
        if (server_ > 0) {
            ::kill(server_, SIGTERM);
            EXPECT_EQ(wait_for(server_), 0) << heading_;
        }
        server_ = 0;
    }

    /// Lines that must end with 0, whatever they print.
    void set_up(const Block& block) {
        std::string text = "set -e\n";
        for (const std::string& line : block.lines) text += line + "\n";
        const auto [pid, out] = start(text);
        EXPECT_EQ(wait_for(pid), 0) << heading_ << "\n" << text << contents_of(out);
    }

    /// Commands behind their prompts, and what they print.
    void converse(const Block& block) {
        for (std::size_t at = 0; at < block.lines.size();) {
            const std::string& line = block.lines[at++];
            ASSERT_TRUE(line.starts_with("$ ") || line.starts_with("# ")) << heading_ << ": " << line;
            Lines expected;
            for (; at < block.lines.size() && !std::regex_search(block.lines[at], std::regex("^[$#] ")); ++at)
                expected.push_back(here(block.lines[at]));
            run(line.substr(2), expected);
        }
    }

    void run(const std::string& command, const Lines& expected) {
        SCOPED_TRACE(heading_ + ": " + command);
        const bool in_background = command.find(" & ") != std::string::npos;
        const bool serves = command.starts_with("wsinetd ") && command.find("--check") == std::string::npos &&
                            command.find("--version") == std::string::npos;
        if (serves && !in_background) stop_server();
        const auto [pid, out] = start(command);
        if (serves && !in_background) server_ = pid;
        if (serves) return expect_in_log(out, expected);
        EXPECT_NE(wait_for(pid), -1) << "it does not end";
        const Lines printed = lines_of(contents_of(out));
        EXPECT_TRUE(are_like(printed, expected)) << "It prints:\n" << contents_of(out);
    }

    static void expect_in_log(const std::string& path, const Lines& expected) {
        for (const std::string& line : expected)
            EXPECT_TRUE(eventually([&] {
                return std::ranges::any_of(lines_of(contents_of(path)),
                                           [&](const std::string& logged) { return is_like(logged, line); });
            })) << line
                << "\nIt logs:\n"
                << contents_of(path);
    }

    TemporaryFolder folder_;
    std::map<std::string, std::string> ports_;  ///< the guide's, and what stands for them here
    int chapter_ = 0;
    std::string heading_;
    unsigned commands_ = 0;
    pid_t server_ = 0;  ///< the one in the foreground of the reader's first terminal
};

bool has(const std::string& program) {
    return std::system(("PATH=$PATH:/usr/sbin; command -v " + program + " >/dev/null 2>&1").c_str()) == 0;
}

/// Programs that a part needs, and that not every machine has.
const std::map<std::string, std::vector<std::string>> needs{
    {"nginx", {"nginx"}},    {"HAProxy", {"haproxy"}},        {"Caddy", {"caddy"}},
    {"Apache", {"apache2"}}, {"9. Monitoring", {"promtool"}}, {"10. Scaling out", {"haproxy"}},
};

bool can_be_done(const std::string& heading) {
    const auto row = needs.find(heading);
    return row == needs.end() || std::ranges::all_of(row->second, has);
}

constexpr int first_of_the_service = 7;

class GuideChapters : public testing::Test {
protected:
    void SetUp() override {
        for (const char* const program : {"bash", "perl", "curl", "openssl"})
            if (!has(program)) GTEST_SKIP() << program << " is not installed";
    }
    /// Chapters `first` to `last`.
    static void read(int first, int last) {
        Reader reader;
        std::set<std::string> left_out;
        for (const Block& block : read_page(guide_path).blocks) {
            if (block.chapter > last) break;
            if (block.chapter < first)
                reader.glance_at(block);
            else if (can_be_done(block.heading))
                reader.take(block);
            else if (left_out.insert(block.heading).second)
                std::printf("left out, for what it needs is not installed: %s\n", block.heading.c_str());
        }
    }
};

TEST_F(GuideChapters, DoByHandWhatTheySay) { read(1, first_of_the_service - 1); }

TEST_F(GuideChapters, DoAsAServiceWhatTheySay) { read(first_of_the_service, 10); }

TEST(Guide, HasTenChaptersOfWhichNothingIsLeftOut) {
    const Page guide = read_page(guide_path);
    EXPECT_GT(guide.blocks.size(), 30U);
    EXPECT_EQ(guide.blocks.front().chapter, 1);
    EXPECT_EQ(guide.blocks.back().chapter, 10);
    EXPECT_THAT(guide.indented, testing::IsEmpty());
}

/// Each part that needs something still goes by that name.
TEST(Guide, HasTheChaptersThatAreLeftOutWhereSomethingIsMissing) {
    std::set<std::string> headings;
    for (const Block& block : read_page(guide_path).blocks) headings.insert(block.heading);
    for (const auto& [heading, programs] : needs) EXPECT_THAT(headings, testing::Contains(heading));
}

}  // namespace
}  // namespace wsinetd::fixtures::guide_test
