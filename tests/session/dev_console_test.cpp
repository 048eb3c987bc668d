#include "session/dev_console.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <regex>
#include <string>

namespace wsinetd::session::dev_console_test {
namespace {

using testing::HasSubstr;
using testing::Not;

const std::string page{dev_console().page};

std::string file_text() {
    std::ifstream file(WSINETD_SOURCE_DIR "/src/session/dev_console.html");
    return {std::istreambuf_iterator<char>(file), {}};
}

long count_of(const std::string& pattern) {
    const std::regex regex(pattern, std::regex::icase);
    return std::distance(std::sregex_iterator(page.begin(), page.end(), regex), std::sregex_iterator());
}

/// Of the bytes between two tags, without code of ours.
std::string hash_by_perl(const std::string& element) {
    const std::string command = "perl -0777 -ne 'print $1 if m{<" + element + ">(.*?)</" + element +
                                ">}s' " WSINETD_SOURCE_DIR
                                "/src/session/dev_console.html | perl -MDigest::SHA=sha256_base64 -0777 -ne "
                                "'print sha256_base64($_)'";
    FILE* const pipe = ::popen(command.c_str(), "r");
    std::string text;
    char piece[128];
    while (const std::size_t size = std::fread(piece, 1, sizeof piece, pipe)) text.append(piece, size);
    EXPECT_EQ(::pclose(pipe), 0);
    return text + "=";  // Perl leaves the padding out
}

TEST(DevConsole, IsThePageAsItStandsInTheSources) {
    EXPECT_THAT(page, testing::StartsWith("<!doctype html>\n"));
    EXPECT_EQ(page, file_text());
}

TEST(DevConsole, LetsABrowserRunOnlyThePagesOwnScriptAndStyle) {
    EXPECT_EQ(dev_console().content_security_policy,
              "default-src 'none'; style-src 'sha256-" + hash_by_perl("style") + "'; script-src 'sha256-" +
                  hash_by_perl("script") +
                  "'; connect-src 'self' ws: wss:; img-src data:; base-uri 'none'; form-action 'none'; "
                  "frame-ancestors 'none'");
}

TEST(DevConsole, HasOneScriptAndOneStyleForTheTwoHashes) {
    EXPECT_EQ(count_of("<script"), 1);
    EXPECT_EQ(count_of("</script"), 1);
    EXPECT_EQ(count_of("<style"), 1);
    EXPECT_EQ(count_of("</style"), 1);
    EXPECT_THAT(page, HasSubstr("<script>\n"));
    EXPECT_THAT(page, HasSubstr("<style>\n"));
}

TEST(DevConsole, HasNothingThatThePolicyWouldStop) {
    EXPECT_EQ(count_of(R"(<[a-z][^>]*\son[a-z]+\s*=)"), 0) << "a handler in an attribute";
    EXPECT_EQ(count_of(R"(<[a-z][^>]*\sstyle\s*=)"), 0) << "a style in an attribute";
    EXPECT_EQ(count_of(R"(setAttribute\('style)"), 0);
    EXPECT_EQ(count_of(R"(\beval\()"), 0);
    EXPECT_EQ(count_of(R"(\bnew Function\b)"), 0);
    EXPECT_EQ(count_of("javascript:"), 0);
}

TEST(DevConsole, MakesNoHtmlOfText) {
    EXPECT_EQ(count_of("(inner|outer)HTML"), 0);
    EXPECT_EQ(count_of("insertAdjacentHTML"), 0);
    EXPECT_EQ(count_of(R"(document\.write)"), 0);
}

TEST(DevConsole, LoadsNothing) {
    EXPECT_EQ(count_of("https?://"), 0);
    EXPECT_EQ(count_of(R"(\bsrc\s*=)"), 0);
    EXPECT_THAT(page, Not(HasSubstr("url("))) << "of CSS";
    EXPECT_EQ(count_of("@import"), 0);
    EXPECT_EQ(count_of(R"(\bhref\s*=)"), 1) << "the icon";
    EXPECT_THAT(page, HasSubstr("<link rel=\"icon\" href=\"data:,\">"));
}

TEST(DevConsole, HasNoCarriageReturnWhichABrowserWouldChangeBeforeItHashes) { EXPECT_THAT(page, Not(HasSubstr("\r"))); }

TEST(DevConsole, IsSmall) { EXPECT_LT(page.size(), 40u * 1024); }

}  // namespace
}  // namespace wsinetd::session::dev_console_test
