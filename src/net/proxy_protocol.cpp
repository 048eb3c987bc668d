#include "net/proxy_protocol.hpp"

#include <sys/socket.h>

#include <array>
#include <cerrno>

namespace wsinetd::net {

/// Looks before it reads, for what comes behind the header is for others: OpenSSL reads from the socket itself.
awaitable<ProxyGreeting> read_proxy_header(Stream& stream) {
    ProxyGreeting greeting;
    std::array<std::byte, http::max_proxy_header> bytes{};
    std::size_t have = 0;
    while (stream.is_open()) {
        const auto space = std::span(bytes).subspan(have);
        // Once the addresses are known, what is left of the header is dropped.
        const std::size_t left = greeting.header ? greeting.header->size - have : 0;
        if (greeting.header && left == 0) co_return greeting;
        const ssize_t seen = greeting.header ? ::recv(stream.fd(), bytes.data(), std::min(left, bytes.size()), 0)
                                             : ::recv(stream.fd(), space.data(), space.size(), MSG_PEEK);
        if (seen < 0 && (errno == EAGAIN || errno == EINTR)) {
            co_await stream.readable();
            continue;
        }
        if (seen <= 0) break;
        const auto count = static_cast<std::size_t>(seen);
        if (greeting.header) {
            have += count;
            continue;
        }
        auto result = http::parse_proxy_header(std::span(bytes).first(have + count));
        if (auto* wrong = std::get_if<std::string>(&result)) {
            greeting.why = std::move(*wrong);
            break;
        }
        std::size_t taken = count;  // while more is needed, all of it belongs to the header
        if (const auto* header = std::get_if<http::ProxyHeader>(&result)) {
            greeting.header = *header;
            taken = std::min(count, header->size - have);
        }
        if (::recv(stream.fd(), space.data(), taken, 0) != static_cast<ssize_t>(taken)) break;
        have += taken;
    }
    if (greeting.header && have < greeting.header->size) greeting.header.reset();
    co_return greeting;
}

}  // namespace wsinetd::net
