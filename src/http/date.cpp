#include "http/date.hpp"

#include <array>
#include <string_view>

namespace wsinetd::http {
namespace {

constexpr std::array<std::string_view, 7> days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

void append_number(std::string& text, long number, std::size_t digits) {
    const std::string plain = std::to_string(number);
    if (plain.size() < digits) text.append(digits - plain.size(), '0');
    text += plain;
}

}  // namespace

std::string format_date(std::chrono::sys_seconds time) {
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss clock(time - day);
    std::string text(days[std::chrono::weekday(day).c_encoding()]);
    append_number(text += ", ", static_cast<unsigned>(date.day()), 2);
    (text += ' ').append(months[static_cast<unsigned>(date.month()) - 1]);
    append_number(text += ' ', static_cast<int>(date.year()), 4);
    append_number(text += ' ', clock.hours().count(), 2);
    append_number(text += ':', clock.minutes().count(), 2);
    append_number(text += ':', clock.seconds().count(), 2);
    return text += " GMT";
}

}  // namespace wsinetd::http
