#include "http/date.hpp"

#include <gtest/gtest.h>

namespace wsinetd::http {
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

}  // namespace
}  // namespace wsinetd::http
