#pragma once  // A server under test: started, watched from outside, and ended with all it started.
#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace wsinetd::bench {

/// What is started, and how.
struct Launch {
    std::filesystem::path program;
    bool binary = false;               // raw framing instead of lines
    bool secure = false;               // the options turn TLS on
    std::vector<std::string> options;  // of the server, besides port and address
    std::vector<std::string> command;  // what the server runs for each connection
    std::optional<int> cpu;            // the one CPU of server and commands
};

/// Runs while it lives, on a free port of the loopback, its output discarded.
class ServerProcess {
public:
    /// Returns once the port answers; throws std::runtime_error if that takes more than ten seconds.
    explicit ServerProcess(const Launch& launch);

    /// Ends the server, at the latest by SIGKILL after three seconds, and every command it leaves behind.
    ~ServerProcess();
    ServerProcess(const ServerProcess&) = delete;
    ServerProcess& operator=(const ServerProcess&) = delete;

    std::uint16_t port() const { return port_; }
    bool secure() const { return secure_; }

    /// CPU used so far by all its threads, user and system, without its commands'.
    double cpu_seconds() const;

    /// The same, once it has not grown for a while (20 ms, waiting half a second at most).
    double settled_cpu_seconds() const;

    /// Memory that is its own (Anonymous). Pages of its files are left out: whether they count as private depends on
    /// which other processes map the same library, and whether as dirty on when it was written.
    std::uint64_t private_bytes() const;

    /// Its children that still run, zombies left out.
    std::size_t running_commands() const;

private:
    std::uint16_t port_;
    bool secure_;
    pid_t pid_;
};

/// Makes this process inherit what dying servers leave behind, so that ~ServerProcess can end it. Once, from main.
void adopt_orphans();

}  // namespace wsinetd::bench
