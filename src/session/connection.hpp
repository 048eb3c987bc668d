#pragma once  // A socket's life: requests, and what each one becomes.
#include "session/loop_resources.hpp"

namespace wsinetd::session {

/// Serves the connected socket `fd`, which it owns, until the connection and all it has started have ended.
net::awaitable<void> serve(LoopResources& loop, int fd);

}  // namespace wsinetd::session
