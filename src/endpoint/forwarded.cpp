#include "endpoint/forwarded.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>
#include <vector>

#include "http/authority.hpp"
#include "http/reply.hpp"

namespace wsinetd::endpoint {
namespace {

/// One hop: who has sent the request, and what it looked like there.
struct Hop {
    std::string from;
    std::string proto;
    std::string host;
};

struct Node {
    http::Address address;
    std::optional<std::uint16_t> port;
};

std::optional<std::uint16_t> parse_port(std::string_view text) {
    std::uint16_t port = 0;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (text.empty() || error != std::errc{} || stop != text.data() + text.size()) return std::nullopt;
    return port;
}

/// RFC 7239, 6: an address, in brackets if it is IPv6, and maybe a port; X-Forwarded-For has IPv6 bare as well. Nothing
/// for what hides it.
std::optional<Node> parse_node(std::string_view text) {
    if (const auto whole = http::parse_address(text)) return Node{*whole, {}};
    const auto end = text.starts_with('[') ? text.find(']') : text.find(':');
    if (end == std::string_view::npos) return std::nullopt;
    const bool brackets = text.starts_with('[');
    const auto address = http::parse_address(brackets ? text.substr(1, end - 1) : text.substr(0, end));
    std::string_view rest = text.substr(brackets ? end + 1 : end);
    if (!address) return std::nullopt;
    if (rest.empty()) return Node{*address, {}};
    if (!rest.starts_with(':')) return std::nullopt;
    return Node{*address, parse_port(rest.substr(1))};
}

/// Reads the elements of one field: 4, with the grammar of RFC 9110, 5.6.
class ForwardedField {
public:
    explicit ForwardedField(std::string_view text) : rest_(text) {}

    /// False: it is malformed.
    bool read(std::vector<Hop>& hops) {
        for (;;) {
            skip_blanks();
            Hop hop;
            bool any = false;
            while (!rest_.empty() && !rest_.starts_with(',')) {
                if (!rest_.starts_with(';')) {  // a pair may be missing
                    if (!pair(hop)) return false;
                    any = true;
                }
                skip_blanks();
                if (!take(';')) break;
                skip_blanks();
            }
            if (any) hops.push_back(std::move(hop));  // RFC 9110, 5.6.1.2: an empty element is ignored
            if (rest_.empty()) return true;
            if (!take(',')) return false;
        }
    }

private:
    bool pair(Hop& hop) {
        const std::string_view name = token();
        if (name.empty() || !take('=')) return false;
        std::string value;
        if (take('"')) {
            if (!quoted(value)) return false;
        } else {
            value = token();
            if (value.empty()) return false;
        }
        std::string* const place = http::same_token(name, "for")     ? &hop.from
                                   : http::same_token(name, "proto") ? &hop.proto
                                   : http::same_token(name, "host")  ? &hop.host
                                                                     : nullptr;
        if (place && !place->empty()) return false;  // 4: each parameter once
        if (place) *place = std::move(value);
        return true;
    }
    bool quoted(std::string& value) {
        while (!rest_.empty()) {
            if (take('"')) return true;
            if (take('\\') && rest_.empty()) return false;
            value += rest_.front();
            rest_.remove_prefix(1);
        }
        return false;
    }
    /// A token, and what many write without the quotes it needs: 192.0.2.1:80, [2001:db8::1]:80.
    std::string_view token() {
        const auto fits = [](char c) { return http::is_token_char(c) || c == ':' || c == '[' || c == ']'; };
        const auto end = std::ranges::find_if_not(rest_, fits);
        const std::string_view found = rest_.substr(0, static_cast<std::size_t>(end - rest_.begin()));
        rest_.remove_prefix(found.size());
        return found;
    }
    bool take(char c) {
        if (!rest_.starts_with(c)) return false;
        rest_.remove_prefix(1);
        return true;
    }
    void skip_blanks() { rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t"), rest_.size())); }

    std::string_view rest_;
};

/// The elements of a list, from all its fields; empty ones are no elements.
std::vector<std::string> list_of(const http::Request& request, std::string_view name) {
    std::vector<std::string> all;
    const std::string joined = request.fields.joined(name).value_or("");
    for (std::string_view rest = joined; !rest.empty();) {
        const auto end = std::min(rest.find(','), rest.size());
        if (const auto element = http::trimmed(rest.substr(0, end)); !element.empty()) all.emplace_back(element);
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return all;
}

/// X-Forwarded-For names the hops. Of the others a list of the same length goes with them; of any other the last
/// element is what the nearest proxy says.
std::vector<Hop> x_forwarded_hops(const http::Request& request) {
    std::vector<Hop> hops;
    for (std::string& from : list_of(request, "X-Forwarded-For")) hops.push_back({std::move(from), {}, {}});
    const auto spread = [&](std::string_view name, std::string Hop::*place) {
        const std::vector<std::string> values = list_of(request, name);
        if (values.empty()) return;
        if (hops.empty()) hops.emplace_back();
        for (std::size_t i = 0; i < hops.size(); ++i)
            hops[i].*place = values.size() == hops.size() ? values[i] : values.back();
    };
    spread("X-Forwarded-Proto", &Hop::proto);
    spread("X-Forwarded-Host", &Hop::host);
    return hops;
}

Forwarded client_of(const std::vector<Hop>& hops, const http::TrustedProxies& trusted) {
    Forwarded client;
    for (auto hop = hops.rbegin(); hop != hops.rend(); ++hop) {
        const auto node = parse_node(hop->from);
        if (node) {
            client.address = node->address;
            client.port = node->port;
        }
        client.https.reset();
        if (http::default_port(hop->proto))
            client.https = http::same_token(hop->proto, "https") || http::same_token(hop->proto, "wss");
        client.host.reset();
        if (http::parse_authority(hop->host)) client.host = hop->host;
        if (!node || !trusted.contain(node->address)) break;
    }
    return client;
}

}  // namespace

std::variant<Forwarded, http::Refusal> forwarded_for(const http::Request& request,
                                                     const http::TrustedProxies& trusted) {
    std::vector<Hop> hops;
    for (const http::Field& field : request.fields)
        if (http::same_token(field.name, "Forwarded") && !ForwardedField(field.value).read(hops))
            return http::refuse(400, "The field Forwarded is malformed.",
                                "Forwarded is malformed; a proxy that replaces what clients send would not pass it on");
    const std::vector<Hop> x_hops = x_forwarded_hops(request);
    Forwarded client = client_of(hops.empty() ? x_hops : hops, trusted);
    if (!hops.empty() && request.fields.count("X-Forwarded-For") > 0 &&
        client.address != client_of(x_hops, trusted).address)
        return http::refuse(400, "Forwarded and X-Forwarded-For name different clients.",
                            "Forwarded and X-Forwarded-For name different clients; the proxy must remove the one that "
                            "it does not write itself");
    if (const auto ports = list_of(request, "X-Forwarded-Port"); !ports.empty())
        client.own_port = parse_port(ports.back());
    return client;
}

}  // namespace wsinetd::endpoint
