#include "config/help.hpp"

#include <algorithm>

#include "config/option_table.hpp"

namespace wsinetd::config {
namespace {

constexpr std::size_t help_column = 30;
constexpr std::size_t help_width = 90;

/// `text` in lines of `help_width`, each but the first indented to the column.
void append_wrapped(std::string& out, std::string_view text, std::size_t column) {
    while (!text.empty()) {
        const auto end = std::min(text.find(' '), text.size());
        if (column + 1 + end > help_width) {
            out.append("\n").append(help_column - 1, ' ');
            column = help_column - 1;
        }
        out.append(" ").append(text.substr(0, end));
        column += 1 + end;
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    out += '\n';
}

void append_option(std::string& out, const Option& option) {
    std::string names = option.letter ? std::string("  -") + option.letter + ", --" : std::string("      --");
    names += option.name;
    if (!option.placeholder.empty()) names.append(" ").append(option.placeholder);
    std::string text(option.help);
    if (!option.standard.empty()) text.append(" (default ").append(option.standard).append(")");
    if (!option.alias.empty()) text.append(" [--").append(option.alias);
    if (alias_counts_milliseconds(option)) text.append(", in ms");
    if (!value_of_alias(option).empty()) text.append(", for ").append(value_of_alias(option));
    if (!option.alias.empty()) text.append("]");
    out += names;
    if (names.size() >= help_column - 1) {
        out.append("\n").append(help_column - 1, ' ');
        append_wrapped(out, text, help_column - 1);
    } else {
        out.append(help_column - 1 - names.size(), ' ');
        append_wrapped(out, text, help_column - 1);
    }
}

}  // namespace

std::string help_text() {
    std::string text =
        "Usage: wsinetd [OPTION]... COMMAND [ARGUMENT]...\n"
        "       wsinetd [OPTION]... --dir D\n"
        "       wsinetd [OPTION]... --config F\n"
        "Serves COMMAND over WebSockets: each connection runs one, joined to its stdin and stdout.\n"
        "Options end at the command; durations and sizes take units (500ms, 30s, 1MiB).\n";
    for (const Group group : {Group::listening, Group::serving, Group::access, Group::command, Group::limits,
                              Group::logging, Group::program}) {
        text.append("\n").append(title_of(group)).append(":\n");
        for (const Option& option : options())
            if (option.group == group) append_option(text, option);
    }
    return text +
           "\nExit status: 0 after a clean stop, 1 when the system refused, 2 for a mistake in the options.\n"
           "The manual, wsinetd(1), tells more.\n";
}

}  // namespace wsinetd::config
