#pragma once  // What is served, as an AsyncAPI 3.0 document: --print-asyncapi.
#include <string>
#include <string_view>

#include "config/config.hpp"

namespace wsinetd::config {

/// JSON: a server for each listener, a channel for each endpoint, and what is received and sent there. `version` is the
/// program's. Of a directory it says that it is one: nothing is looked up.
[[nodiscard]] std::string asyncapi(const Config& config, std::string_view version);

}  // namespace wsinetd::config
