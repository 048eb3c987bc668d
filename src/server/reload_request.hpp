#pragma once  // wsinetd --reload PID: asks a running server to reload, and waits for the outcome.
#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

namespace wsinetd::server {

struct ReloadOutcome {
    bool done;         ///< false: the old configuration stays, or there is no such server
    std::string what;  ///< for the user
};

/// Sends SIGHUP to the server `pid` and returns when that has reloaded, refused, or gone. They meet in the directory
/// that systemd names to both of them (RuntimeDirectory=).
[[nodiscard]] ReloadOutcome request_reload(pid_t pid);

/// The server's side: those who were waiting when a reload began. Who comes later means a later one.
class ReloadWaiters {
public:
    ReloadWaiters();
    void tell(const ReloadOutcome& outcome) const;

private:
    std::vector<std::string> paths_;  ///< of their sockets
};

}  // namespace wsinetd::server
