#include "http/authorization.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace wsinetd::http {
namespace {

int value_of(char c) {
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/// What stands behind `scheme` and blanks in the one field Authorization; empty: nothing.
std::string_view credentials_of(const Request& request, std::string_view scheme) {
    if (request.fields.count("Authorization") != 1) return {};
    for (const Field& field : request.fields) {
        if (!same_token(field.name, "Authorization")) continue;
        const std::string_view value = trimmed(field.value);
        const auto blank = value.find(' ');
        if (blank == std::string_view::npos || !same_token(value.substr(0, blank), scheme)) return {};
        return trimmed(value.substr(blank));
    }
    return {};
}

/// The parts of `list` between `separator`s, without blanks around them.
std::vector<std::string_view> parts_of(std::string_view list, char separator) {
    std::vector<std::string_view> parts;
    while (!list.empty()) {
        const auto end = std::min(list.find(separator), list.size());
        parts.push_back(trimmed(list.substr(0, end)));
        list.remove_prefix(std::min(end + 1, list.size()));
    }
    return parts;
}

/// NAME=VALUE of the cookie that has the token (RFC 6265, 4.2.1): the value, if it is that cookie.
std::optional<std::string_view> token_in(std::string_view pair) {
    const auto equals = pair.find('=');
    if (equals == std::string_view::npos || trimmed(pair.substr(0, equals)) != token_cookie) return std::nullopt;
    std::string_view value = trimmed(pair.substr(equals + 1));
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"') value = value.substr(1, value.size() - 2);
    return value;
}

/// Replaces all fields `name` by one with what `keep` leaves of them, or by none.
template <typename Keep>
void rewrite(Request& request, std::string_view name, char separator, Keep keep) {
    if (request.fields.count(name) == 0) return;
    std::string kept;
    // Several Cookie fields are one list as well (RFC 9113, 8.2.3 says so of HTTP/2).
    std::string all;
    for (const Field& field : request.fields)
        if (same_token(field.name, name)) all.append(all.empty() ? "" : std::string(1, separator)).append(field.value);
    for (const std::string_view part : keep(parts_of(all, separator)))
        kept.append(kept.empty() ? "" : std::string(1, separator) + ' ').append(part);
    std::erase_if(request.fields, [&](const Field& field) { return same_token(field.name, name); });
    if (!kept.empty()) request.fields.push_back({std::string(name), kept});
}

}  // namespace

std::optional<std::string> decode_base64(std::string_view text) {
    if (text.size() % 4 != 0) return std::nullopt;
    std::string bytes;
    for (std::size_t i = 0; i < text.size(); i += 4) {
        unsigned group = 0;
        int padding = 0;
        for (std::size_t j = i; j < i + 4; ++j) {
            int value = value_of(text[j]);
            if (text[j] == '=' && i + 4 == text.size() && j >= i + 2) {
                ++padding;
                value = 0;
            } else if (value < 0 || padding > 0) {
                return std::nullopt;
            }
            group = group << 6 | static_cast<unsigned>(value);
        }
        if ((padding == 1 && (group & 0xff) != 0) || (padding == 2 && (group & 0xffff) != 0)) return std::nullopt;
        for (int shift = 16; shift >= 8 * padding; shift -= 8) bytes += static_cast<char>(group >> shift & 0xff);
    }
    return bytes;
}

std::optional<Password> basic_credentials(const Request& request) {
    const std::string_view encoded = credentials_of(request, "Basic");
    if (encoded.empty()) return std::nullopt;
    const auto decoded = decode_base64(encoded);
    const auto colon = decoded ? decoded->find(':') : std::string::npos;
    if (colon == std::string::npos || !std::ranges::all_of(*decoded, is_text_char)) return std::nullopt;
    return Password{decoded->substr(0, colon), decoded->substr(colon + 1)};
}

std::optional<Token> bearer_token(const Request& request) {
    if (const auto token = credentials_of(request, "Bearer"); !token.empty())
        return Token{std::string(token), Token::Place::authorization};
    for (const Field& field : request.fields)
        if (same_token(field.name, "Cookie"))
            for (const std::string_view pair : parts_of(field.value, ';'))
                if (const auto value = token_in(pair); value && !value->empty())
                    return Token{std::string(*value), Token::Place::cookie};
    const std::string offers = request.fields.joined("Sec-WebSocket-Protocol").value_or("");
    const std::vector<std::string_view> names = parts_of(offers, ',');
    const auto bearer = std::ranges::find(names, bearer_subprotocol);
    if (bearer == names.end() || bearer + 1 == names.end() || (bearer + 1)->empty()) return std::nullopt;
    return Token{std::string(*(bearer + 1)), Token::Place::subprotocol};
}

void withhold_authorization(Request& request) {
    std::erase_if(request.fields, [](const Field& field) { return same_token(field.name, "Authorization"); });
}

void withhold_cookie(Request& request) {
    rewrite(request, "Cookie", ';', [](std::vector<std::string_view> pairs) {
        std::erase_if(pairs, [](std::string_view pair) { return pair.empty() || token_in(pair); });
        return pairs;
    });
}

bool withhold_subprotocol(Request& request) {
    bool offered = false;
    rewrite(request, "Sec-WebSocket-Protocol", ',', [&offered](std::vector<std::string_view> names) {
        const auto bearer = std::ranges::find(names, bearer_subprotocol);
        offered = bearer != names.end();
        if (offered) names.erase(bearer, std::min(bearer + 2, names.end()));
        std::erase(names, std::string_view{});
        return names;
    });
    return offered;
}

}  // namespace wsinetd::http
