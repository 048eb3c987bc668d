#include "process/exit_status.hpp"

#include <sys/wait.h>

#include <csignal>
#include <cstring>

namespace wsinetd::process {

ExitStatus exit_status_of(int wait_status) {
    if (WIFSIGNALED(wait_status)) return {true, WTERMSIG(wait_status)};
    return {false, WEXITSTATUS(wait_status)};
}

std::string signal_name(int signal) {
    if (const char* name = ::sigabbrev_np(signal)) return std::string("SIG") + name;
    if (signal == SIGRTMIN) return "SIGRTMIN";
    if (signal == SIGRTMAX) return "SIGRTMAX";
    if (signal > SIGRTMIN && signal < SIGRTMAX) return "SIGRTMIN+" + std::to_string(signal - SIGRTMIN);
    return "signal " + std::to_string(signal);
}

std::string describe(ExitStatus status) {
    if (status.by_signal) return "killed by " + signal_name(status.number);
    return "exited with status " + std::to_string(status.number);
}

}  // namespace wsinetd::process
