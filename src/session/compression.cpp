#include "session/compression.hpp"

namespace wsinetd::session {

std::optional<websocket::DeflateAgreement> agree_on_deflate(const http::Request& request,
                                                            const config::Endpoint& endpoint) {
    // A message whose length must be known first would have to be inflated and held before any of it is passed on.
    if (!endpoint.deflates() || endpoint.framing == framing::Kind::content_length) return std::nullopt;
    websocket::DeflateWish wish{websocket::deflate_window_bits, {}};
    // Where two streams are read there is no room for a compressor of the session's own.
    const bool one_stream = endpoint.stderr_mode != config::StderrMode::tagged;
    if (endpoint.compress_takeover && one_stream) wish.takeover_window_bits = websocket::takeover_window_bits;
    return websocket::agree_on_deflate(request.fields.joined("Sec-WebSocket-Extensions").value_or(""), wish);
}

Compression compression_for(LoopResources& loop, const std::optional<websocket::DeflateAgreement>& agreement) {
    Compression compression;
    if (!agreement) return compression;
    if (!loop.compressors) loop.compressors = std::make_unique<websocket::Compressors>();
    if (agreement->server_takeover)
        compression.own = loop.compressors->own_deflater(agreement->server_window_bits);
    else
        compression.deflater = &loop.compressors->deflater(agreement->server_window_bits);
    compression.inflation = std::make_unique<websocket::Inflation>(
        *loop.compressors, agreement->client_takeover ? websocket::Takeover::yes : websocket::Takeover::no);
    return compression;
}

}  // namespace wsinetd::session
