#include "framing/json.hpp"

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>

#include "fixtures/every_split.hpp"

namespace wsinetd::framing::json_test {
namespace {

using fixtures::bytes_of;
using fixtures::every_split;
using fixtures::Pieces;

bool is_json(const Pieces& pieces) {
    JsonValidator json;
    for (const std::string& piece : pieces)
        if (!json.add(bytes_of(piece))) return false;
    return json.complete();
}

/// The same however the text is cut, also for a validator that has judged another before.
void expect_judged(const std::string& text, bool good) {
    if (text.empty()) {
        EXPECT_EQ(is_json({}), good);
        return;
    }
    every_split(text, [&](const Pieces& pieces) { EXPECT_EQ(is_json(pieces), good) << testing::PrintToString(text); });
    JsonValidator json;
    json.add(bytes_of("[{\"a\":"));
    json.reset();
    EXPECT_EQ(json.add(bytes_of(text)) && json.complete(), good) << testing::PrintToString(text);
}

TEST(JsonValidator, TakesTheExamplesOfTheRfc) {  // section 13
    expect_judged(R"({
        "Image": {
            "Width":  800,
            "Height": 600,
            "Title":  "View from 15th Floor",
            "Thumbnail": {
                "Url":    "http://www.example.com/image/481989943",
                "Height": 125,
                "Width":  100
            },
            "Animated" : false,
            "IDs": [116, 943, 234, 38793]
          }
      })",
                  true);
    for (const char* text : {R"("Hello world!")", "42", "true"}) expect_judged(text, true);
}

TEST(JsonValidator, TakesEveryKindOfValue) {
    for (const char* text : {"null",
                             "true",
                             "false",
                             "0",
                             "-0",
                             "1",
                             "10",
                             "-1",
                             "1.5",
                             "0.0",
                             "1e1",
                             "1E1",
                             "1e+1",
                             "1e-1",
                             "0e0",
                             "-1.25E-10",
                             "123456789012345678901234567890",
                             R"("")",
                             R"("a")",
                             "[]",
                             "{}"})
        expect_judged(text, true);
}

TEST(JsonValidator, TakesArraysAndObjectsWithinEachOther) {
    for (const char* text : {"[1]", "[1,2]", "[[],{}]", R"({"":0})", R"({"a":1,"b":[{"c":{}},null]})",
                             R"([{"a":[1.5,true]}])", R"({"a":1,"a":2})"})
        expect_judged(text, true);
}

TEST(JsonValidator, TakesBlanksBetweenTokens) {  // section 2
    for (const char* text : {" 1", "1 ", "\t[\r\n 1 ,\n2 ]\n", " { \"a\" : 1 , \"b\" : [ ] } ", " null\r"})
        expect_judged(text, true);
}

TEST(JsonValidator, TakesEveryEscape) {  // section 7
    expect_judged(R"("\"\\\/\b\f\n\r\t\u0000\uD834\udd1E\uABCD\uefab")", true);
    expect_judged(R"({"\n":"\u00e9"})", true);
}

TEST(JsonValidator, LeavesBytesAbove0x7fInStringsToOthers) {
    expect_judged("\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\x7f\"", true);
    expect_judged("\"\xff\"", true);
}

TEST(JsonValidator, RefusesWhatIsNoText) {
    for (const char* text : {"",
                             " ",
                             "\n\n",
                             "hello",
                             "Listening on port 80",
                             "nul",
                             "nulls",
                             "nulL",
                             "True",
                             "truefalse",
                             "NaN",
                             "Infinity",
                             "-Infinity",
                             "undefined",
                             "'a'",
                             "// comment",
                             "/**/1",
                             "1 2",
                             "[] []",
                             "{}{}",
                             "1,",
                             ",",
                             ":",
                             "]",
                             "}",
                             "[",
                             "{",
                             "\xef\xbb\xbf{}"})
        expect_judged(text, false);
}

