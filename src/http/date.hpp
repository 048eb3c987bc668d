#pragma once  // Dates as HTTP writes them: RFC 9110, 5.6.7.
#include <chrono>
#include <string>

namespace wsinetd::http {

/// "Sun, 06 Nov 1994 08:49:37 GMT", for years of four digits. Locales have no say in it.
[[nodiscard]] std::string format_date(std::chrono::sys_seconds time);

}  // namespace wsinetd::http
