#include "config/settings.hpp"

#include <algorithm>

namespace wsinetd::config {
namespace {

/// With TLS, under the name websocketd.
constexpr std::uint16_t websocketd_tls_port = 443;

Complaint apply(Draft& draft, const Setting& setting) {
    if (setting.value) return setting.option->apply(draft, *setting.value);
    return takes_lists(*setting.option) ? setting.option->apply(draft, "") : Complaint{};
}

bool is_list(const Option& option) { return option.takes == Takes::values; }

void apply_defaults(Draft& draft, bool websocketd) {
    if (!websocketd) return;
    for (const Setting& setting : websocketd_defaults()) apply(draft, setting);
    Draft fresh;  // nobody has given any of them
    fresh.config = std::move(draft.config);
    fresh.in_endpoint = draft.in_endpoint;
    draft = std::move(fresh);
    draft.config.log_to_stdout = true;
}

Places places_of(const Settings& settings) {
    Places places;
    for (const Setting& setting : settings)
        if (!setting.place.empty()) places.insert_or_assign(std::string(setting.option->name), setting.place);
    return places;
}

void settle_defaults(const Draft& draft, bool websocketd, Config& config) {
    if (websocketd && draft.origin_rule_given && !config.same_origin) config.same_origin = !config.origins.empty();
    if (websocketd && config.tls() && !draft.port_given) config.port = websocketd_tls_port;
    const bool tcp_asked_for = draft.port_given || draft.addresses_given || config.redirect_port;
    if (!config.unix_socket.empty() && !tcp_asked_for) config.addresses.clear();
    if (!draft.addresses_given) config.spare_addresses = config.addresses;
}

bool has(const Settings& settings, std::string_view name) {
    return std::ranges::any_of(settings, [&](const Setting& setting) { return setting.option->name == name; });
}

/// What has every path that no endpoint has.
void add_fallback(const Said& said, const Settings& merged, Config& config) {
    const bool by_command_line = !said.command.words.empty() || has(said.command_line, "dir");
    const SaidCommand& command = by_command_line ? said.command : said.file_command;
    Endpoint endpoint = config.common;
    endpoint.dir.clear();
    const Settings& layer = by_command_line ? said.command_line : said.file;
    for (const Setting& setting : merge({layer}))
        if (setting.option->name == "dir" && setting.value) endpoint.dir = *setting.value;
    endpoint.command = command.words;
    endpoint.places = places_of(merged);
    if (!command.place.empty()) endpoint.places.insert_or_assign("command", command.place);
    config.common.dir.clear();
    if (!endpoint.command.empty() || !endpoint.dir.empty()) config.endpoints.push_back(std::move(endpoint));
}

Endpoint compose_endpoint(const Said& said, const SaidEndpoint& from) {
    Draft draft;
    draft.in_endpoint = true;
    apply_defaults(draft, said.websocketd);
    const Settings merged = merge({handed_down(said.file), from.shared, handed_down(said.command_line), from.settings});
    for (const Setting& setting : merged) apply(draft, setting);
    Endpoint endpoint = std::move(draft.config.common);
    endpoint.path = from.path;
    endpoint.command = from.command.words;
    endpoint.places = places_of(merged);
    endpoint.places.insert_or_assign("path", from.place);
    if (!from.command.place.empty()) endpoint.places.insert_or_assign("command", from.command.place);
    return endpoint;
}

}  // namespace

std::optional<std::string> wrong_with(const Setting& setting, bool in_endpoint) {
    Draft draft;
    draft.in_endpoint = in_endpoint;
    const Complaint complaint = apply(draft, setting);
    if (!complaint) return std::nullopt;
    const std::string name(setting.option->name);
    return (setting.place.empty() ? "--" + name : setting.place + ": " + name) + ": " + *complaint;
}

std::string in_folder(const std::string& path, const std::string& folder) {
    return path.empty() || path.starts_with('/') ? path : folder + path;
}

std::string in_folder(const Option& option, const std::string& value, const std::string& folder) {
    constexpr std::string_view unix_socket = "unix:";
    switch (option.kind) {
        case Kind::path: return in_folder(value, folder);
        case Kind::program:
            return value.substr(0, value.find(' ')).find('/') == std::string::npos ? value : in_folder(value, folder);
        case Kind::address:
            return value.starts_with(unix_socket)
                       ? std::string(unix_socket) + in_folder(value.substr(unix_socket.size()), folder)
                       : value;
        case Kind::text:
        case Kind::number:
        case Kind::measure:
        case Kind::mode: break;
    }
    return value;
}

Settings merge(const std::vector<Settings>& layers) {
    Settings merged;
    for (const Settings& layer : layers) {
        std::erase_if(merged, [&](const Setting& earlier) {
            return is_list(*earlier.option) && earlier.option->name != "env" && has(layer, earlier.option->name);
        });
        for (const Setting& setting : layer) {
            if (!is_list(*setting.option))
                std::erase_if(merged, [&](const Setting& earlier) { return earlier.option == setting.option; });
            merged.push_back(setting);
        }
    }
    return merged;
}

Settings handed_down(const Settings& settings) {
    Settings result;
    for (const Setting& setting : settings)
        if (setting.option->scope == Scope::endpoint) result.push_back(setting);
    return result;
}

const Settings& websocketd_defaults() {
    static const Settings defaults{{&option("address"), "0.0.0.0"}, {&option("address"), "::"},
                                   {&option("port"), "80"},         {&option("same-origin"), "false"},
                                   {&option("host"), "*"},          {&option("ping-interval"), "0"},
                                   {&option("pass-env"), "PATH"},   {&option("pass-env"), "LD_LIBRARY_PATH"},
                                   {&option("on-binary"), "ignore"}};
    return defaults;
}

Config compose(const Said& said) {
    Draft draft;
    apply_defaults(draft, said.websocketd);
    Settings merged = merge({said.file, said.command_line});
    for (const Setting& setting : merged) apply(draft, setting);
    settle_defaults(draft, said.websocketd, draft.config);
    Config config = std::move(draft.config);
    config.places = places_of(merged);
    config.common.places = config.places;
    for (const SaidEndpoint& endpoint : said.endpoints) config.endpoints.push_back(compose_endpoint(said, endpoint));
    add_fallback(said, merged, config);
    config.may_be_empty = said.includes;
    return config;
}

}  // namespace wsinetd::config
