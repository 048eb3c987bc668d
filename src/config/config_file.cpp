#include "config/config_file.hpp"

#include <toml++/toml.h>

#include <algorithm>
#include <cctype>

#include "config/spelling.hpp"

namespace wsinetd::config {
namespace {

constexpr std::string_view own_keys[] = {"command", "endpoint", "include", "path"};  ///< that are no options

std::string quoted(std::string_view text) { return '"' + std::string(text) + '"'; }

/// Whatever of the file is repeated in it.
void keep_on_one_line(std::string& error) {
    for (char& c : error)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
}

/// With an article.
std::string_view kind_of(const toml::node& node) {
    switch (node.type()) {
        case toml::node_type::table: return "a table";
        case toml::node_type::array: return "an array";
        case toml::node_type::string: return "a string";
        case toml::node_type::integer: return "an integer";
        case toml::node_type::floating_point: return "a number with a fraction";
        case toml::node_type::boolean: return "a boolean";
        case toml::node_type::date: return "a date";
        case toml::node_type::time: return "a time";
        case toml::node_type::date_time: return "a date and time";
        case toml::node_type::none: break;
    }
    return "nothing";
}

/// What an option takes, for the error that says so.
std::string wanted_for(const Option& option) {
    if (option.name == "env") return "an array of strings NAME=VALUE, or a table";
    if (option.takes == Takes::boolean) return "true or false";
    if (option.takes == Takes::values) return "an array of strings";
    switch (option.kind) {
        case Kind::text:
        case Kind::program:
        case Kind::address: break;
        case Kind::path: return "a string, the path";
        case Kind::number: return "an integer";
        case Kind::measure: return "an integer, or a string with a unit";
        case Kind::mode: return "a string of octal digits (\"0660\"), or an octal integer (0o660)";
    }
    return "a string";
}

std::string octal(std::int64_t number) {
    std::string digits;
    for (auto rest = static_cast<std::uint64_t>(number); rest > 0; rest /= 8)
        digits.insert(digits.begin(), static_cast<char>('0' + rest % 8));
    return digits.empty() ? "0" : digits;
}

/// Reads one file.
class Reader {
public:
    Reader(std::string_view name, Role role) : name_(name), folder_(name.substr(0, name.rfind('/') + 1)), role_(role) {}

    ConfigFile read(std::string_view text) {
        try {
            const toml::table table = toml::parse(text, name_);
            read_top(table);
        } catch (const toml::parse_error& error) {
            complain(place(error.source()), std::string(error.description()));
        }
        for (SaidEndpoint& endpoint : file_.endpoints)
            if (role_ == Role::included) endpoint.shared = file_.settings;
        if (role_ == Role::included) file_.settings.clear();
        for (std::string& error : file_.errors) keep_on_one_line(error);
        return std::move(file_);
    }

private:
    [[nodiscard]] std::string place(const toml::source_region& region) const {
        return name_ + ":" + std::to_string(region.begin.line) + ":" + std::to_string(region.begin.column);
    }

    void complain(const std::string& where, const std::string& what) { file_.errors.push_back(where + ": " + what); }

    /// In the order they are written in, so that of two the later counts.
    static std::vector<std::pair<const toml::key*, const toml::node*>> in_order(const toml::table& table) {
        std::vector<std::pair<const toml::key*, const toml::node*>> entries;
        for (const auto& [key, node] : table) entries.emplace_back(&key, &node);
        std::ranges::stable_sort(entries, [](const auto& a, const auto& b) {
            const auto first = a.first->source().begin;
            const auto second = b.first->source().begin;
            return std::pair(first.line, first.column) < std::pair(second.line, second.column);
        });
        return entries;
    }

    void read_top(const toml::table& table) {
        for (const auto& [key, node] : in_order(table)) {
            const std::string_view name = key->str();
            if (name == "endpoint")
                read_endpoints(*key, *node);
            else if (name == "include")
                read_include(*key, *node);
            else if (name == "command" && role_ == Role::included)
                complain(place(key->source()), "command stands in the main file only");
            else if (name == "command")
                file_.command = read_command(*node);
            else if (name == "path")
                complain(place(key->source()), "path stands in a table [[endpoint]]");
            else if (const Option* const option = find_option(*key, false))
                read_setting(*option, *node, file_.settings, false);
        }
        if (!file_.command.words.empty())
            for (const Setting& setting : file_.settings)
                if (setting.option->name == "dir")
                    complain(setting.place, "dir and command both want every path: give one of them");
    }

    void read_include(const toml::key& key, const toml::node& node) {
        if (role_ == Role::included) return complain(place(key.source()), "include stands in the main file only");
        file_.has_include = true;
        read_strings(node, "include", "a string or an array of strings",
                     [&](const std::string& value, std::string where) {
                         if (value.empty()) return complain(where, "include: \"\" is not a path");
                         const bool is_pattern = value.find_first_of("*?[") != std::string::npos;
                         const bool beside = is_pattern && !value.starts_with('/');
                         file_.includes.push_back(
                             {beside ? escaped(folder_) + value : in_folder(value), is_pattern, std::move(where)});
                     });
    }

