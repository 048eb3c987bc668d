#pragma once  // How a command ended: wait(2)'s status in words.
#include <optional>
#include <string>
#include <string_view>

namespace wsinetd::process {

/// Exited with a status, or killed by a signal.
struct ExitStatus {
    bool by_signal;
    int number;  ///< the status, 0 to 255, or the signal's number

    friend bool operator==(const ExitStatus&, const ExitStatus&) = default;
};

/// From the status that waitpid gives for a process that has ended.
[[nodiscard]] ExitStatus exit_status_of(int wait_status);

/// "SIGKILL", "SIGRTMIN+3", or "signal 99" for a number that is none.
[[nodiscard]] std::string signal_name(int signal);

/// "exited with status 3" or "killed by SIGKILL", for the log.
[[nodiscard]] std::string describe(ExitStatus status);

}  // namespace wsinetd::process
