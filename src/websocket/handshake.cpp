#include "websocket/handshake.hpp"

#include <openssl/evp.h>
#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <vector>

#include "http/reply.hpp"

namespace wsinetd::websocket {
namespace {

/// Fields of the 101 that nobody else may set, and some that would make it no 101.
constexpr std::string_view own_fields[] = {
    "Upgrade",           "Connection",     "Sec-WebSocket-Accept", "Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions",
    "Transfer-Encoding", "Content-Length",
};

bool is_base64(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/';
}

/// Base64 of 16 bytes. What the last digit holds beyond them is not looked at: the RFC's own example (4.1) has bits
/// set there.
bool is_key(std::string_view key) {
    return key.size() == 24 && key.ends_with("==") && std::ranges::all_of(key.substr(0, 22), is_base64);
}

/// Reads a list of 4.3's grammar from the front.
class List {
public:
    explicit List(std::string_view text) : rest_(text) {}

    /// Elements separated by commas, some of them empty (RFC 9110, 5.6.1.2).
    template <typename Element>
    bool all(Element element) {
        do {
            skip_blanks();
            if (!rest_.empty() && rest_.front() != ',' && !element(*this)) return false;
            skip_blanks();
        } while (take(','));
        return rest_.empty();
    }

    bool token() {
        const auto end = std::ranges::find_if_not(rest_, http::is_token_char);
        const auto size = static_cast<std::size_t>(end - rest_.begin());
        rest_.remove_prefix(size);
        return size > 0;
    }

    /// 9.1: token *( ";" token [ "=" ( token | quoted token ) ] )
    bool extension() {
        if (!token()) return false;
        for (skip_blanks(); take(';'); skip_blanks()) {
            skip_blanks();
            if (!token()) return false;
            skip_blanks();
            if (!take('=')) continue;
            skip_blanks();
            if (take('"') ? !rest_of_quoted_token() : !token()) return false;
        }
        return true;
    }

private:
    bool take(char c) {
        if (!rest_.starts_with(c)) return false;
        rest_.remove_prefix(1);
        return true;
    }
    /// 9.1: behind the first quote; a token when each `\` that hides a character is gone.
    bool rest_of_quoted_token() {
        for (std::size_t size = 0;; ++size) {
            if (take('"')) return size > 0;
            take('\\');
            if (rest_.empty() || !http::is_token_char(rest_.front())) return false;
            rest_.remove_prefix(1);
        }
    }
    void skip_blanks() { rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t"), rest_.size())); }

    std::string_view rest_;
};

/// `{unique-id}` replaced.
std::string with_id(std::string value, std::string_view id) {
    constexpr std::string_view placeholder = "{unique-id}";
    for (auto at = value.find(placeholder); at != std::string::npos; at = value.find(placeholder, at + id.size()))
        value.replace(at, placeholder.size(), id);
    return value;
}

bool is_extension_list(std::string_view text) {
    return List(text).all([](List& list) { return list.extension(); });
}

bool is_token_list(std::string_view text) {
    return List(text).all([](List& list) { return list.token(); });
}

/// What a request that asks for the upgrade does not have as 4.2.1 wants it, or empty.
std::string_view complaint(const http::Request& request) {
    if (request.method != "GET") return "A WebSocket handshake is a GET.";
    if (request.has_body) return "A WebSocket handshake has no body.";
    if (!request.fields.has_token("Connection", "Upgrade")) return "Upgrade without 'Connection: Upgrade'.";
    if (request.fields.count("Sec-WebSocket-Key") != 1) return "Exactly one Sec-WebSocket-Key is needed.";
    if (!is_key(*request.fields.joined("Sec-WebSocket-Key"))) return "Sec-WebSocket-Key is not 16 bytes in base64.";
    if (request.fields.count("Sec-WebSocket-Version") > 1) return "More than one Sec-WebSocket-Version.";
    if (!is_extension_list(request.fields.joined("Sec-WebSocket-Extensions").value_or("")))
        return "Sec-WebSocket-Extensions is a list of names with parameters: permessage-deflate; "
               "server_no_context_takeover.";
    if (!is_token_list(request.fields.joined("Sec-WebSocket-Protocol").value_or("")))
        return "Sec-WebSocket-Protocol is a list of names.";
    return {};
}

}  // namespace

Handshake judge_handshake(const http::Request& request) {
    using Kind = Handshake::Kind;
    // RFC 9110, 7.8: in HTTP/1.0 an Upgrade is to be ignored.
    if (request.minor_version < 1 || !request.fields.has_token("Upgrade", "websocket")) return {Kind::plain};
    if (const auto why = complaint(request); !why.empty()) return {Kind::malformed, http::refuse(400, why)};
    if (request.fields.joined("Sec-WebSocket-Version") != "13")
        return {Kind::wrong_version, http::refuse(426, "This server speaks version 13 of the WebSocket protocol.")};
    return {Kind::valid, {}, *request.fields.joined("Sec-WebSocket-Key")};
}

std::string accept_key(std::string_view key) {
    // Looking it up by name, as SHA1() does each time, costs ten times the digest. Lives as long as OpenSSL.
    static const EVP_MD* const sha1 = EVP_MD_fetch(nullptr, "SHA1", nullptr);
    const std::string text = std::string(key).append("258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
    std::array<unsigned char, SHA_DIGEST_LENGTH> digest;
    if (!sha1 || EVP_Digest(text.data(), text.size(), digest.data(), nullptr, sha1, nullptr) != 1)
        throw std::runtime_error("OpenSSL has no SHA-1");
    std::array<unsigned char, 4 * ((SHA_DIGEST_LENGTH + 2) / 3) + 1> encoded;  // with the NUL that OpenSSL adds
    const int size = EVP_EncodeBlock(encoded.data(), digest.data(), SHA_DIGEST_LENGTH);
    return {encoded.begin(), encoded.begin() + size};
}

std::optional<std::string> select_subprotocol(const http::Request& request, std::span<const std::string> preferred) {
    std::vector<std::string_view> offered;
    const std::string list = request.fields.joined("Sec-WebSocket-Protocol").value_or("");
    for (std::string_view rest = list; !rest.empty();) {
        const auto comma = std::min(rest.find(','), rest.size());
        const std::string_view name = http::trimmed(rest.substr(0, comma));
        if (!name.empty()) offered.push_back(name);
        rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
    if (offered.empty()) return std::nullopt;
    for (const std::string& name : preferred) {
        if (name == "*") return std::string(offered.front());
        if (std::ranges::find(offered, name) != offered.end()) return name;
    }
    return std::nullopt;
}

std::string accept_reply(std::string_view key, std::span<const http::Field> extra,
                         const std::optional<std::string>& subprotocol, std::string_view unique_id,
                         std::string_view extensions) {
    http::Reply reply{101, {{"Upgrade", "websocket"}, {"Connection", "Upgrade"}}, {}};
    reply.fields.push_back({"Sec-WebSocket-Accept", accept_key(key)});
    if (subprotocol) reply.fields.push_back({"Sec-WebSocket-Protocol", *subprotocol});
    if (!extensions.empty()) reply.fields.push_back({"Sec-WebSocket-Extensions", std::string(extensions)});
    const auto own = [](const http::Field& field) {
        return std::ranges::any_of(own_fields, [&](auto name) { return http::same_token(field.name, name); });
    };
    for (const http::Field& field : extra)
        if (!own(field)) reply.fields.push_back({field.name, with_id(field.value, unique_id)});
    return http::format(reply, {});
}

}  // namespace wsinetd::websocket
