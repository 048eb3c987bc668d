#include "workloads.hpp"

#include <sched.h>

#include <algorithm>
#include <memory>

#include "crowd.hpp"

namespace wsinetd::bench {
namespace {

std::vector<std::string> cat(const Tools&, std::uint64_t) { return {"cat"}; }

// Request and response, one at a time.

class Pinned {
public:
    explicit Pinned(int cpu) {
        sched_getaffinity(0, sizeof before_, &before_);
        cpu_set_t set;
        CPU_ZERO(&set);
        CPU_SET(static_cast<std::size_t>(cpu), &set);
        sched_setaffinity(0, sizeof set, &set);
    }
    ~Pinned() { sched_setaffinity(0, sizeof before_, &before_); }
    Pinned(const Pinned&) = delete;
    Pinned& operator=(const Pinned&) = delete;

private:
    cpu_set_t before_;
};

std::vector<double> round_trips(const ServerProcess& server, const Pattern& pattern, const Outbox& outbox,
                                std::uint64_t count, double& seconds) {
    Connection connection(server.port());
    Checker checker(pattern, count + 1);
    std::vector<double> times;
    times.reserve(count);
    std::uint64_t sent = 0;
    const auto round_trip = [&] {
        const std::uint64_t turn = checker.messages() + 1;
        for (auto bytes = outbox.next(sent, turn); !bytes.empty(); bytes = outbox.next(sent, turn)) {
            sent += connection.send(bytes, Wait::yes);
        }
        while (checker.messages() < turn) take(connection, checker, Wait::yes);
    };
    round_trip();  // the first waits for the command to start
    const Meter meter(server);
    const Limit limit(run_limit);
    for (std::uint64_t i = 0; i < count; ++i) {
        const double start = now();
        round_trip();
        times.push_back(now() - start);
        limit.check();
    }
    seconds = meter.wall();
    const auto messages = static_cast<double>(count);
    const double cpu = meter.cpu() / messages;
    connection.finish();
    return {median(std::move(times)), messages / seconds, cpu};
}

Workload request_response(int cpu) {
    const auto pattern = std::make_shared<const Pattern>(ascii_lines(32));
    const auto outbox = std::make_shared<const Outbox>(*pattern);
    return {.name = "request-response, one CPU",
            .figures = {{"p50", Unit::seconds, ratio_at_most(0.85, "0.85")},
                        {"messages/s", Unit::per_second},
                        {"CPU/message", Unit::seconds, ratio_at_most(0.6, "0.6")}},
            .pinned = true,
            .first_count = 1000,
            .max_count = 1'000'000,
            .command = cat,
            .run = [pattern, outbox, cpu](const ServerProcess& server, std::uint64_t count, double& seconds) {
                const Pinned pinned(cpu);
                return round_trips(server, *pattern, *outbox, count, seconds);
            }};
}

Workload many_clients() {
    constexpr std::uint64_t clients = 50;
    const auto pattern = std::make_shared<const Pattern>(ascii_lines(32));
    const auto outbox = std::make_shared<const Outbox>(*pattern);
    return {.name = "50 clients, request-response",
            .figures = {{"messages/s", Unit::per_second, ratio_at_least(1.4, "1.4x")}, {"CPU/message", Unit::seconds}},
            .first_count = 100,
            .max_count = 200'000,
            .command = cat,
            .run = [pattern, outbox](const ServerProcess& server, std::uint64_t count, double& seconds) {
                Crowd crowd;
                for (std::uint64_t i = 0; i < clients; ++i) crowd.add(server, *pattern, count);
                const auto ask = [&outbox](Peer& peer) {
                    const auto bytes = outbox->next(peer.sent, peer.checker.messages() + 1);
                    if (!bytes.empty()) peer.sent += peer.connection.send(bytes, Wait::yes);
                };
                const Meter meter(server);
                for (auto& peer : crowd.peers()) ask(*peer);
                crowd.run(ask);
                seconds = meter.wall();
                auto figures = rates(meter, seconds, count * clients);
                crowd.finish();
                return figures;
            }};
}

}  // namespace

std::vector<Workload> request_workloads(int cpu) { return {request_response(cpu), many_clients()}; }

}  // namespace wsinetd::bench
