#pragma once  // What was said, by whom and where, and the configuration that comes of it: spec section 6.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.hpp"
#include "config/option_table.hpp"

namespace wsinetd::config {

/// One value for an option.
struct Setting {
    const Option* option;
    std::optional<std::string> value;  ///< nothing: a list without elements
    std::string place = {};            ///< "file:line:column"; empty: the command line
};
using Settings = std::vector<Setting>;  ///< in the order they were said

/// A program and its arguments.
struct SaidCommand {
    std::vector<std::string> words;  ///< empty: none was said
    std::string place = {};
};

/// What a table `[[endpoint]]` says.
struct SaidEndpoint {
    std::string path;
    std::string place;  ///< of the path
    Settings shared;    ///< what its file says for all of its endpoints
    Settings settings;
    SaidCommand command;
};

/// All that counts, the later the more: defaults, the top level of the file, the command line, an endpoint itself.
struct Said {
    bool websocketd = false;  ///< the defaults are websocketd's
    Settings file;            ///< at its top level
    SaidCommand file_command;
    Settings command_line;
    SaidCommand command;
    std::vector<SaidEndpoint> endpoints;
    bool includes = false;  ///< the file includes others
};

/// What is wrong with a setting, "file:line:column: port: ..." or "--port: ...", as its option says; else nothing.
[[nodiscard]] std::optional<std::string> wrong_with(const Setting& setting, bool in_endpoint);

/// A path that is relative counts from `folder`, which ends in a slash or is empty.
[[nodiscard]] std::string in_folder(const std::string& path, const std::string& folder);

/// The value with what is a path in it counted from `folder`: all of it, a command's first word, or what is behind
/// `unix:`.
[[nodiscard]] std::string in_folder(const Option& option, const std::string& value, const std::string& folder);

/// Of settings for one option the last counts, of lists all of the last layer that has any: only `env` keeps every one.
[[nodiscard]] Settings merge(const std::vector<Settings>& layers);

/// What an endpoint has of the top level and the command line.
[[nodiscard]] Settings handed_down(const Settings& settings);

/// What differs under the name websocketd, where nobody says otherwise; nothing else does.
[[nodiscard]] const Settings& websocketd_defaults();

/// The configuration; what `wrong_with` complains about is left out. Endpoints come in their order, then the one that
/// has every other path: the command line's command or --dir, or else what stands at the top level of the file.
[[nodiscard]] Config compose(const Said& said);

}  // namespace wsinetd::config
