#pragma once  // Arguments to a configuration (spec section 1). The one door to CLI11.
#include <span>
#include <string>
#include <vector>

#include "config/config.hpp"

namespace wsinetd::config {

struct CommandLine {
    Config config;
    std::vector<std::string> errors;  ///< every mistake, as a sentence without the program's name
};

/// `arguments` with the program's name in front; under the name websocketd its defaults apply. Options end at the first
/// argument that is none: the command. Looks at nothing but the arguments: see `check`.
[[nodiscard]] CommandLine parse_command_line(std::span<const char* const> arguments);

}  // namespace wsinetd::config
