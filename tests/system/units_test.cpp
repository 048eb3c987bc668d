// The units that are shipped and the examples beside them, judged by systemd's own tool. None of them is started here:
// debian/tests/service does that where systemd runs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>

#include "fixtures/server.hpp"

namespace wsinetd::fixtures::units_test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

const fs::path source_folder = WSINETD_SOURCE_DIR;
const fs::path examples = source_folder / "docs/examples/systemd";

std::string text_of(const fs::path& path) {
    std::ifstream file(path);
    EXPECT_TRUE(file) << path;
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

/// What a command prints, stderr too.
std::string output_of(const std::string& command) {
    std::FILE* const pipe = ::popen((command + " 2>&1").c_str(), "r");
    std::string text;
    for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe)) text += static_cast<char>(c);
    ::pclose(pipe);
    return text;
}

/// All units in one folder, with the programs of this build in the place of installed ones.
class Units : public testing::Test {
protected:
    void SetUp() override {
        if (output_of("command -v systemd-analyze").empty()) GTEST_SKIP() << "no systemd here";
        for (const fs::path& folder : {source_folder / "debian", examples})
            for (const auto& entry : fs::directory_iterator(folder)) {
                const std::string extension = entry.path().extension();
                if (extension == ".service" || extension == ".socket") add(entry.path());
            }
    }

    void add(const fs::path& unit) {
        write(unit, folder_.path());
        names_.push_back(unit.filename());
    }
    void add_drop_in(const std::string& name) const {
        fs::create_directories(folder_.path() + "/wsinetd.service.d");
        write(examples / "drop-ins" / name, folder_.path() + "/wsinetd.service.d");
    }
    static void write(const fs::path& unit, const fs::path& folder) {
        std::string text = std::regex_replace(text_of(unit), std::regex("/usr/bin/wsinetd"), program);
        text = std::regex_replace(text, std::regex("/usr/share/doc/wsinetd/examples"),
                                  (source_folder / "docs/examples").string());
        std::ofstream(folder / unit.filename()) << text;
    }

    [[nodiscard]] std::string verify(const std::string& unit) const {
        const auto at = unit.find("@.");
        const std::string name = at == std::string::npos ? unit : unit.substr(0, at) + "@1" + unit.substr(at + 1);
        return output_of("SYSTEMD_UNIT_PATH=" + folder_.path() + ": systemd-analyze verify --man=no " + name);
    }

    /// systemd's measure of what a service could do, from 0 to 10, as it prints it.
    [[nodiscard]] std::string exposure(const std::string& unit) const {
        const std::string text = output_of("SYSTEMD_UNIT_PATH=" + folder_.path() +
                                           ": systemd-analyze security --offline=true --no-pager " + unit);
        std::smatch match;
        EXPECT_TRUE(std::regex_search(text, match, std::regex("exposure level for \\S+: ([0-9.]+)"))) << text;
        return match.empty() ? "" : match[1].str();
    }

    TemporaryFolder folder_;
    std::vector<std::string> names_;
};

TEST_F(Units, SystemdFindsNoFaultInThem) {
    EXPECT_GE(names_.size(), 6U);
    for (const std::string& name : names_) EXPECT_EQ(verify(name), "") << name;
}

TEST_F(Units, AWrongOneWouldBeSeen) {
    std::ofstream(folder_.path() + "/wrong.service") << "[Service]\nExecStart=/bin/true\nDynamicUsers=yes\n";
    EXPECT_THAT(verify("wrong.service"), HasSubstr("'DynamicUsers'"));
}

TEST_F(Units, SystemdFindsNoFaultInTheDropIns) {
    std::size_t count = 0;
    for (const auto& entry : fs::directory_iterator(examples / "drop-ins")) {
        fs::remove_all(folder_.path() + "/wsinetd.service.d");
        add_drop_in(entry.path().filename());
        EXPECT_EQ(verify("wsinetd.service"), "") << entry.path();
        ++count;
    }
    EXPECT_GE(count, 7U);
}

TEST_F(Units, TheirSandboxIsAsTightAsTheGuideSays) {
    const std::string guide = text_of(source_folder / "docs/service.md");
    EXPECT_THAT(guide, HasSubstr("exposure level of `wsinetd.service` is " + exposure("wsinetd.service")));
    EXPECT_EQ(exposure("wsinetd@1.service"), exposure("wsinetd.service"));
    add_drop_in("tight.conf");
    EXPECT_THAT(guide, HasSubstr("`drop-ins/tight.conf` makes it " + exposure("wsinetd.service")));
}

/// systemd has no way to say it once for both.
TEST_F(Units, TheInstanceDiffersInItsNameAndUserOnly) {
    const auto normal = [](std::string text) {
        text = std::regex_replace(text, std::regex("# Else all instances.*\nUser=wsinetd-%i\n"), "");
        text = std::regex_replace(text, std::regex(", instance %i"), "");
        text = std::regex_replace(text, std::regex("%i\\.toml"), "wsinetd.toml");
        return std::regex_replace(text, std::regex("wsinetd-%i"), "wsinetd");
    };
    EXPECT_EQ(normal(text_of(source_folder / "debian/wsinetd@.service")),
              text_of(source_folder / "debian/wsinetd.service"));
}

TEST_F(Units, TheGuideToThemNamesEveryFile) {
    const std::string page = text_of(examples / "README.md");
    for (const auto& entry : fs::recursive_directory_iterator(examples)) {
        const std::string name = fs::relative(entry.path(), examples);
        if (entry.is_regular_file() && name != "README.md") {
            EXPECT_THAT(page, HasSubstr("`" + name + "`"));
        }
    }
}

}  // namespace
}  // namespace wsinetd::fixtures::units_test
