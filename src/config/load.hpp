#pragma once  // From arguments to a configuration: the command line, the file it names and those that file includes.
#include <span>
#include <string>
#include <vector>

#include "config/settings.hpp"

namespace wsinetd::config {

struct Loaded {
    Action action = Action::serve;
    Said said;
    Config config;
    std::vector<std::string> errors;  ///< every mistake, as a sentence without the program's name
};

/// `arguments` with the program's name in front. Reads files, and looks at nothing else: see `check`.
[[nodiscard]] Loaded load(std::span<const char* const> arguments);

}  // namespace wsinetd::config
