// Pages lead to pages, files and headings that are there.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cctype>
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>

namespace wsinetd::links_test {
namespace {

namespace fs = std::filesystem;

const fs::path source_folder = WSINETD_SOURCE_DIR;

/// Without what stands between fences.
std::string prose_of(const fs::path& path) {
    std::ifstream file(path);
    std::string text;
    bool fenced = false;
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with("```"))
            fenced = !fenced;
        else if (!fenced)
            text += line + "\n";
    }
    return text;
}

/// As GitHub makes it of a heading.
std::string anchor_of(const std::string& heading) {
    std::string anchor;
    for (const char c : heading) {
        const auto byte = static_cast<unsigned char>(c);
        if (std::isalnum(byte) || c == '-' || c == '_' || byte >= 0x80) anchor += static_cast<char>(std::tolower(byte));
        if (c == ' ') anchor += '-';
    }
    return anchor;
}

std::set<std::string> anchors_of(const fs::path& page) {
    std::set<std::string> anchors;
    const std::string text = prose_of(page);
    const std::regex mark(R"re(\n#+ ([^\n]*)|<a id="([^"]+)")re");
    for (std::sregex_iterator at(text.begin(), text.end(), mark), end; at != end; ++at)
        anchors.insert((*at)[2].matched ? (*at)[2].str() : anchor_of((*at)[1]));
    return anchors;
}

/// Empty where it leads somewhere.
std::string wrong_with(const fs::path& page, const std::string& link) {
    if (std::regex_search(link, std::regex("^[a-z]+:"))) return "";
    const auto hash = link.find('#');
    const fs::path target = hash == 0 ? page : page.parent_path() / link.substr(0, hash);
    if (!fs::exists(target)) return page.string() + " leads to " + link + ", which is not there\n";
    if (hash == std::string::npos || anchors_of(target).contains(link.substr(hash + 1))) return "";
    return page.string() + " leads to " + link + ", and there is no such heading\n";
}

TEST(Pages, LeadToWhatIsThere) {
    std::vector<fs::path> pages{source_folder / "README.md", source_folder / "CHANGELOG.md"};
    for (const auto& entry : fs::recursive_directory_iterator(source_folder / "docs"))
        if (entry.path().extension() == ".md") pages.push_back(entry.path());
    std::size_t links = 0;
    std::string wrong;
    for (const fs::path& page : pages) {
        const std::string text = prose_of(page);
        const std::regex link(R"(\]\(([^)\s]+)\))");
        for (std::sregex_iterator at(text.begin(), text.end(), link), end; at != end; ++at, ++links)
            wrong += wrong_with(page, (*at)[1]);
    }
    EXPECT_EQ(wrong, "");
    EXPECT_GT(links, 100U);
}

}  // namespace
}  // namespace wsinetd::links_test
