// docs/architecture.md is the map of src, and stays true.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <set>

namespace wsinetd::map_test {
namespace {

namespace fs = std::filesystem;

const fs::path source_folder = WSINETD_SOURCE_DIR;

/// `folder/name` of every file in a folder of src, without extensions.
std::set<std::string> files_of_src() {
    std::set<std::string> files;
    for (const auto& entry : fs::recursive_directory_iterator(source_folder / "src"))
        if (entry.is_regular_file() && entry.path().parent_path() != source_folder / "src")
            files.insert(entry.path().parent_path().filename() / entry.path().stem());
    return files;
}

/// The same of the rows below "| **`src/folder/`** |".
std::set<std::string> rows_of_map() {
    std::set<std::string> rows;
    std::ifstream map(source_folder / "docs/architecture.md");
    EXPECT_TRUE(map);
    const std::regex heading(R"(\| \*\*`src/(\w+)/`\*\* \|.*)");
    const std::regex row(R"(\| `(\w+)` \|.*)");
    std::string folder;
    std::smatch match;
    for (std::string line; std::getline(map, line);) {
        if (std::regex_match(line, match, heading))
            folder = match[1];
        else if (!line.starts_with("|"))
            folder.clear();
        else if (!folder.empty() && std::regex_match(line, match, row))
            rows.insert(folder + "/" + match[1].str());
    }
    return rows;
}

TEST(Map, HasOneRowForEveryFileOfSrcAndNoOther) {
    EXPECT_THAT(rows_of_map(), testing::ElementsAreArray(files_of_src()));
}

TEST(Map, ListsEveryDecision) {
    std::ifstream file(source_folder / "docs/architecture.md");
    const std::string map{std::istreambuf_iterator<char>(file), {}};
    int decisions = 0;
    for (const auto& entry : fs::directory_iterator(source_folder / "docs/decisions")) {
        const std::string name = entry.path().filename();
        EXPECT_THAT(map, testing::HasSubstr("| [" + name.substr(0, 4) + "](decisions/" + name + ") |"));
        ++decisions;
    }
    EXPECT_GT(decisions, 0);
}

}  // namespace
}  // namespace wsinetd::map_test
