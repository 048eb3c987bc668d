#include "config/asyncapi.hpp"

#include <algorithm>
#include <cctype>
#include <set>
#include <vector>

#include "log/record.hpp"

namespace wsinetd::config {
namespace {

std::string quoted(std::string_view text) {
    std::string result;
    log::append_json_string(result, text);
    return result;
}

/// A JSON object, indented. Line ends are only between members, for strings have none.
class Object {
public:
    Object& add(std::string_view name, std::string_view json) {
        text_.append(members_++ > 0 ? ",\n  " : "\n  ").append(quoted(name)).append(": ");
        for (const char c : json) {
            text_ += c;
            if (c == '\n') text_ += "  ";
        }
        return *this;
    }
    Object& text(std::string_view name, std::string_view value) { return add(name, quoted(value)); }
    [[nodiscard]] bool empty() const { return members_ == 0; }
    [[nodiscard]] std::string json() const { return text_ + (empty() ? "}" : "\n}"); }

private:
    std::string text_ = "{";
    int members_ = 0;
};

std::string list(const std::vector<std::string>& elements) {
    std::string text = "[";
    for (const std::string& element : elements) text.append(text.size() > 1 ? ", " : "").append(element);
    return text + ']';
}

std::string reference(const std::string& path) { return Object().text("$ref", "#/" + path).json(); }

std::string servers(const Config& config) {
    Object servers;
    for (std::size_t i = 0; i < config.addresses.size(); ++i) {
        const std::string& address = config.addresses[i];
        std::string host = address.find(':') == std::string::npos ? address : "[" + address + "]";
        if (config.port != 0) host += ":" + std::to_string(config.port);
        servers.add("tcp" + std::to_string(i + 1),
                    Object().text("host", host).text("protocol", config.tls() ? "wss" : "ws").json());
    }
    if (!config.unix_socket.empty())
        servers.add("unix", Object()
                                .text("host", "localhost")
                                .text("protocol", "ws")
                                .text("description", "the unix socket " + config.unix_socket)
                                .json());
    return servers.json();
}

/// The path as AsyncAPI's channels have it, with a name for what stands for the rest. Braces would be such a name.
std::string address_of(const Endpoint& endpoint) {
    const bool below = endpoint.path.empty() || endpoint.path.ends_with("/*");
    std::string address;
    for (const char c :
         below ? endpoint.path.substr(0, std::max<std::size_t>(endpoint.path.size(), 2) - 2) : endpoint.path) {
        if (c == '{' || c == '}')
            address += c == '{' ? "%7B" : "%7D";
        else
            address += c;
    }
    return below ? address + "/{path}" : address;
}

/// Letters, digits, `-` and `_`, once each, so that it can stand in a reference as it is.
std::string channel_name(const Endpoint& endpoint, std::set<std::string>& taken) {
    std::string name;
    for (const char c : endpoint.path) {
        const bool plain = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_';
        if (plain)
            name += c;
        else if (!name.empty() && c == '/')
            name += '_';
    }
    while (name.ends_with('_')) name.pop_back();
    if (name.empty()) name = endpoint.path == "/" ? "root" : "any";
    std::string unique = name;
    for (int i = 2; !taken.insert(unique).second; ++i) unique = name + std::to_string(i);
    return unique;
}

struct Content {
    std::string_view type;
    std::string schema;
};

Content content_of(framing::Kind framing) {
    switch (framing) {
        case framing::Kind::lines:
        case framing::Kind::null: return {"text/plain", Object().text("type", "string").json()};
        case framing::Kind::content_length:
        case framing::Kind::jsonl: return {"application/json", Object().json()};
        case framing::Kind::raw:
            return {"application/octet-stream", Object().text("type", "string").text("format", "binary").json()};
    }
    return {};
}

/// A line of --stderr tagged.
Content tagged_content() {
    Object properties;
    properties.add("stream",
                   Object().text("type", "string").add("enum", list({quoted("stdout"), quoted("stderr")})).json());
    properties.add("data", Object().text("type", "string").json());
    return {"application/json", Object()
                                    .text("type", "object")
                                    .add("required", list({quoted("stream"), quoted("data")}))
                                    .add("properties", properties.json())
                                    .json()};
}

std::string message(std::string_view title, const Content& content) {
    return Object().text("title", title).text("contentType", content.type).add("payload", content.schema).json();
}

std::string binding(const Endpoint& endpoint) {
    Object ws;
    ws.text("method", "GET");
    std::vector<std::string> names;
    for (const std::string& name : endpoint.subprotocols) names.push_back(quoted(name));
    if (!names.empty()) {
        Object subprotocol;
        subprotocol.text("type", "string");
        if (std::ranges::find(endpoint.subprotocols, "*") == endpoint.subprotocols.end())
            subprotocol.add("enum", list(names));
        ws.add("headers", Object()
                              .text("type", "object")
                              .add("properties", Object().add("Sec-WebSocket-Protocol", subprotocol.json()).json())
                              .json());
    }
    return Object().add("ws", ws.text("bindingVersion", "0.1.0").json()).json();
}

std::string channel(const Endpoint& endpoint) {
    const std::string address = address_of(endpoint);
    Object channel;
    channel.text("address", address);
    channel.text("description", endpoint.dir.empty()
                                    ? "A command for each connection. It is closed with 1000 when the command exits "
                                      "with 0, with 4000 and the status when it exits with another."
                                    : "A program of a directory for each connection, by its path.");
    const Content in = content_of(endpoint.framing);
    const Content out = endpoint.stderr_mode == StderrMode::tagged ? tagged_content() : in;
    channel.add("messages", Object()
                                .add("input", message("To the command's stdin", in))
                                .add("output", message("From the command's stdout", out))
                                .json());
    if (address.ends_with("{path}"))
        channel.add(
            "parameters",
            Object().add("path", Object().text("description", "any path below, with slashes or none").json()).json());
    return channel.add("bindings", binding(endpoint)).json();
}

std::string security(const Authentication& authentication) {
    std::vector<std::string> schemes;
    if (!authentication.password_file.empty()) schemes.push_back(reference("components/securitySchemes/basic"));
    if (!authentication.token_file.empty()) schemes.push_back(reference("components/securitySchemes/bearer"));
    return schemes.empty() ? "" : list(schemes);
}

std::string operation(std::string_view action, std::string_view what, const std::string& channel,
                      const Endpoint& endpoint, std::string_view description) {
    Object operation;
    operation.text("action", action).add("channel", reference("channels/" + channel));
    if (!description.empty()) operation.text("description", description);
    if (const std::string schemes = security(endpoint.authentication); !schemes.empty())
        operation.add("security", schemes);
    return operation.add("messages", list({reference("channels/" + channel + "/messages/" + std::string(what))}))
        .json();
}

std::string limits_of(const Endpoint& endpoint) {
    std::string text;
    if (endpoint.max_message_size > 0)
        text = "At most " + std::to_string(endpoint.max_message_size) + " bytes; a longer one closes with 1009.";
    if (endpoint.eof_message)
        text.append(text.empty() ? "" : " ").append("The message " + *endpoint.eof_message + " ends the input.");
    return text;
}

std::string security_schemes(const Config& config) {
    bool basic = false;
    bool bearer = false;
    for (const Endpoint& endpoint : config.endpoints) {
        basic |= !endpoint.authentication.password_file.empty();
        bearer |= !endpoint.authentication.token_file.empty();
    }
    Object schemes;
    if (basic) schemes.add("basic", Object().text("type", "http").text("scheme", "basic").json());
    if (bearer) schemes.add("bearer", Object().text("type", "http").text("scheme", "bearer").json());
    return schemes.empty() ? "" : schemes.json();
}

}  // namespace

std::string asyncapi(const Config& config, std::string_view version) {
    Object channels;
    Object operations;
    std::set<std::string> taken;
    for (const Endpoint& endpoint : config.endpoints) {
        const std::string name = channel_name(endpoint, taken);
        channels.add(name, channel(endpoint));
        operations.add(name + "_receive", operation("receive", "input", name, endpoint, limits_of(endpoint)));
        operations.add(name + "_send", operation("send", "output", name, endpoint, ""));
    }
    Object document;
    document.text("asyncapi", "3.0.0");
    document.add("info", Object()
                             .text("title", "wsinetd")
                             .text("version", version)
                             .text("description", "Commands behind WebSockets (RFC 6455).")
                             .json());
    document.add("servers", servers(config));
    document.add("channels", channels.json());
    document.add("operations", operations.json());
    if (const std::string schemes = security_schemes(config); !schemes.empty())
        document.add("components", Object().add("securitySchemes", schemes).json());
    return document.json() + "\n";
}

}  // namespace wsinetd::config
