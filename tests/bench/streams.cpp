#include "workloads.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <memory>

#include "crowd.hpp"

namespace wsinetd::bench {
namespace {

using Shared = std::shared_ptr<const Pattern>;

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
    Connection connection(server.port(), server.secure());
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

/// What the command itself can do: `seq` into a pipe that is read and forgotten, as `seq N | cat > /dev/null`.
std::string seq_alone(std::uint64_t count) {
    const double start = now();
    FILE* const seq = popen(("seq " + std::to_string(count)).c_str(), "re");
    if (seq == nullptr) return {};
    while (read(fileno(seq), scratch().data(), 64 * 1024) > 0) continue;
    const double seconds = now() - start;
    pclose(seq);
    char text[96];
    std::snprintf(text, sizeof text, "seq alone, into a pipe whose bytes are thrown away: %.1f M/s",
                  static_cast<double>(count) / seconds * 1e-6);
    return text;
}

Workload drain_seq() {
    return {.name = "drain, seq lines",
            .figures = {{"messages/s", Unit::per_second, ratio_at_least(100, "100x")},
                        {"CPU/message", Unit::seconds, ratio_at_most(1.0 / 200, "1/200")}},
            .first_count = 100'000,
            .max_count = 40'000'000,
            .command = seq_command,
            .run = [](const ServerProcess& server, std::uint64_t count,
                      double& seconds) { return drain(server, seq_pattern(count), count, 1, seconds); },
            .note = seq_alone};
}

Workload drain_lines(const std::string& name, std::size_t size, Goal goal) {
    const auto pattern = std::make_shared<const Pattern>(ascii_lines(size));
    return {.name = name,
            .figures = {{"bytes/s", Unit::bytes_per_second, std::move(goal)}, {"CPU/message", Unit::seconds}},
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

Workload readers() {
    constexpr std::uint64_t clients = 20;
    return {.name = "20 readers of seq",
            .figures = {{"messages/s", Unit::per_second}, {"CPU/message", Unit::seconds}},
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

Workload feed(const std::string& name, std::size_t size, bool as_bytes, Goal goal, Goal cpu_goal) {
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
                    Connection connection(server.port(), server.secure());
                    Checker checker(answer, 1);
                    exchange(connection, *outbox, count, count, checker);
                    seconds = meter.wall();
                    connection.finish();
                    return rates(meter, seconds, count, a_message);
                }};
}

std::vector<std::string> cat(const Tools&, std::uint64_t) { return {"cat"}; }

// Echo through cat, `window` messages in flight. Text never has more than 32 KiB on its way: websocketd, which writes
// to the command and to the client in one loop, deadlocks as soon as both pipes are full.

Workload echo(const std::string& name, Shared pattern, std::uint64_t window, Figure figure, Goal cpu_goal) {
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
            Connection connection(server.port(), server.secure());
            Checker checker(*pattern, count);
            exchange(connection, *outbox, count, window, checker);
            seconds = meter.wall();
            connection.finish();
            return rates(meter, seconds, count, a_message);
        }};
}

}  // namespace

std::vector<Workload> stream_workloads() {
    const auto shared = [](Pattern pattern) { return std::make_shared<const Pattern>(std::move(pattern)); };
    const auto messages = [](Goal goal) { return Figure{"messages/s", Unit::per_second, std::move(goal)}; };
    const auto bytes = [](Goal goal) { return Figure{"bytes/s", Unit::bytes_per_second, std::move(goal)}; };
    constexpr std::size_t kib = 1024;
    return {drain_seq(),
            drain_lines("drain, 1 KiB lines", kib, ratio_at_least(10, "10x")),
            drain_lines("drain, 16 KiB lines", 16 * kib, ratio_at_least(3, "3x")),
            readers(),
            feed("feed, 64 B", 64, false, ratio_at_least(12, "12x"), ratio_at_most(1.0 / 18, "1/18")),
            feed("feed, 1 KiB", kib, true, ratio_at_least(3, "3x"), {}),
            echo("echo, 64 B", shared(ascii_lines(64)), 512, messages(ratio_at_least(10, "10x")),
                 ratio_at_most(1.0 / 25, "1/25")),
            echo("echo, 4 KiB", shared(ascii_lines(4 * kib)), 8, bytes(ratio_at_least(2.5, "2.5x")), {}),
            echo("echo, UTF-8 1 KiB", shared(utf8_lines(kib)), 32, bytes(ratio_at_least(2.2, "2.2x")), {}),
            echo("binary, 64 KiB, one in flight", shared(random_bytes(64 * kib)), 1, bytes({}), {}),
            echo("binary, 64 x 64 KiB in flight", shared(random_bytes(64 * kib)), 64,
                 bytes(ratio_at_least(2.2, "2.2x")), {})};
}

}  // namespace wsinetd::bench
