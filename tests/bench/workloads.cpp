#include "workloads.hpp"

#include <sched.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <limits>
#include <memory>
#include <mutex>
#include <thread>

#include "client.hpp"

namespace wsinetd::bench {
namespace {

using namespace std::chrono_literals;
using Wait = Connection::Wait;
using Shared = std::shared_ptr<const Pattern>;

constexpr std::size_t read_bytes = 256 * 1024;
constexpr double run_limit = 20;

std::span<std::byte> scratch() {
    thread_local std::vector<std::byte> buffer(read_bytes);
    return buffer;
}

/// Wall time and the server's CPU from its birth on.
class Meter {
public:
    explicit Meter(const ServerProcess& server) : server_(server), cpu_(server.cpu_seconds()), start_(now()) {}
    double wall() const { return now() - start_; }
    double cpu() const { return server_.settled_cpu_seconds() - cpu_; }

private:
    const ServerProcess& server_;
    double cpu_, start_;
};

std::vector<double> rates(const Meter& meter, double seconds, std::uint64_t count, double a_message = 1) {
    const auto messages = static_cast<double>(count);
    return {messages * a_message / seconds, meter.cpu() / messages};
}

void take(Connection& connection, Checker& checker, Wait wait) {
    const auto n = connection.receive(scratch(), wait);
    if (n < 0) return;
    if (n == 0) throw WrongBytes("the connection ended after " + std::to_string(checker.messages()) + " messages");
    checker.take(scratch().first(static_cast<std::size_t>(n)));
}

/// Sends `count` messages, never more than `window` ahead of what came back, and reads until the checker has all.
void exchange(Connection& connection, const Outbox& outbox, std::uint64_t count, std::uint64_t window,
              Checker& checker) {
    const Limit limit(run_limit);
    const std::uint64_t total = count * outbox.frame_bytes();
    std::uint64_t sent = 0;
    while (!checker.done()) {
        limit.check();
        const auto bytes = outbox.next(sent, std::min(count, checker.messages() + window));
        if (bytes.empty()) {
            take(connection, checker, Wait::yes);
            continue;
        }
        const std::size_t n = connection.send(bytes, Wait::no);
        sent += n;
        take(connection, checker, Wait::no);
        if (n < bytes.size() && !checker.done()) connection.wait(sent < total);
    }
}

// Drain: the command prints, the client reads.

std::vector<double> drain(const ServerProcess& server, const Pattern& pattern, std::uint64_t count, double a_message,
                          double& seconds) {
    const Meter meter(server);
    const Limit limit(run_limit);
    Connection connection(server.port());
    Checker checker(pattern, count);
    while (!checker.done()) {
        take(connection, checker, Wait::yes);
        limit.check();
    }
    seconds = meter.wall();
    connection.finish();
    return rates(meter, seconds, count, a_message);
}

/// `seq N` is a beginning of `seq M`: one pattern, grown to the longest asked for.
const Pattern& seq_pattern(std::uint64_t count) {
    static Pattern pattern = seq_lines(1'000'000);
    if (pattern.messages < count) pattern = seq_lines(count);
    return pattern;
}

std::vector<std::string> seq_command(const Tools&, std::uint64_t count) { return {"seq", std::to_string(count)}; }

Workload drain_seq() {
    return {.name = "drain, seq lines",
            .figures = {{"messages/s", Unit::per_second, "100x"}, {"CPU/message", Unit::seconds, "1/200"}},
            .first_count = 100'000,
            .max_count = 40'000'000,
            .command = seq_command,
            .run = [](const ServerProcess& server, std::uint64_t count, double& seconds) {
                return drain(server, seq_pattern(count), count, 1, seconds);
            }};
}

Workload drain_lines(const std::string& name, std::size_t size, std::string goal) {
    const auto pattern = std::make_shared<const Pattern>(ascii_lines(size));
    return {.name = name,
            .figures = {{"bytes/s", Unit::bytes_per_second, std::move(goal)}, {"CPU/message", Unit::seconds, ""}},
            .first_count = 32 * 1024 * 1024 / size,
            .max_count = (std::uint64_t{8} << 30) / size,
            .command =
                [size](const Tools& tools, std::uint64_t count) {
                    return std::vector<std::string>{tools.folder / "bench_print", "ascii", std::to_string(size),
                                                    std::to_string(count)};
                },
            .run = [pattern, size](
                       const ServerProcess& server, std::uint64_t count,
                       double& seconds) { return drain(server, *pattern, count, static_cast<double>(size), seconds); }};
}

/// Several clients of one thread, each with a checker of its own.
struct Peer {
    Connection connection;
    Checker checker;
    std::uint64_t sent = 0;
};

class Crowd {
public:
    Crowd() : epoll_(epoll_create1(EPOLL_CLOEXEC)) {}
    ~Crowd() { close(epoll_); }

