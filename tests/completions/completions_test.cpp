// What a shell offers for a command line under way, by the files that the build has made. The shells are the real ones.
// And the page of options, which is made by the same program.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "config/option_table.hpp"

namespace wsinetd::completions_test {
namespace {

using testing::AllOf;
using testing::AnyOf;
using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;
using testing::UnorderedElementsAre;

using Words = std::vector<std::string>;

/// A folder with a file, a folder, and the script that asks the shell.
class Completions : public testing::Test {
protected:
    void SetUp() override {
        char path[] = "/tmp/wsinetd-test-XXXXXX";
        folder_ = ::mkdtemp(path);
        std::filesystem::create_directory(folder_ + "/folder");
        std::ofstream(folder_ + "/file.pem") << "\n";
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }

    /// The lines that `script` prints when `shell` runs it in that folder, with `arguments`.
    [[nodiscard]] Words run(const std::string& shell, const std::string& script, const std::string& arguments) const {
        std::ofstream(folder_ + "/.script") << script;
        const std::string command = "cd " + folder_ + " && " + shell + " .script " + arguments + " 2>&1";
        std::FILE* const pipe = ::popen(command.c_str(), "r");
        std::string text;
        for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe)) text += static_cast<char>(c);
        ::pclose(pipe);
        Words lines;
        std::istringstream stream(text);
        for (std::string line; std::getline(stream, line);) lines.push_back(line);
        return lines;
    }

    std::string folder_;
};

class BashCompletions : public Completions {
protected:
    void SetUp() override {
        Completions::SetUp();
        if (!std::filesystem::exists("/usr/share/bash-completion/bash_completion"))
            GTEST_SKIP() << "no bash-completion";
    }
    /// What is offered for the last of `words`.
    [[nodiscard]] Words offered(const std::string& words) const {
        return run("bash", R"(
source /usr/share/bash-completion/bash_completion
source )" WSINETD_BINARY_DIR R"(/completions.bash
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE="$*" COMP_POINT=${#COMP_LINE}
compopt() { :; }
_wsinetd wsinetd "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
printf '%s\n' "${COMPREPLY[@]}"
)",
                   words);
    }
};

TEST_F(BashCompletions, OfferEveryOption) {
    const Words all = offered("wsinetd -");
    for (const config::Option& option : config::options()) EXPECT_THAT(all, Contains("--" + std::string(option.name)));
}

TEST_F(BashCompletions, CompleteAnOption) { EXPECT_THAT(offered("wsinetd --fram"), ElementsAre("--framing")); }

TEST_F(BashCompletions, OfferTheWordsThatAnOptionTakes) {
    EXPECT_THAT(offered("wsinetd --framing ''"), ElementsAre("lines", "null", "content-length", "jsonl", "raw"));
    EXPECT_THAT(offered("wsinetd --stderr t"), ElementsAre("tagged"));
    EXPECT_THAT(offered("wsinetd --shutdown-code 10"), ElementsAre("1001", "1012"));
}

TEST_F(BashCompletions, OfferTheWordsBehindAnEqualsSign) {
    EXPECT_THAT(offered("wsinetd --log-format=j"), ElementsAre("json"));
}

TEST_F(BashCompletions, OfferFilesForFilesAndFoldersForFolders) {
    EXPECT_THAT(offered("wsinetd --tls-cert f"), UnorderedElementsAre("file.pem", "folder"));
    EXPECT_THAT(offered("wsinetd --cgi-dir f"), ElementsAre("folder"));
}

TEST_F(BashCompletions, OfferNothingForWhatOnlyTheUserKnows) {
    EXPECT_THAT(offered("wsinetd --port ''"), ElementsAre(""));
    EXPECT_THAT(offered("wsinetd --drain ''"), ElementsAre(""));
}

TEST_F(BashCompletions, OfferCommandsBehindTheOptions) {
    EXPECT_THAT(offered("wsinetd --port 80 --compress bas"), Contains("bash"));
}

