#pragma once  // Numbers as Prometheus reads them: its text format, version 0.0.4.
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

namespace wsinetd::http {

/// The media type of such a text.
inline constexpr std::string_view metrics_type = "text/plain; version=0.0.4; charset=utf-8";

/// Writes one page of them, family by family. Names are the caller's to choose well (`a_total`, `b_seconds`).
class Metrics {
public:
    enum class Type { counter, gauge, histogram };
    struct Label {
        std::string_view name;
        std::string_view value;  ///< anything; what the format cannot hold is escaped
    };
    using Labels = std::initializer_list<Label>;

    /// Begins the family that the samples after it belong to. `help` is one sentence.
    void family(std::string_view name, Type type, std::string_view help);

    /// One number of the family.
    void sample(std::uint64_t value, Labels labels = {});
    void sample(double value, Labels labels = {});

    /// A family of its own, of which there is one number.
    void gauge(std::string_view name, std::string_view help, double value) {
        family(name, Type::gauge, help);
        sample(value);
    }
    void gauge(std::string_view name, std::string_view help, std::uint64_t value) {
        family(name, Type::gauge, help);
        sample(value);
    }
    void counter(std::string_view name, std::string_view help, std::uint64_t value) {
        family(name, Type::counter, help);
        sample(value);
    }
    void counter(std::string_view name, std::string_view help, double value) {
        family(name, Type::counter, help);
        sample(value);
    }

    /// A family that is a histogram. `counts` has one more than there are `bounds`, each the number of values at most
    /// as large as its bound and larger than the one before.
    void histogram(std::string_view name, std::string_view help, std::span<const double> bounds,
                   std::span<const std::uint64_t> counts, double sum);

    [[nodiscard]] std::string take() { return std::move(text_); }

private:
    void line(std::string_view suffix, Labels labels, std::string_view value);

    std::string text_;
    std::string name_;
};

}  // namespace wsinetd::http
