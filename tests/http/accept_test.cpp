#include "http/accept.hpp"

#include <gtest/gtest.h>

#include <string>

namespace wsinetd::http::accept_test {
namespace {

bool takes_gzip(std::string value) { return accepts_coding({{"Accept-Encoding", std::move(value)}}, "gzip"); }
bool asks_for_events(std::string value) { return asks_for({{"Accept", std::move(value)}}, "text/event-stream"); }

TEST(AcceptsCoding, FindsItInTheRfcsExamples) {
    EXPECT_TRUE(takes_gzip("compress, gzip"));
    EXPECT_FALSE(takes_gzip(""));
    EXPECT_TRUE(takes_gzip("*"));
    EXPECT_FALSE(takes_gzip("compress;q=0.5, gzip;q=0.0"));
    EXPECT_TRUE(takes_gzip("compress;q=0.5, gzip;q=1.0"));
    EXPECT_TRUE(takes_gzip("gzip;q=1.0, identity; q=0.5, *;q=0"));
}

TEST(AcceptsCoding, NeedsTheField) {
    EXPECT_FALSE(accepts_coding({}, "gzip"));
    EXPECT_FALSE(accepts_coding({{"Accept", "gzip"}, {"TE", "gzip"}}, "gzip"));
}

TEST(AcceptsCoding, TakesWhatBrowsersSend) { EXPECT_TRUE(takes_gzip("gzip, deflate, br, zstd")); }

TEST(AcceptsCoding, ComparesWholeNamesWithoutCase) {
    EXPECT_TRUE(takes_gzip("br,GZip"));
    EXPECT_TRUE(accepts_coding({{"accept-encoding", "GZIP"}}, "gzip"));
    for (const char* other : {"gzi", "gzipp", "x-gzip2", "br", "identity", "g zip", "gzip x", "\"gzip\"", "gzip/1"})
        EXPECT_FALSE(takes_gzip(other)) << other;
}

TEST(AcceptsCoding, LetsANameSayMoreThanTheStar) {
    EXPECT_FALSE(takes_gzip("gzip;q=0, *"));
    EXPECT_FALSE(takes_gzip("*, gzip;q=0"));
    EXPECT_TRUE(takes_gzip("*;q=0, gzip"));
    EXPECT_FALSE(takes_gzip("*;q=0"));
    EXPECT_FALSE(takes_gzip("br, *;q=0"));
    EXPECT_TRUE(takes_gzip("br;q=0, *;q=0.001"));
}

TEST(AcceptsCoding, LetsARefusalSayTheMost) {
    EXPECT_FALSE(takes_gzip("gzip, gzip;q=0"));
    EXPECT_FALSE(takes_gzip("gzip;q=0, gzip"));
    EXPECT_FALSE(takes_gzip("gzip;q=1;q=0"));
    EXPECT_FALSE(takes_gzip("*;q=0, *"));
}

TEST(AcceptsCoding, ReadsAllFieldsOfTheName) {
    EXPECT_TRUE(accepts_coding({{"Accept-Encoding", "br"}, {"Accept-Encoding", "gzip"}}, "gzip"));
    EXPECT_FALSE(accepts_coding({{"Accept-Encoding", "*"}, {"Accept-Encoding", "gzip;q=0"}}, "gzip"));
}

TEST(AcceptsCoding, ReadsEveryWeightOfTheGrammar) {
    const std::string digits = "0123456789";
    for (const char* zero : {"0", "0.", "0.0", "0.00", "0.000"})
        EXPECT_FALSE(takes_gzip(std::string("gzip;q=") + zero));
    for (const char* one : {"1", "1.", "1.0", "1.00", "1.000"}) EXPECT_TRUE(takes_gzip(std::string("gzip;q=") + one));
    for (int thousandths = 1; thousandths < 1000; ++thousandths) {
        std::string decimals = std::to_string(thousandths);
        decimals.insert(0, 3 - decimals.size(), '0');
        EXPECT_TRUE(takes_gzip("gzip;q=0." + decimals)) << decimals;
        EXPECT_FALSE(takes_gzip("gzip;q=1." + decimals)) << decimals;
    }
}

TEST(AcceptsCoding, TakesAMalformedWeightForARefusal) {
    for (const char* weight : {"",    "2",     "-1",  "+1",  ".5",   "01",  "0.1234", "1.0000", "0,5",  "0.5x", "x",
                               "1 0", "\"1\"", "1.x", "0.x", "0..1", "NaN", "1e0",    "0x1",    "\xff", "="})
        EXPECT_FALSE(takes_gzip(std::string("gzip;q=") + weight)) << weight;
    EXPECT_FALSE(takes_gzip("gzip;q"));
}

TEST(AcceptsCoding, MindsNeitherBlanksNorTheCaseOfQ) {
    EXPECT_TRUE(takes_gzip(" gzip\t; q=0.5 "));
    EXPECT_FALSE(takes_gzip("gzip ;\tQ=0 ,br"));
    EXPECT_FALSE(takes_gzip("gzip; q = 0"));
}

TEST(AcceptsCoding, SkipsWhatElseMayStandInTheList) {
    EXPECT_TRUE(takes_gzip(",, gzip ,,"));
    EXPECT_TRUE(takes_gzip("gzip;"));
    EXPECT_TRUE(takes_gzip("gzip;;q=1;"));
    EXPECT_TRUE(takes_gzip("gzip;level=9"));
    EXPECT_TRUE(takes_gzip("gzip;quality=0"));
    EXPECT_TRUE(takes_gzip(";q=0, gzip"));
    EXPECT_FALSE(takes_gzip(",;="));
}

TEST(AsksFor, FindsTheTypeInAnyPlace) {
    EXPECT_TRUE(asks_for_events("text/event-stream"));
    EXPECT_TRUE(asks_for_events("text/html, Text/Event-Stream;q=0.1"));
    EXPECT_TRUE(asks_for_events("text/event-stream;charset=utf-8, */*"));
    EXPECT_TRUE(asks_for({{"Accept", "*/*"}, {"accept", "text/event-stream"}}, "text/event-stream"));
    EXPECT_TRUE(asks_for({{"Accept", "text/*;q=0.3, text/plain;q=0.7, text/plain;format=flowed"}}, "text/plain"));
}

TEST(AsksFor, DoesNotCountWildcards) {
    for (const char* value : {"*/*", "text/*", "*", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"})
        EXPECT_FALSE(asks_for_events(value)) << value;
}

TEST(AsksFor, TakesNoOtherType) {
    for (const char* value : {"", "text/event-streams", "text/event", "event-stream", "text /event-stream",
                              "text/event-stream x", "\"text/event-stream\"", "application/json", "text/event-stream/"})
        EXPECT_FALSE(asks_for_events(value)) << value;
    EXPECT_FALSE(asks_for({}, "text/event-stream"));
    EXPECT_FALSE(asks_for({{"Accept-Encoding", "text/event-stream"}}, "text/event-stream"));
}

TEST(AsksFor, TakesZeroForARefusal) {
    EXPECT_FALSE(asks_for_events("text/event-stream;q=0"));
    EXPECT_FALSE(asks_for_events("text/event-stream;charset=utf-8;q=0.000, text/html"));
    EXPECT_TRUE(asks_for_events("text/event-stream;v=1;q=0, text/event-stream;v=2"));  // two ranges of one type
}

TEST(AsksFor, TakesAQuotedStringForOneValue) {
    EXPECT_FALSE(asks_for_events(R"(text/html;a=", text/event-stream,")"));
    EXPECT_TRUE(asks_for_events(R"(text/html;a=",", text/event-stream)"));
    EXPECT_FALSE(asks_for_events(R"(text/html;a="\", text/event-stream,")"));
    EXPECT_TRUE(asks_for_events(R"(text/html;a="\\", text/event-stream)"));
    EXPECT_TRUE(asks_for_events(R"(text/event-stream;a=";q=0")"));
    EXPECT_TRUE(asks_for_events(R"(text/event-stream;a="x,y;q=0,z";q=0.5)"));
    EXPECT_FALSE(asks_for_events(R"(text/event-stream;a="x,y";q=0)"));
    EXPECT_TRUE(asks_for_events(R"(text/html;a=\, text/event-stream)"));  // no escape outside of quotes
}

TEST(AsksFor, ReadsAnUnfinishedStringToItsFieldsEnd) {
    EXPECT_FALSE(asks_for_events(R"(text/html;a=", text/event-stream)"));
    EXPECT_FALSE(asks_for_events(R"(text/html;a="\)"));
    EXPECT_TRUE(asks_for({{"Accept", R"(text/html;a=")"}, {"Accept", "text/event-stream"}}, "text/event-stream"));
}

TEST(AsksFor, LooksAtEveryByteThatCouldFollowOrPrecede) {
    for (int byte = 0; byte < 256; ++byte) {
        const char c = static_cast<char>(byte);
        const bool blank = c == ' ' || c == '\t' || c == ',';
        EXPECT_EQ(asks_for_events(std::string("text/event-stream") + c), blank || c == ';') << byte;
        EXPECT_EQ(asks_for_events(c + std::string("text/event-stream")), blank) << byte;
    }
}

TEST(Accept, AnswersEveryShortListOfWhatMattersInIt) {
    // No more than that it ends, reads nothing beyond, and takes nothing that is not named.
    const std::string_view alphabet = "a*,;q=01.\"\\ ";
    std::vector<std::string> texts{""};
    for (std::size_t i = 0; i < texts.size(); ++i) {
        const std::string text = texts[i];
        const bool named = text.find_first_of("a*") != std::string::npos;
        EXPECT_LE(accepts_coding({{"Accept-Encoding", text}}, "a"), named) << text;
        EXPECT_LE(asks_for({{"Accept", text}}, "a"), text.find('a') != std::string::npos) << text;
        EXPECT_FALSE(asks_for({{"Accept", text}}, "*/*")) << text;
        if (text.size() < 4)
            for (char c : alphabet) texts.push_back(text + c);
    }
}

TEST(Accept, ReadsALongFieldOnce) {
    for (const char* part : {",", ";", "a;", "a,", "\"", "\\", "\"\\", "a;q=1;", "a;q=\",", " "}) {
        std::string value;
        while (value.size() < 1000000) value += part;
        EXPECT_FALSE(takes_gzip(value));
        EXPECT_FALSE(asks_for_events(value));
    }
}

}  // namespace
}  // namespace wsinetd::http::accept_test
