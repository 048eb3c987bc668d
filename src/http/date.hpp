#pragma once  // Dates as HTTP writes and reads them: RFC 9110, 5.6.7. Locales have no say in it.
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace wsinetd::http {

/// "Sun, 06 Nov 1994 08:49:37 GMT", for years of four digits.
[[nodiscard]] std::string format_date(std::chrono::sys_seconds time);

/// Each of the three forms a recipient has to take: that one, RFC 850's and asctime's. Nothing when `text` is anything
/// else, or a day that no calendar has; whether the name of the day is the right one is not asked. A year of two digits
/// is the last one that is not more than fifty years after `now`.
[[nodiscard]] std::optional<std::chrono::sys_seconds> parse_date(std::string_view text, std::chrono::sys_seconds now);

}  // namespace wsinetd::http