    void add(const ServerProcess& server, const Pattern& pattern, std::uint64_t messages) {
        peers_.push_back(std::make_unique<Peer>(Connection(server.port()), Checker(pattern, messages)));
        epoll_event event{EPOLLIN, {peers_.back().get()}};
        epoll_ctl(epoll_, EPOLL_CTL_ADD, peers_.back()->connection.descriptor(), &event);
    }

    /// Until every peer has all; `moved` is called for one that has received something.
    template <typename Moved>
    void run(Moved&& moved) {
        const Limit limit(run_limit);
        std::size_t busy = peers_.size();
        epoll_event events[64];
        while (busy > 0) {
            limit.check();
            const int n = epoll_wait(epoll_, events, 64, patience_ms);
            if (n == 0) throw Hung("nothing arrives");
            for (int i = 0; i < n; ++i) {
                Peer& peer = *static_cast<Peer*>(events[i].data.ptr);
                take(peer.connection, peer.checker, Wait::no);
                if (peer.checker.done()) {
                    epoll_ctl(epoll_, EPOLL_CTL_DEL, peer.connection.descriptor(), nullptr);
                    --busy;
                } else {
                    moved(peer);
                }
            }
        }
    }

    void finish() {
        for (auto& peer : peers_) peer->connection.send_close();
        for (auto& peer : peers_) peer->connection.finish();
    }

    std::vector<std::unique_ptr<Peer>>& peers() { return peers_; }

private:
    int epoll_;
    std::vector<std::unique_ptr<Peer>> peers_;
};

Workload readers() {
    constexpr std::uint64_t clients = 20;
    return {.name = "20 readers of seq",
            .figures = {{"messages/s", Unit::per_second, ""}, {"CPU/message", Unit::seconds, ""}},
            .first_count = 20'000,
            .max_count = 10'000'000,
            .command = seq_command,
            .run = [](const ServerProcess& server, std::uint64_t count, double& seconds) {
                const Pattern& pattern = seq_pattern(count);
                const Meter meter(server);
                Crowd crowd;
                for (std::uint64_t i = 0; i < clients; ++i) crowd.add(server, pattern, count);
                crowd.run([](Peer&) {});
                seconds = meter.wall();
                crowd.finish();
                return rates(meter, seconds, count * clients);
            }};
}

// Feed: the client floods, the command reads and says whether all was right.

Workload feed(const std::string& name, std::size_t size, bool as_bytes, std::string goal, std::string cpu_goal) {
    const auto pattern = std::make_shared<const Pattern>(ascii_lines(size));
    const auto outbox = std::make_shared<const Outbox>(*pattern);
    const double a_message = as_bytes ? static_cast<double>(size) : 1;
    return {.name = name,
            .figures = {as_bytes ? Figure{"bytes/s", Unit::bytes_per_second, std::move(goal)}
                                 : Figure{"messages/s", Unit::per_second, std::move(goal)},
                        {"CPU/message", Unit::seconds, std::move(cpu_goal)}},
            .first_count = 4 * 1024 * 1024 / size,
            .max_count = (std::uint64_t{8} << 30) / size,
            .command =
                [size](const Tools& tools, std::uint64_t count) {
                    return std::vector<std::string>{tools.folder / "bench_sink", "ascii", std::to_string(size),
                                                    std::to_string(count)};
                },
            .run =
                [outbox, a_message](const ServerProcess& server, std::uint64_t count, double& seconds) {
                    const Pattern answer = one_line("ok " + std::to_string(count));
                    const Meter meter(server);
                    Connection connection(server.port());
                    Checker checker(answer, 1);
                    exchange(connection, *outbox, count, count, checker);
                    seconds = meter.wall();
                    connection.finish();
                    return rates(meter, seconds, count, a_message);
                }};
}

// Echo through cat, `window` messages in flight. Text never has more than 32 KiB on its way: websocketd, which writes
// to the command and to the client in one loop, deadlocks as soon as both pipes are full.

std::vector<std::string> cat(const Tools&, std::uint64_t) { return {"cat"}; }

Workload echo(const std::string& name, Shared pattern, std::uint64_t window, Figure figure, std::string cpu_goal) {
    const auto outbox = std::make_shared<const Outbox>(*pattern);
    const double a_message = figure.unit == Unit::bytes_per_second ? static_cast<double>(pattern->message_bytes) : 1;
    const std::uint64_t size = pattern->message_bytes;
    return {
        .name = name,
        .figures = {std::move(figure), {"CPU/message", Unit::seconds, std::move(cpu_goal)}},
        .binary = !pattern->lines,
        .first_count = std::max(window * 2, 4 * 1024 * 1024 / size),
        .max_count = (std::uint64_t{4} << 30) / size,
        .command = cat,
        .run = [pattern, outbox, window, a_message](const ServerProcess& server, std::uint64_t count, double& seconds) {
            const Meter meter(server);
            Connection connection(server.port());
            Checker checker(*pattern, count);
            exchange(connection, *outbox, count, window, checker);
            seconds = meter.wall();
            connection.finish();
            return rates(meter, seconds, count, a_message);
        }};
}

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

double median(std::vector<double> values) {
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

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
            .figures = {{"p50", Unit::seconds, "0.85"},
                        {"messages/s", Unit::per_second, ""},
                        {"CPU/message", Unit::seconds, "0.6"}},
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
            .figures = {{"messages/s", Unit::per_second, "1.4x"}, {"CPU/message", Unit::seconds, ""}},
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

Workload churn(const std::string& name, unsigned at_a_time, std::string goal) {
    const auto answer = std::make_shared<const Pattern>(one_line("ok"));
    return {.name = name,
            .figures = {{"connections/s", Unit::per_second, std::move(goal)}, {"CPU/connection", Unit::seconds, "0.3"}},
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
        Connection connection(server.port());
        gesture(connection);
        connection.reset();
    }
    for (int i = 0; i < 100 && server.running_commands() > 0; ++i) std::this_thread::sleep_for(20ms);
}

Workload hold() {
    rlimit files{};
    getrlimit(RLIMIT_NOFILE, &files);
    const std::uint64_t count = std::min<std::uint64_t>(1000, (files.rlim_cur - 100) / 7);
    return {.name = "hold " + std::to_string(count) + " idle",
            .figures = {{"private/connection", Unit::bytes, "6 KiB"},
                        {"connections/s", Unit::per_second, ""},
                        {"CPU/connection", Unit::seconds, ""}},
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
                for (std::uint64_t i = 0; i < held; ++i) connections.emplace_back(server.port());
                seconds = meter.wall();
                auto figures = rates(meter, seconds, held);
                const double grown = static_cast<double>(server.private_bytes()) - before;
                figures.insert(figures.begin(), grown / static_cast<double>(held));
                for (Connection& connection : connections) connection.reset();
                return figures;
            }};
}

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
            .figures = {{"growth", Unit::bytes, "256 KiB"}, {"gone after reset", Unit::seconds, "100 ms"}},
            .fresh = true,
            .first_count = 1,
            .max_count = 1,
            .command = [](const Tools&, std::uint64_t) { return std::vector<std::string>{"yes"}; },
            .run = [lasting](const ServerProcess& server, std::uint64_t,
                             double& seconds) { return stall(server, lasting, seconds, [](Connection&) {}); }};
}

