#include "http/accept.hpp"

#include <algorithm>
#include <optional>

namespace wsinetd::http {
namespace {

/// Takes what stands before the first `delimiter` outside of quoted strings (5.6.4) off the front of `text`, and the
/// delimiter with it.
std::string_view take_until(std::string_view& text, char delimiter) {
    bool quoted = false;
    std::size_t end = 0;
    for (; end < text.size(); ++end) {
        const char c = text[end];
        if (c == '"') quoted = !quoted;
        if (c == '\\' && quoted) ++end;
        if (c == delimiter && !quoted) break;
    }
    const std::string_view front = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return front;
}

/// 12.4.2: "0" to "1" with three decimals at most, and not zero.
bool is_above_zero(std::string_view q) {
    const std::string_view decimals = q.substr(std::min<std::size_t>(2, q.size()));
    if (q.size() > 1 && (q[1] != '.' || decimals.size() > 3)) return false;
    if (q.starts_with('1')) return decimals.find_first_not_of('0') == std::string_view::npos;
    return q.starts_with('0') && decimals.find_first_not_of("0123456789") == std::string_view::npos &&
           decimals.find_first_not_of('0') != std::string_view::npos;
}

/// Whether no weight among the parameters refuses what they belong to.
bool is_wanted(std::string_view parameters) {
    while (!parameters.empty()) {
        std::string_view value = take_until(parameters, ';');
        const std::string_view name = take_until(value, '=');
        if (same_token(trimmed(name), "q") && !is_above_zero(trimmed(value))) return false;
    }
    return true;
}

/// Calls `visit(what, wanted)` for each element of the list `name`, over all its fields.
template <typename Visit>
void each_element(const Fields& fields, std::string_view name, Visit visit) {
    for (const Field& field : fields) {
        if (!same_token(field.name, name)) continue;
        std::string_view list = field.value;
        while (!list.empty()) {
            std::string_view element = take_until(list, ',');
            const std::string_view what = trimmed(take_until(element, ';'));
            visit(what, is_wanted(element));
        }
    }
}

/// `wanted`, and what was said of the same before.
bool also(const std::optional<bool>& before, bool wanted) { return before.value_or(true) && wanted; }

}  // namespace

bool accepts_coding(const Fields& fields, std::string_view coding) {
    std::optional<bool> named;
    std::optional<bool> any;
    each_element(fields, "Accept-Encoding", [&](std::string_view what, bool wanted) {
        if (same_token(what, coding)) named = also(named, wanted);
        if (what == "*") any = also(any, wanted);
    });
    return named.value_or(any.value_or(false));
}

bool asks_for(const Fields& fields, std::string_view media_type) {
    bool asked = false;
    each_element(fields, "Accept",
                 [&](std::string_view what, bool wanted) { asked |= wanted && same_token(what, media_type); });
    return asked;
}

}  // namespace wsinetd::http
