#include "endpoint/router.hpp"

namespace wsinetd::endpoint {

std::optional<Match> Router::match(const http::Request& request) const {
    if (!request.path.starts_with('/')) return std::nullopt;
    return Match{endpoint_, "", request.path};
}

}  // namespace wsinetd::endpoint