Workload stall_in(double lasting) {
    const auto outbox = std::make_shared<const Outbox>(ascii_lines(1024));
    return {.name = "command does not read",
            .figures = {{"growth", Unit::bytes, "256 KiB"}, {"gone after reset", Unit::seconds, "100 ms"}},
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

std::vector<Workload> all_workloads(bool quick, int cpu) {
    const auto shared = [](Pattern pattern) { return std::make_shared<const Pattern>(std::move(pattern)); };
    const auto messages = [](std::string goal) { return Figure{"messages/s", Unit::per_second, std::move(goal)}; };
    const auto bytes = [](std::string goal) { return Figure{"bytes/s", Unit::bytes_per_second, std::move(goal)}; };
    const double lasting = quick ? 0.5 : 2;
    return {drain_seq(),
            drain_lines("drain, 1 KiB lines", 1024, "10x"),
            drain_lines("drain, 16 KiB lines", 16 * 1024, "3x"),
            feed("feed, 64 B", 64, false, "12x", "1/18"),
            feed("feed, 1 KiB", 1024, true, "3x", ""),
            echo("echo, 64 B", shared(ascii_lines(64)), 512, messages("10x"), "1/25"),
            echo("echo, 4 KiB", shared(ascii_lines(4096)), 8, bytes("2.5x"), ""),
            echo("echo, UTF-8 1 KiB", shared(utf8_lines(1024)), 32, bytes("2.2x"), ""),
            echo("binary, 64 KiB, one in flight", shared(random_bytes(64 * 1024)), 1, bytes(""), ""),
            echo("binary, 64 x 64 KiB in flight", shared(random_bytes(64 * 1024)), 64, bytes("2.2x, no deadlock"), ""),
            request_response(cpu),
            many_clients(),
            churn("churn, one at a time", 1, "2x"),
            churn("churn, eight at a time", 8, "1.4x"),
            hold(),
            stall_out(lasting),
            stall_in(lasting),
            readers()};
}

}  // namespace wsinetd::bench
