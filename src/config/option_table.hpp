#pragma once  // One row per option: its names, what it takes, what it does. Feeds all that knows options.
#include <span>
#include <string_view>

#include "config/option_values.hpp"

namespace wsinetd::config {

enum class Takes {
    value,    ///< one value; given again, the last counts
    values,   ///< repeatable
    boolean,  ///< nothing, or `=true`, `=false`
    nothing,
};

/// Where a configuration file may have it.
enum class Scope {
    server,        ///< at the top level
    endpoint,      ///< in an endpoint too; what stands at the top level is for all that say nothing else
    own,           ///< in an endpoint too, for which the one at the top level is not meant
    command_line,  ///< nowhere
};

/// What a value is in a configuration file; options that are `boolean` have a boolean there.
enum class Kind {
    text,     ///< a string
    path,     ///< a string; one that is relative counts from the file's directory
    program,  ///< a string, of which the first word is the same if it has a slash
    address,  ///< a string; what is behind unix: is the same
    number,   ///< an integer
    measure,  ///< an integer, or a string with a unit
    mode,     ///< a string of octal digits, or an octal integer
};

enum class Group { listening, serving, access, command, limits, logging, program };

struct Option {
    std::string_view name;   ///< without dashes
    char letter;             ///< 0: none
    std::string_view alias;  ///< websocketd's spelling, without dashes; empty: none
    Takes takes;
    std::string_view placeholder;  ///< of the value
    std::string_view standard;     ///< the default, as the documents print it
    Group group;
    std::string_view help;
    Complaint (*apply)(Draft& draft,
                       std::string_view value);  ///< what is wrong with the value, and what would be right
    Scope scope = Scope::server;
    Kind kind = Kind::text;
};

/// In the order of spec section 1.
[[nodiscard]] std::span<const Option> options();

/// The row of that name, which must be there.
[[nodiscard]] const Option& option(std::string_view name);

/// Whether its values are lists of words, with commas between them, so that the empty string is the empty list.
[[nodiscard]] bool takes_lists(const Option& option);

/// Whether the alias takes a bare number as milliseconds, unlike the option itself.
[[nodiscard]] bool alias_counts_milliseconds(const Option& option);

/// Whether the alias takes a negative number for 0.
[[nodiscard]] bool alias_may_be_negative(const Option& option);

/// What the alias stands for where it takes no value, as `--passstderr` does for `--stderr tagged`; else empty.
[[nodiscard]] std::string_view value_of_alias(const Option& option);

/// What stands above a group in --help.
[[nodiscard]] std::string_view title_of(Group group);

}  // namespace wsinetd::config
