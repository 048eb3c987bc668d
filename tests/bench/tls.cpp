#include "workloads.hpp"

namespace wsinetd::bench {
namespace {

/// The same work under TLS. Its rate is held against our own without TLS, in the rounds of the same run.
Workload under_tls(Workload workload, Goal goal) {
    workload.name.insert(0, "TLS ");
    workload.secure = true;
    for (Figure& figure : workload.figures) figure.goal = {};
    workload.figures.front().goal = std::move(goal);
    workload.note = {};
    return workload;
}

}  // namespace

std::vector<Workload> tls_workloads(const std::vector<Workload>& plain, bool quick) {
    std::vector<Workload> all;
    for (const Workload& workload : plain) {
        for (const char* const name : {"drain, seq lines", "drain, 1 KiB lines", "echo, 64 B", "echo, 4 KiB"}) {
            if (workload.name == name) all.push_back(under_tls(workload, of_plain_at_least(0.6, "0.6 of plain")));
        }
        if (!workload.name.starts_with("hold ") || workload.unlimited) continue;
        all.push_back(under_tls(workload, at_most(24 * 1024, "24 KiB")));
        if (!quick) continue;
        all.back().name = "TLS hold 200 idle";  // handshakes are what takes long
        all.back().first_count = all.back().max_count = 200;
    }
    return all;
}

}  // namespace wsinetd::bench