    /// For a pattern, in which it is to mean itself.
    static std::string escaped(std::string_view path) {
        std::string result;
        for (const char c : path) {
            if (c == '*' || c == '?' || c == '[' || c == '\\') result += '\\';
            result += c;
        }
        return result;
    }

    void read_endpoints(const toml::key& key, const toml::node& node) {
        const toml::array* const tables = node.as_array();
        if (!tables || (!tables->empty() && !tables->is_array_of_tables()))
            return complain(place(key.source()), "endpoint is a table, with a header in two brackets: [[endpoint]]");
        for (const toml::node& table : *tables) read_endpoint(*table.as_table());
    }

    void read_endpoint(const toml::table& table) {
        SaidEndpoint endpoint;
        const std::string here = place(table.source());
        bool has_path = false;
        bool has_command = false;
        for (const auto& [key, node] : in_order(table)) {
            const std::string_view name = key->str();
            if (name == "path") {
                has_path = true;
                endpoint.path = read_path(*node);
                endpoint.place = place(node->source());
            } else if (name == "command") {
                has_command = true;
                endpoint.command = read_command(*node);
            } else if (const Option* const option = find_option(*key, true)) {
                read_setting(*option, *node, endpoint.settings, true);
            }
        }
        const auto dir =
            std::ranges::find(endpoint.settings, "dir", [](const Setting& setting) { return setting.option->name; });
        const bool has_dir = dir != endpoint.settings.end();
        const std::string called = endpoint.path.empty() ? "this endpoint" : "the endpoint " + quoted(endpoint.path);
        if (!has_path) complain(here, "this endpoint has no path (path = \"/*\" is every path)");
        if (!has_command && !table.contains("dir")) complain(here, called + " needs a command or a dir");
        if (has_command && has_dir) complain(dir->place, called + " has both command and dir: give one of them");
        if (has_dir && !has_command && !endpoint.path.empty() && !endpoint.path.ends_with("/*"))
            complain(endpoint.place, "path: the programs of a dir lie below a path that ends in \"/*\", as " +
                                         quoted(endpoint.path + (endpoint.path.ends_with('/') ? "*" : "/*")));
        if (endpoint.path.empty()) return;  // which has been said
        file_.endpoints.push_back(std::move(endpoint));
    }

    /// Empty, and the mistake told, where it is no path of an endpoint.
    std::string read_path(const toml::node& node) {
        const auto* const text = node.as_string();
        const std::string where = place(node.source());
        if (!text) {
            complain(where, "path takes a string; this is " + std::string(kind_of(node)));
            return {};
        }
        const std::string& path = text->get();
        const auto wrong = [&](std::string_view why) {
            complain(where, "path: " + quoted(path) + " " + std::string(why));
            return std::string{};
        };
        if (!path.starts_with('/')) return wrong("does not begin with \"/\"");
        if (std::ranges::any_of(path, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }))
            return wrong("has a control character");
        const auto star = path.find('*');
        if (star != std::string::npos && (star + 1 != path.size() || path[star - 1] != '/'))
            return wrong("has a \"*\" elsewhere than at its end, after a \"/\"");
        if (path.find('?') != std::string::npos || path.find('#') != std::string::npos)
            return wrong("has more than a path: a query or a fragment is not matched");
        if (path.find("/./") != std::string::npos || path.find("/../") != std::string::npos || path.ends_with("/.") ||
            path.ends_with("/.."))
            return wrong("has a dot segment, which no request has once it is read");
        return path;
    }

    SaidCommand read_command(const toml::node& node) {
        SaidCommand command{{}, place(node.source())};
        const toml::array* const words = node.as_array();
        const auto is_word = [](const toml::node& word) { return word.is_string(); };
        if (!words || words->empty() || !std::all_of(words->begin(), words->end(), is_word)) {
            complain(command.place,
                     "command takes an array of strings, the program and its arguments: [\"cat\", \"-n\"]");
            return command;
        }
        for (const toml::node& word : *words) {
            command.words.push_back(word.as_string()->get());
            if (command.words.back().find('\0') != std::string::npos)
                complain(place(word.source()), "command: a word cannot hold a NUL");
        }
        std::string& program = command.words.front();
        if (program.empty()) complain(command.place, "command: the program's name is empty");
        if (program.find('/') != std::string::npos) program = in_folder(program);
        return command;
    }

    /// Nullptr, and the mistake told, where there is no such option here.
    const Option* find_option(const toml::key& key, bool in_endpoint) {
        const std::string where = place(key.source());
        const std::string_view name = key.str();
        std::vector<std::string_view> names;
        for (const Option& option : options()) {
            if (option.scope == Scope::command_line) {
                if (option.name != name) continue;
                complain(where, std::string(name) + " stands on the command line only");
                return nullptr;
            }
            const bool here = may_stand_here(option, in_endpoint);
            if (option.name == name && here) return &option;
            if (option.name == name) {
                complain(where, in_endpoint
                                    ? std::string(name) + " is the whole server's and stands above the endpoints"
                                    : std::string(name) + " stands in the main file only");
                return nullptr;
            }
            if (option.alias == name && !name.empty()) {
                complain(where,
                         quoted(name) + " is not an option here; did you mean " + std::string(option.name) + "?");
                return nullptr;
            }
            if (here) names.push_back(option.name);
        }
        for (const std::string_view own : own_keys)
            if ((own == "path") == in_endpoint || own == "command") names.push_back(own);
        const std::string_view meant = nearest(name, names);
        complain(where, quoted(name) + " is not an option" +
                            (meant.empty() ? "" : "; did you mean " + std::string(meant) + "?"));
        return nullptr;
    }

