#pragma once  // What the operator is shown: /metrics and /sessions. Numbers in, text out.
#include <chrono>
#include <span>
#include <string>

#include "session/counters.hpp"

namespace wsinetd::server {

/// Of the whole server, when it is asked.
struct Totals {
    session::Counters counters;
    std::uint64_t connections = 0;
    std::uint64_t max_connections = 0;  ///< 0: no limit
    std::uint64_t accepted = 0;         ///< connections, since the start
    std::uint64_t processes = 0;
    std::uint64_t max_processes = 0;
    std::size_t loops = 0;
    session::Histogram lag;  ///< of the loops
    bool ready = false;
};

/// Of the process, from /proc.
struct ProcessUse {
    double cpu_seconds = 0;
    double start_time = 0;  ///< seconds since 1970
    std::uint64_t virtual_bytes = 0;
    std::uint64_t resident_bytes = 0;
    std::uint64_t descriptors = 0;
    std::uint64_t max_descriptors = 0;
};

/// `start_time` as it was noted.
[[nodiscard]] ProcessUse process_use(double start_time);

[[nodiscard]] std::string metrics_page(const Totals& totals, const ProcessUse& process);
[[nodiscard]] std::string sessions_page(std::span<const session::SessionView> sessions);

}  // namespace wsinetd::server
