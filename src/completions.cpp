// Prints what is made from the option table: the completions of a shell, when the program is built (`completions bash`,
// `zsh`), and the page docs/options.md (`completions page`).
#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <map>

#include "config/command_line.hpp"
#include "config/option_table.hpp"

namespace wsinetd {
namespace {

using config::Option;
using config::Takes;

bool takes_value(const Option& option) { return option.takes == Takes::value || option.takes == Takes::values; }

/// What the option says to this value.
std::vector<std::string> complaints(const Option& option, const std::string& value) {
    const std::string argument = "--" + std::string(option.name) + "=" + value;
    return config::parse_command_line(std::array{"wsinetd", argument.c_str(), "command"}).errors;
}

/// What a value may be where that is a list of words: an option names them when it is given another, as in
/// `"?" is not a framing (lines, null, raw)`. Empty where not all it names are values.
std::vector<std::string> words_of(const Option& option) {
    const std::vector<std::string> said = complaints(option, "?");
    const auto begin = said.size() == 1 ? said[0].rfind('(') : std::string::npos;
    const auto end = said.size() == 1 ? said[0].rfind(')') : std::string::npos;
    if (begin == std::string::npos || end == std::string::npos || end < begin) return {};
    std::vector<std::string> words;
    std::string rest = said[0].substr(begin + 1, end - begin - 1);
    while (!rest.empty()) {
        const auto comma = std::min(rest.find(", "), rest.size());
        words.push_back(rest.substr(0, comma));
        rest.erase(0, comma + 2);
        if (!complaints(option, words.back()).empty()) return {};
    }
    return words;
}

enum class Value { words, file, directory, user, group, process, free };

struct Kind {
    Value value;
    std::vector<std::string> words;
};

/// By the table's placeholders; D is a directory or a duration, and one of that name is one, but no duration.
Kind kind_of(const Option& option) {
    if (std::vector<std::string> words = words_of(option); !words.empty()) return {Value::words, std::move(words)};
    if (option.placeholder == "F" || option.placeholder == "PATH") return {Value::file, {}};
    if (option.placeholder == "D" && complaints(option, "?").empty()) return {Value::directory, {}};
    if (option.placeholder == "U") return {Value::user, {}};
    if (option.placeholder == "G") return {Value::group, {}};
    if (option.placeholder == "PID") return {Value::process, {}};
    return {Value::free, {}};
}

std::string joined(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
    return text;
}

/// Alternatives of a `case`.
std::string pattern_of(const Option& option) {
    std::string pattern = "--" + std::string(option.name);
    if (option.letter) pattern += std::string(" | -") + option.letter;
    return pattern;
}

std::string bash_action(const Kind& kind) {
    switch (kind.value) {
        case Value::words: return "COMPREPLY=($(compgen -W '" + joined(kind.words) + "' -- \"$cur\"))";
        case Value::file: return "_filedir";
        case Value::directory: return "_filedir -d";
        case Value::user: return "COMPREPLY=($(compgen -u -- \"$cur\"))";
        case Value::group: return "COMPREPLY=($(compgen -g -- \"$cur\"))";
        case Value::process: return "_pids";
        case Value::free: break;
    }
    return ":";
}

void print_bash() {
    std::string names;
    std::string with_value;
    std::map<std::string, std::string> patterns;  // by what is to be done
    const auto add = [](std::string& all, const Option& option) {
        all += (all.empty() ? "" : " | ") + pattern_of(option);
    };
    for (const Option& option : config::options()) {
        names += " --" + std::string(option.name);
        if (option.letter) names += std::string(" -") + option.letter;
        if (!takes_value(option)) continue;
        add(with_value, option);
        add(patterns[bash_action(kind_of(option))], option);
    }
    std::string cases;
    for (const auto& [action, pattern] : patterns)
        cases += "    " + pattern + ")\n        " + action + "\n        return\n        ;;\n";
    std::printf(
        "# bash completion for wsinetd(1). Made from the option table when it was built.\n"
        "\n"
        "_wsinetd() {\n"
        "    local cur prev words cword split i\n"
        "    _init_completion -s || return\n"
        "\n"
        "    # Options end at the command, and what follows is completed as if it stood alone.\n"
        "    for ((i = 1; i < cword; i++)); do\n"
        "        case ${words[i]} in\n"
        "        %s) ((i++)) ;;\n"
        "        -*) ;;\n"
        "        *)\n"
        "            _command_offset \"$i\"\n"
        "            return\n"
        "            ;;\n"
        "        esac\n"
        "    done\n"
        "\n"
        "    case $prev in\n"
        "%s"
        "    esac\n"
        "    $split && return\n"
        "\n"
        "    if [[ $cur == -* ]]; then\n"
        "        COMPREPLY=($(compgen -W '%s' -- \"$cur\"))\n"
        "    else\n"
        "        compopt -o filenames\n"
        "        COMPREPLY=($(compgen -d -c -- \"$cur\"))\n"
        "    fi\n"
        "} &&\n"
        "    complete -F _wsinetd wsinetd\n",
        with_value.c_str(), cases.c_str(), names.substr(1).c_str());
}

/// For the help of a specification of _arguments.
std::string escaped(std::string_view text) {
    std::string result;
    for (const char c : text) {
        if (std::strchr("[]:\\", c)) result += '\\';
        if (c == '\'')
            result += "'\\''";
        else
            result += c;
    }
    return result;
}

std::string zsh_action(const Option& option) {
    const Kind kind = kind_of(option);
    switch (kind.value) {
        case Value::words: return "(" + joined(kind.words) + ")";
        case Value::file: return "_files";
        case Value::directory: return "_files -/";
        case Value::user: return "_users";
        case Value::group: return "_groups";
        case Value::process: return "_pids";
        case Value::free: break;
    }
    return " ";
}

void print_zsh() {
    std::string specifications;
    for (const Option& option : config::options()) {
        const std::string repeated = option.takes == Takes::values ? "*" : "";
        const std::string help = "[" + escaped(option.help) + "]";
        const std::string value =
            takes_value(option) ? ":" + escaped(option.placeholder) + ":" + zsh_action(option) : "";
        const std::string name = "--" + std::string(option.name);
        specifications += "    '" + repeated + name + (takes_value(option) ? "=" : "") + help + value + "' \\\n";
        if (option.letter)
            specifications +=
                "    '" + repeated + "-" + option.letter + (takes_value(option) ? "+" : "") + help + value + "' \\\n";
    }
    std::printf(
        "#compdef wsinetd\n"
        "# zsh completion for wsinetd(1). Made from the option table when it was built.\n"
        "\n"
        "_arguments -S \\\n"
        "%s"
        "    '(-)1:command: _command_names -e' \\\n"
        "    '*::argument: _normal'\n",
        specifications.c_str());
}

/// For a cell of a table.
std::string in_cell(std::string_view text) {
    std::string result;
    for (const char c : text) {
        if (c == '|' || c == '*' || c == '<') result += '\\';
        result += c;
    }
    return result;
}

/// As it is written on a command line: `--name VALUE`, and the other spellings below.
std::string name_cell(const Option& option) {
    std::string cell = "<a id=\"" + std::string(option.name) + "\"></a>`";
    if (option.letter) cell += std::string("-") + option.letter + ", ";
    cell += "--" + std::string(option.name);
    if (!option.placeholder.empty()) cell += " " + std::string(option.placeholder);
    if (option.takes == Takes::boolean) cell += "[=BOOL]";
    cell += "`";
    if (option.takes == Takes::values) cell += " *";
    if (option.alias.empty()) return cell;
    cell += "<br>`--" + std::string(option.alias) + "`";
    if (config::alias_counts_milliseconds(option)) cell += ", in ms";
    if (!config::value_of_alias(option).empty()) cell += ", for " + std::string(config::value_of_alias(option));
    return cell;
}

/// What a value is in a configuration file.
std::string_view kind_in_file(const Option& option) {
    if (option.takes == Takes::boolean) return "boolean";
    switch (option.kind) {
        case config::Kind::number: return "integer";
        case config::Kind::measure: return "integer, or string with a unit";
        case config::Kind::mode: return "string of octal digits, or octal integer";
        case config::Kind::path: return "path";
        case config::Kind::text:
        case config::Kind::program:
        case config::Kind::address: break;
    }
    return "string";
}

std::string file_cell(const Option& option) {
    const std::string kind = (option.takes == Takes::values ? "array of " : "") + std::string(kind_in_file(option)) +
                             (option.takes == Takes::values && kind_in_file(option) != "boolean" ? "s" : "");
    switch (option.scope) {
        case config::Scope::server: return "server: " + kind;
        case config::Scope::endpoint: return "server, endpoint: " + kind;
        case config::Scope::own: return "server, endpoint of its own: " + kind;
        case config::Scope::command_line: break;
    }
    return "";
}

void print_page() {
    std::string text =
        "# Options\n"
        "\n"
        "Made from the option table in `src/config/option_table.cpp`, by `build/dev/completions page "
        ">docs/options.md`.\n"
        "[wsinetd(1)](../man/wsinetd.1) tells of each in full.\n"
        "\n"
        "Those with an asterisk may be given again and add up; of the others the last counts. Below an option stands\n"
        "websocketd's spelling of it, which is taken too. The column \"file\" says where the name, without dashes, "
        "may\n"
        "stand in a [configuration file](../man/wsinetd.toml.5), and with what. `server` is the top level. `endpoint` "
        "is an\n"
        "endpoint as well; what stands at the top level is for all that say nothing else, but not where it is `of its "
        "own`.\n"
        "Without an entry it is for the command line only.\n";
    std::vector<const Option*> sorted;
    for (const Option& option : config::options()) sorted.push_back(&option);
    std::ranges::stable_sort(sorted, {}, &Option::group);
    const Option* last = nullptr;
    for (const Option* option : sorted) {
        if (!last || last->group != option->group)
            text += "\n## " + std::string(config::title_of(option->group)) +
                    "\n\n| option | default | file | |\n| --- | --- | --- | --- |\n";
        const std::string standard = option->standard.empty() ? "" : "`" + std::string(option->standard) + "`";
        text += "| " + name_cell(*option) + " | " + standard + " | " + file_cell(*option) + " | " +
                in_cell(option->help) + " |\n";
        last = option;
    }
    std::fputs(text.c_str(), stdout);
}

}  // namespace
}  // namespace wsinetd

int main(int argc, char** argv) {
    const std::string_view what = argc == 2 ? argv[1] : "";
    if (what == "bash")
        wsinetd::print_bash();
    else if (what == "zsh")
        wsinetd::print_zsh();
    else if (what == "page")
        wsinetd::print_page();
    else
        return 2;
    return 0;
}
