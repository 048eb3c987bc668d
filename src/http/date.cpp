#include "http/date.hpp"

#include <algorithm>
#include <array>
#include <span>

namespace wsinetd::http {
namespace {

constexpr std::array<std::string_view, 7> days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 7> whole_days{"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                     "Thursday", "Friday", "Saturday"};
constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

void append_number(std::string& text, long number, std::size_t digits) {
    const std::string plain = std::to_string(number);
    if (plain.size() < digits) text.append(digits - plain.size(), '0');
    text += plain;
}

// The forms of RFC 9110, 5.6.7, in the letters of strftime.
constexpr std::string_view imf_fixdate = "%a, %d %b %Y %H:%M:%S GMT";
constexpr std::string_view rfc850_date = "%A, %d-%b-%y %H:%M:%S GMT";
constexpr std::string_view asctime_date = "%a %b %e %H:%M:%S %Y";

/// What a date says, in range or not.
struct Parts {
    int year = 0;
    bool has_century = true;
    int month = 0;
    int day = 0;
    int hour = 0;
    int minute = 0;
    int second = 0;
};

/// Takes exactly `digits` digits off the front of `text`.
bool take_number(std::string_view& text, std::size_t digits, int& number) {
    const std::string_view front = text.substr(0, digits);
    if (front.size() < digits || !std::ranges::all_of(front, [](char c) { return c >= '0' && c <= '9'; })) return false;
    number = 0;
    for (char c : front) number = 10 * number + (c - '0');
    text.remove_prefix(digits);
    return true;
}

/// Takes one of `names` off the front of `text`; `place` is its place among them, from 1.
bool take_name(std::string_view& text, std::span<const std::string_view> names, int& place) {
    const auto name = std::ranges::find_if(names, [&](std::string_view each) { return text.starts_with(each); });
    if (name == names.end()) return false;
    place = static_cast<int>(name - names.begin()) + 1;
    text.remove_prefix(name->size());
    return true;
}

/// Takes what `letter` stands for off the front of `text`.
bool take(std::string_view& text, char letter, Parts& parts) {
    int day_of_week = 0;
    switch (letter) {
        case 'a': return take_name(text, days, day_of_week);
        case 'A': return take_name(text, whole_days, day_of_week);
        case 'b': return take_name(text, months, parts.month);
        case 'd': return take_number(text, 2, parts.day);
        case 'e':  // a blank instead of a zero
            if (!text.starts_with(' ')) return take_number(text, 2, parts.day);
            text.remove_prefix(1);
            return take_number(text, 1, parts.day);
        case 'H': return take_number(text, 2, parts.hour);
        case 'M': return take_number(text, 2, parts.minute);
        case 'S': return take_number(text, 2, parts.second);
        case 'Y': return take_number(text, 4, parts.year);
        case 'y': parts.has_century = false; return take_number(text, 2, parts.year);
        default: return false;
    }
}

std::optional<Parts> read(std::string_view text, std::string_view form) {
    Parts parts;
    while (!form.empty()) {
        const bool letter = form.starts_with('%');
        if (letter && !take(text, form[1], parts)) return std::nullopt;
        if (!letter && !text.starts_with(form.front())) return std::nullopt;
        if (!letter) text.remove_prefix(1);
        form.remove_prefix(letter ? 2 : 1);
    }
    if (!text.empty()) return std::nullopt;
    return parts;
}

/// Nothing for a day or a time there is not.
std::optional<std::chrono::sys_seconds> time_of(const Parts& parts) {
    const std::chrono::year_month_day date(std::chrono::year(parts.year),
                                           std::chrono::month(static_cast<unsigned>(parts.month)),
                                           std::chrono::day(static_cast<unsigned>(parts.day)));
    const bool leap_second = parts.hour == 23 && parts.minute == 59 && parts.second == 60;
    if (!date.ok() || parts.hour > 23 || parts.minute > 59 || (parts.second > 59 && !leap_second)) return std::nullopt;
    return std::chrono::sys_days(date) + std::chrono::hours(parts.hour) + std::chrono::minutes(parts.minute) +
           std::chrono::seconds(parts.second);
}

/// What of RFC 850 lacks its century: the last such date that is not more than fifty years after `now`.
std::optional<std::chrono::sys_seconds> nearest(Parts parts, std::chrono::sys_seconds now) {
    const auto today = std::chrono::floor<std::chrono::days>(now);
    const std::chrono::year_month_day date = std::chrono::year_month_day(today) + std::chrono::years(50);
    const auto limit = std::chrono::sys_days(date) + (now - today);
    parts.year += static_cast<int>(date.year()) / 100 * 100;
    const auto time = time_of(parts);
    if (time && *time <= limit) return time;
    parts.year -= 100;
    return time_of(parts);
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

std::optional<std::chrono::sys_seconds> parse_date(std::string_view text, std::chrono::sys_seconds now) {
    for (std::string_view form : {imf_fixdate, rfc850_date, asctime_date})
        if (const auto parts = read(text, form)) return parts->has_century ? time_of(*parts) : nearest(*parts, now);
    return std::nullopt;
}

}  // namespace wsinetd::http