    [[nodiscard]] bool may_stand_here(const Option& option, bool in_endpoint) const {
        if (in_endpoint) return option.scope == Scope::endpoint || option.scope == Scope::own;
        return role_ == Role::main || option.scope == Scope::endpoint;
    }

    void read_setting(const Option& option, const toml::node& node, Settings& settings, bool in_endpoint) {
        const auto add = [&](std::optional<std::string> value, std::string where) {
            if (value && value->find('\0') != std::string::npos)
                return complain(where, std::string(option.name) + ": a value cannot hold a NUL");
            if (value) value = config::in_folder(option, *value, folder_);
            const Setting setting{&option, std::move(value), std::move(where)};
            if (auto wrong = wrong_with(setting, in_endpoint))
                file_.errors.push_back(*std::move(wrong));
            else
                settings.push_back(setting);
        };
        const std::string where = place(node.source());
        if (option.name == "env" && node.is_table()) return read_env(*node.as_table(), add);
        if (option.takes == Takes::values) {
            const bool empty = node.is_array() && node.as_array()->empty();
            if (empty && option.name == "address") return complain(where, "address: an empty list listens nowhere");
            if (empty) return add(std::nullopt, where);
            return read_strings(node, option.name, wanted_for(option), add);
        }
        if (const auto value = scalar(option, node)) return add(*value, where);
        std::string text = std::string(option.name) + " takes " + wanted_for(option);
        const bool has_example = option.kind == Kind::number || option.kind == Kind::measure;
        if (has_example && option.standard != "0" && !option.standard.empty() &&
            std::isdigit(static_cast<unsigned char>(option.standard[0])))
            text.append(", such as ")
                .append(option.kind == Kind::number ? std::string(option.standard) : quoted(option.standard));
        complain(where, text + "; this is " + std::string(kind_of(node)));
    }

    /// As the command line would have it; nothing where it is of the wrong kind.
    static std::optional<std::string> scalar(const Option& option, const toml::node& node) {
        if (option.takes == Takes::boolean) {
            const auto* const flag = node.as_boolean();
            return flag ? std::optional(flag->get() ? "true" : "false") : std::nullopt;
        }
        const bool takes_string = option.kind != Kind::number;
        if (const auto* const text = node.as_string()) return takes_string ? std::optional(text->get()) : std::nullopt;
        const auto* const integer = node.as_integer();
        if (!integer) return std::nullopt;
        switch (option.kind) {
            case Kind::text:
            case Kind::path:
            case Kind::program:
            case Kind::address: return std::nullopt;
            case Kind::number:
            case Kind::measure: return std::to_string(integer->get());
            case Kind::mode: break;
        }
        const bool is_octal = (integer->flags() & toml::value_flags::format_as_octal) != toml::value_flags::none;
        return is_octal ? std::optional(octal(integer->get())) : std::nullopt;
    }

    /// NAME = "VALUE".
    template <typename Add>
    void read_env(const toml::table& table, const Add& add) {
        for (const auto& [key, node] : in_order(table)) {
            const std::string name(key->str());
            if (name.find('=') != std::string::npos)
                complain(place(key->source()), "env: " + quoted(name) + " is not a name: it has a \"=\"");
            else if (const auto* const text = node->as_string())
                add(name + "=" + text->get(), place(node->source()));
            else
                complain(place(node->source()),
                         "env: " + quoted(name) + " takes a string; this is " + std::string(kind_of(*node)));
        }
    }

    /// A string stands for an array of one.
    template <typename Add>
    void read_strings(const toml::node& node, std::string_view name, const std::string& wanted, const Add& add) {
        if (const auto* const text = node.as_string()) return add(text->get(), place(node.source()));
        const toml::array* const array = node.as_array();
        if (!array)
            return complain(place(node.source()),
                            std::string(name) + " takes " + wanted + "; this is " + std::string(kind_of(node)));
        for (const toml::node& element : *array) {
            if (const auto* const text = element.as_string())
                add(text->get(), place(element.source()));
            else
                complain(place(element.source()),
                         std::string(name) + " takes " + wanted + "; this is " + std::string(kind_of(element)));
        }
    }

    [[nodiscard]] std::string in_folder(const std::string& path) const { return config::in_folder(path, folder_); }

    std::string name_;
    std::string folder_;
    Role role_;
    ConfigFile file_;
};

}  // namespace

ConfigFile parse_config_file(std::string_view text, std::string_view name, Role role) {
    return Reader(name, role).read(text);
}

}  // namespace wsinetd::config
