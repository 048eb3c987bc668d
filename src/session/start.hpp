#pragma once  // A command started for a request: its environment, its limits, and what is said when it does not start.
#include "endpoint/environment.hpp"
#include "process/child.hpp"
#include "session/loop_resources.hpp"
#include "session/tree.hpp"

namespace wsinetd::session {

/// What is to run, and for whom. References must live as long as the call that takes it.
struct Order {
    const Site& site;
    const http::Request& request;
    const endpoint::Match& match;
    const endpoint::Peer& peer;
    const Found* program = nullptr;  ///< of a directory; nullptr: the endpoint's own command
    bool cgi = false;                ///< a CGI program: in its own directory, its stderr never on stdout
    std::string_view subprotocol = {};
    bool authenticates = false;  ///< the endpoint's --auth-command instead
};

struct RunningCommand {
    std::unique_ptr<process::Child> child;
    Slot slot;
    std::string id;  ///< UNIQUE_ID
};

/// Or the refusal, already in the log as far as the operator must know: 503 without a slot of the server's and the
/// endpoint's, 431 for an environment the system does not take, 500 for all else.
[[nodiscard]] std::variant<RunningCommand, http::Refusal> start(LoopResources& loop, const Order& order);

/// Where the stderr of an order goes.
[[nodiscard]] process::Stderr stderr_of(const Order& order);

}  // namespace wsinetd::session
