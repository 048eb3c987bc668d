#pragma once  // Arguments to what they say (spec section 1). The one door to CLI11.
#include <span>
#include <string>
#include <vector>

#include "config/settings.hpp"

namespace wsinetd::config {

struct CommandLine {
    bool websocketd = false;  ///< the program's name
    Action action = Action::serve;
    std::string config_file;  ///< empty: none
    std::uint64_t reload_pid = 0;
    bool accept_fd = false;
    Settings settings;
    std::vector<std::string> command;  ///< empty: none
    std::vector<std::string> errors;   ///< every mistake, as a sentence without the program's name
};

/// `arguments` with the program's name in front. Options end at the first argument that is none: the command. Looks at
/// nothing but the arguments: see `load`.
[[nodiscard]] CommandLine parse_command_line(std::span<const char* const> arguments);

}  // namespace wsinetd::config
