#include "session/outcome.hpp"

namespace wsinetd::session {
namespace {

constexpr int first_exit_code = 4000;
constexpr int first_signal_code = 4128;  // the shell's $? for signals, plus 4000

}  // namespace

Verdict verdict_of(process::ExitStatus status, bool by_ladder) {
    if (status.by_signal) {
        if (by_ladder) return {1000, ""};
        return {static_cast<std::uint16_t>(first_signal_code + status.number),
                "killed by " + process::signal_name(status.number)};
    }
    if (status.number == 0) return {1000, ""};
    return {static_cast<std::uint16_t>(first_exit_code + status.number),
            "exit status " + std::to_string(status.number)};
}

}  // namespace wsinetd::session
