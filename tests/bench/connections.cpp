#include "workloads.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <limits>
#include <memory>
#include <mutex>
#include <thread>

#include "measure.hpp"

namespace wsinetd::bench {
namespace {

using namespace std::chrono_literals;

// Connections that come and go.

/// Connect, read what the tiny command says, and the end of it.
void visit(const ServerProcess& server, const Pattern& answer) {
    Connection connection(server.port());
    Checker checker(answer, 1);
    bool answered = false;
    for (;;) {
        const auto n = connection.receive(scratch(), Wait::yes);
        if (n == 0) break;
        checker.take(scratch().first(static_cast<std::size_t>(n)));
        if (checker.closed() && !answered) {
            connection.send_close();
            answered = true;
        }
    }
    if (!checker.done()) throw WrongBytes("closed before the command's line");
}

void visit_together(const ServerProcess& server, const Pattern& answer, std::uint64_t count, unsigned at_a_time) {
    std::exception_ptr error;
    std::mutex lock;
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < at_a_time; ++i) {
        threads.emplace_back([&, visits = count / at_a_time] {
            try {
                const Limit limit(run_limit);
                for (std::uint64_t visited = 0; visited < visits; ++visited) {
                    visit(server, answer);
                    limit.check();
                }
            } catch (...) {
                const std::lock_guard guard(lock);
                error = std::current_exception();
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    if (error) std::rethrow_exception(error);
}

Workload churn(const std::string& name, unsigned at_a_time, Goal goal) {
    const auto answer = std::make_shared<const Pattern>(one_line("ok"));
    return {.name = name,
            .figures = {{"connections/s", Unit::per_second, std::move(goal)},
                        {"CPU/connection", Unit::seconds, ratio_at_most(0.3, "0.3")}},
            .first_count = 64,
            .max_count = 4000,
            .command = [](const Tools& tools,
                          std::uint64_t) { return std::vector<std::string>{tools.folder / "bench_tiny"}; },
            .run =
                [answer, at_a_time](const ServerProcess& server, std::uint64_t count, double& seconds) {
                    count = std::max<std::uint64_t>(1, count / at_a_time) * at_a_time;
                    const Meter meter(server);
                    visit_together(server, *answer, count, at_a_time);
                    seconds = meter.wall();
                    return rates(meter, seconds, count);
                }};
}

// Connections that stay.

std::vector<std::string> idle(const Tools& tools, std::uint64_t) { return {tools.folder / "bench_idle"}; }

/// What every loop of the server allocates once is not what a connection costs: eight connections, each used for as
/// much as `gesture` does, and gone.
template <typename Gesture>
void warm_up(const ServerProcess& server, Gesture&& gesture) {
    for (int i = 0; i < 8; ++i) {
        Connection connection(server.port(), server.secure());
        gesture(connection);
        connection.reset();
    }
    for (int i = 0; i < 100 && server.running_commands() > 0; ++i) std::this_thread::sleep_for(20ms);
}

/// Connections that descriptors allow at once: a server keeps up to seven for one, pipes among them, we keep one.
std::uint64_t affordable(std::uint64_t wanted) {
    rlimit files{};
    getrlimit(RLIMIT_NOFILE, &files);
    return std::min<std::uint64_t>(wanted, (files.rlim_cur - 100) / 7);
}

Workload hold() {
    const std::uint64_t count = affordable(1000);
    return {.name = "hold " + std::to_string(count) + " idle",
            .figures = {{"private/connection", Unit::bytes, at_most(6 * 1024, "6 KiB")},
                        {"connections/s", Unit::per_second},
                        {"CPU/connection", Unit::seconds}},
            .fresh = true,
            .first_count = count,
            .max_count = count,
            .command = idle,
            .run = [](const ServerProcess& server, std::uint64_t held, double& seconds) {
                warm_up(server, [](Connection&) {});
                const auto before = static_cast<double>(server.private_bytes());
                std::vector<Connection> connections;
                connections.reserve(held);
                const Meter meter(server);
                for (std::uint64_t i = 0; i < held; ++i) connections.emplace_back(server.port(), server.secure());
                seconds = meter.wall();
                auto figures = rates(meter, seconds, held);
                const double grown = static_cast<double>(server.private_bytes()) - before;
                figures.insert(figures.begin(), grown / static_cast<double>(held));
                for (Connection& connection : connections) connection.reset();
                return figures;
            }};
}

/// As many as there can be: is the last one upgraded as fast as the first?
Workload hold_many() {
    const std::uint64_t count = affordable(10'000);
    return {.name = "hold " + std::to_string(count) + " idle",
            .figures = {{"p50, first 200", Unit::seconds},
                        {"p50, last 200", Unit::seconds},
                        {"last to first", Unit::ratio, at_most(1.25, "1, or 1.25 with the noise")},
                        {"private/connection", Unit::bytes}},
            .fresh = true,
            .unlimited = true,
            .first_count = count,
            .max_count = count,
            .command = idle,
            .run = [](const ServerProcess& server, std::uint64_t held, double& seconds) {
                warm_up(server, [](Connection&) {});
                const auto before = static_cast<double>(server.private_bytes());
                std::vector<Connection> connections;
                std::vector<double> times;
                connections.reserve(held);
                const double begin = now();
                for (std::uint64_t i = 0; i < held; ++i) {
                    const double start = now();
                    connections.emplace_back(server.port());
                    times.push_back(now() - start);
                }
                seconds = now() - begin;
                const auto sample = static_cast<std::ptrdiff_t>(std::min<std::size_t>(200, times.size()));
                const double first = median({times.begin(), times.begin() + sample});
                const double last = median({times.end() - sample, times.end()});
                const double grown = static_cast<double>(server.private_bytes()) - before;
                for (Connection& connection : connections) connection.reset();
                return std::vector<double>{first, last, last / first, grown / static_cast<double>(held)};
            }};
}

/// The command that does not mind its stdin gets its first signal 100 ms after the session's end (spec section 4); the
/// rest is noticing the reset and dying.
const Goal ladder = at_most(0.11, "100 ms of the ladder, and 10");

/// Memory the server gains while nothing moves on, and how long the command outlives the reset that follows;
/// infinity: it was still there after three seconds.
template <typename Press>
std::vector<double> stall(const ServerProcess& server, double lasting, double& seconds, Press&& press) {
    const auto before = static_cast<double>(server.private_bytes());
    double most = before;
    Connection connection(server.port());
    for (const double end = now() + lasting; now() < end; std::this_thread::sleep_for(20ms)) {
        press(connection);
        most = std::max(most, static_cast<double>(server.private_bytes()));
    }
    connection.reset();
    const double start = now();
    double gone = std::numeric_limits<double>::infinity();
    while (now() < start + 3) {
        if (server.running_commands() == 0) {
            gone = now() - start;
            break;
        }
        std::this_thread::sleep_for(1ms);
    }
    seconds = lasting;
    return {most - before, gone};
}

Workload stall_out(double lasting) {
    return {.name = "client does not read yes",
            .figures = {{"growth", Unit::bytes, at_most(256 * 1024, "256 KiB")},
                        {"gone after reset", Unit::seconds, ladder}},
            .fresh = true,
            .first_count = 1,
            .max_count = 1,
            .command = [](const Tools&, std::uint64_t) { return std::vector<std::string>{"yes"}; },
            .run =
                [lasting](const ServerProcess& server, std::uint64_t, double& seconds) {
                    warm_up(server, [](Connection& connection) {
                        for (const double end = now() + 0.02; now() < end;) connection.receive(scratch(), Wait::yes);
                    });
                    return stall(server, lasting, seconds, [](Connection&) {});
                }};
}

Workload stall_in(double lasting) {
    const auto outbox = std::make_shared<const Outbox>(ascii_lines(1024));
    return {.name = "command does not read",
            .figures = {{"growth", Unit::bytes, at_most(256 * 1024, "256 KiB")},
                        {"gone after reset", Unit::seconds, ladder}},
            .fresh = true,
            .first_count = 1,
            .max_count = 1,
            .command = idle,
            .run = [lasting, outbox](const ServerProcess& server, std::uint64_t, double& seconds) {
                constexpr std::uint64_t fits_the_pipe = 32;
                warm_up(server, [&](Connection& connection) {
                    connection.send(outbox->next(0, fits_the_pipe), Wait::yes);
                    std::this_thread::sleep_for(10ms);
                });
                std::uint64_t sent = 0;
                return stall(server, lasting, seconds, [&](Connection& connection) {
                    constexpr std::uint64_t no_end = std::uint64_t{1} << 40;
                    while (const std::size_t n = connection.send(outbox->next(sent, no_end), Wait::no)) sent += n;
                });
            }};
}

}  // namespace

std::vector<Workload> connection_workloads(bool quick) {
    const double lasting = quick ? 0.5 : 2;
    std::vector<Workload> all{churn("churn, one at a time", 1, ratio_at_least(2, "2x")),
                              churn("churn, eight at a time", 8, ratio_at_least(1.4, "1.4x")), hold(),
                              stall_out(lasting), stall_in(lasting)};
    if (!quick) all.push_back(hold_many());
    return all;
}

}  // namespace wsinetd::bench
