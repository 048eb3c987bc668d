#include "http/conditional.hpp"

#include <gtest/gtest.h>

#include <regex>
#include <set>

namespace wsinetd::http::conditional_test {
namespace {

using std::chrono::sys_days;
using std::chrono::sys_seconds;
using std::chrono::year;

constexpr sys_seconds modified = sys_days(year(1994) / 11 / 6);  // a Sunday
constexpr sys_seconds now = sys_days(year(2026) / 11 / 25);      // a Wednesday

constexpr const char* before = "Sat, 05 Nov 1994 23:59:59 GMT";
constexpr const char* exactly = "Sun, 06 Nov 1994 00:00:00 GMT";
constexpr const char* after = "Sun, 06 Nov 1994 00:00:01 GMT";

Request request(Fields fields, std::string method = "GET") {
    Request result;
    result.method = std::move(method);
    result.fields = std::move(fields);
    return result;
}

Selection selected(Fields fields, std::uint64_t size = 10, std::string method = "GET") {
    return select(request(std::move(fields), std::move(method)), {"\"e,1\"", modified, size}, now);
}

int status(Fields fields, std::string method = "GET") { return selected(std::move(fields), 10, method).status; }

/// "206 3+4": status, first byte and how many.
std::string ranged(std::string range, std::uint64_t size = 10) {
    const Selection selection = selected({{"Range", std::move(range)}}, size);
    return std::to_string(selection.status) + " " + std::to_string(selection.begin) + "+" +
           std::to_string(selection.length);
}

TEST(Select, SendsTheWholeToWhoSetsNoCondition) {
    EXPECT_EQ(ranged("", 10), "200 0+10");
    EXPECT_EQ(selected({}).length, 10u);
    EXPECT_EQ(selected({}, 0).status, 200);
    EXPECT_EQ(selected({}, 10, "HEAD").length, 10u);
}

TEST(Select, SendsNoByteWithAnyOtherStatus) {
    for (const Fields& fields :
         {Fields{{"If-Match", "\"x\""}}, Fields{{"If-None-Match", "*"}}, Fields{{"Range", "bytes=10-"}}}) {
        EXPECT_EQ(selected(fields).begin, 0u);
        EXPECT_EQ(selected(fields).length, 0u);
    }
}

struct TagRow {
    const char* list;
    bool strong;
    bool weak;
};

constexpr TagRow tag_rows[] = {
    {"\"e,1\"", true, true},
    {"W/\"e,1\"", false, true},
    {"*", true, true},
    {" * ", true, true},
    {"\"x\"", false, false},
    {"\"x\", \"e,1\"", true, true},
    {"\"x\",\"e,1\",\"y\"", true, true},
    {"\"x\" \t,\t \"e,1\" ", true, true},
    {", ,,\"e,1\",, ", true, true},
    {"W/\"e,1\", \"e,1\"", true, true},
    {"\"x\", W/\"e,1\"", false, true},
    {"\"\xc3\xa4\", \"a b\", \"e,1\"", true, true},
    {"\"\", \"e,1\"", true, true},
    {"\"E,1\"", false, false},
    {"\"e,1", false, false},
    {"e,1", false, false},
    {"", false, false},
    {",", false, false},
    {"w/\"e,1\"", false, false},
    {"W/ \"e,1\"", false, false},
    {"W/", false, false},
    {"W", false, false},
    {"\"", false, false},
    {"\"e,1\"x", false, false},
    {"\"e,1\"\"e,1\"", false, false},
    {"\"e,1\" \"x\"", false, false},
    {"\"e,1\", x", false, false},
    {"\"e,1\", *", false, false},
    {"*, \"x\"", false, false},
    {"**", false, false},
    {"\"x\\\", \"e,1\"", true, true},  // 8.8.3: a tag has no escapes
};

TEST(Select, ComparesIfMatchStronglyAndAnswers412) {
    for (const TagRow& row : tag_rows)
        for (const char* method : {"GET", "HEAD"})
            EXPECT_EQ(status({{"If-Match", row.list}}, method), row.strong ? 200 : 412) << row.list;
}

TEST(Select, ComparesIfNoneMatchWeaklyAndAnswers304) {
    for (const TagRow& row : tag_rows)
        for (const char* method : {"GET", "HEAD"})
            EXPECT_EQ(status({{"If-None-Match", row.list}}, method), row.weak ? 304 : 200) << row.list;
}

TEST(Select, JoinsTheTagsOfSeveralFields) {
    EXPECT_EQ(status({{"if-none-match", "\"x\""}, {"IF-NONE-MATCH", "\"e,1\""}}), 304);
    EXPECT_EQ(status({{"If-Match", "\"x\""}, {"If-Match", "\"e,1\""}}), 200);
}

struct DateRow {
    const char* date;
    int unmodified_since;
    int modified_since;
};

constexpr DateRow date_rows[] = {
    {before, 412, 200},
    {exactly, 200, 304},
    {after, 200, 304},
    {"Sunday, 06-Nov-94 00:00:00 GMT", 200, 304},
    {"Saturday, 05-Nov-94 23:59:59 GMT", 412, 200},
    {"Sun Nov  6 00:00:00 1994", 200, 304},
    {"Wed, 25 Nov 2026 00:00:00 GMT", 200, 304},
    {"Wed, 25 Nov 2026 00:00:01 GMT", 200, 200},  // to come
    {"Fri, 31 Dec 9999 23:59:59 GMT", 200, 200},
    {"Sun, 31 Nov 1994 00:00:00 GMT", 200, 200},  // no date, so no condition
    {"Sat, 05 Nov 1994 23:59:59 GMT, Sat, 05 Nov 1994 23:59:59 GMT", 200, 200},
    {"0", 200, 200},
    {"", 200, 200},
    {"\"e,1\"", 200, 200},
};

TEST(Select, Answers412ToIfUnmodifiedSince) {
    for (const DateRow& row : date_rows)
        for (const char* method : {"GET", "HEAD"})
            EXPECT_EQ(status({{"If-Unmodified-Since", row.date}}, method), row.unmodified_since) << row.date;
}

TEST(Select, Answers304ToIfModifiedSinceUnlessItsDateIsToCome) {
    for (const DateRow& row : date_rows)
        for (const char* method : {"GET", "HEAD"})
            EXPECT_EQ(status({{"If-Modified-Since", row.date}}, method), row.modified_since) << row.date;
}

TEST(Select, TakesADateGivenTwiceForNone) {
    EXPECT_EQ(status({{"If-Modified-Since", after}, {"If-Modified-Since", after}}), 200);
    EXPECT_EQ(status({{"If-Unmodified-Since", before}, {"If-Unmodified-Since", before}}), 200);
}

TEST(Select, KeepsTheOrderOf13_2_2) {
    const Field match{"If-Match", "\"e,1\""}, no_match{"If-Match", "\"x\""};
    const Field unmodified{"If-Unmodified-Since", after}, not_unmodified{"If-Unmodified-Since", before};
    const Field none_match{"If-None-Match", "\"x\""}, not_none_match{"If-None-Match", "\"e,1\""};
    const Field is_modified{"If-Modified-Since", before}, not_modified{"If-Modified-Since", after};
    const Field range{"Range", "bytes=0-0"}, beyond{"Range", "bytes=10-"};

    EXPECT_EQ(status({not_unmodified, match}), 200);  // If-Match stands for If-Unmodified-Since
    EXPECT_EQ(status({unmodified, no_match}), 412);
    EXPECT_EQ(status({not_none_match, no_match}), 412);  // 412 comes before 304
    EXPECT_EQ(status({not_none_match, not_unmodified}), 412);
    EXPECT_EQ(status({not_modified, not_unmodified}), 412);
    EXPECT_EQ(status({not_none_match, match}), 304);
    EXPECT_EQ(status({not_modified, unmodified}), 304);
    EXPECT_EQ(status({not_modified, none_match}), 200);  // If-None-Match stands for If-Modified-Since
    EXPECT_EQ(status({not_modified, {"If-None-Match", "malformed"}}), 200);
    EXPECT_EQ(status({is_modified, not_none_match}), 304);
    EXPECT_EQ(status({range, no_match}), 412);  // and the range comes last
    EXPECT_EQ(status({range, not_none_match}), 304);
    EXPECT_EQ(status({range, not_modified}), 304);
    EXPECT_EQ(status({beyond, not_unmodified}), 412);
    EXPECT_EQ(status({beyond, not_modified}), 304);
    EXPECT_EQ(status({range, match, none_match}), 206);
    EXPECT_EQ(status({range, unmodified, is_modified}), 206);
    EXPECT_EQ(status({beyond, match, none_match}), 416);
}

TEST(Select, SendsASingleRange) {
    EXPECT_EQ(ranged("bytes=0-0"), "206 0+1");
    EXPECT_EQ(ranged("bytes=0-4"), "206 0+5");
    EXPECT_EQ(ranged("bytes=5-"), "206 5+5");
    EXPECT_EQ(ranged("bytes=0-"), "206 0+10");
    EXPECT_EQ(ranged("bytes=9-9"), "206 9+1");
    EXPECT_EQ(ranged("bytes=-5"), "206 5+5");
    EXPECT_EQ(ranged("bytes=-1"), "206 9+1");
    EXPECT_EQ(ranged("BYTES=0005-06"), "206 5+2");
}

TEST(Select, CutsARangeAtTheEndOfTheFile) {
    EXPECT_EQ(ranged("bytes=5-9"), "206 5+5");
    EXPECT_EQ(ranged("bytes=5-10"), "206 5+5");
    EXPECT_EQ(ranged("bytes=0-99"), "206 0+10");
    EXPECT_EQ(ranged("bytes=-10"), "206 0+10");
    EXPECT_EQ(ranged("bytes=-11"), "206 0+10");
}

TEST(Select, Answers416ToARangeWithoutAByte) {
    for (const char* range : {"bytes=10-", "bytes=10-10", "bytes=11-20", "bytes=-0", "bytes=-000"})
        EXPECT_EQ(ranged(range), "416 0+0") << range;
    for (const char* range : {"bytes=0-", "bytes=0-0", "bytes=-1", "bytes=-0", "bytes=1-2"})
        EXPECT_EQ(ranged(range, 0), "416 0+0") << range;
}

TEST(Select, KnowsNumbersThatNoFileReaches) {
    const std::string max = "18446744073709551615";
    const std::string more = "18446744073709551616";
    const std::string huge(10000, '9');
    for (const std::string& number : {max, more, huge}) {
        EXPECT_EQ(ranged("bytes=" + number + "-"), "416 0+0");
        EXPECT_EQ(ranged("bytes=" + number + "-" + number), "416 0+0");
        EXPECT_EQ(ranged("bytes=" + number + "-5"), "200 0+10");
        EXPECT_EQ(ranged("bytes=4-" + number), "206 4+6");
        EXPECT_EQ(ranged("bytes=-" + number), "206 0+10");
        EXPECT_EQ(ranged("bytes=-" + number, 0), "416 0+0");
        EXPECT_EQ(ranged("bytes=0-" + number, UINT64_MAX), "206 0+" + max);
        EXPECT_EQ(ranged("bytes=-" + number, UINT64_MAX), "206 0+" + max);
    }
    EXPECT_EQ(ranged("bytes=18446744073709551614-", UINT64_MAX), "206 18446744073709551614+1");
}

TEST(Select, DoesNotObeyWhatIsNoSingleRangeOfBytes) {
    for (const char* range : {"bytes=0-1,3-4",
                              "bytes=0-1, -1",
                              "bytes=0-1 3-4",
                              "bytes=4-3",
                              "bytes=20-10",
                              "bytes=-",
                              "bytes=",
                              "bytes",
                              "bytes=5",
                              "bytes=--5",
                              "bytes=5--",
                              "bytes=-5-",
                              "bytes=+1-2",
                              "bytes=1-+2",
                              "bytes=0x1-2",
                              "bytes=1.0-2",
                              "bytes=a-b",
                              "bytes=1 -2",
                              "bytes=1- 2",
                              "bytes=\"1-2\"",
                              "bytes =1-2",
                              "bytes:1-2",
                              "byte=1-2",
                              "bytess=1-2",
                              "items=1-2",
                              "=1-2",
                              "1-2",
                              "*",
                              ""})
        EXPECT_EQ(ranged(range), "200 0+10") << range;
    EXPECT_EQ(status({{"Range", "bytes=0-1"}, {"Range", "bytes=3-4"}}), 200);
    EXPECT_EQ(ranged(std::string("bytes=0-1\0", 10)), "200 0+10");
}

TEST(Select, SkipsTheEmptyElementsOfAListOfOneRange) { EXPECT_EQ(ranged("bytes= ,\t3-4, ,"), "206 3+2"); }

/// The grammar of 14.1.1 and the sentences of 14.1.2 once more, for numbers of one digit.
std::string expected(const std::smatch& match, unsigned size) {
    const auto answer = [](int code, unsigned begin, unsigned length) {
        return std::to_string(code) + " " + std::to_string(begin) + "+" + std::to_string(length);
    };
    const unsigned last = match[2].length() ? static_cast<unsigned>(std::stoul(match[2])) : size - 1;
    if (!match[1].length())
        return last == 0 || size == 0 ? answer(416, 0, 0)
                                      : answer(206, size - std::min(last, size), std::min(last, size));
    const unsigned first = static_cast<unsigned>(std::stoul(match[1]));
    if (match[2].length() && last < first) return answer(200, 0, size);
    if (first >= size) return answer(416, 0, 0);
    return answer(206, first, std::min(last, size - 1) - first + 1);
}

TEST(Select, AnswersEveryShortRangeAsTheGrammarSays) {
    const std::regex single(R"([ ,]*(\d+)?-(\d+)?[ ,]*)");
    const std::string_view alphabet = "013-, x";
    std::vector<std::string> texts{""};
    for (std::size_t i = 0; i < texts.size(); ++i) {
        const std::string text = texts[i];
        std::smatch match;
        const bool valid = std::regex_match(text, match, single) && (match[1].length() || match[2].length());
        for (unsigned size = 0; size < 5; ++size)
            ASSERT_EQ(ranged("bytes=" + text, size), valid ? expected(match, size) : "200 0+" + std::to_string(size))
                << text << " of " << size;
        if (text.size() < 5)
            for (char c : alphabet) texts.push_back(text + c);
    }
}

TEST(Select, SendsRangesToGetOnly) {
    for (const char* range : {"bytes=0-1", "bytes=10-"}) {
        EXPECT_EQ(status({{"Range", range}}, "HEAD"), 200);
        EXPECT_EQ(selected({{"Range", range}}, 10, "HEAD").length, 10u);
        EXPECT_EQ(status({{"Range", range}}, "get"), 200);
    }
}

TEST(Select, SendsARangeOfWhatIfRangeNamesAndElseTheWhole) {
    for (const char* same :
         {"\"e,1\"", " \"e,1\" ", exactly, "Sunday, 06-Nov-94 00:00:00 GMT", "Sun Nov  6 00:00:00 1994"})
        EXPECT_EQ(status({{"If-Range", same}, {"Range", "bytes=0-1"}}), 206) << same;
    for (const char* other : {"W/\"e,1\"", "\"x\"", "\"x\", \"e,1\"", "*", "", "e,1", before, after, "Sun, 06 Nov 1994",
                              "Wed, 25 Nov 2026 00:00:00 GMT"}) {
        EXPECT_EQ(status({{"If-Range", other}, {"Range", "bytes=0-1"}}), 200) << other;
        EXPECT_EQ(status({{"If-Range", other}, {"Range", "bytes=10-"}}), 200) << other;
    }
    EXPECT_EQ(status({{"If-Range", "\"e,1\""}, {"Range", "bytes=10-"}}), 416);
    EXPECT_EQ(status({{"If-Range", "\"e,1\""}, {"If-Range", "\"e,1\""}, {"Range", "bytes=0-1"}}), 200);
    EXPECT_EQ(status({{"If-Range", "\"x\""}}), 200);
    EXPECT_EQ(status({{"If-Range", "\"e,1\""}, {"Range", "bytes=0-1"}}, "HEAD"), 200);
}

struct FieldRow {
    const char* name;
    int without_sense;  // the answer, together with a range, where the field makes no sense
    int to_star;
};

TEST(Select, AnswersAnyTwoBytesInAnyOfItsFields) {
    static constexpr FieldRow rows[] = {{"If-Match", 412, 206},
                                        {"If-None-Match", 206, 304},
                                        {"If-Modified-Since", 206, 206},
                                        {"If-Unmodified-Since", 206, 206},
                                        {"If-Range", 200, 200}};
    for (const FieldRow& row : rows) {
        for (int bytes = 0; bytes < 65536; ++bytes) {
            const std::string value{static_cast<char>(bytes / 256), static_cast<char>(bytes % 256)};
            const int answer = trimmed(value) == "*" ? row.to_star : row.without_sense;
            ASSERT_EQ(status({{row.name, value}, {"Range", "bytes=0-1"}}), answer) << row.name << ' ' << bytes;
        }
    }
}

TEST(Select, ReadsALongListOnce) {
    std::string tags;
    for (int i = 0; i < 100000; ++i) tags += "\"x\" , ,";
    EXPECT_EQ(status({{"If-None-Match", tags}}), 200);
    EXPECT_EQ(status({{"If-None-Match", tags + "\"e,1\""}}), 304);
    EXPECT_EQ(status({{"If-None-Match", std::string(1000000, ' ') + "*"}}), 304);
    EXPECT_EQ(status({{"If-None-Match", std::string(1000000, '"')}}), 200);
    EXPECT_EQ(status({{"Range", "bytes=" + std::string(1000000, ',') + "0-1"}}), 206);
}

TEST(Etag, IsQuotedAndInHexadecimalDigits) {
    EXPECT_EQ(make_etag(10, 255, 4096, ""), "\"a-ff-1000\"");
    EXPECT_EQ(make_etag(10, 255, 4096, "gzip"), "\"a-ff-1000-gzip\"");
    EXPECT_EQ(make_etag(0, 0, 0, ""), "\"0-0-0\"");
    EXPECT_EQ(make_etag(UINT64_MAX, -1, UINT64_MAX, ""), "\"ffffffffffffffff-ffffffffffffffff-ffffffffffffffff\"");
}

TEST(Etag, ChangesWithEachOfItsParts) {
    std::set<std::string> tags;
    for (std::uint64_t size : {0ull, 1ull, 17ull, ~0ull})
        for (std::int64_t time : {0ll, 1ll, 17ll, -1ll})
            for (std::uint64_t inode : {0ull, 1ull, 17ull, ~0ull})
                for (const char* coding : {"", "gzip"}) tags.insert(make_etag(size, time, inode, coding));
    EXPECT_EQ(tags.size(), 4u * 4 * 4 * 2);
}

TEST(Etag, IsFoundAgainInTheListsOfRequests) {
    const std::string etag = make_etag(10, 784111777000000001, 42, "gzip");
    const Representation representation{etag, modified, 10};
    EXPECT_EQ(select(request({{"If-None-Match", "\"x\", W/" + etag}}), representation, now).status, 304);
    EXPECT_EQ(select(request({{"If-Match", "\"x\", " + etag}}), representation, now).status, 200);
    const std::string plain = make_etag(10, 784111777000000001, 42, "");
    EXPECT_EQ(select(request({{"If-None-Match", plain}}), representation, now).status, 200);
}

TEST(ContentRange, NamesTheFirstAndTheLastByte) {
    EXPECT_EQ(content_range({206, 0, 5}, 10), "bytes 0-4/10");
    EXPECT_EQ(content_range({206, 9, 1}, 10), "bytes 9-9/10");
    EXPECT_EQ(content_range({206, 0, UINT64_MAX}, UINT64_MAX), "bytes 0-18446744073709551614/18446744073709551615");
    EXPECT_EQ(content_range({206, 21010, 26012}, 47022), "bytes 21010-47021/47022");  // the RFC's own
}

TEST(ContentRange, NamesTheSizeWhereNoRangeCanBeSent) {
    EXPECT_EQ(content_range({416}, 10), "bytes */10");
    EXPECT_EQ(content_range({416}, 0), "bytes */0");
}

}  // namespace
}  // namespace wsinetd::http::conditional_test
