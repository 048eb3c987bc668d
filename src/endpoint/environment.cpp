#include "endpoint/environment.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

#include "http/authority.hpp"

namespace wsinetd::endpoint {
namespace {

std::string_view name_of(std::string_view entry) { return entry.substr(0, entry.find('=')); }

/// Writes NAME=VALUE strings one behind the other. Of two with one name the earlier counts.
class Writer {
public:
    explicit Writer(std::vector<char>& block) : block_(block) {}

    void add(std::string_view name, std::string_view value) {
        begin(name.size());
        write(name);
        write('=');
        write(value);
        end();
    }
    void add_entry(std::string_view entry) {
        begin(name_of(entry).size());
        write(entry);
        end();
    }

    void begin(std::size_t name_size) { entries_.push_back({block_.size(), name_size}); }
    void write(std::string_view text) { block_.insert(block_.end(), text.begin(), text.end()); }
    void write(char c) { block_.push_back(c); }
    void end() { block_.push_back('\0'); }

    /// The strings that count, by name, and the null pointer behind them.
    std::vector<const char*> pointers() {
        auto name = [this](const Entry& entry) { return std::string_view(&block_[entry.start], entry.name_size); };
        std::sort(entries_.begin(), entries_.end(), [&](const Entry& a, const Entry& b) {
            const int order = name(a).compare(name(b));
            return order < 0 || (order == 0 && a.start < b.start);
        });
        auto same_name = [&](const Entry& a, const Entry& b) { return name(a) == name(b); };
        entries_.erase(std::unique(entries_.begin(), entries_.end(), same_name), entries_.end());
        std::vector<const char*> all;
        all.reserve(entries_.size() + 1);
        for (const Entry& entry : entries_) all.push_back(&block_[entry.start]);
        all.push_back(nullptr);
        return all;
    }

private:
    struct Entry {
        std::size_t start;
        std::size_t name_size;
    };

