#include "http/media_type.hpp"

#include <gtest/gtest.h>

#include "http/message.hpp"

namespace wsinetd::http::media_type_test {
namespace {

struct Row {
    const char* extension;
    const char* type;
};

// What browsers expect of the parts of a page.
constexpr Row of_a_page[] = {
    {"html", "text/html; charset=utf-8"},
    {"htm", "text/html; charset=utf-8"},
    {"css", "text/css; charset=utf-8"},
    {"js", "text/javascript; charset=utf-8"},
    {"mjs", "text/javascript; charset=utf-8"},
    {"json", "application/json"},
    {"map", "application/json"},
    {"webmanifest", "application/manifest+json"},
    {"svg", "image/svg+xml"},
    {"wasm", "application/wasm"},
    {"txt", "text/plain; charset=utf-8"},
    {"md", "text/markdown; charset=utf-8"},
    {"csv", "text/csv; charset=utf-8"},
    {"xml", "application/xml"},
    {"png", "image/png"},
    {"jpg", "image/jpeg"},
    {"jpeg", "image/jpeg"},
    {"gif", "image/gif"},
    {"webp", "image/webp"},
    {"avif", "image/avif"},
    {"ico", "image/vnd.microsoft.icon"},
    {"pdf", "application/pdf"},
    {"woff", "font/woff"},
    {"woff2", "font/woff2"},
    {"mp3", "audio/mpeg"},
    {"mp4", "video/mp4"},
    {"webm", "video/webm"},
    {"ogg", "audio/ogg"},
    {"gz", "application/gzip"},
    {"zip", "application/zip"},
};

TEST(MediaTypes, KnowsThePartsOfAPageWithoutATable) {
    const MediaTypes types;
    for (const Row& row : of_a_page) EXPECT_EQ(types.of(std::string("a.") + row.extension), row.type);
}

TEST(MediaTypes, KnowsThePartsOfAPageBetterThanTheTable) {
    std::string table;
    for (const Row& row : of_a_page) table += std::string("application/x-wrong ") + row.extension + "\n";
    const MediaTypes types(table);
    for (const Row& row : of_a_page) EXPECT_EQ(types.of(std::string("a.") + row.extension), row.type);
}

TEST(MediaTypes, TakesAllElseFromTheTable) {
    const MediaTypes types("application/x-tar\t\t\ttar\nfont/ttf ttf  otf\n\ntext/x-c++src c++ cpp\n");
    EXPECT_EQ(types.of("a.tar"), "application/x-tar");
    EXPECT_EQ(types.of("a.ttf"), "font/ttf");
    EXPECT_EQ(types.of("a.otf"), "font/ttf");
    EXPECT_EQ(types.of("a.c++"), "text/x-c++src; charset=utf-8");
    EXPECT_EQ(MediaTypes().of("a.tar"), "application/octet-stream");
}

TEST(MediaTypes, NeedsNoLineEndAtTheEnd) {
    EXPECT_EQ(MediaTypes("a/b x").of("a.x"), "a/b");
    EXPECT_EQ(MediaTypes("a/b x\r\nc/d y\r\n").of("a.x"), "a/b");
}

TEST(MediaTypes, TakesTheLastOfTwoLinesForAnExtension) { EXPECT_EQ(MediaTypes("a/b x\nc/d x").of("a.x"), "c/d"); }

TEST(MediaTypes, ComparesWithoutCase) {
    const MediaTypes types("Application/X-Tar TAR");
    EXPECT_EQ(types.of("A.Tar"), "application/x-tar");
    EXPECT_EQ(types.of("INDEX.HTML"), "text/html; charset=utf-8");
    EXPECT_EQ(MediaTypes("Text/Rust rs").of("a.rs"), "text/rust; charset=utf-8");
}

TEST(MediaTypes, IgnoresLinesOfOtherSyntax) {
    const MediaTypes types(
        "# a/b comment\n"
        "a/b # comment\n"
        "nothing bad1\n"
        "/b bad2\n"
        "a/ bad3\n"
        "a/b/c bad4\n"
        "a/b;charset=x bad5\n"
        "a/b\x01 bad6\n"
        "a/\xc3\xa4 bad7\n"
        "types { bad8\n"
        "text/rust bad9;\n"
        " \t \n"
        "#\n"
        "\xff\xfe\n"
        "a/good good # comment\n");
    EXPECT_EQ(types.of("a.good"), "a/good");
    EXPECT_EQ(types.of("a.comment"), "application/octet-stream");
    for (char c = '1'; c <= '9'; ++c) EXPECT_EQ(types.of(std::string("a.bad") + c), "application/octet-stream");
    EXPECT_EQ(types.of("a.bad9;"), "application/octet-stream");
}

TEST(MediaTypes, LetsNoByteIntoATypeThatAFieldMayNotHave) {
    for (int byte = 0; byte < 256; ++byte) {
        const std::string type = MediaTypes(std::string("a/b") + static_cast<char>(byte) + "c x").of("a.x");
        EXPECT_TRUE(std::ranges::all_of(type, [](char c) { return c == '/' || is_token_char(c); })) << byte;
    }
}

TEST(MediaTypes, GoesByTheLastExtension) {
    const MediaTypes types("application/x-tar tar");
    EXPECT_EQ(types.of("a.tar.gz"), "application/gzip");
    EXPECT_EQ(types.of("a.html.tar"), "application/x-tar");
    EXPECT_EQ(types.of("a.b/c.d/e.html"), "text/html; charset=utf-8");
    EXPECT_EQ(types.of(".x.html"), "text/html; charset=utf-8");
    EXPECT_EQ(types.of("..html"), "text/html; charset=utf-8");
}

TEST(MediaTypes, SaysNothingOfWhatItDoesNotKnow) {
    const MediaTypes types("application/x-tar tar");
    for (const char* name : {"", "html", "README", "a.", ".", "..", ".html", "a.html/b", "a.html/", "a.html.",
                             "a. html", "a.html ", "a.\xc3\xa4", "/", "a/.html"})
        EXPECT_EQ(types.of(name), "application/octet-stream") << name;
    EXPECT_EQ(types.of(std::string("a.html\0", 7)), "application/octet-stream");
}

}  // namespace
}  // namespace wsinetd::http::media_type_test
