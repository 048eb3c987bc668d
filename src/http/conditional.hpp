#pragma once  // What of a file a request is sent: its conditions (RFC 9110, 13), then its range (14).
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "http/message.hpp"

namespace wsinetd::http {

/// One form of a file as it is now.
struct Representation {
    std::string etag;  ///< with its quotes, strong (8.8.3)
    std::chrono::sys_seconds modified;
    std::uint64_t size = 0;  ///< bytes
};

/// What of it is to be sent.
struct Selection {
    int status = 200;          ///< 200, 206, 304, 412 or 416
    std::uint64_t begin = 0;   ///< the first byte
    std::uint64_t length = 0;  ///< how many bytes; none but with 200 and 206
};

/// The answer to a GET or HEAD: If-Match or If-Unmodified-Since, then If-None-Match or If-Modified-Since, then Range if
/// If-Range allows it (13.2.2). A list of tags that is malformed names none, a malformed date is no condition. What is
/// no single range of bytes is not obeyed, and neither is any range with HEAD (14.2); in an empty file none can be
/// satisfied.
[[nodiscard]] Selection select(const Request& request, const Representation& representation,
                               std::chrono::sys_seconds now);

/// A strong tag with its quotes, that changes with each of these. `coding` is the representation's own, as "gzip", or
/// empty: what is sent in another coding is another representation (8.8.3.3).
[[nodiscard]] std::string make_etag(std::uint64_t size, std::int64_t modified_ns, std::uint64_t inode,
                                    std::string_view coding);

/// Content-Range of a 206 or 416 (14.4): "bytes 0-4/10", "bytes */10"; `size` is the whole file's.
[[nodiscard]] std::string content_range(const Selection& selection, std::uint64_t size);

}  // namespace wsinetd::http
