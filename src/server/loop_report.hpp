#pragma once  // What the main thread asks of a loop, and its answer.
#include <optional>

#include "session/counters.hpp"

namespace wsinetd::server {

struct LoopQuestion {
    bool sessions = false;  ///< each of them, too
    std::string end = {};   ///< the UNIQUE_ID of one that is to end; empty: none
    std::uint16_t code = 1001;
};

struct LoopReport {
    session::Counters counters;  ///< those of the sessions that run included
    std::vector<session::SessionView> sessions;
    bool found = false;  ///< the one that is to end
};

}  // namespace wsinetd::server
