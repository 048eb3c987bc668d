#pragma once  // permessage-deflate of a session: whether, and by whose compressors.
#include "session/loop_resources.hpp"
#include "websocket/extension.hpp"

namespace wsinetd::session {

/// What takes part in it when permessage-deflate was agreed on; else nothing.
struct Compression {
    websocket::Deflater* deflater = nullptr;        ///< the loop's
    std::unique_ptr<websocket::Deflater> own = {};  ///< in its place, where messages refer to those before them
    std::unique_ptr<websocket::Inflation> inflation = {};
};

/// What the endpoint makes of the client's offers (RFC 7692, 5.1). Nothing: no compression.
[[nodiscard]] std::optional<websocket::DeflateAgreement> agree_on_deflate(const http::Request& request,
                                                                          const config::Endpoint& endpoint);

/// What of the loop's takes part in a session with that agreement.
[[nodiscard]] Compression compression_for(LoopResources& loop,
                                          const std::optional<websocket::DeflateAgreement>& agreement);

}  // namespace wsinetd::session
