// Any offer of extensions: what is agreed on is in order, and an offer that stands behind invalid ones is found.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "http/message.hpp"
#include "websocket/extension.hpp"
#include "websocket/handshake.hpp"

namespace {

using namespace wsinetd::websocket;

void require(bool holds) {
    if (!holds) std::abort();
}

/// Only what has passed the grammar reaches the negotiation.
bool is_in_order(const std::string& offers) {
    wsinetd::http::Request request;
    request.method = "GET";
    request.minor_version = 1;
    request.fields.push_back({"Host", "localhost"});
    request.fields.push_back({"Upgrade", "websocket"});
    request.fields.push_back({"Connection", "Upgrade"});
    request.fields.push_back({"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="});
    request.fields.push_back({"Sec-WebSocket-Version", "13"});
    request.fields.push_back({"Sec-WebSocket-Extensions", offers});
    return judge_handshake(request).kind == Handshake::Kind::valid;
}

/// What has not passed the grammar does no harm.
void judge(const std::string& offers, const DeflateWish& wish) {
    const auto agreement = agree_on_deflate(offers, wish);
    if (agreement) require(agreement->server_window_bits >= 9 && agreement->server_window_bits <= 14);
    if (!is_in_order(offers)) return;
    const auto with_another = agree_on_deflate(offers + ", permessage-deflate", wish);
    require(with_another.has_value());
    if (!agreement) {
        require(with_another->server_window_bits == wish.takeover_window_bits.value_or(14));
        return;
    }
    require(with_another->reply == agreement->reply);
    // What we answer is an offer that would be answered in the same way.
    require(is_in_order(agreement->reply));
    const auto again = agree_on_deflate(agreement->reply, wish);
    require(again && again->reply == agreement->reply && again->server_window_bits == agreement->server_window_bits);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string offers(reinterpret_cast<const char*>(data), size);
    judge(offers, {14, {}});
    judge(offers, {14, 12});
    return 0;
}
