#pragma once  // What is measured: one row a workload, and how one run of it goes.
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "server_process.hpp"

namespace wsinetd::bench {

enum class Unit { per_second, bytes_per_second, seconds, bytes };

/// One thing a run measures. `goal` is issue 3's, against websocketd, or an absolute bound, in words.
struct Figure {
    std::string name;
    Unit unit;
    std::string goal;
};

/// Where the commands of the benchmark lie.
struct Tools {
    std::filesystem::path folder;
};

struct Workload {
    std::string name;
    std::vector<Figure> figures;
    bool binary = false;  // raw framing
    bool pinned = false;  // server, client and command on one CPU
    bool fresh = false;   // a new server for each run: its memory is what counts
    std::uint64_t first_count, max_count;

    /// The command line behind the server, for a run of `count`.
    std::function<std::vector<std::string>(const Tools&, std::uint64_t count)> command;

    /// One run: seconds the figures' rates were taken over go to `seconds`, the figures come back in their order.
    /// Throws WrongBytes, Hung or std::runtime_error.
    std::function<std::vector<double>(const ServerProcess&, std::uint64_t count, double& seconds)> run;
};

/// All of them. `quick` shortens those that take a fixed time. `cpu` is the one for pinned runs.
std::vector<Workload> all_workloads(bool quick, int cpu);

}  // namespace wsinetd::bench
