#include "config/print.hpp"

#include <algorithm>

#include "config/units.hpp"

namespace wsinetd::config {
namespace {

/// A basic string (TOML 1.0, "String").
std::string quoted(std::string_view text) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string result = "\"";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\')
            result.append("\\").push_back(c);
        else if (byte < 0x20 || byte == 0x7f)
            result.append("\\u00").append({digits[byte >> 4U], digits[byte & 15U]});
        else
            result.push_back(c);
    }
    return result + '"';
}

class Printer {
public:
    explicit Printer(const std::string& directory) : folder_(directory.empty() ? "" : directory + "/") {}

    void print(const Option& option, const std::vector<std::string>& values) {
        text_.append(option.name).append(" = ");
        if (option.takes == Takes::values) return print_list(option, values);
        const std::string value = in_folder(option, values.back(), folder_);
        const bool is_number = option.kind == Kind::number || option.kind == Kind::measure;
        const std::string bare = option.takes == Takes::boolean ? value : is_number ? integer(value) : "";
        text_.append(bare.empty() ? quoted(value) : bare).append("\n");
    }

    void print_command(const std::vector<std::string>& command) {
        if (command.empty()) return;
        text_ += "command = [";
        for (std::size_t i = 0; i < command.size(); ++i) {
            const bool is_path = i == 0 && command[i].find('/') != std::string::npos;
            text_.append(i > 0 ? ", " : "").append(quoted(is_path ? in_folder(command[i], folder_) : command[i]));
        }
        text_ += "]\n";
    }

    void print_path(const std::string& path) { text_.append("path = ").append(quoted(path)).append("\n"); }
    void line(std::string_view text) { text_.append(text).append("\n"); }
    std::string take() { return std::move(text_); }

private:
    void print_list(const Option& option, const std::vector<std::string>& values) {
        text_ += '[';
        for (std::size_t i = 0; i < values.size(); ++i)
            text_.append(i > 0 ? ", " : "").append(quoted(in_folder(option, values[i], folder_)));
        text_ += "]\n";
    }

    /// As TOML has them: no leading zeros, and no larger than 64 bits with a sign. Empty: it is none.
    static std::string integer(std::string_view value) {
        const bool negative = value.starts_with('-');
        const auto number = parse_number(value.substr(negative ? 1 : 0), INT64_MAX);
        return number ? (negative ? "-" : "") + std::to_string(*number) : "";
    }

    std::string folder_;  ///< with a slash at its end, or empty
    std::string text_;
};

/// What was said for one option.
struct Values {
    bool said = false;
    std::vector<std::string> values;
};

/// In the form that is printed.
Values values_of(const Settings& settings, std::string_view name) {
    Values result;
    for (const Setting& setting : settings) {
        if (setting.option->name != name) continue;
        result.said = true;
        if (setting.option->takes != Takes::values) result.values.clear();  // the last counts
        const std::string value = setting.value.value_or("");
        if (takes_lists(*setting.option))
            for (std::string& word : elements(value)) result.values.push_back(std::move(word));
        else if (setting.option->takes == Takes::boolean)
            result.values.emplace_back(parse_flag(value).value_or(false) ? "true" : "false");
        else if (setting.value)
            result.values.push_back(value);
    }
    return result;
}

/// What is short for others, as those: then an order among options means nothing.
Settings written_out(const Settings& settings) {
    Settings result;
    std::string framing = "lines";
    for (const Setting& setting : settings) {
        const std::string_view name = setting.option->name;
        if (name == "framing") framing = setting.value.value_or("");
        if (name == "header") {
            for (const std::string_view each : {"header-ws", "header-http"})
                result.push_back({&option(each), setting.value, setting.place});
        } else if (name == "binary") {
            const bool binary = parse_flag(setting.value.value_or("")).value_or(false);
            framing = binary ? "raw" : framing == "raw" ? "lines" : framing;
            result.push_back({&option("framing"), framing, setting.place});
        } else if (name == "compress" && !parse_flag(setting.value.value_or("")).value_or(false)) {
            for (const std::string_view each : {"compress", "compress-takeover"})
                result.push_back({&option(each), "false", setting.place});
        } else {
            result.push_back(setting);
        }
    }
    return result;
}

