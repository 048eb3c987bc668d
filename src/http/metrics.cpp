#include "http/metrics.hpp"

#include <array>
#include <charconv>

namespace wsinetd::http {
namespace {

std::string_view name_of(Metrics::Type type) {
    switch (type) {
        case Metrics::Type::counter: return "counter";
        case Metrics::Type::gauge: return "gauge";
        case Metrics::Type::histogram: return "histogram";
    }
    return {};
}

/// The shortest that reads back as the same.
std::string number(double value) {
    std::array<char, 32> text{};
    const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
    return {text.data(), end};
}

void append_escaped(std::string& out, std::string_view text) {
    for (const char c : text) {
        if (c == '\n')
            out += "\\n";
        else if (c == '\\' || c == '"')
            (out += '\\') += c;
        else
            out += c;
    }
}

}  // namespace

void Metrics::family(std::string_view name, Type type, std::string_view help) {
    name_ = name;
    text_.append("# HELP ").append(name).append(" ").append(help).append("\n");
    text_.append("# TYPE ").append(name).append(" ").append(name_of(type)).append("\n");
}

void Metrics::sample(std::uint64_t value, Labels labels) { line("", labels, std::to_string(value)); }

void Metrics::sample(double value, Labels labels) { line("", labels, number(value)); }

void Metrics::histogram(std::string_view name, std::string_view help, std::span<const double> bounds,
                        std::span<const std::uint64_t> counts, double sum) {
    family(name, Type::histogram, help);
    std::uint64_t so_far = 0;
    for (std::size_t i = 0; i < bounds.size(); ++i) {
        so_far += counts[i];
        line("_bucket", {{"le", number(bounds[i])}}, std::to_string(so_far));
    }
    so_far += counts[bounds.size()];
    line("_bucket", {{"le", "+Inf"}}, std::to_string(so_far));
    line("_sum", {}, number(sum));
    line("_count", {}, std::to_string(so_far));
}

void Metrics::line(std::string_view suffix, Labels labels, std::string_view value) {
    text_.append(name_).append(suffix);
    const char* before = "{";
    for (const Label& label : labels) {
        text_.append(before).append(label.name).append("=\"");
        append_escaped(text_, label.value);
        text_ += '"';
        before = ",";
    }
    if (labels.size() > 0) text_ += '}';
    text_.append(" ").append(value).append("\n");
}

}  // namespace wsinetd::http
