// Prints the completions of a shell, made from the option table when the program is built: `completions bash`, `zsh`.
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

}  // namespace
}  // namespace wsinetd

int main(int argc, char** argv) {
    const std::string_view shell = argc == 2 ? argv[1] : "";
    if (shell == "bash")
        wsinetd::print_bash();
    else if (shell == "zsh")
        wsinetd::print_zsh();
    else
        return 2;
    return 0;
}
