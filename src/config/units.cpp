#include "config/units.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace wsinetd::config {
namespace {

struct Unit {
    std::string_view name;
    std::uint64_t factor;
};

constexpr std::array<Unit, 7> durations{
    {{"", 1000}, {"ms", 1}, {"s", 1000}, {"m", 60'000}, {"min", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}}};

constexpr std::array<Unit, 12> sizes{{{"", 1},
                                      {"B", 1},
                                      {"K", 1ULL << 10U},
                                      {"KiB", 1ULL << 10U},
                                      {"kB", 1000},
                                      {"M", 1ULL << 20U},
                                      {"MiB", 1ULL << 20U},
                                      {"MB", 1'000'000},
                                      {"G", 1ULL << 30U},
                                      {"GiB", 1ULL << 30U},
                                      {"GB", 1'000'000'000},
                                      {"TiB", 1ULL << 40U}}};

constexpr std::uint64_t max_duration = 1000ULL * 366 * 86'400'000;  // milliseconds

/// A hundred years. Clocks count nanoseconds in 63 bits, and some durations are added up.
constexpr std::uint64_t for_ever = 36'500ULL * 86'400'000;

template <std::size_t Count>
std::optional<std::uint64_t> factor_of(const std::array<Unit, Count>& units, std::string_view name) {
    for (const Unit& unit : units)
        if (unit.name == name) return unit.factor;
    return {};
}

/// `whole[.fraction]unit` times the unit's factor, rounded down; the fraction counts to its sixth digit.
template <std::size_t Count>
std::optional<std::uint64_t> parse_with_unit(std::string_view text, const std::array<Unit, Count>& units,
                                             std::uint64_t max) {
    const auto digits = std::min(text.find_first_not_of("0123456789"), text.size());
    const auto whole = parse_number(text.substr(0, digits));
    if (!whole) return {};
    text.remove_prefix(digits);
    std::uint64_t fraction = 0;
    std::uint64_t scale = 1;
    if (text.starts_with('.')) {
        text.remove_prefix(1);
        if (text.empty() || text[0] < '0' || text[0] > '9') return {};
        for (; !text.empty() && text[0] >= '0' && text[0] <= '9'; text.remove_prefix(1)) {
            if (scale == 1'000'000) continue;
            fraction = fraction * 10 + static_cast<std::uint64_t>(text[0] - '0');
            scale *= 10;
        }
    }
    const auto factor = factor_of(units, text);
    if (!factor || *whole > max / *factor) return {};
    const std::uint64_t part = fraction * (*factor / scale) + fraction * (*factor % scale) / scale;
    return *whole * *factor + part;
}

}  // namespace

std::optional<std::uint64_t> parse_number(std::string_view text, std::uint64_t max) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || error != std::errc{} || end != text.data() + text.size() || value > max) return {};
    return value;
}

std::optional<bool> parse_flag(std::string_view text) {
    for (const std::string_view word : {"true", "1", "t", "T", "TRUE", "True"})
        if (text == word) return true;
    for (const std::string_view word : {"false", "0", "f", "F", "FALSE", "False"})
        if (text == word) return false;
    return {};
}

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
    const auto value = parse_with_unit(text, durations, max_duration);
    if (!value) return {};
    return std::chrono::milliseconds(std::min(*value, for_ever));
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
    return parse_with_unit(text, sizes, std::uint64_t{1} << 62U);
}

}  // namespace wsinetd::config
