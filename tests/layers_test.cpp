// The order of the modules as docs/architecture.md states it, and as src keeps it.
#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace wsinetd::layers_test {
namespace {

const std::filesystem::path root = WSINETD_SOURCE_DIR;

std::string text_of(const std::filesystem::path& file) {
    std::ifstream stream(file);
    EXPECT_TRUE(stream) << file;
    std::ostringstream text;
    text << stream.rdbuf();
    return text.str();
}

struct Include {
    std::string file;  ///< that includes, below src: `net/stream.cpp`
    std::string what;  ///< as written, without quotes: `net/stream.hpp`, `<sys/socket.h>`

    /// For messages.
    [[nodiscard]] std::string told() const { return "src/" + file + " includes " + what; }
    /// The module of the file: `net`; of src/main.cpp: `main`.
    [[nodiscard]] std::string folder() const {
        return file.find('/') == std::string::npos ? "main" : file.substr(0, file.find('/'));
    }
    [[nodiscard]] bool is_ours() const { return what[0] != '<'; }
};

/// What a line includes; empty: nothing.
std::string included_by(std::string_view line) {
    const auto skip = [&line](std::string_view blanks) {
        line.remove_prefix(std::min(line.find_first_not_of(blanks), line.size()));
    };
    skip(" \t");
    if (!line.starts_with('#')) return {};
    skip("# \t");
    if (!line.starts_with("include")) return {};
    line.remove_prefix(std::string_view("include").size());
    skip(" \t");
    if (line.starts_with('<')) return std::string(line.substr(0, line.find('>') + 1));
    if (line.starts_with('"')) return std::string(line.substr(1, line.find('"', 1) - 1));
    return {};
}

/// Every #include in src, in conditional parts too.
std::vector<Include> all_includes() {
    std::vector<Include> all;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root / "src")) {
        const std::string extension = entry.path().extension();
        if (extension != ".hpp" && extension != ".cpp" && extension != ".in") continue;
        const std::string file = std::filesystem::relative(entry.path(), root / "src").string();
        std::istringstream lines(text_of(entry.path()));
        for (std::string line; std::getline(lines, line);)
            if (std::string what = included_by(line); !what.empty()) all.push_back({file, std::move(what)});
    }
    return all;
}

/// The words of the line `utf8 log | framing ... | main`; `|` only groups.
std::vector<std::string> module_order() {
    std::istringstream lines(text_of(root / "docs/architecture.md"));
    for (std::string line; std::getline(lines, line);) {
        if (!line.starts_with("    utf8 ") || !line.ends_with(" main")) continue;
        std::vector<std::string> modules;
        std::istringstream words(line);
        for (std::string word; words >> word;)
            if (word != "|") modules.push_back(word);
        return modules;
    }
    ADD_FAILURE() << "docs/architecture.md has no line that says the order of the modules";
    return {};
}

TEST(Layers, AreNamedInTheArchitectureOneByOne) {
    std::vector<std::string> folders{"main"};  // src/main.cpp
    for (const auto& entry : std::filesystem::directory_iterator(root / "src"))
        if (entry.is_directory()) folders.push_back(entry.path().filename());
    EXPECT_THAT(module_order(), testing::UnorderedElementsAreArray(folders));
}

TEST(Layers, IncludeOnlyWhatIsToTheirLeft) {
    const std::vector<std::string> order = module_order();
    const auto place = [&](const std::string& folder) { return std::ranges::find(order, folder) - order.begin(); };
    const auto includes = all_includes();
    EXPECT_GT(includes.size(), 300u);  // were none found, all would be well
    for (const Include& include : includes) {
        if (!include.is_ours() || include.what == "version.hpp") continue;
        const auto slash = include.what.find('/');
        ASSERT_NE(slash, std::string::npos) << include.told() << ": not by its folder's name";
        EXPECT_TRUE(std::filesystem::exists(root / "src" / include.what)) << include.told();
        EXPECT_LE(place(include.what.substr(0, slash)), place(include.folder()))
            << include.told() << ", which is to its right";
    }
}

/// Headers that begin like this, and the only files that may name them. Of several rows the longest counts.
struct Door {
    std::string_view headers;
    std::vector<std::string> files;
};

const std::vector<Door> doors = {
    {"<CLI/", {"config/command_line.cpp"}},
    {"<spdlog/", {"log/log.cpp"}},
    {"<boost/", {}},
    {"<boost/beast/", {"http/request_parser.cpp"}},
    {"<boost/asio/", {"net/asio.hpp"}},
    {"<boost/asio/impl/", {"net/asio.cpp"}},
    {"<boost/asio/signal_set.hpp>", {"server/server.cpp"}},
    {"<openssl/",
     {"http/secrets.cpp", "websocket/handshake.cpp", "net/certificate.cpp", "net/certificate.hpp", "net/tls.cpp",
      "net/tls_context.cpp", "net/tls_wire.cpp",
      "session/dev_console.cpp"}},  // the last for one digest, as the handshake
    {"<crypt.h>", {"http/secrets.cpp"}},
    {"<zlib", {"websocket/deflate.cpp"}},
    {"<toml", {"config/config_file.cpp"}},
    {"<fmt/", {}},
};

/// Nothing: it is no heavy header.
const Door* door_of(const Include& include) {
    const Door* door = nullptr;
    for (const Door& each : doors)
        if (include.what.starts_with(each.headers) && (!door || each.headers.size() > door->headers.size()))
            door = &each;
    return door;
}

TEST(HeavyHeaders, HaveOneDoorEach) {
    std::set<std::string> used;
    for (const Include& include : all_includes()) {
        const Door* const door = door_of(include);
        if (!door) continue;
        EXPECT_THAT(door->files, testing::Contains(include.file)) << include.told();
        used.insert(include.file);
    }
    for (const Door& door : doors)
        for (const std::string& file : door.files)
            EXPECT_THAT(used, testing::Contains(file)) << "src/" << file << " no longer needs " << door.headers;
}

bool is_of_the_system(const std::string& header) {
    static const std::set<std::string_view> clocks_threads_and_files{
        "<atomic>", "<barrier>",    "<cerrno>",    "<chrono>",       "<condition_variable>", "<csignal>",
        "<ctime>",  "<filesystem>", "<fstream>",   "<future>",       "<iostream>",           "<latch>",
        "<mutex>",  "<random>",     "<semaphore>", "<shared_mutex>", "<stop_token>",         "<thread>"};
    if (header.ends_with("intrin.h>") || header == "<arm_neon.h>") return false;  // instructions, which only compute
    return header.ends_with(".h>") || clocks_threads_and_files.contains(header);
}

/// Bytes and times come in, values go out.
TEST(PureCode, IncludesNothingOfTheSystem) {
    static const std::set<std::string> pure{"utf8", "framing", "http", "websocket", "config", "endpoint"};
    for (const Include& include : all_includes()) {
        if (!pure.contains(include.folder()) || door_of(include)) continue;
        if (include.file == "config/check.cpp") continue;  // looks files and users up
        if (include.file == "config/load.cpp") continue;   // reads files
        if (include.what == "<chrono>") continue;          // for its units, not its clocks
        EXPECT_FALSE(is_of_the_system(include.what)) << include.told();
    }
}

}  // namespace
}  // namespace wsinetd::layers_test
