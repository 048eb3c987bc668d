#include "config/limits.hpp"

#include <chrono>

#include "config/units.hpp"

namespace wsinetd::config {
namespace {

std::string_view examples_of(Measure measure) {
    switch (measure) {
        case Measure::bytes: return "a limit in bytes (512MiB, SOFT:HARD, or infinity)";
        case Measure::seconds: return "a limit in seconds (30s, SOFT:HARD, or infinity)";
        case Measure::count: return "a limit (a number, SOFT:HARD, or infinity)";
    }
    return {};
}

/// Nothing for what is none.
std::optional<std::uint64_t> parse_value(std::string_view text, Measure measure) {
    if (text == "infinity") return infinity;
    switch (measure) {
        case Measure::bytes: return parse_size(text);
        case Measure::seconds:
            if (const auto duration = parse_duration(text))
                return static_cast<std::uint64_t>(std::chrono::ceil<std::chrono::seconds>(*duration).count());
            return std::nullopt;
        case Measure::count: return parse_number(text);
    }
    return std::nullopt;
}

std::string format_value(std::uint64_t value, Measure measure) {
    if (value == infinity) return "infinity";
    return std::to_string(value) + (measure == Measure::seconds ? "s" : "");
}

}  // namespace

std::variant<Limit, std::string> parse_limit(std::string_view text, Measure measure) {
    const auto colon = text.find(':');
    const auto soft = parse_value(text.substr(0, colon), measure);
    std::optional<std::uint64_t> hard = soft;
    if (colon != std::string_view::npos)
        hard = parse_value(text.substr(colon + 1), measure);
    else if (soft && measure == Measure::seconds && *soft < infinity)
        hard = *soft + 1;
    const std::string quoted = '"' + std::string(text) + '"';
    if (!soft || !hard) return quoted + " is not " + std::string(examples_of(measure));
    if (*soft > *hard) return quoted + " has a soft limit above its hard one";
    return Limit{*soft, *hard};
}

std::string format_limit(const Limit& limit, Measure measure) {
    return format_value(limit.soft, measure) + ":" + format_value(limit.hard, measure);
}

}  // namespace wsinetd::config