TEST(JsonValidator, RefusesNumbersThatJsonDoesNotHave) {  // section 6
    for (const char* text : {"-",     "+1",    "01",   "-01", "00",  ".5", "1.",    "1.e1",  "-.5",  "1e",  "1e+",
                             "1e1.5", "1e1e1", "0x10", "1a",  "--1", "1-", "0.1.2", "1_000", "[1.]", "[-]", "[1e]"})
        expect_judged(text, false);
}

TEST(JsonValidator, RefusesStringsThatAreNotWhole) {
    for (const char* text : {"\"", "\"a", R"("\)", R"("\")", R"("\a")", R"("\'")", R"("\x41")", R"("\U0041")",
                             R"("\u")", R"("\u123")", R"("\u123g")", "\"\n\"", "\"\t\"", "\"\x1f\"", R"("a""b")"})
        expect_judged(text, false);
    expect_judged(std::string("\"\0\"", 3), false);
}

TEST(JsonValidator, RefusesArraysAndObjectsThatAreNotWhole) {
    for (const char* text : {"[1",          "[1,",
                             "[1,]",        "[,1]",
                             "[,]",         "[1 2]",
                             "[1,,2]",      "[1}",
                             "[}",          R"({"a"})",
                             R"({"a":})",   R"({"a":1)",
                             R"({"a":1,})", R"({"a":1,,})",
                             R"({,"a":1})", R"({"a" 1})",
                             R"({"a"::1})", R"({a:1})",
                             "{1:1}",       R"({"a":1])",
                             "{]",          R"({"a":1 "b":2})",
                             "[1]]",        "{}}",
                             R"(["a":1])",  R"({"a","b"})",
                             "[:]"})
        expect_judged(text, false);
}

TEST(JsonValidator, KnowsTheFirstByteOfEveryText) {
    const std::string begins = " \t\n\r{[\"-0123456789tfn";
    for (int byte = 0; byte < 256; ++byte) {
        const std::string text(1, static_cast<char>(byte));
        EXPECT_EQ(JsonValidator().add(bytes_of(text)), begins.find(text) != std::string::npos) << byte;
    }
}

TEST(JsonValidator, StaysFailed) {
    JsonValidator json;
    EXPECT_FALSE(json.add(bytes_of("x")));
    EXPECT_FALSE(json.add(bytes_of("{}")));
    EXPECT_FALSE(json.add({}));
    EXPECT_FALSE(json.complete());
}

std::string repeated(const std::string& text, std::size_t count) {
    std::string all;
    for (std::size_t i = 0; i < count; ++i) all += text;
    return all;
}

TEST(JsonValidator, GoesAsDeepAs512) {
    const auto nested = [](const std::string& open, const std::string& close, std::size_t depth) {
        return is_json({repeated(open, depth) + "1" + repeated(close, depth)});
    };
    EXPECT_TRUE(nested("[", "]", 512));
    EXPECT_FALSE(nested("[", "]", 513));
    EXPECT_TRUE(nested("{\"a\":", "}", 512));
    EXPECT_FALSE(nested("{\"a\":", "}", 513));
    EXPECT_TRUE(nested("[{\"a\":", "}]", 256));
    EXPECT_FALSE(nested("[{\"a\":[", "]}]", 171));
}

TEST(JsonValidator, RemembersAtEveryDepthWhatIsOpen) {
    for (std::size_t depth = 1; depth <= 512; ++depth) {
        std::string open;
        std::string close;
        for (std::size_t i = 0; i < depth; ++i) {
            const bool object = (i * 7 + depth) % 3 == 0;
            open += object ? "{\"a\":" : "[";
            close.insert(close.begin(), object ? '}' : ']');
        }
        ASSERT_TRUE(is_json({open + "0" + close})) << depth;
        close[depth / 2] = close[depth / 2] == '}' ? ']' : '}';
        ASSERT_FALSE(is_json({open + "0" + close})) << depth;
    }
}

}  // namespace
}  // namespace wsinetd::framing::json_test
