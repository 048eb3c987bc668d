#include "http/conditional.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <optional>

#include "http/date.hpp"

namespace wsinetd::http {
namespace {

using std::chrono::sys_seconds;

/// 8.8.3.2: two tags are the same strongly if neither is weak, and weakly all the same.
enum class Comparison { weak, strong };

/// Takes one tag off the front of `list` and compares it with `etag`; nothing if none is there.
std::optional<bool> take_match(std::string_view& list, std::string_view etag, Comparison comparison) {
    const bool weak = list.starts_with("W/");
    const std::size_t open = weak ? 2 : 0;
    if (!list.substr(open).starts_with('"')) return std::nullopt;
    const auto close = list.find('"', open + 1);
    if (close == std::string_view::npos) return std::nullopt;
    const bool same = list.substr(open, close + 1 - open) == etag && !(weak && comparison == Comparison::strong);
    list.remove_prefix(close + 1);
    return same;
}

void skip(std::string_view& text, std::string_view what) {
    text.remove_prefix(std::min(text.find_first_not_of(what), text.size()));
}

/// Whether `list`, that of If-Match or If-None-Match, names `etag`.
bool names(std::string_view list, std::string_view etag, Comparison comparison) {
    if (trimmed(list) == "*") return true;
    bool named = false;
    for (skip(list, ", \t"); !list.empty(); skip(list, ", \t")) {  // 5.6.1.2: empty elements count for nothing
        const auto match = take_match(list, etag, comparison);
        skip(list, " \t");
        if (!match || !(list.empty() || list.starts_with(','))) return false;
        named |= *match;
    }
    return named;
}

std::optional<sys_seconds> date_in(const Request& request, std::string_view name, sys_seconds now) {
    const auto value = request.fields.joined(name);
    return value ? parse_date(trimmed(*value), now) : std::nullopt;
}

/// 13.2.2, steps 1 to 4: 412, 304, or 200 where nothing speaks against it.
int judge_conditions(const Request& request, const Representation& representation, sys_seconds now) {
    if (const auto tags = request.fields.joined("If-Match")) {
        if (!names(*tags, representation.etag, Comparison::strong)) return 412;
    } else if (const auto date = date_in(request, "If-Unmodified-Since", now)) {
        if (representation.modified > *date) return 412;
    }
    if (const auto tags = request.fields.joined("If-None-Match")) {
        if (names(*tags, representation.etag, Comparison::weak)) return 304;
    } else if (const auto date = date_in(request, "If-Modified-Since", now)) {
        // What was not modified since a time to come may still be: no answer to rely on.
        if (*date <= now && representation.modified <= *date) return 304;
    }
    return 200;
}

/// "first-last", "first-", or "-last" where `last` is how many from the end (14.1.1).
struct Range {
    std::optional<std::uint64_t> first;
    std::optional<std::uint64_t> last;
};

/// Takes the digits at the front of `text`, if there are any. What 64 bits do not hold is as large as they can hold: no
/// file is larger.
std::optional<std::uint64_t> take_number(std::string_view& text) {
    std::uint64_t number = 0;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error == std::errc::invalid_argument) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(stop - text.data()));
    return error == std::errc{} ? number : std::numeric_limits<std::uint64_t>::max();
}

/// Nothing for other units, several ranges, and what is malformed.
std::optional<Range> parse_range(std::string_view value) {
    value = trimmed(value);
    const auto equals = value.find('=');
    if (equals == std::string_view::npos || !same_token(value.substr(0, equals), "bytes")) return std::nullopt;
    std::string_view text = value.substr(equals + 1);
    skip(text, ", \t");  // 5.6.1.2, as in any list
    Range range;
    range.first = take_number(text);
    if (!text.starts_with('-')) return std::nullopt;
    text.remove_prefix(1);
    range.last = take_number(text);
    skip(text, ", \t");
    if (!text.empty() || (!range.first && !range.last)) return std::nullopt;
    if (range.first && range.last && *range.last < *range.first) return std::nullopt;
    return range;
}

/// 14.1.2.
Selection select_range(const Range& range, std::uint64_t size) {
    if (!range.first) {
        const std::uint64_t length = std::min(*range.last, size);
        return length > 0 ? Selection{206, size - length, length} : Selection{416};
    }
    if (*range.first >= size) return {416};
    const std::uint64_t last = std::min(range.last.value_or(size - 1), size - 1);
    return {206, *range.first, last - *range.first + 1};
}

/// 13.1.5: whether the client's part is one of what is there now. A weak tag equals no strong one.
bool allows_range(const Request& request, const Representation& representation, sys_seconds now) {
    const auto value = request.fields.joined("If-Range");
    if (!value) return true;
    const std::string_view validator = trimmed(*value);
    return validator == representation.etag || parse_date(validator, now) == representation.modified;
}

std::optional<Range> range_of(const Request& request) {
    const auto value = request.fields.joined("Range");
    return value && request.method == "GET" ? parse_range(*value) : std::nullopt;
}

void append_hex(std::string& text, std::uint64_t number) {
    std::array<char, 16> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number, 16).ptr;
    text.append(digits.data(), end);
}

}  // namespace

Selection select(const Request& request, const Representation& representation, sys_seconds now) {
    if (const int status = judge_conditions(request, representation, now); status != 200) return {status};
    const auto range = range_of(request);
    if (range && allows_range(request, representation, now)) return select_range(*range, representation.size);
    return {200, 0, representation.size};
}

std::string make_etag(std::uint64_t size, std::int64_t modified_ns, std::uint64_t inode, std::string_view coding) {
    std::string etag = "\"";
    append_hex(etag, size);
    append_hex(etag += '-', static_cast<std::uint64_t>(modified_ns));
    append_hex(etag += '-', inode);
    if (!coding.empty()) (etag += '-').append(coding);
    return etag += '"';
}

std::string content_range(const Selection& selection, std::uint64_t size) {
    std::string text = "bytes ";
    if (selection.status == 206)
        text += std::to_string(selection.begin) + "-" + std::to_string(selection.begin + selection.length - 1);
    else
        text += "*";
    return text += "/" + std::to_string(size);
}

}  // namespace wsinetd::http
