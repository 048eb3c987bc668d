// Any beginning of a connection: a header is the same whatever follows it, and before its last byte there is none.
#include <cstdint>
#include <cstdlib>

#include "http/proxy_header.hpp"

namespace {

void require(bool holds) {
    if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using wsinetd::http::ProxyHeader;
    const auto bytes = std::as_bytes(std::span(data, size));
    const auto whole = wsinetd::http::parse_proxy_header(bytes);
    if (size >= wsinetd::http::max_proxy_header) require(!std::holds_alternative<std::monostate>(whole));
    const auto* header = std::get_if<ProxyHeader>(&whole);
    if (!header) return 0;
    require(header->size >= 15 && !(header->ends && header->unix_socket));
    bool found = false;
    for (std::size_t count = 0; count <= size; ++count) {
        const auto part = wsinetd::http::parse_proxy_header(bytes.first(count));
        require(!std::holds_alternative<std::string>(part));
        const auto* known = std::get_if<ProxyHeader>(&part);
        require(!found || known);  // once known it stays so
        found = known != nullptr;
        if (known) require(known->size == header->size && known->ends.has_value() == header->ends.has_value());
    }
    return 0;
}
