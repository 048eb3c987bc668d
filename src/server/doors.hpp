#pragma once  // What the server listens on: what the options say, or what a service manager has opened.
#include <memory>
#include <string>
#include <vector>

#include "net/listener.hpp"
#include "server/service_manager.hpp"
#include "session/connection.hpp"
#include "session/site.hpp"

namespace wsinetd::server {

/// A listener, and what comes in by it.
struct Door {
    std::unique_ptr<net::Listener> listener;
    session::Service service;
    bool proxied;  ///< a proxy speaks the PROXY protocol first
};

/// All of them. `silence`: TCP_USER_TIMEOUT of their connections. `passed` are listened on instead of all that the
/// options say, if there are any. Throws SetupError.
[[nodiscard]] std::vector<Door> open_doors(net::Executor executor, const session::Site& site, net::Milliseconds silence,
                                           const std::vector<ServiceManager::Socket>& passed);

/// `ws://127.0.0.1:8080`, `unix:PATH`.
[[nodiscard]] std::string url_of(const Door& door);

}  // namespace wsinetd::server
