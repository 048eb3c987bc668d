#pragma once  // What the workloads share: the clocks, and reading with the checker behind it.
#include <cstdint>
#include <span>
#include <vector>

#include "client.hpp"
#include "server_process.hpp"

namespace wsinetd::bench {

using Wait = Connection::Wait;

/// Seconds one run may take at most.
inline constexpr double run_limit = 20;

/// The calling thread's buffer for what arrives.
std::span<std::byte> scratch();

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

/// Messages (or with `a_message` their bytes) a second, and CPU seconds a message.
std::vector<double> rates(const Meter& meter, double seconds, std::uint64_t count, double a_message = 1);

/// Receives once and hands it to the checker; the end of the connection is WrongBytes, for the checker wants more.
void take(Connection& connection, Checker& checker, Wait wait);

/// The middle one; there must be one.
double median(std::vector<double> values);

}  // namespace wsinetd::bench
