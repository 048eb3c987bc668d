#include "report.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

namespace wsinetd::bench {
namespace {

struct Scale {
    double from;
    double divisor;
    const char* name;
};

/// Three digits with the largest scale that fits.
template <std::size_t Count>
std::string scaled(double value, const std::array<Scale, Count>& scales) {
    const auto fits = [value](const Scale& scale) { return std::abs(value) >= scale.from; };
    const auto found = std::find_if(scales.begin(), scales.end(), fits);
    const Scale& scale = found == scales.end() ? scales.back() : *found;
    const double shown = value / scale.divisor;
    const int digits = std::abs(shown) >= 100 ? 0 : std::abs(shown) >= 10 ? 1 : 2;
    char text[64];
    std::snprintf(text, sizeof text, "%.*f %s", digits, shown, scale.name);
    return text;
}

std::string in_unit(double value, Unit unit) {
    if (std::isinf(value)) return "never";
    switch (unit) {
        case Unit::per_second:
            return scaled(value, std::array<Scale, 3>{{{1e6, 1e6, "M/s"}, {1e4, 1e3, "k/s"}, {0, 1, "/s"}}});
        case Unit::bytes_per_second:
            return scaled(value, std::array<Scale, 2>{{{1e9, 1e9, "GB/s"}, {0, 1e6, "MB/s"}}});
        case Unit::seconds:
            return scaled(value,
                          std::array<Scale, 4>{{{1, 1, "s"}, {1e-3, 1e-3, "ms"}, {1e-6, 1e-6, "us"}, {0, 1e-9, "ns"}}});
        case Unit::bytes:
            return scaled(value, std::array<Scale, 1>{{{0, 1024, "KiB"}}});
    }
    return {};
}

std::string cell(const Results& results, std::size_t figure, Unit unit) {
    const auto median = results.median(figure);
    std::string text = median ? in_unit(*median, unit) : results.trouble.empty() ? "hung" : results.trouble;
    if (median && results.hung > 0) text += " (" + std::to_string(results.hung) + " hung)";
    return text;
}

std::string ratio(const Results& ours, const Results& other, std::size_t figure) {
    const auto a = ours.median(figure), b = other.median(figure);
    if (!a || !b || std::isinf(*a) || std::isinf(*b) || *a <= 0 || *b <= 0) return "-";
    const double value = *a / *b;
    char text[32];
    if (value < 0.1) {
        std::snprintf(text, sizeof text, "1/%.0f", 1 / value);
    } else {
        std::snprintf(text, sizeof text, "%.*fx", value >= 10 ? 0 : 2, value);
    }
    return text;
}

constexpr int name_width = 30, figure_width = 18, cell_width = 17, ratio_width = 16;

}  // namespace

std::optional<double> Results::median(std::size_t figure) const {
    std::vector<double> values;
    for (const auto& run : runs) values.push_back(run[figure]);
    if (values.empty()) return std::nullopt;
    std::sort(values.begin(), values.end());
    const std::size_t half = values.size() / 2;
    return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

void print_head(const std::vector<std::string>& servers) {
    std::printf("%-*s%-*s", name_width, "workload", figure_width, "figure");
    for (const std::string& server : servers) std::printf("%*s", cell_width, server.c_str());
    for (std::size_t i = 1; i < servers.size(); ++i) std::printf("%*s", ratio_width, ("to " + servers[i]).c_str());
    std::printf("  goal\n");
    std::fflush(stdout);
}

void print_rows(const Workload& workload, const std::vector<Results>& results) {
    for (std::size_t i = 0; i < workload.figures.size(); ++i) {
        const Figure& figure = workload.figures[i];
        std::printf("%-*s%-*s", name_width, i == 0 ? workload.name.c_str() : "", figure_width, figure.name.c_str());
        for (const Results& one : results) std::printf("%*s", cell_width, cell(one, i, figure.unit).c_str());
        for (std::size_t other = 1; other < results.size(); ++other) {
            std::printf("%*s", ratio_width, ratio(results[0], results[other], i).c_str());
        }
        std::printf("  %s\n", figure.goal.c_str());
    }
    std::fflush(stdout);
}

}  // namespace wsinetd::bench
