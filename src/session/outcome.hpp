#pragma once  // What happened, as close code and reason: the table of spec section 4.
#include <cstdint>
#include <optional>
#include <string>

#include "process/exit_status.hpp"

namespace wsinetd::session {

/// The Close frame that ends a session, and what the log calls it.
struct Verdict {
    std::optional<std::uint16_t> code;  ///< none: a Close without a body (RFC 6455, 7.1.5)
    std::string reason;
};

/// `by_ladder`: the server sent the very signal that killed the command, after it had closed its stdout.
[[nodiscard]] Verdict verdict_of(process::ExitStatus status, bool by_ladder);

}  // namespace wsinetd::session
