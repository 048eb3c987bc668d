#include "log/record.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace wsinetd::log::record_test {
namespace {

constexpr std::string_view time = "2024-02-29T12:34:56.789Z";

std::string text(std::string_view event, std::initializer_list<Field> fields = {}) {
    return format_text(time, Level::info, event, std::span(fields.begin(), fields.size()));
}
std::string json(std::string_view event, std::initializer_list<Field> fields = {}) {
    return format_json(time, Level::info, event, std::span(fields.begin(), fields.size()));
}

/// How one value looks.
std::string text_value(std::string_view value) {
    const std::string before = std::string(time) + " info e v=";
    const std::string line = text("e", {{"v", value}});
    EXPECT_TRUE(line.starts_with(before)) << line;
    return line.substr(before.size());
}
std::string json_value(std::string_view value) {
    const std::string before = R"({"time":"2024-02-29T12:34:56.789Z","level":"info","event":"e","v":)";
    const std::string line = json("e", {{"v", value}});
    EXPECT_TRUE(line.starts_with(before) && line.ends_with('}')) << line;
    return line.substr(before.size(), line.size() - before.size() - 1);
}

TEST(TextRecord, IsTimeLevelEventAndFields) {
    EXPECT_EQ(text("session end",
                   {{"id", "00ff"}, {"code", std::int64_t{4003}}, {"bytes", std::uint64_t{5}}, {"seconds", 1.5}}),
              "2024-02-29T12:34:56.789Z info session end id=00ff code=4003 bytes=5 seconds=1.500");
    EXPECT_EQ(text("listening on ws://127.0.0.1:8080/"),
              "2024-02-29T12:34:56.789Z info listening on ws://127.0.0.1:8080/");
}

TEST(JsonRecord, IsOneObject) {
    EXPECT_EQ(json("session end",
                   {{"id", "00ff"}, {"code", std::int64_t{4003}}, {"bytes", std::uint64_t{5}}, {"seconds", 1.5}}),
              R"({"time":"2024-02-29T12:34:56.789Z","level":"info","event":"session end","id":"00ff","code":4003,)"
              R"("bytes":5,"seconds":1.500})");
    EXPECT_EQ(json("e"), R"({"time":"2024-02-29T12:34:56.789Z","level":"info","event":"e"})");
}

TEST(Record, NamesEveryLevel) {
    constexpr std::string_view names[] = {"debug", "trace", "access", "info", "error", "fatal"};
    for (int level = 0; level < 6; ++level) {
        const auto each = static_cast<Level>(level);
        EXPECT_EQ(name_of(each), names[level]);
        EXPECT_EQ(format_text("t", each, "e", {}), "t " + std::string(names[level]) + " e");
        EXPECT_EQ(format_json("t", each, "e", {}),
                  R"({"time":"t","level":")" + std::string(names[level]) + R"(","event":"e"})");
    }
}

TEST(Record, PrintsNumbersToTheirLimits) {
    EXPECT_EQ(
        text("e", {{"a", std::numeric_limits<std::int64_t>::min()}, {"b", std::numeric_limits<std::uint64_t>::max()}}),
        "2024-02-29T12:34:56.789Z info e a=-9223372036854775808 b=18446744073709551615");
    EXPECT_EQ(text("e", {{"a", 0.0}, {"b", 0.0004}, {"c", 123456789.9876}}),
              "2024-02-29T12:34:56.789Z info e a=0.000 b=0.000 c=123456789.988");
}

TEST(JsonRecord, HasNoNumberThatJsonLacks) {  // RFC 8259, section 6: no infinity, no NaN
    using Limits = std::numeric_limits<double>;
    EXPECT_EQ(json("e", {{"a", Limits::infinity()}, {"b", -Limits::infinity()}, {"c", Limits::quiet_NaN()}}),
              R"({"time":"2024-02-29T12:34:56.789Z","level":"info","event":"e","a":0,"b":0,"c":0})");
}

struct Row {
    std::string_view what;
    std::string_view value;
    std::string_view text;
    std::string_view json;
};

constexpr Row rows[] = {
    {"a word", "/count", "/count", R"("/count")"},
    {"nothing", "", R"("")", R"("")"},
    {"a blank", "a b", R"("a b")", R"("a b")"},
    {"a quote", R"(a"b)", R"("a\"b")", R"("a\"b")"},
    {"a backslash", R"(a\b)", R"("a\\b")", R"("a\\b")"},
    {"a forged record", "x\n2024 fatal all is lost", R"("x\n2024 fatal all is lost")",
     R"("x\n2024 fatal all is lost")"},
    {"CR and tab", "a\r\tb", R"("a\r\tb")", R"("a\r\tb")"},
    {"a terminal's escape", "\x1b[31mred", R"("\x1b[31mred")", R"("\u001b[31mred")"},
    {"NUL", {"a\0b", 3}, R"("a\x00b")", R"("a\u0000b")"},
    {"bell", "\a", R"("\x07")", R"("\u0007")"},
    {"DEL", "a\x7f", R"("a\x7f")", R"("a\u007f")"},
    {"the first C1 control", "\xc2\x80", R"("\x80")", R"("\u0080")"},
    {"a C1 control that begins an escape",
     "\xc2\x9b"
     "31m",
     R"("\x9b31m")", R"("\u009b31m")"},
    {"the last C1 control", "a\xc2\x9f", R"("a\x9f")", R"("a\u009f")"},
    {"the character after them", "\xc2\xa0", "\xc2\xa0", "\"\xc2\xa0\""},
    {"characters with such bytes in them", "\xe0\xa2\x80\xf0\x9f\x98\x80", "\xe0\xa2\x80\xf0\x9f\x98\x80",
     "\"\xe0\xa2\x80\xf0\x9f\x98\x80\""},
    {"text beyond ASCII",
     "Gr\xc3\xbc\xc3\x9f"
     "e",
     "Gr\xc3\xbc\xc3\x9f"
     "e",
     "\"Gr\xc3\xbc\xc3\x9f"
     "e\""},
    {"what is not UTF-8", "a\xff", "a\xef\xbf\xbd", "\"a\xef\xbf\xbd\""},
    {"C1 controls as lone bytes",
     "\x9b"
     "31m",
     "\xef\xbf\xbd"
     "31m",
     "\"\xef\xbf\xbd"
     "31m\""},
    {"a character begun", "\xc2", "\xef\xbf\xbd", "\"\xef\xbf\xbd\""},
    {"a C1 control out of two values' bytes", "\xc2\x1b", "\"\xef\xbf\xbd\\x1b\"", "\"\xef\xbf\xbd\\u001b\""},
};

TEST(Record, QuotesAndEscapesWhatAClientPutIntoAValue) {
    for (const Row& row : rows) {
        EXPECT_EQ(text_value(row.value), row.text) << row.what;
        EXPECT_EQ(json_value(row.value), row.json) << row.what;
    }
}

TEST(Record, EscapesAnEventToo) {
    EXPECT_EQ(text("a\nb \"c\" \x1b \xff"), std::string(time) + R"( info a\nb \"c\" \x1b )"
                                                                "\xef\xbf\xbd");
    EXPECT_EQ(json("a\nb \"c\" \x1b \xff"),
              R"({"time":"2024-02-29T12:34:56.789Z","level":"info","event":"a\nb \"c\" \u001b )"
              "\xef\xbf\xbd\"}");
}

/// Whatever single byte, and pair of a lead byte and another, stands in a value: one line, no control character.
TEST(Record, IsOneLineWithoutControlsWhateverIsInIt) {
    const auto expect_clean = [](const std::string& line) {
        for (std::size_t i = 0; i < line.size(); ++i) {
            const auto byte = static_cast<unsigned char>(line[i]);
            ASSERT_TRUE(byte >= 0x20 && byte != 0x7f) << testing::PrintToString(line);
            const bool c1 = byte == 0xc2 && i + 1 < line.size() && static_cast<unsigned char>(line[i + 1]) < 0xa0;
            ASSERT_FALSE(c1) << testing::PrintToString(line);
        }
    };
    for (int first = 0; first < 256; ++first) {
        for (int second = 0; second < 256; ++second) {
            const std::string value{static_cast<char>(first), static_cast<char>(second)};
            expect_clean(text(value, {{"v", value}}));
            expect_clean(json(value, {{"v", value}}));
        }
    }
}

TEST(Record, CutsALongValueAndSaysSo) {
    const std::string longest(max_value, 'x');
    EXPECT_EQ(text_value(longest), longest);
    EXPECT_EQ(text_value(longest + "y"), longest + "…");
    EXPECT_EQ(json_value(longest + "y"), "\"" + longest + "…\"");
    EXPECT_EQ(text(longest + "y"), std::string(time) + " info " + longest + "…");
}

TEST(Record, StaysWellFormedWhereACharacterIsCut) {
    const std::string value = std::string(max_value - 1, 'x') + "\xc3\xbc";
    EXPECT_EQ(text_value(value), std::string(max_value - 1, 'x') + "\xef\xbf\xbd…");
}

}  // namespace
}  // namespace wsinetd::log::record_test