TEST_F(BashCompletions, LeaveWhatIsBehindTheCommandToTheCommand) {
    EXPECT_THAT(offered("wsinetd --port 80 cat --fram"), Not(Contains("--framing")));
    EXPECT_THAT(offered("wsinetd -p 80 cat f"), UnorderedElementsAre("file.pem", "folder"));
}

class ZshCompletions : public Completions {
protected:
    void SetUp() override {
        Completions::SetUp();
        if (std::system("command -v zsh >/dev/null") != 0) GTEST_SKIP() << "no zsh";
    }
    /// The command line once its end has been completed, as a person would see it who presses the tabulator.
    [[nodiscard]] std::string completed(const std::string& line) const {
        std::filesystem::create_directory(folder_ + "/.functions");
        std::filesystem::copy_file(WSINETD_BINARY_DIR "/completions.zsh", folder_ + "/.functions/_wsinetd",
                                   std::filesystem::copy_options::overwrite_existing);
        const Words printed = run("zsh -f", R"(
zmodload zsh/zpty
zpty shell zsh -f
zpty -w shell "PS1=; fpath=($PWD/.functions \$fpath); autoload -U compinit; compinit -u -D"
zpty -w shell "show() { print -r -- \"<<\$BUFFER>>\"; exit }; zle -N show; bindkey '^Xs' show; bindkey '^I' expand-or-complete"
zpty -w shell "print -r READY''NOW"
zpty -r shell ready '*READYNOW*'
zpty -w -n shell "$1"$'\t'
zpty -w -n shell $'\x18s'
zpty -r shell answer '*<<*>>*'
print -r -- "${${answer##*<<}%%>>*}"
zpty -d shell
)",
                                  "'" + line + "'");
        return printed.empty() ? "" : printed.back();
    }
};

TEST_F(ZshCompletions, CompleteAnOption) { EXPECT_EQ(completed("wsinetd --fram"), "wsinetd --framing="); }

TEST_F(ZshCompletions, CompleteAWordThatAnOptionTakes) {
    EXPECT_EQ(completed("wsinetd --framing=con"), "wsinetd --framing=content-length ");
    EXPECT_EQ(completed("wsinetd --stderr t"), "wsinetd --stderr tagged ");
}

TEST_F(ZshCompletions, CompleteAFileAndTheCommandsArguments) {
    EXPECT_EQ(completed("wsinetd --tls-cert fi"), "wsinetd --tls-cert file.pem ");
    EXPECT_EQ(completed("wsinetd --port 80 cat fi"), "wsinetd --port 80 cat file.pem ");
}

TEST_F(ZshCompletions, KnowEveryOption) {
    std::ifstream file(WSINETD_BINARY_DIR "/completions.zsh");
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    for (const config::Option& option : config::options())
        EXPECT_THAT(text,
                    testing::HasSubstr(
                        "--" + std::string(option.name) +
                        (option.takes == config::Takes::value || option.takes == config::Takes::values ? "=[" : "[")));
}

/// What a program prints.
std::string printed_by(const std::string& command) {
    std::FILE* const pipe = ::popen(command.c_str(), "r");
    std::string text;
    for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe)) text += static_cast<char>(c);
    ::pclose(pipe);
    return text;
}

TEST(OptionsPage, IsWhatIsMadeFromTheTable) {
    std::ifstream file(WSINETD_SOURCE_DIR "/docs/options.md");
    const std::string page{std::istreambuf_iterator<char>(file), {}};
    EXPECT_EQ(page, printed_by("'" WSINETD_BINARY_DIR "/completions' page"))
        << "docs/options.md is made by: build/dev/completions page >docs/options.md";
}

TEST(OptionsPage, HasARowForEveryOption) {
    const std::string page = printed_by("'" WSINETD_BINARY_DIR "/completions' page");
    for (const config::Option& option : config::options())
        EXPECT_THAT(page, testing::HasSubstr("| <a id=\"" + std::string(option.name) + "\"></a>`"));
}

}  // namespace
}  // namespace wsinetd::completions_test
