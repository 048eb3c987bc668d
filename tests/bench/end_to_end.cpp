// bench_end_to_end [--quick] [--rounds N] [--only TEXT] [--server PROGRAM] [--websocketd PROGRAM] [--markdown] [--list]
//                  [--alone] [--count N]
// Our server, websocketd and the bare bridge under the same work, in turns: what each does a second, what CPU it takes
// for it, and ours as a ratio to the others. Exits 1 when bytes were wrong, 2 for a wrong option, else 0.
// --alone leaves the other two out, and --count fixes how much is done in a run, for tools that count (scripts/count).
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string_view>

#include "client.hpp"
#include "fixtures/certificate.hpp"
#include "report.hpp"
#include "server_process.hpp"
#include "workloads.hpp"

namespace wsinetd::bench {
namespace {

struct Options {
    bool quick = false, list = false, markdown = false, alone = false;
    std::uint64_t count = 0;
    unsigned rounds = 0;
    std::string only;
    std::filesystem::path server, websocketd = "/usr/bin/websocketd";
};

struct Contestant {
    std::string name;
    std::filesystem::path program;
    std::vector<std::string> unlimited;  // options that allow any number of commands
    std::vector<std::string> tls;        // options that turn TLS on; empty: it has none
};

/// One server in one workload: the count that makes a run long enough, and what its runs gave.
struct Lane {
    Contestant contestant;
    bool secure;
    std::uint64_t count;
    std::unique_ptr<ServerProcess> server;
    Results results;
    bool given_up = false;
};

class Benchmark {
public:
    Benchmark(const Options& options, Tools tools, std::vector<Contestant> contestants, int cpu, const Report& report)
        : options_(options),
          tools_(std::move(tools)),
          contestants_(std::move(contestants)),
          cpu_(cpu),
          report_(report) {}

    /// Every run of one workload, each round in the other order, and its rows.
    void run(const Workload& workload) {
        std::vector<Lane> lanes = lanes_for(workload);
        if (!workload.fresh && options_.count == 0) {
            for (Lane& lane : lanes) calibrate(workload, lane);
        }
        for (unsigned round = 0; round < rounds(workload); ++round) {
            for (Lane& lane : lanes) {
                double seconds = 0;
                if (!lane.given_up) attempt(workload, lane, seconds, true);
            }
            std::reverse(lanes.begin(), lanes.end());
        }
        if (rounds(workload) % 2 == 1) std::reverse(lanes.begin(), lanes.end());
        const std::string note = workload.note ? workload.note(lanes[0].count) : "";
        std::vector<Results> results;
        for (Lane& lane : lanes) results.push_back(std::move(lane.results));
        report_.print_rows(workload, results, note);
    }

    bool any_wrong() const { return any_wrong_; }

private:
    /// One for each server, and under TLS one more for ours without it, where that is the measure.
    std::vector<Lane> lanes_for(const Workload& workload) const {
        const std::uint64_t count = options_.count > 0 ? options_.count : workload.first_count;
        std::vector<Lane> lanes;
        for (const Contestant& contestant : contestants_) {
            lanes.push_back({contestant, workload.secure, count, nullptr, {}});
            if (!workload.secure || !contestant.tls.empty()) continue;
            lanes.back().results.trouble = "-";
            lanes.back().given_up = true;
        }
        if (workload.beside_plain() && !options_.alone) lanes.push_back({contestants_[0], false, count, nullptr, {}});
        return lanes;
    }

    unsigned rounds(const Workload& workload) const {
        if (options_.rounds > 0) return options_.rounds;
        return options_.quick ? (workload.fresh ? 1 : 2) : (workload.fresh ? 3 : 7);
    }

    double wanted_seconds() const { return options_.quick ? 0.12 : 0.8; }

    /// Finds the count that takes about as long as wanted; its runs warm the server up.
    void calibrate(const Workload& workload, Lane& lane) {
        for (int i = 0; i < 4 && !lane.given_up; ++i) {
            double seconds = 0;
            if (!attempt(workload, lane, seconds, false)) continue;
            if (seconds >= wanted_seconds() * 0.5 || lane.count == workload.max_count) return;
            const double factor = std::min(16.0, wanted_seconds() / seconds);
            const double count = static_cast<double>(lane.count) * factor;
            lane.count = std::min(workload.max_count, static_cast<std::uint64_t>(count));
            lane.server.reset();  // the count is on its command line
        }
    }

    /// One run; false if it did not come to its end.
    bool attempt(const Workload& workload, Lane& lane, double& seconds, bool counts) {
        try {
            if (workload.fresh) lane.server.reset();
            if (!lane.server) lane.server = start(workload, lane);
            auto figures = workload.run(*lane.server, lane.count, seconds);
            if (counts) lane.results.runs.push_back(std::move(figures));
            return true;
        } catch (const WrongBytes& error) {
            give_up(workload, lane, "wrong bytes", error.what());
            any_wrong_ = true;
        } catch (const Hung& error) {
            std::fprintf(stderr, "# %s, %s: hung: %s\n", lane.contestant.name.c_str(), workload.name.c_str(),
                         error.what());
            lane.server.reset();
            lane.given_up = ++lane.results.hung >= (options_.quick ? 1 : 2);
        } catch (const std::exception& error) {
            give_up(workload, lane, "failed", error.what());
        }
        return false;
    }

