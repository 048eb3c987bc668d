#pragma once  // A page to try an endpoint by hand: dev_console.html, which CMake puts into the program.
#include <string>
#include <string_view>

namespace wsinetd::session {

/// The developer console's page and the policy that lets nothing but it run.
struct DevConsole {
    std::string_view page;                ///< HTML in UTF-8; the same for every request
    std::string content_security_policy;  ///< the value of Content-Security-Policy that goes with it
};

/// Computed once, at the first call; lives as long as the program.
[[nodiscard]] const DevConsole& dev_console();

}  // namespace wsinetd::session
