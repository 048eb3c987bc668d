#pragma once  // Errors that need the system or two options to see, all of them at once.
#include <string>
#include <vector>

#include "config/config.hpp"

namespace wsinetd::config {

/// Looks up what `config` names (command, directory, user, group, addresses) and fills in what it found. Returns every
/// error as a sentence without the program's name, in front the option or where in a file it is set.
[[nodiscard]] std::vector<std::string> check(Config& config);

/// The error with the place in front if it begins with an option, "--name", that was set in a file.
[[nodiscard]] std::string located(std::string error, const Places& places);

}  // namespace wsinetd::config
