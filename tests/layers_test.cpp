// The order of the modules as docs/architecture.md states it, and as src keeps it.
#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

namespace wsinetd {
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

/// Every #include in src, in conditional parts too.
std::vector<Include> all_includes() {
    static const std::regex line("[ \t]*#[ \t]*include[ \t]*(?:\"([^\"]+)\"|(<[^>]+>))");
    std::vector<Include> all;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root / "src")) {
        const std::string extension = entry.path().extension();
        if (extension != ".hpp" && extension != ".cpp" && extension != ".in") continue;
        const std::string file = std::filesystem::relative(entry.path(), root / "src").string();
        const std::string text = text_of(entry.path());
        for (std::sregex_iterator match(text.begin(), text.end(), line), end; match != end; ++match)
            all.push_back({file, (*match)[1].matched ? (*match)[1].str() : (*match)[2].str()});
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

/// A library, and the only files that may name its headers.
struct Door {
    std::string headers;  ///< regular expression
    std::vector<std::string> files;
};

const std::vector<Door> doors = {
    {"<CLI/.*", {"config/command_line.cpp"}},
    {"<spdlog/.*", {"log/log.cpp"}},
    {"<boost/beast.*", {"http/request_parser.cpp"}},
    {"<boost/process.*", {"process/child.cpp"}},
    {"<boost/asio/signal_set.hpp>", {"server/server.cpp"}},
    {"<boost/asio/impl/src.hpp>", {"net/asio.cpp"}},
    {"<boost/asio(?!/signal_set|/impl/src).*", {"net/asio.hpp"}},
    {"<boost/(?!beast|process|asio).*", {}},
    {"<openssl/.*", {"websocket/handshake.cpp"}},
    {"<zlib.*", {}},
    {"<toml.*", {}},
    {"<fmt/.*", {}},
};

TEST(HeavyHeaders, HaveOneDoorEach) {
    const auto includes = all_includes();
    for (const Door& door : doors) {
        const std::regex headers(door.headers);
        std::vector<std::string> through;
        for (const Include& include : includes) {
            if (!std::regex_match(include.what, headers)) continue;
            EXPECT_THAT(door.files, testing::Contains(include.file)) << include.told();
            through.push_back(include.file);
        }
        for (const std::string& file : door.files)
            EXPECT_THAT(through, testing::Contains(file)) << "src/" << file << " no longer needs " << door.headers;
    }
}

/// Bytes and times come in, values go out: what a system header, a clock, a thread or a file could do is not there.
TEST(PureCode, IncludesNothingOfTheSystem) {
    static const std::vector<std::string> pure{"utf8", "framing", "http", "websocket", "config", "endpoint"};
    static const std::regex impure(
        "<(?:.*\\.h|thread|stop_token|mutex|shared_mutex|condition_variable|atomic|future|semaphore|latch|barrier|"
        "csignal|ctime|cerrno|random|filesystem|fstream|iostream|chrono)>");
    for (const Include& include : all_includes()) {
        if (std::ranges::find(pure, include.folder()) == pure.end()) continue;
        if (include.file == "config/check.cpp") continue;                          // asks the system, says so
        if (include.what == "<chrono>" && include.folder() == "config") continue;  // as a unit, not as a clock
        if (include.what.starts_with("<openssl/") || include.what.starts_with("<boost/")) continue;  // have their doors
        EXPECT_FALSE(std::regex_match(include.what, impure)) << include.told();
    }
}

}  // namespace
}  // namespace wsinetd
