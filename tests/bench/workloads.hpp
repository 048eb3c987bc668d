#pragma once  // What is measured: one row a workload, and how one run of it goes.
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "server_process.hpp"

namespace wsinetd::bench {

enum class Unit { per_second, bytes_per_second, seconds, bytes, ratio };

/// Issue 3's goal for a figure: a ratio to websocketd's, or to our own without TLS, or a bound.
struct Goal {
    enum class Kind { none, ratio_at_least, ratio_at_most, of_plain_at_least, at_most } kind = Kind::none;
    double value = 0;
    std::string words;  // for the table
};

/// Websocketd's figure times `value` or more; or less; or no more than `value` in the figure's own unit.
inline Goal ratio_at_least(double value, std::string words) {
    return {Goal::Kind::ratio_at_least, value, std::move(words)};
}
inline Goal ratio_at_most(double value, std::string words) {
    return {Goal::Kind::ratio_at_most, value, std::move(words)};
}
/// Under TLS: our own figure without it times `value` or more.
inline Goal of_plain_at_least(double value, std::string words) {
    return {Goal::Kind::of_plain_at_least, value, std::move(words)};
}
inline Goal at_most(double value, std::string words) { return {Goal::Kind::at_most, value, std::move(words)}; }

/// One thing a run measures.
struct Figure {
    std::string name;
    Unit unit;
    Goal goal = {};
};

/// Where the commands of the benchmark lie.
struct Tools {
    std::filesystem::path folder;
};

struct Workload {
    std::string name;
    std::vector<Figure> figures;
    bool binary = false;     // raw framing
    bool pinned = false;     // server, client and command on one CPU
    bool fresh = false;      // a new server for each run: its memory is what counts
    bool unlimited = false;  // more commands than the server allows by default
    bool secure = false;     // under TLS, for the servers that have it
    std::uint64_t first_count, max_count;

    /// The command line behind the server, for a run of `count`.
    std::function<std::vector<std::string>(const Tools&, std::uint64_t count)> command;

    /// One run: seconds the figures' rates were taken over go to `seconds`, the figures come back in their order.
    /// Throws WrongBytes, Hung or std::runtime_error.
    std::function<std::vector<double>(const ServerProcess&, std::uint64_t count, double& seconds)> run;

    /// What else to know about a run of `count`: a line below the rows. May be empty.
    std::function<std::string(std::uint64_t count)> note = {};

    /// Whether our server without TLS runs along, for its figures are the measure.
    bool beside_plain() const { return secure && figures.front().goal.kind == Goal::Kind::of_plain_at_least; }
};

/// One way, then both ways as fast as it goes.
std::vector<Workload> stream_workloads();

/// One message at a time; `cpu` is the one for pinned runs.
std::vector<Workload> request_workloads(int cpu);

/// Connections that come and go, stay, or stall. `quick` shortens those that take a fixed time.
std::vector<Workload> connection_workloads(bool quick);

/// Those of the above that issue 3 has a goal for under TLS, so done.
std::vector<Workload> tls_workloads(const std::vector<Workload>& plain, bool quick);

}  // namespace wsinetd::bench
