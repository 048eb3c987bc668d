#include "server/admin_pages.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "http/metrics.hpp"
#include "log/record.hpp"
#include "version.hpp"

namespace wsinetd::server {
namespace {

using http::Metrics;
using session::SessionKind;
using session::Tally;

/// What the configuration calls an endpoint; that of the command line has every path.
std::string_view label_of(const std::string& endpoint) { return endpoint.empty() ? "*" : std::string_view(endpoint); }

/// One number of each tally, of those that have anything to tell.
template <typename Number>
void tallies(Metrics& metrics, const session::Counters& counters, std::string_view name, Metrics::Type type,
             std::string_view help, Number number) {
    metrics.family(name, type, help);
    for (const auto& [endpoint, kinds] : counters.tallies)
        for (const SessionKind kind : session::session_kinds) {
            const Tally& tally = kinds[static_cast<std::size_t>(kind)];
            if (tally.begun == 0) continue;
            metrics.sample(number(tally), {{"endpoint", label_of(endpoint)}, {"kind", session::name_of(kind)}});
        }
}

void by_label(Metrics& metrics, std::string_view name, std::string_view help, std::string_view label,
              const session::Counters::ByLabel& counts) {
    metrics.family(name, Metrics::Type::counter, help);
    for (const auto& [value, count] : counts) metrics.sample(count, {{label, value}});
}

void sessions(Metrics& metrics, const session::Counters& counters) {
    using Type = Metrics::Type;
    tallies(metrics, counters, "wsinetd_sessions", Type::gauge, "Sessions that run now.",
            [](const Tally& tally) { return tally.begun - tally.ended; });
    tallies(metrics, counters, "wsinetd_sessions_total", Type::counter, "Sessions begun.",
            [](const Tally& tally) { return tally.begun; });
    tallies(metrics, counters, "wsinetd_received_bytes_total", Type::counter, "Bytes from clients.",
            [](const Tally& tally) { return tally.traffic.bytes_in; });
    tallies(metrics, counters, "wsinetd_sent_bytes_total", Type::counter, "Bytes to clients.",
            [](const Tally& tally) { return tally.traffic.bytes_out; });
    tallies(metrics, counters, "wsinetd_received_messages_total", Type::counter,
            "Messages from clients; of WebSockets only.", [](const Tally& tally) { return tally.traffic.messages_in; });
    tallies(metrics, counters, "wsinetd_sent_messages_total", Type::counter, "Messages to clients; of WebSockets only.",
            [](const Tally& tally) { return tally.traffic.messages_out; });
}

double seconds(std::chrono::nanoseconds time) { return std::chrono::duration<double>(time).count(); }

void process_family(Metrics& metrics, const ProcessUse& process) {
    metrics.counter("process_cpu_seconds_total", "User and system time of the server, without its commands.",
                    process.cpu_seconds);
    metrics.gauge("process_start_time_seconds", "When the server started, in seconds since 1970.", process.start_time);
    metrics.gauge("process_virtual_memory_bytes", "Address space of the server.", process.virtual_bytes);
    metrics.gauge("process_resident_memory_bytes", "Memory of the server, without its commands.",
                  process.resident_bytes);
    metrics.gauge("process_open_fds", "Descriptors of the server.", process.descriptors);
    metrics.gauge("process_max_fds", "The most descriptors it may have.", process.max_descriptors);
}

void add_number(std::string& json, std::string_view name, std::uint64_t value) {
    json.append(",\"").append(name).append("\":").append(std::to_string(value));
}

void add_text(std::string& json, std::string_view name, std::string_view value) {
    json.append(",\"").append(name).append("\":");
    log::append_json_string(json, value);
}

}  // namespace

ProcessUse process_use(double start_time) {
    ProcessUse use;
    use.start_time = start_time;
    rusage times{};
    ::getrusage(RUSAGE_SELF, &times);
    for (const timeval& time : {times.ru_utime, times.ru_stime})
        use.cpu_seconds += static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    std::ifstream pages("/proc/self/statm");
    pages >> use.virtual_bytes >> use.resident_bytes;
    const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    use.virtual_bytes *= page;
    use.resident_bytes *= page;
    std::error_code error;
    for (auto entry = std::filesystem::directory_iterator("/proc/self/fd", error);
         !error && entry != std::filesystem::directory_iterator(); entry.increment(error))
        ++use.descriptors;
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    use.max_descriptors = limit.rlim_cur;
    return use;
}

std::string metrics_page(const Totals& totals, const ProcessUse& process) {
    const session::Counters& counters = totals.counters;
    using Type = Metrics::Type;
    Metrics metrics;
    metrics.family("wsinetd_build_info", Type::gauge, "Always 1; its label tells which program this is.");
    metrics.sample(std::uint64_t{1}, {{"version", version}});
    metrics.gauge("wsinetd_ready", "1 while new clients are taken, 0 once the server stops.",
                  std::uint64_t{totals.ready});
    metrics.gauge("wsinetd_loops", "Event loops.", std::uint64_t{totals.loops});
    sessions(metrics, counters);
    by_label(metrics, "wsinetd_closes_total", "WebSockets that have ended, by close code; 1006: without one.", "code",
             counters.closes);
    by_label(metrics, "wsinetd_requests_total", "Requests answered, by status; a session is 101.", "status",
             counters.requests);
    by_label(metrics, "wsinetd_refusals_total", "Requests that the server refused, by status.", "status",
             counters.refusals);
    metrics.gauge("wsinetd_processes", "Commands that run now.", totals.processes);
    metrics.gauge("wsinetd_processes_limit", "The most that may run at once (--max-processes); 0: no limit.",
                  totals.max_processes);
    by_label(metrics, "wsinetd_command_exits_total", "Commands that have ended: success, failure or signal.", "how",
             counters.exits);
    metrics.counter("wsinetd_command_start_failures_total", "Commands that the system would not run.",
                    counters.not_started);
    metrics.histogram("wsinetd_command_start_seconds", "What starting a command takes, until it runs.",
                      session::Histogram::bounds, counters.starts.counts, counters.starts.sum);
    metrics.gauge("wsinetd_connections", "Connections open now.", totals.connections);
    metrics.gauge("wsinetd_connections_limit", "The most that may be open at once (--max-connections); 0: no limit.",
                  totals.max_connections);
    metrics.counter("wsinetd_connections_total", "Connections accepted.", totals.accepted);
    metrics.family("wsinetd_backpressure_seconds_total", Type::counter,
                   "Time in which sessions could not go on, for their client or their command took nothing.");
    metrics.sample(seconds(counters.waited_for_clients), {{"by", "client"}});
    metrics.sample(seconds(counters.waited_for_commands), {{"by", "command"}});
    metrics.histogram("wsinetd_loop_lag_seconds", "How long event loops take to answer; each is asked once a second.",
                      session::Histogram::bounds, totals.lag.counts, totals.lag.sum);
    process_family(metrics, process);
    return metrics.take();
}

std::string sessions_page(std::span<const session::SessionView> sessions) {
    std::string json = "[";
    for (const session::SessionView& each : sessions) {
        json += json.size() > 1 ? ",\n{\"id\":" : "\n{\"id\":";
        log::append_json_string(json, each.id);
        add_text(json, "kind", session::name_of(each.kind));
        add_text(json, "remote", each.remote);
        add_text(json, "endpoint", label_of(each.endpoint));
        add_text(json, "path", each.path);
        add_number(json, "pid", static_cast<std::uint64_t>(each.pid));
        std::array<char, 64> age{};
        std::snprintf(age.data(), age.size(), ",\"age\":%.3f", each.age.count());
        json += age.data();
        add_number(json, "bytes_in", each.traffic.bytes_in);
        add_number(json, "bytes_out", each.traffic.bytes_out);
        add_number(json, "messages_in", each.traffic.messages_in);
        add_number(json, "messages_out", each.traffic.messages_out);
        json += '}';
    }
    return json += "\n]\n";
}

}  // namespace wsinetd::server
