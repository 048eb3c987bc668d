#include "http/message.hpp"

namespace wsinetd::http {
namespace {

bool lists(std::string_view list, std::string_view token) {
    while (true) {
        const auto comma = list.find(',');
        if (same_token(trimmed(list.substr(0, comma)), token)) return true;
        if (comma == std::string_view::npos) return false;
        list.remove_prefix(comma + 1);
    }
}

}  // namespace

std::optional<std::string> Fields::joined(std::string_view name) const {
    std::optional<std::string> all;
    for (const Field& field : *this) {
        if (!same_token(field.name, name)) continue;
        if (all) {
            all->append(", ").append(field.value);
        } else {
            all = field.value;
        }
    }
    return all;
}

bool Fields::has_token(std::string_view name, std::string_view token) const {
    return std::ranges::any_of(
        *this, [&](const Field& field) { return same_token(field.name, name) && lists(field.value, token); });
}

std::size_t Fields::count(std::string_view name) const {
    return static_cast<std::size_t>(
        std::ranges::count_if(*this, [&](const Field& field) { return same_token(field.name, name); }));
}

}  // namespace wsinetd::http
