#pragma once  // Errors that need the system or two options to see, all of them at once.
#include <string>
#include <vector>

#include "config/config.hpp"

namespace wsinetd::config {

/// Looks up what `config` names (command, directory, user, group, addresses) and fills in what it found. Returns every
/// error as a sentence without the program's name.
[[nodiscard]] std::vector<std::string> check(Config& config);

}  // namespace wsinetd::config
