#pragma once  // The table: for each figure the medians of all servers, ours as a ratio to each other's, and the goal.
#include <optional>
#include <string>
#include <vector>

#include "workloads.hpp"

namespace wsinetd::bench {

/// One server's runs of one workload.
struct Results {
    std::vector<std::vector<double>> runs;  // the figures of each
    unsigned hung = 0;
    std::string trouble;  // why there is no more, in a word or two

    std::optional<double> median(std::size_t figure) const;
};

/// Prints as it goes. The first server is ours; the goals are held against the one named websocketd.
class Report {
public:
    enum class Style { columns, markdown };

    Report(std::vector<std::string> servers, Style style);

    void print_head() const;

    /// A workload's rows, one a figure, and its note if there is one; `results` in the order of the servers, and behind
    /// them ours without TLS where the workload asks for it: a line below the rows.
    void print_rows(const Workload& workload, const std::vector<Results>& results, const std::string& note) const;

private:
    void print_line(const std::vector<std::string>& cells) const;
    std::string verdict(const Goal& goal, const std::vector<Results>& results, std::size_t figure) const;

    std::vector<std::string> servers_;
    Style style_;
    std::optional<std::size_t> websocketd_;
};

}  // namespace wsinetd::bench