    void give_up(const Workload& workload, Lane& lane, const char* word, const char* why) {
        std::fprintf(stderr, "# %s, %s: %s: %s\n", lane.contestant.name.c_str(), workload.name.c_str(), word, why);
        lane.server.reset();
        lane.results.trouble = word;
        lane.given_up = true;
    }

    std::unique_ptr<ServerProcess> start(const Workload& workload, const Lane& lane) const {
        Launch launch{
            lane.contestant.program, workload.binary, lane.secure, {}, workload.command(tools_, lane.count), {}};
        if (workload.unlimited) launch.options = lane.contestant.unlimited;
        if (lane.secure)
            launch.options.insert(launch.options.end(), lane.contestant.tls.begin(), lane.contestant.tls.end());
        if (workload.pinned) launch.cpu = cpu_;
        return std::make_unique<ServerProcess>(launch);
    }

    const Options& options_;
    const Tools tools_;
    const std::vector<Contestant> contestants_;
    const int cpu_;
    const Report& report_;
    bool any_wrong_ = false;
};

[[noreturn]] void usage() {
    std::fputs(
        "usage: bench_end_to_end [--quick] [--rounds N] [--only TEXT] [--server PROGRAM] [--websocketd PROGRAM] "
        "[--markdown] [--list] [--alone] [--count N]\n",
        stderr);
    std::exit(2);
}

Options parse(int argc, char** argv) {
    Options options;
    for (int i = 1; i < argc; ++i) {
        const std::string_view name = argv[i];
        const auto value = [&] { return i + 1 < argc ? argv[++i] : (usage(), nullptr); };
        if (name == "--quick") {
            options.quick = true;
        } else if (name == "--alone") {
            options.alone = true;
        } else if (name == "--count") {
            options.count = std::strtoull(value(), nullptr, 10);
        } else if (name == "--markdown") {
            options.markdown = true;
        } else if (name == "--list") {
            options.list = true;
        } else if (name == "--rounds") {
            options.rounds = static_cast<unsigned>(std::strtoul(value(), nullptr, 10));
        } else if (name == "--only") {
            options.only = value();
        } else if (name == "--server") {
            options.server = value();
        } else if (name == "--websocketd") {
            options.websocketd = value();
        } else {
            usage();
        }
    }
    return options;
}

std::vector<Workload> all_workloads(bool quick, int cpu) {
    std::vector<Workload> all;
    for (auto&& some : {stream_workloads(), request_workloads(cpu), connection_workloads(quick)}) {
        all.insert(all.end(), some.begin(), some.end());
    }
    const std::vector<Workload> under_tls = tls_workloads(all, quick);
    all.insert(all.end(), under_tls.begin(), under_tls.end());
    return all;
}

/// The one of that name, or all whose name contains it.
std::vector<Workload> chosen(std::vector<Workload> all, const std::string& text) {
    const auto named = [&](const Workload& workload) { return workload.name == text; };
    const bool exact = std::any_of(all.begin(), all.end(), named);
    std::erase_if(all, [&](const Workload& workload) {
        return exact ? !named(workload) : workload.name.find(text) == std::string::npos;
    });
    return all;
}

/// The last CPU this process may use: the first ones take the interrupts.
int last_cpu() {
    cpu_set_t set;
    sched_getaffinity(0, sizeof set, &set);
    int last = 0;
    for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
        if (CPU_ISSET(static_cast<std::size_t>(cpu), &set)) last = cpu;
    }
    return last;
}

void raise_descriptor_limit() {
    rlimit files{};
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
}

int run(const Options& options) {
    const Tools tools{std::filesystem::read_symlink("/proc/self/exe").parent_path()};
    raise_descriptor_limit();
    adopt_orphans();
    signal(SIGPIPE, SIG_IGN);

    const auto server = options.server.empty() ? tools.folder / "wsinetd" : options.server;
    std::vector<Contestant> contestants;
    std::vector<std::string> names;
    const fixtures::PemFolder folder;
    const fixtures::Identity identity = fixtures::make_identity();
    const std::string cert = folder.write("cert.pem", identity.certificate),
                      key = folder.write("key.pem", identity.key);
    for (const Contestant& contestant :
         {Contestant{"wsinetd", server, {"--max-processes", "0"}, {"--tls-cert", cert, "--tls-key", key}},
          Contestant{"websocketd", options.websocketd, {}, {"--ssl", "--sslcert", cert, "--sslkey", key}},
          Contestant{"bare bridge", tools.folder / "bench_bare_bridge", {}, {}}}) {
        if (options.alone && !contestants.empty()) break;
        if (std::filesystem::exists(contestant.program)) {
            contestants.push_back(contestant);
            names.push_back(contestant.name);
        } else {
            std::fprintf(stderr, "# no %s: %s is not there\n", contestant.name.c_str(), contestant.program.c_str());
        }
    }
    const int cpu = last_cpu();
    const Report report(names, options.markdown ? Report::Style::markdown : Report::Style::columns);
    Benchmark benchmark(options, tools, contestants, cpu, report);
    if (!options.list) report.print_head();
    for (const Workload& workload : chosen(all_workloads(options.quick, cpu), options.only)) {
        if (options.list) {
            std::puts(workload.name.c_str());
        } else {
            benchmark.run(workload);
        }
    }
    return benchmark.any_wrong() ? 1 : 0;
}

}  // namespace
}  // namespace wsinetd::bench

int main(int argc, char** argv) { return wsinetd::bench::run(wsinetd::bench::parse(argc, argv)); }