    std::vector<char>& block_;
    std::vector<Entry> entries_;
};

/// The letter as it stands in a variable's name; nothing for what must not come into one: were '_' let through,
/// X-A and X_A would meet in one variable.
std::optional<char> variable_letter(char c) {
    if (c >= 'a' && c <= 'z') return static_cast<char>(c - 32);
    if ((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) return c;
    if (c == '-') return '_';
    return std::nullopt;
}

bool is_passed_on(std::string_view name) {
    auto fits = [](char c) { return variable_letter(c).has_value(); };
    // httpoxy: HTTP_PROXY tells many a program where to send its own requests.
    return std::ranges::all_of(name, fits) && !http::same_token(name, "Proxy");
}

/// HTTP_* (RFC 3875, 4.1.18), several fields of one name joined. Sorted instead of searched: 16 KiB hold thousands.
void add_fields(Writer& writer, const http::Fields& fields) {
    auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    std::vector<const http::Field*> sorted;
    sorted.reserve(fields.size());
    for (const http::Field& field : fields)
        if (is_passed_on(field.name)) sorted.push_back(&field);
    std::ranges::sort(sorted, [&](const http::Field* a, const http::Field* b) {
        if (std::ranges::lexicographical_compare(a->name, b->name, {}, lower, lower)) return true;
        return a < b && http::same_token(a->name, b->name);
    });
    constexpr std::string_view prefix = "HTTP_";
    const http::Field* previous = nullptr;
    for (const http::Field* field : sorted) {
        if (previous && http::same_token(previous->name, field->name)) {
            writer.write(", ");
        } else {
            if (previous) writer.end();
            writer.begin(prefix.size() + field->name.size());
            writer.write(prefix);
            for (char c : field->name) writer.write(*variable_letter(c));
            writer.write('=');
        }
        writer.write(field->value);
        previous = field;
    }
    if (previous) writer.end();
}

/// RFC 3875, 4.1.14: never empty, an IPv6 address in brackets. Host was judged by the parser.
std::string server_name(const std::optional<http::Authority>& host, const Peer& peer) {
    if (host) return std::string(host->host);
    if (peer.unix_socket) return "localhost";
    if (peer.local_address.find(':') != std::string::npos) return "[" + peer.local_address + "]";
    return peer.local_address;
}

/// The port that was connected to, whatever Host says; behind a unix socket only Host knows.
std::string server_port(const std::optional<http::Authority>& host, const Peer& peer) {
    if (!peer.server_port.empty()) return peer.server_port;
    if (!peer.unix_socket) return peer.local_port;
    return std::to_string(host ? host->port.value_or(std::uint16_t{80}) : 80);
}

/// RFC 3875, 4.1.6: where PATH_INFO would lie in the tree of documents; empty where there is neither.
std::string translated(const Match& match, const Surroundings& surroundings) {
    if (surroundings.document_root.empty() || match.path_info.empty()) return {};
    return std::string(surroundings.document_root) + match.path_info;
}

void add_cgi(Writer& writer, const http::Request& request, const Match& match, const Peer& peer,
             const Surroundings& surroundings) {
    const auto host = http::parse_authority(request.host);
    const bool cgi = !surroundings.script_filename.empty();
    const bool addressless = peer.unix_socket && !peer.forwarded;
    const std::string_view remote = addressless ? std::string_view("unix:") : peer.remote_address;
    writer.add("GATEWAY_INTERFACE", "CGI/1.1");
    writer.add("SERVER_SOFTWARE", surroundings.server_software);
    writer.add("SERVER_NAME", server_name(host, peer));
    writer.add("SERVER_PORT", server_port(host, peer));
    writer.add("SERVER_PROTOCOL", request.minor_version == 0 ? "HTTP/1.0" : "HTTP/1.1");
    writer.add("REQUEST_METHOD", request.method);
    writer.add("REQUEST_URI", request.target);
    writer.add("SCRIPT_NAME", match.script_name);
    writer.add("PATH_INFO", match.path_info);
    writer.add("PATH_TRANSLATED", translated(match, surroundings));
    writer.add("QUERY_STRING", request.query);
    writer.add("REMOTE_ADDR", remote);
    writer.add("REMOTE_HOST", peer.remote_host.empty() ? remote : peer.remote_host);
    writer.add("REMOTE_PORT", addressless ? std::string_view{} : peer.remote_port);
    writer.add("REMOTE_USER", peer.user);
    writer.add("AUTH_TYPE", peer.auth_type);
    writer.add("CONTENT_TYPE", cgi ? request.fields.joined("Content-Type").value_or("") : "");
    writer.add("CONTENT_LENGTH", cgi ? request.fields.joined("Content-Length").value_or("") : "");
    if (cgi) {
        writer.add("SCRIPT_FILENAME", surroundings.script_filename);
        writer.add("REDIRECT_STATUS", "200");  // without it PHP's CGI takes the server for misconfigured
    }
    writer.add("UNIQUE_ID", surroundings.unique_id);
    if (peer.tls) writer.add("HTTPS", "on");
    if (peer.client_subject) {
        writer.add("SSL_CLIENT_VERIFY", "SUCCESS");
        writer.add("SSL_CLIENT_S_DN", *peer.client_subject);
    }
    writer.add("WEBSOCKET_SUBPROTOCOL", surroundings.subprotocol);
}

/// A little more than all of it will take, so that the block is allocated once.
std::size_t expected_size(const http::Request& request, const Match& match, const Peer& peer,
                          const Surroundings& surroundings) {
    std::size_t size = 1024 + request.target.size() + request.query.size() + match.script_name.size() +
                       2 * match.path_info.size() + request.host.size() + surroundings.subprotocol.size() +
                       surroundings.script_filename.size() + surroundings.document_root.size();
    for (const http::Field& field : request.fields) size += field.name.size() + field.value.size() + 8;
    size += peer.client_subject.value_or("").size() + peer.user.size();
    for (const std::string& entry : surroundings.passed) size += entry.size() + 1;
    for (const std::string& entry : surroundings.defined) size += entry.size() + 1;
    return size;
}

/// What systemd tells the server itself (sd_notify(3), sd_listen_fds(3), sd_watchdog_enabled(3)). A command that took
/// it for its own would speak in the server's name.
constexpr std::array<std::string_view, 7> of_server{"LISTEN_FDNAMES", "LISTEN_FDS",   "LISTEN_PID",   "LISTEN_PIDFDID",
                                                    "NOTIFY_SOCKET",  "WATCHDOG_PID", "WATCHDOG_USEC"};

bool fits(std::string_view name, std::string_view pattern) {
    if (!pattern.ends_with('*')) return name == pattern;
    return name.starts_with(pattern.substr(0, pattern.size() - 1));
}

}  // namespace

Environment::Environment(const http::Request& request, const Match& match, const Peer& peer,
                         const Surroundings& surroundings) {
    block_.reserve(expected_size(request, match, peer, surroundings));
    Writer writer(block_);
    for (auto entry = surroundings.defined.rbegin(); entry != surroundings.defined.rend(); ++entry)
        writer.add_entry(*entry);
    add_cgi(writer, request, match, peer, surroundings);
    add_fields(writer, request.fields);
    for (const std::string& entry : surroundings.passed) writer.add_entry(entry);
    pointers_ = writer.pointers();
}

std::vector<std::string> pass_environment(std::span<const char* const> entries, std::span<const std::string> patterns) {
    std::vector<std::string> passed;
    for (const std::string_view entry : entries) {
        const std::string_view name = name_of(entry);
        if (name.empty() || name.size() == entry.size()) continue;  // nothing a program could ask for
        if (std::ranges::find(of_server, name) != of_server.end()) continue;
        if (std::ranges::any_of(patterns, [&](const std::string& pattern) { return fits(name, pattern); }))
            passed.emplace_back(entry);
    }
    return passed;
}

}  // namespace wsinetd::endpoint