/// The default, which nobody has changed; empty where it has no value.
std::vector<std::string> standard_of(const Option& option, bool websocketd) {
    // Both are a pair of addresses, as far as the machine has them.
    if (option.name == "address") return {websocketd ? "*" : "localhost"};
    if (websocketd)
        if (Values values = values_of(websocketd_defaults(), option.name); values.said) return values.values;
    if (option.standard.empty() || option.name == "threads") return {};
    if (option.takes == Takes::boolean) return {option.standard == "on" ? "true" : "false"};
    if (takes_lists(option)) return elements(option.standard);
    return {std::string(option.standard)};
}

void print_server(Printer& printer, const Said& said, const Config& config) {
    const Settings settings = written_out(merge({said.file, said.command_line}));
    const bool fallback = !config.endpoints.empty() && config.endpoints.back().path.empty();
    for (const Option& option : options()) {
        const std::string_view name = option.name;
        if (option.scope == Scope::command_line || name == "dir" || name == "header" || name == "binary") continue;
        const bool no_tcp = config.addresses.empty();
        if (no_tcp && (name == "address" || name == "port")) continue;  // naming them would ask for it
        Values values = values_of(settings, name);
        if (!values.said) values.values = standard_of(option, said.websocketd);
        if (name == "port") values.values = {std::to_string(config.port)};
        if (name == "same-origin") values.values = {config.same_origin ? "true" : "false"};
        if (name == "host") values.values = config.hosts;
        if (values.said || !values.values.empty()) printer.print(option, values.values);
    }
    if (!fallback) return;
    printer.print_command(config.endpoints.back().command);
    if (!config.endpoints.back().dir.empty()) printer.print(option("dir"), {config.endpoints.back().dir});
}

/// What is to be added to the top level's: what the endpoint's file says counts less than the command line.
Values own_env(const Said& said, const SaidEndpoint& endpoint) {
    const bool shared = values_of(endpoint.shared, "env").said;
    return values_of(shared ? merge({endpoint.shared, said.command_line, endpoint.settings}) : endpoint.settings,
                     "env");
}

void print_endpoint(Printer& printer, const Said& said, const SaidEndpoint& endpoint) {
    // What counts at the top level has been printed there; here is what counts more, and what it would hide.
    const Settings above = written_out(merge({handed_down(said.file), handed_down(said.command_line)}));
    const Settings own = written_out(
        merge({handed_down(said.file), endpoint.shared, handed_down(said.command_line), endpoint.settings}));
    printer.line("\n[[endpoint]]");
    printer.print_path(endpoint.path);
    printer.print_command(endpoint.command.words);
    for (const Option& option : options()) {
        if (option.scope != Scope::endpoint && option.scope != Scope::own) continue;
        if (option.name == "binary") continue;
        const Values values = option.name == "env" ? own_env(said, endpoint) : values_of(own, option.name);
        Values outer = values_of(above, option.name);
        if (!outer.said) outer.values = standard_of(option, said.websocketd);
        const bool from_above = option.scope == Scope::endpoint && option.name != "env";
        const bool the_same = from_above && outer.values == values.values;
        if (values.said && !the_same) printer.print(option, values.values);
    }
}

}  // namespace

std::string print(const Said& said, const Config& config, const std::string& directory) {
    Printer printer(directory);
    print_server(printer, said, config);
    if (config.may_be_empty) printer.line("include = []");  // what was included stands here
    for (const SaidEndpoint& endpoint : said.endpoints) print_endpoint(printer, said, endpoint);
    return printer.take();
}

}  // namespace wsinetd::config
