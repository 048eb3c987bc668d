#pragma once  // What a client says it takes: Accept and Accept-Encoding (RFC 9110, 12.5). Any bytes may stand in them.
#include <string_view>

#include "http/message.hpp"

namespace wsinetd::http {

/// Whether Accept-Encoding takes `coding` (q above 0; `*` counts unless the coding is named; 12.5.3). Without the
/// field: false. A malformed q is none, and of a coding named twice each has to be above 0: what is not coded suits
/// everybody.
[[nodiscard]] bool accepts_coding(const Fields& fields, std::string_view coding);

/// Whether Accept names exactly this media type, with or without parameters of its own, wildcards not counted, with q
/// above 0 (12.5.1).
[[nodiscard]] bool asks_for(const Fields& fields, std::string_view media_type);

}  // namespace wsinetd::http
