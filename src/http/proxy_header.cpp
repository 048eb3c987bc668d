#include "http/proxy_header.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>
#include <vector>

#include "http/authority.hpp"

namespace wsinetd::http {
namespace {

using Result = std::variant<std::monostate, ProxyHeader, std::string>;

constexpr std::string_view signature("\r\n\r\n\0\r\nQUIT\n", 12);  // 2.2
constexpr std::string_view word = "PROXY ";                        // 2.1
constexpr std::size_t longest_line = 107;                          // 2.1, CRLF included
constexpr std::size_t fixed_size = 16;

/// 2.1: decimal, without leading zeros.
std::optional<std::uint16_t> parse_port(std::string_view text) {
    std::uint16_t port = 0;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (error != std::errc{} || stop != text.data() + text.size()) return std::nullopt;
    if (text.size() > 1 && text.front() == '0') return std::nullopt;
    return port;
}

std::vector<std::string_view> words_of(std::string_view line) {
    std::vector<std::string_view> words;
    for (;;) {
        const auto blank = line.find(' ');
        words.push_back(line.substr(0, blank));
        if (blank == std::string_view::npos) return words;
        line.remove_prefix(blank + 1);
    }
}

/// `TCP4 192.0.2.1 198.51.100.1 56324 443`
Result parse_line(std::string_view line, std::size_t size) {
    const std::vector<std::string_view> words = words_of(line);
    ProxyHeader header{size, {}};
    if (words.front() == "UNKNOWN") return header;  // 2.1: whatever follows is ignored
    const bool ipv4 = words.front() == "TCP4";
    if (!ipv4 && words.front() != "TCP6") return std::string("neither TCP4, TCP6 nor UNKNOWN");
    if (words.size() != 5) return std::string("not two addresses and two ports, with one blank between");
    const auto address = [&](std::string_view text) {
        const bool fits = ipv4 ? parse_ipv4(text).has_value() : parse_ipv6(text).has_value();
        return fits ? parse_address(text) : std::nullopt;
    };
    const auto from = address(words[1]);
    const auto to = address(words[2]);
    const auto from_port = parse_port(words[3]);
    const auto to_port = parse_port(words[4]);
    if (!from || !to) return std::string("an address that is not of its family");
    if (!from_port || !to_port) return std::string("a port that is not 0 to 65535");
    header.ends = {{*from, *from_port}, {*to, *to_port}};
    return header;
}

Result parse_version_1(std::string_view text) {
    const auto end = text.substr(0, longest_line).find('\n');
    if (end == std::string_view::npos) {
        if (text.size() >= longest_line) return std::string("a line longer than 107 bytes");
        return std::monostate{};
    }
    if (text[end - 1] != '\r') return std::string("a line that does not end with CR LF");
    return parse_line(text.substr(word.size(), end - 1 - word.size()), end + 1);
}

Result parse_version_2(std::span<const std::uint8_t> bytes) {
    if (bytes.size() < fixed_size) return std::monostate{};
    const unsigned version = bytes[12] >> 4;
    const unsigned command = bytes[12] & 0xf;
    const unsigned family = bytes[13] >> 4;
    const unsigned transport = bytes[13] & 0xf;
    const std::size_t length = static_cast<std::size_t>(bytes[14] << 8 | bytes[15]);
    if (version != 2) return "version " + std::to_string(version);
    if (command > 1) return "command " + std::to_string(command);
    if (family > 3 || transport > 2) return std::string("an address family or protocol that is not defined");
    ProxyHeader header{fixed_size + length, {}};
    if (command == 0) return header;  // LOCAL: the proxy's own connection, as for a health check
    static constexpr std::size_t sizes[] = {0, 12, 36, 216};  // of the addresses: AF_UNSPEC, AF_INET, AF_INET6, AF_UNIX
    const std::size_t size = sizes[family];
    if (length < size) return std::string("a length that leaves no room for its addresses");
    if (bytes.size() < fixed_size + size) return std::monostate{};
    if (family == 0) return header;
    // 2.2: a receiver may take what is no stream for UNSPEC, but a stream has brought this.
    if (transport != 1) return std::string("a protocol that is no stream");
    if (family == 3) {
        header.unix_socket = true;
        return header;
    }
    const std::size_t width = family == 1 ? 4 : 16;
    const auto at = bytes.subspan(fixed_size);
    const auto port = [&](std::size_t place) { return static_cast<std::uint16_t>(at[place] << 8 | at[place + 1]); };
    header.ends = {{*address_from(at.first(width)), port(2 * width)},
                   {*address_from(at.subspan(width, width)), port(2 * width + 2)}};
    return header;
}

}  // namespace

Result parse_proxy_header(std::span<const std::byte> bytes) {
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    if (text.starts_with(signature))
        return parse_version_2({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
    if (text.starts_with(word)) return parse_version_1(text);
    if (signature.starts_with(text) || word.starts_with(text)) return std::monostate{};
    return std::string("neither version 1 nor 2 of the PROXY protocol");
}

}  // namespace wsinetd::http
