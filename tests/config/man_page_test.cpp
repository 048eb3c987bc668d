// What users read about options, held against the table that decides them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>

#include "config/option_table.hpp"

namespace wsinetd::config::man_page_test {
namespace {

using testing::IsEmpty;

const std::string source_folder = WSINETD_SOURCE_DIR;
const std::string man_page = source_folder + "/man/wsinetd.1";

std::string read_file(const std::string& path) {
    std::ifstream file(path);
    EXPECT_TRUE(file) << path;
    return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) lines.push_back(line);
    return lines;
}

/// All first groups of `pattern` in `text`.
std::vector<std::string> matches(const std::string& text, const std::string& pattern) {
    std::vector<std::string> found;
    const std::regex regex(pattern);
    for (std::sregex_iterator at(text.begin(), text.end(), regex), end; at != end; ++at) found.push_back((*at)[1]);
    return found;
}

/// Every spelling that the command line takes, without dashes.
std::set<std::string> spellings() {
    std::set<std::string> all;
    for (const Option& option : options()) {
        all.emplace(option.name);
        if (!option.alias.empty()) all.emplace(option.alias);
    }
    return all;
}

/// One entry of the OPTIONS section: `.It`, what it says, and the `.Ss` it stands under.
struct Entry {
    std::string head;
    std::string group;
    std::string standard;  ///< of a line `Default: 8080.`
};

std::vector<Entry> entries_of_man_page() {
    std::vector<Entry> entries;
    std::string section;
    std::string group;
    for (const std::string& line : lines_of(read_file(man_page))) {
        if (line.starts_with(".Sh ")) section = line.substr(4);
        if (section != "OPTIONS") continue;
        if (line.starts_with(".Ss ")) group = line.substr(4);
        if (line.starts_with(".It ") && line.find("Fl ") != std::string::npos) entries.push_back({line, group, {}});
        const std::string label = "Default: ";
        if (!entries.empty() && line.starts_with(label))
            entries.back().standard = line.substr(label.size(), line.size() - label.size() - 1);
    }
    return entries;
}

/// The head that an option owes: `.It Fl p , Fl -port Ar N Bq Fl -alias`.
std::string head_of(const Option& option) {
    std::string head = ".It ";
    if (option.letter) head += std::string("Fl ") + option.letter + " , ";
    head += "Fl -" + std::string(option.name);
    if (!option.placeholder.empty()) head += " Ar " + std::string(option.placeholder);
    if (option.takes == Takes::boolean) head += " Ns Oo = Ns Ar BOOL Oc";
    if (!option.alias.empty()) {
        head += " Bq Fl -" + std::string(option.alias);
        if (alias_counts_milliseconds(option)) head += " , No in ms";
        if (!value_of_alias(option).empty()) head += " , No for " + std::string(value_of_alias(option));
    }
    return head;
}

/// In the order of --help.
std::vector<const Option*> options_by_group() {
    std::vector<const Option*> sorted;
    for (const Option& option : options()) sorted.push_back(&option);
    std::ranges::stable_sort(sorted, {}, &Option::group);
    return sorted;
}

TEST(ManPage, DescribesEveryOptionInTheOrderOfHelpAndNoOther) {
    std::vector<std::string> expected;
    for (const Option* option : options_by_group())
        expected.push_back(std::string(title_of(option->group)) + ": " + head_of(*option));
    std::vector<std::string> described;
    for (const Entry& entry : entries_of_man_page()) described.push_back(entry.group + ": " + entry.head);
    EXPECT_THAT(described, testing::ElementsAreArray(expected));
}

TEST(ManPage, TellsEveryDefault) {
    const std::vector<const Option*> expected = options_by_group();
    const std::vector<Entry> described = entries_of_man_page();
    ASSERT_EQ(described.size(), expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i)
        EXPECT_EQ(described[i].standard, expected[i]->standard) << "--" << expected[i]->name;
}

TEST(ManPage, NamesNoOptionThatTheTableLacks) {
    const std::string text = read_file(man_page);
    std::vector<std::string> named = matches(text, R"(Fl -([a-z][a-z-]*))");
    for (const std::string& each : matches(text, R"((?:^|[^-\w])--([a-z][a-z-]*))")) named.push_back(each);
    const std::set<std::string> known = spellings();
    std::set<std::string> unknown;
    for (const std::string& each : named)
        if (!known.contains(each)) unknown.insert(each);
    EXPECT_THAT(unknown, IsEmpty());
    EXPECT_GT(named.size(), known.size());
}

const std::string file_page = source_folder + "/man/wsinetd.toml.5";

/// The words of the line of `.Cm` below the line that ends with `above`.
std::vector<std::string> listed_below(const std::string& above) {
    const std::vector<std::string> lines = lines_of(read_file(file_page));
    for (std::size_t i = 0; i + 1 < lines.size(); ++i)
        if (lines[i].ends_with(above)) return matches(lines[i + 1].substr(4), "([a-z][a-z-]*)");
    ADD_FAILURE() << above;
    return {};
}

TEST(FilePage, ListsEveryOptionByWhereItMayStand) {
    const std::pair<Scope, std::string> lists[] = {
        {Scope::server, "are the whole server's:"},
        {Scope::endpoint, "for CGI programs:"},
        {Scope::own, "of their own in an endpoint:"},
        {Scope::command_line, "on the command line only:"},
    };
    for (const auto& [scope, above] : lists) {
        std::vector<std::string> expected;
        for (const Option& option : options())
            if (option.scope == scope) expected.emplace_back(option.name);
        EXPECT_THAT(listed_below(above), testing::UnorderedElementsAreArray(expected)) << above;
    }
}

TEST(FilePage, NamesNoOptionThatTheTableLacks) {
    std::set<std::string> known{"command", "path", "include"};
    for (const Option& option : options()) known.emplace(option.name);
    for (const std::string& line : lines_of(read_file(file_page))) {
        if (!line.starts_with(".Cm ") && !line.starts_with(".It Cm ")) continue;
        for (const std::string& name : matches(line.substr(line.find("Cm ") + 3), "([a-z][a-z-]*)"))
            EXPECT_TRUE(known.contains(name)) << name;
    }
}

class Pages : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(Man, Pages, testing::Values(man_page, file_page));

TEST_P(Pages, AreCleanToMandoc) {
    if (std::system("command -v mandoc >/dev/null 2>&1") != 0) GTEST_SKIP() << "mandoc is not installed";
    FILE* const pipe = ::popen(("mandoc -T lint -W warning '" + GetParam() + "' 2>&1").c_str(), "r");
    ASSERT_NE(pipe, nullptr);
    std::string said;
    for (std::array<char, 256> piece{}; std::fgets(piece.data(), piece.size(), pipe);) said += piece.data();
    EXPECT_EQ(::pclose(pipe), 0);
    EXPECT_EQ(said, "");
}

/// The rows of the first table below `heading`, each as the options its first two cells name.
std::vector<std::array<std::vector<std::string>, 2>> option_rows(const std::string& text, const std::string& heading) {
    std::vector<std::array<std::vector<std::string>, 2>> rows;
    const std::string option = R"(`(?:-\w`, `)?--([a-z][a-z-]*))";
    bool below = false;
    for (const std::string& line : lines_of(text)) {
        if (line.starts_with("## ")) below = line == heading;
        if (!below || !line.starts_with("| `")) continue;
        const auto second = line.find(" | ") + 3;
        rows.push_back({matches(line.substr(0, second), option),
                        matches(line.substr(second, line.find(" | ", second) - second), option)});
    }
    return rows;
}

const std::string from_websocketd = source_folder + "/docs/from-websocketd.md";

TEST(FromWebsocketd, ItsTableOfOptionsNamesOnlyRealOnes) {
    const std::set<std::string> known = spellings();
    const auto rows = option_rows(read_file(from_websocketd), "## Options");
    EXPECT_GT(rows.size(), 10U);
    for (const auto& row : rows)
        for (const auto& cell : row)
            for (const std::string& name : cell) EXPECT_TRUE(known.contains(name)) << "--" << name;
}

TEST(FromWebsocketd, ItsTableOfOptionsTellsOursForEveryAlias) {
    std::map<std::string, std::string> told;
    for (const auto& row : option_rows(read_file(from_websocketd), "## Options"))
        if (row[0].size() == 1 && !row[1].empty()) told[row[0][0]] = row[1][0];
    for (const Option& option : options())
        if (!option.alias.empty()) {
            EXPECT_EQ(told[std::string(option.alias)], option.name);
        }
}

}  // namespace
}  // namespace wsinetd::config::man_page_test
