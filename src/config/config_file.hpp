#pragma once  // The text of a configuration file to what it says (spec section 6). The one door to toml++.
#include <string>
#include <string_view>
#include <vector>

#include "config/settings.hpp"

namespace wsinetd::config {

/// A pattern of files to read as well.
struct Include {
    std::string files;  ///< a pattern as glob(3) has it, or a path; relative to the server's directory, or absolute
    bool is_pattern;
    std::string place;  ///< "file:line:column"
};

struct ConfigFile {
    Settings settings;    ///< of its top level
    SaidCommand command;  ///< the same
    std::vector<SaidEndpoint> endpoints;
    std::vector<Include> includes;
    bool has_include = false;         ///< it has the key, maybe with none
    std::vector<std::string> errors;  ///< every mistake, as a sentence that begins with file, line and column
};

/// What may stand in a file.
enum class Role {
    main,      ///< all of it
    included,  ///< endpoints, and at the top level what only they share
};

/// Paths that are relative count from the directory of `name`, which is also what errors call the file. Looks at
/// nothing but the text: see `load`.
[[nodiscard]] ConfigFile parse_config_file(std::string_view text, std::string_view name, Role role);

}  // namespace wsinetd::config
