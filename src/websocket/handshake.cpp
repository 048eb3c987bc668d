#include "websocket/handshake.hpp"

#include <openssl/evp.h>
#include <openssl/sha.h>

#include <algorithm>
#include <array>

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

/// What a request that asks for the upgrade does not have as 4.2.1 wants it, or empty.
std::string_view complaint(const http::Request& request) {
    if (request.method != "GET") return "A WebSocket handshake is a GET.";
    if (request.has_body) return "A WebSocket handshake has no body.";
    if (!request.fields.has_token("Connection", "Upgrade")) return "Upgrade without 'Connection: Upgrade'.";
    if (request.fields.count("Sec-WebSocket-Key") != 1) return "Exactly one Sec-WebSocket-Key is needed.";
    if (!is_key(*request.fields.joined("Sec-WebSocket-Key"))) return "Sec-WebSocket-Key is not 16 bytes in base64.";
    if (request.fields.count("Sec-WebSocket-Version") > 1) return "More than one Sec-WebSocket-Version.";
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
    const std::string text = std::string(key).append("258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
    std::array<unsigned char, SHA_DIGEST_LENGTH> digest;
    SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
    std::array<unsigned char, 4 * ((SHA_DIGEST_LENGTH + 2) / 3) + 1> encoded;  // with the NUL that OpenSSL adds
    const int size = EVP_EncodeBlock(encoded.data(), digest.data(), SHA_DIGEST_LENGTH);
    return {encoded.begin(), encoded.begin() + size};
}

std::string accept_reply(std::string_view key, std::span<const http::Field> extra,
                         std::optional<std::string_view> subprotocol) {
    http::Reply reply{101, {{"Upgrade", "websocket"}, {"Connection", "Upgrade"}}, {}};
    reply.fields.push_back({"Sec-WebSocket-Accept", accept_key(key)});
    if (subprotocol) reply.fields.push_back({"Sec-WebSocket-Protocol", std::string(*subprotocol)});
    const auto own = [](const http::Field& field) {
        return std::ranges::any_of(own_fields, [&](auto name) { return http::same_token(field.name, name); });
    };
    std::ranges::remove_copy_if(extra, std::back_inserter(reply.fields), own);
    return http::format(reply, {});
}

}  // namespace wsinetd::websocket
