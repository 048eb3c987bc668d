#include "http/metrics.hpp"

#include <gtest/gtest.h>

#include <array>

namespace wsinetd::http::metrics_test {
namespace {

TEST(Metrics, AreFamiliesWithHelpTypeAndSamples) {
    Metrics metrics;
    metrics.family("wsinetd_requests_total", Metrics::Type::counter, "Requests answered.");
    metrics.sample(std::uint64_t{7}, {{"status", "101"}});
    metrics.sample(std::uint64_t{18446744073709551615U}, {{"status", "404"}, {"by", "x"}});
    EXPECT_EQ(metrics.take(),
              "# HELP wsinetd_requests_total Requests answered.\n"
              "# TYPE wsinetd_requests_total counter\n"
              "wsinetd_requests_total{status=\"101\"} 7\n"
              "wsinetd_requests_total{status=\"404\",by=\"x\"} 18446744073709551615\n");
}

TEST(Metrics, MayBeOneNumber) {
    Metrics metrics;
    metrics.gauge("a", "An a.", 0.25);
    metrics.counter("b_total", "Bs.", std::uint64_t{3});
    EXPECT_EQ(metrics.take(),
              "# HELP a An a.\n# TYPE a gauge\na 0.25\n"
              "# HELP b_total Bs.\n# TYPE b_total counter\nb_total 3\n");
}

TEST(Metrics, EscapeWhatALabelCannotHold) {
    Metrics metrics;
    metrics.family("a", Metrics::Type::gauge, "An a.");
    metrics.sample(std::uint64_t{1}, {{"path", "/\"\\\n\xc3\xa4"}});
    EXPECT_EQ(metrics.take(), "# HELP a An a.\n# TYPE a gauge\na{path=\"/\\\"\\\\\\n\xc3\xa4\"} 1\n");
}

TEST(Metrics, HistogramsCountUpToEachBound) {
    Metrics metrics;
    metrics.histogram("lag_seconds", "Lag.", std::array{0.001, 0.5}, std::array<std::uint64_t, 3>{2, 0, 1}, 3.5);
    EXPECT_EQ(metrics.take(),
              "# HELP lag_seconds Lag.\n# TYPE lag_seconds histogram\n"
              "lag_seconds_bucket{le=\"0.001\"} 2\n"
              "lag_seconds_bucket{le=\"0.5\"} 2\n"
              "lag_seconds_bucket{le=\"+Inf\"} 3\n"
              "lag_seconds_sum 3.5\n"
              "lag_seconds_count 3\n");
}

TEST(Metrics, NumbersReadBackAsTheSame) {
    Metrics metrics;
    metrics.gauge("a", "An a.", 1732500000.123);
    metrics.gauge("b", "A b.", 1e-9);
    EXPECT_EQ(metrics.take(),
              "# HELP a An a.\n# TYPE a gauge\na 1732500000.123\n# HELP b A b.\n# TYPE b gauge\nb 1e-09\n");
}

}  // namespace
}  // namespace wsinetd::http::metrics_test
