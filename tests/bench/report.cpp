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
        case Unit::bytes_per_second: return scaled(value, std::array<Scale, 2>{{{1e9, 1e9, "GB/s"}, {0, 1e6, "MB/s"}}});
        case Unit::seconds:
            return scaled(value,
                          std::array<Scale, 4>{{{1, 1, "s"}, {1e-3, 1e-3, "ms"}, {1e-6, 1e-6, "us"}, {0, 1e-9, "ns"}}});
        case Unit::bytes: return scaled(value, std::array<Scale, 1>{{{0, 1024, "KiB"}}});
        case Unit::ratio: return scaled(value, std::array<Scale, 1>{{{0, 1, ""}}});
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

/// Where nothing can be compared, whether ours at least did what the other could not.
bool meets(const Goal& goal, std::optional<double> ours, std::optional<double> other) {
    if (!ours || std::isinf(*ours)) return false;
    switch (goal.kind) {
        case Goal::Kind::none: return true;
        case Goal::Kind::ratio_at_least:
        case Goal::Kind::of_plain_at_least: return !other || *ours >= goal.value * *other;
        case Goal::Kind::ratio_at_most: return !other || *ours <= goal.value * *other;
        case Goal::Kind::at_most: return *ours <= goal.value;
    }
    return false;
}

/// Our figures without TLS, and those with it as a ratio to them.
std::string beside_plain(const Workload& workload, const Results& ours, const Results& plain) {
    std::string words = "without TLS: ";
    for (std::size_t i = 0; i < workload.figures.size(); ++i) {
        const Figure& figure = workload.figures[i];
        if (i > 0) words += "; ";
        words += figure.name + " " + cell(plain, i, figure.unit) + ", with it " + ratio(ours, plain, i);
    }
    return words;
}

constexpr int name_width = 30, figure_width = 20, cell_width = 17, ratio_width = 15;

}  // namespace

std::optional<double> Results::median(std::size_t figure) const {
    std::vector<double> values;
    for (const auto& run : runs) values.push_back(run[figure]);
    if (values.empty()) return std::nullopt;
    std::sort(values.begin(), values.end());
    const std::size_t half = values.size() / 2;
    return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

Report::Report(std::vector<std::string> servers, Style style) : servers_(std::move(servers)), style_(style) {
    const auto found = std::find(servers_.begin(), servers_.end(), "websocketd");
    if (found != servers_.end()) websocketd_ = static_cast<std::size_t>(found - servers_.begin());
}

void Report::print_line(const std::vector<std::string>& cells) const {
    if (style_ == Style::markdown) {
        for (const std::string& cell : cells) std::printf("| %s ", cell.c_str());
        std::printf("|\n");
    } else {
        std::printf("%-*s%-*s", name_width, cells[0].c_str(), figure_width, cells[1].c_str());
        for (std::size_t i = 2; i + 1 < cells.size(); ++i) {
            std::printf("%*s", i < 2 + servers_.size() ? cell_width : ratio_width, cells[i].c_str());
        }
        std::printf("  %s\n", cells.back().c_str());
    }
    std::fflush(stdout);
}

void Report::print_head() const {
    std::vector<std::string> cells{"workload", "figure"};
    cells.insert(cells.end(), servers_.begin(), servers_.end());
    for (std::size_t i = 1; i < servers_.size(); ++i) cells.push_back("to " + servers_[i]);
    cells.emplace_back("goal");
    print_line(cells);
    if (style_ == Style::markdown) print_line(std::vector<std::string>(cells.size(), "---"));
}

std::string Report::verdict(const Goal& goal, const std::vector<Results>& results, std::size_t figure) const {
    if (goal.kind == Goal::Kind::none) return {};
    std::optional<double> other;
    if (goal.kind == Goal::Kind::of_plain_at_least) {
        if (results.size() == servers_.size()) return goal.words;
        other = results.back().median(figure);
    } else if (goal.kind != Goal::Kind::at_most) {
        if (!websocketd_) return goal.words;
        other = results[*websocketd_].median(figure);
    }
    return goal.words + (meets(goal, results[0].median(figure), other) ? ": met" : ": NOT met");
}

void Report::print_rows(const Workload& workload, const std::vector<Results>& results, const std::string& note) const {
    for (std::size_t i = 0; i < workload.figures.size(); ++i) {
        const Figure& figure = workload.figures[i];
        std::vector<std::string> cells{i == 0 ? workload.name : "", figure.name};
        for (std::size_t one = 0; one < servers_.size(); ++one) cells.push_back(cell(results[one], i, figure.unit));
        for (std::size_t other = 1; other < servers_.size(); ++other)
            cells.push_back(ratio(results[0], results[other], i));
        cells.push_back(verdict(figure.goal, results, i));
        print_line(cells);
    }
    std::string words = note;
    if (results.size() > servers_.size()) words = beside_plain(workload, results[0], results.back());
    if (words.empty()) return;
    std::vector<std::string> cells(servers_.size() * 2 + 2);
    if (style_ == Style::markdown) {
        cells[1] = words;
        print_line(cells);
    } else {
        std::printf("%-*s%s\n", name_width, "", words.c_str());
    }
}

}  // namespace wsinetd::bench
