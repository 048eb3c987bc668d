#include "http/date.hpp"

#include <gtest/gtest.h>

#include <string>

namespace wsinetd::http::date_test {
namespace {

std::string date_at(long long seconds) { return format_date(std::chrono::sys_seconds(std::chrono::seconds(seconds))); }

TEST(Date, IsWrittenAsInTheRfcsExample) { EXPECT_EQ(date_at(784111777), "Sun, 06 Nov 1994 08:49:37 GMT"); }

TEST(Date, NamesEveryDayOfTheWeek) {
    const char* const days[] = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};  // 1970 began on a Thursday
    for (int day = 0; day < 7; ++day)
        EXPECT_EQ(date_at(day * 86400),
                  std::string(days[day]) + ", 0" + std::to_string(day + 1) + " Jan 1970 00:00:00 GMT");
}

TEST(Date, NamesEveryMonth) {
    const char* const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    for (unsigned month = 1; month <= 12; ++month) {
        const std::chrono::sys_days first = std::chrono::year(2026) / std::chrono::month(month) / 1;
        EXPECT_EQ(format_date(first).substr(5), "01 " + std::string(months[month - 1]) + " 2026 00:00:00 GMT");
    }
}

TEST(Date, KnowsLeapDaysAndTheLastSecondOfAYear) {
    EXPECT_EQ(date_at(951827696), "Tue, 29 Feb 2000 12:34:56 GMT");
    EXPECT_EQ(date_at(4102444799), "Thu, 31 Dec 2099 23:59:59 GMT");
    EXPECT_EQ(date_at(-1), "Wed, 31 Dec 1969 23:59:59 GMT");
}

using std::chrono::seconds;
using std::chrono::sys_days;
using std::chrono::sys_seconds;
using std::chrono::year;

constexpr sys_seconds example{seconds(784111777)};
constexpr sys_seconds in_2026 = sys_days(year(2026) / 11 / 25);

std::optional<sys_seconds> parsed(std::string_view text) { return parse_date(text, in_2026); }

TEST(ParseDate, TakesTheThreeFormsOfTheRfcsExample) {
    EXPECT_EQ(parsed("Sun, 06 Nov 1994 08:49:37 GMT"), example);
    EXPECT_EQ(parsed("Sunday, 06-Nov-94 08:49:37 GMT"), example);
    EXPECT_EQ(parsed("Sun Nov  6 08:49:37 1994"), example);
    EXPECT_EQ(parsed("Wed Nov 16 08:49:37 1994"), example + std::chrono::days(10));
    EXPECT_EQ(parsed("Sun Nov 06 08:49:37 1994"), example);
}

TEST(ParseDate, ReadsEveryDayThatIsWritten) {
    for (sys_days day = year(1899) / 12 / 30; day < sys_days(year(2105) / 1 / 1); day += std::chrono::days(1))
        ASSERT_EQ(parsed(format_date(day)), sys_seconds(day)) << format_date(day);
    for (std::string_view end : {"Sat, 01 Jan 0000 00:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 GMT"})
        EXPECT_EQ(format_date(parsed(end).value()), end);
}

TEST(ParseDate, ReadsEverySecondOfADay) {
    const sys_seconds midnight = in_2026;
    for (seconds second(0); second < std::chrono::hours(24); ++second)
        ASSERT_EQ(parsed(format_date(midnight + second)), midnight + second) << format_date(midnight + second);
}

TEST(ParseDate, KnowsNoDayThatNoCalendarHas) {
    for (std::string_view wrong :
         {"Sun, 00 Nov 1994 08:49:37 GMT", "Sun, 31 Nov 1994 08:49:37 GMT", "Sun, 32 Dec 1994 08:49:37 GMT",
          "Sun, 29 Feb 2025 08:49:37 GMT", "Sun, 29 Feb 1900 08:49:37 GMT", "Sun, 99 Jan 2000 08:49:37 GMT",
          "Sunday, 30-Feb-94 08:49:37 GMT", "Sunday, 29-Feb-25 08:49:37 GMT", "Sun Feb 30 08:49:37 1994",
          "Sun Nov  0 08:49:37 1994", "Sun Nov 00 08:49:37 1994"})
        EXPECT_EQ(parsed(wrong), std::nullopt) << wrong;
    EXPECT_TRUE(parsed("Sun, 29 Feb 2000 08:49:37 GMT"));
    EXPECT_TRUE(parsed("Sunday, 29-Feb-24 08:49:37 GMT"));
}

TEST(ParseDate, KnowsNoTimeThatNoClockShows) {
    for (std::string_view wrong :
         {"Sun, 06 Nov 1994 24:00:00 GMT", "Sun, 06 Nov 1994 08:60:00 GMT", "Sun, 06 Nov 1994 08:49:60 GMT",
          "Sun, 06 Nov 1994 23:59:61 GMT", "Sunday, 06-Nov-94 99:99:99 GMT", "Sun Nov  6 24:00:00 1994"})
        EXPECT_EQ(parsed(wrong), std::nullopt) << wrong;
}

TEST(ParseDate, TakesALeapSecondForTheNextMidnight) {
    EXPECT_EQ(parsed("Sat, 31 Dec 2016 23:59:60 GMT"), sys_days(year(2017) / 1 / 1));
}

TEST(ParseDate, TakesNothingButTheGrammar) {
    for (std::string_view wrong : {"",
                                   " ",
                                   "Sun",
                                   "784111777",
                                   "1994-11-06T08:49:37Z",
                                   "Sun, 06 Nov 1994 08:49:37 UTC",
                                   "Sun, 06 Nov 1994 08:49:37 gmt",
                                   "sun, 06 Nov 1994 08:49:37 GMT",
                                   "Sun, 06 nov 1994 08:49:37 GMT",
                                   "Sun, 6 Nov 1994 08:49:37 GMT",
                                   "Sun,  6 Nov 1994 08:49:37 GMT",
                                   "Sun, +6 Nov 1994 08:49:37 GMT",
                                   "Sun, 06 Nov 94 08:49:37 GMT",
                                   "Sun, 06-Nov-1994 08:49:37 GMT",
                                   "Sun, 06-Nov-94 08:49:37 GMT",
                                   "Sunday, 06 Nov 1994 08:49:37 GMT",
                                   "Sunday, 06-Nov-1994 08:49:37 GMT",
                                   "Sun Nov 6 08:49:37 1994",
                                   "Sun, Nov  6 08:49:37 1994",
                                   "Sun Nov  6 08:49:37 1994 GMT",
                                   "Sun, 06 Nov 1994  08:49:37 GMT",
                                   "Sun, 06 Nov 1994 08:49:37 +0000",
                                   "Sun, 06 Nov 1994 8:49:37 GMT",
                                   "Sun, 06 Nov 1994 08:49 GMT",
                                   "Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT"})
        EXPECT_EQ(parsed(wrong), std::nullopt) << wrong;
}

TEST(ParseDate, TakesNoPartAndNoMoreOfADate) {
    for (const std::string text :
         {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"}) {
        for (std::size_t size = 0; size < text.size(); ++size) EXPECT_EQ(parsed(text.substr(0, size)), std::nullopt);
        for (std::size_t from = 1; from < text.size(); ++from) EXPECT_EQ(parsed(text.substr(from)), std::nullopt);
        for (int byte = 0; byte < 256; ++byte) {
            const char c = static_cast<char>(byte);
            EXPECT_EQ(parsed(text + c), std::nullopt);
            EXPECT_EQ(parsed(c + text), std::nullopt);
        }
    }
}

TEST(ParseDate, TakesAChangedByteForWhatItSaysOrForNothing) {
    const std::string text = "Sun, 06 Nov 1994 08:49:37 GMT";
    int taken = 0;
    for (std::size_t place = 0; place < text.size(); ++place) {
        for (int byte = 0; byte < 256; ++byte) {
            std::string changed = text;
            changed[place] = static_cast<char>(byte);
            const auto time = parsed(changed);
            if (!time) continue;
            EXPECT_EQ(format_date(*time).substr(5), changed.substr(5));  // but for the day of the week
            ++taken;
        }
    }
    // 06, 1994, 08, 49 and 37 with another digit in each place, and the 17 bytes that are no digits as they are.
    EXPECT_EQ(taken, (3 + 9) + 4 * 10 + (2 + 10) + (6 + 10) + (6 + 10) + 17);
}

TEST(ParseDate, TakesAYearOfTwoDigitsForTheLastThatIsNotMoreThanFiftyYearsAhead) {
    for (int now = 1970; now <= 2170; ++now) {
        for (int digits = 0; digits < 100; ++digits) {
            const std::string two = {static_cast<char>('0' + digits / 10), static_cast<char>('0' + digits % 10)};
            const auto time = parse_date("Friday, 01-Jan-" + two + " 00:00:00 GMT", sys_days(year(now) / 1 / 1));
            ASSERT_TRUE(time);
            const int read =
                static_cast<int>(std::chrono::year_month_day(sys_days(floor<std::chrono::days>(*time))).year());
            ASSERT_EQ(read % 100, digits);
            ASSERT_LE(read, now + 50);
            ASSERT_GT(read, now - 50);
        }
    }
}

TEST(ParseDate, CountsTheFiftyYearsToTheSecond) {
    const std::string_view date = "Wednesday, 25-Nov-76 12:00:00 GMT";
    const sys_seconds noon = in_2026 + std::chrono::hours(12);
    EXPECT_EQ(parse_date(date, noon), sys_days(year(2076) / 11 / 25) + std::chrono::hours(12));
    EXPECT_EQ(parse_date(date, noon - seconds(1)), sys_days(year(1976) / 11 / 25) + std::chrono::hours(12));
}

}  // namespace
}  // namespace wsinetd::http::date_test
