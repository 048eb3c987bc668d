// docs/security.md says by which test each defence is shown: they are there.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <set>

namespace wsinetd::security_page_test {
namespace {

namespace fs = std::filesystem;

const fs::path source_folder = WSINETD_SOURCE_DIR;

std::string text_of(const fs::path& path) {
    std::ifstream file(path);
    EXPECT_TRUE(file) << path;
    return {std::istreambuf_iterator<char>(file), {}};
}

/// `Suite.Name` of every test, whichever macro defines it.
std::set<std::string> tests_there_are() {
    std::set<std::string> names;
    const std::regex test(R"(\nTEST(?:_[FP])?\((\w+), (\w+)\))");
    for (const auto& entry : fs::recursive_directory_iterator(source_folder / "tests")) {
        if (!entry.path().filename().string().ends_with("_test.cpp")) continue;
        const std::string text = text_of(entry.path());
        for (std::sregex_iterator at(text.begin(), text.end(), test), end; at != end; ++at)
            names.insert((*at)[1].str() + "." + (*at)[2].str());
    }
    return names;
}

TEST(SecurityPage, NamesOnlyTestsThatThereAre) {
    const std::string page = text_of(source_folder / "docs/security.md");
    const std::regex name(R"(`([A-Z]\w+\.[A-Z]\w+)`)");
    const std::set<std::string> known = tests_there_are();
    std::set<std::string> missing;
    std::size_t named = 0;
    for (std::sregex_iterator at(page.begin(), page.end(), name), end; at != end; ++at, ++named)
        if (!known.contains((*at)[1])) missing.insert((*at)[1]);
    EXPECT_THAT(missing, testing::IsEmpty());
    EXPECT_GT(named, 50U);
}

}  // namespace
}  // namespace wsinetd::security_page_test
