#pragma once  // What a command may use, in systemd's terms (systemd.exec(5)): LimitAS=, LimitCPU=, ..., Nice=.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace wsinetd::config {

/// No limit, as the kernel writes it (RLIM_INFINITY).
inline constexpr std::uint64_t infinity = UINT64_MAX;

/// Beyond `soft` the command is told (an error, SIGXCPU); up to `hard` it may raise `soft` itself.
struct Limit {
    std::uint64_t soft;
    std::uint64_t hard;

    friend bool operator==(const Limit&, const Limit&) = default;
};

/// Nothing: as the server has it.
struct Limits {
    std::optional<Limit> memory;       ///< address space in bytes: RLIMIT_AS
    std::optional<Limit> cpu;          ///< seconds: RLIMIT_CPU
    std::optional<Limit> descriptors;  ///< RLIMIT_NOFILE
    std::optional<Limit> processes;    ///< of the user, not of the command: RLIMIT_NPROC
    std::optional<Limit> core;         ///< bytes: RLIMIT_CORE
    std::optional<int> nice;           ///< -20 to 19

    friend bool operator==(const Limits&, const Limits&) = default;
};

/// What the numbers of a limit are.
enum class Measure { bytes, seconds, count };

/// `V`, `SOFT:HARD`, or `infinity` for either, as systemd takes them; or what is wrong and would be right. Seconds are
/// durations, rounded up to whole ones, for the kernel knows no others. One value stands for both, but of CPU seconds:
/// there the hard limit is one more, so that the command is told by SIGXCPU before it is killed.
[[nodiscard]] std::variant<Limit, std::string> parse_limit(std::string_view text, Measure measure);

/// The same as it would be written.
[[nodiscard]] std::string format_limit(const Limit& limit, Measure measure);

}  // namespace wsinetd::config
