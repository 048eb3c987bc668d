#pragma once  // The table: for each figure the medians of all servers, and ours as a ratio to each other's.
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

/// The head, for these servers; the first is ours.
void print_head(const std::vector<std::string>& servers);

/// A workload's rows, one a figure; `results` in the order of the head.
void print_rows(const Workload& workload, const std::vector<Results>& results);

}  // namespace wsinetd::bench
