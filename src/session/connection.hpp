#pragma once  // A socket's life: requests, and what each one becomes.
#include "session/loop_resources.hpp"

namespace wsinetd::session {

/// What a listener's connections are for.
enum class Service {
    plain,
    tls,
    redirect,  ///< from http to https, and nothing else
};

/// Serves the connected socket `fd`, which it owns, until the connection and all it has started have ended. `proxied`:
/// a proxy speaks the PROXY protocol first.
net::awaitable<void> serve(LoopResources& loop, int fd, Service service, bool proxied);

}  // namespace wsinetd::session
