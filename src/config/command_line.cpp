#include "config/command_line.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>

#include "config/spelling.hpp"
#include "config/units.hpp"

namespace wsinetd::config {
namespace {

/// Whether the alias takes something else than the option itself, and so is read on its own.
bool alias_differs(const Option& option) {
    return alias_counts_milliseconds(option) || alias_may_be_negative(option) || !value_of_alias(option).empty();
}

Takes taken_by_alias(const Option& option) { return value_of_alias(option).empty() ? option.takes : Takes::boolean; }

/// One way to spell an option, and how far what was given so has been read.
struct Spelling {
    const Option* option;
    bool alias;
    const CLI::Option* source;
    std::size_t read = 0;
};

CLI::Option* add(CLI::App& app, const std::string& names, Takes takes) {
    if (takes == Takes::boolean || takes == Takes::nothing) return app.add_flag(names);
    return app.add_option(names)->expected(1)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

std::vector<Spelling> add_options(CLI::App& app) {
    std::vector<Spelling> spellings;
    for (const Option& option : options()) {
        std::string names = "--" + std::string(option.name);
        if (option.letter) names += std::string(",-") + option.letter;
        const std::string alias = option.alias.empty() ? "" : "--" + std::string(option.alias);
        if (!alias.empty() && !alias_differs(option)) names += "," + alias;
        spellings.push_back({&option, false, add(app, names, option.takes)});
        if (!alias.empty() && alias_differs(option))
            spellings.push_back({&option, true, add(app, alias, taken_by_alias(option))});
    }
    return spellings;
}

/// Whether the argument is an option whose value is the next one.
bool takes_next(std::string_view argument) {
    const auto with_value = [](Takes takes) { return takes == Takes::value || takes == Takes::values; };
    return std::ranges::any_of(options(), [&](const Option& option) {
        if (argument.size() == 2) return argument[1] == option.letter && with_value(option.takes);
        const std::string_view name = argument.starts_with("--") ? argument.substr(2) : std::string_view{};
        return (name == option.name && with_value(option.takes)) ||
               (!name.empty() && name == option.alias && with_value(taken_by_alias(option)));
    });
}

/// Of `--option=` CLI11 takes the next argument, maybe the command, for the value; so the empty one becomes that.
std::vector<std::string> with_empty_values(std::span<const char* const> arguments) {
    std::vector<std::string> words(arguments.begin(), arguments.end());
    const auto is_option = [](std::string_view word) { return word.starts_with('-') && word != "-" && word != "--"; };
    for (std::size_t i = 0; i < words.size() && is_option(words[i]); ++i) {
        if (words[i].ends_with('=') && takes_next(words[i].substr(0, words[i].size() - 1))) {
            words[i].pop_back();
            words.insert(words.begin() + static_cast<std::ptrdiff_t>(i) + 1, "");
        }
        if (takes_next(words[i])) ++i;
    }
    return words;
}

/// Takes what was given in the order it was given in, so that of two the later counts, whatever they are called.
class Reading {
public:
    /// `draft` has all of it at the end, `settings` what a file could say too.
    Reading(Draft& draft, Settings& settings, std::vector<std::string>& errors)
        : draft_(draft), settings_(settings), errors_(errors) {}

    void read_all(const CLI::App& app, std::vector<Spelling>& spellings) {
        for (const CLI::Option* const source : app.parse_order()) {
            Spelling& spelling = *std::ranges::find(spellings, source, &Spelling::source);
            const std::string& value = source->results().at(spelling.read++);
            if (spelling.alias)
                read_alias(*spelling.option, value);
            else
                apply(*spelling.option, spelling.option->name, value);
        }
    }

private:
    void read_alias(const Option& option, const std::string& value) {
        if (const std::string_view stands_for = value_of_alias(option); !stands_for.empty())
            return read_flag(option, value, stands_for);
        if (alias_counts_milliseconds(option))
            return apply(option, option.alias, parse_number(value) ? value + "ms" : value);
        const bool negative = value.starts_with('-') && parse_number(std::string_view(value).substr(1));
        apply(option, option.alias, negative ? "0" : value);
    }

    void read_flag(const Option& option, const std::string& value, std::string_view stands_for) {
        const std::optional<bool> on = parse_flag(value);
        if (!on)
            errors_.push_back("--" + std::string(option.alias) + ": \"" + value + "\" is not true or false");
        else if (*on)
            apply(option, option.alias, std::string(stands_for));
    }

    void apply(const Option& option, std::string_view name, const std::string& value) {
        if (option.takes == Takes::nothing && value != "true")
            errors_.push_back("--" + std::string(name) + " takes no value");
        else if (const auto wrong = option.apply(draft_, value))
            errors_.push_back("--" + std::string(name) + ": " + *wrong);
        else if (option.scope != Scope::command_line)
            settings_.push_back({&option, value});
    }

    Draft& draft_;
    Settings& settings_;
    std::vector<std::string>& errors_;
};

std::string unknown_option(std::string_view argument) {
    const std::string_view given = argument.substr(0, argument.find('='));
    const std::string_view word = given.substr(std::min(given.find_first_not_of('-'), given.size()));
    std::vector<std::string_view> names;
    for (const Option& option : options())
        for (const std::string_view name : {option.name, option.alias})
            if (!name.empty()) names.push_back(name);
    const std::string_view meant = nearest(word, names);
    std::string text = std::string(given) + " is not an option";
    return meant.empty() ? text + " (--help lists them)" : text + "; did you mean --" + std::string(meant) + "?";
}

/// CLI11's own complaints; `name` is an option's in its words.
std::string missing_value(const CLI::ParseError& error) {
    std::string name = error.what();
    name = name.substr(0, name.find_first_of(":, "));
    if (!name.starts_with('-')) name = "--" + name;
    return name + " needs a value";
}

}  // namespace

CommandLine parse_command_line(std::span<const char* const> arguments) {
    CommandLine result;
    const std::string_view program = arguments.empty() ? "wsinetd" : arguments[0];
    result.websocketd = program.substr(program.rfind('/') + 1) == "websocketd";

    CLI::App app;
    app.set_help_flag();
    app.prefix_command();
    std::vector<Spelling> spellings = add_options(app);
    std::vector<std::string> words = with_empty_values(arguments.subspan(std::min<std::size_t>(1, arguments.size())));
    std::ranges::reverse(words);  // CLI11 takes them from the back
    try {
        app.parse(std::move(words));
    } catch (const CLI::ParseError& error) {
        result.errors.push_back(missing_value(error));
    }
    Draft draft;
    Reading(draft, result.settings, result.errors).read_all(app, spellings);
    result.action = draft.config.action;
    result.config_file = draft.config_file;
    result.reload_pid = draft.config.reload_pid;
    result.accept_fd = draft.config.accept_fd;

    result.command = app.remaining();
    if (result.command.empty()) return result;
    const std::string& first = result.command[0];
    if (first.starts_with("-") && first.size() > 1 && first != "--") {
        result.errors.push_back(unknown_option(first));
        result.command.clear();
    } else if (first == "--") {
        result.command.erase(result.command.begin());
    }
    return result;
}

}  // namespace wsinetd::config
