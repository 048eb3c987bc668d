#include "session/dev_console.hpp"

#include <openssl/evp.h>

#include <array>
#include <stdexcept>

namespace wsinetd::session {

extern const std::string_view dev_console_page;  // generated/dev_console_page.cpp

namespace {

constexpr std::size_t sha256_size = 32;

/// What stands between the only `<name>` and its end.
std::string_view content_of(std::string_view name, std::string_view page) {
    const std::string start = "<" + std::string(name) + ">";
    const std::string end = "</" + std::string(name) + ">";
    const auto first = page.find(start);
    if (first == std::string_view::npos) throw std::logic_error("dev_console.html has no " + start);
    page.remove_prefix(first + start.size());
    return page.substr(0, page.find(end));
}

/// The only inline text a browser then takes (CSP Level 3, 2.3.1 and 6.7.3.3).
std::string hash_source(std::string_view text) {
    std::array<unsigned char, sha256_size> digest;
    if (EVP_Digest(text.data(), text.size(), digest.data(), nullptr, EVP_sha256(), nullptr) != 1)
        throw std::runtime_error("OpenSSL has no SHA-256");
    std::array<unsigned char, 4 * ((sha256_size + 2) / 3) + 1> encoded;  // with the NUL that OpenSSL adds
    const int size = EVP_EncodeBlock(encoded.data(), digest.data(), sha256_size);
    return "'sha256-" + std::string(encoded.begin(), encoded.begin() + size) + "'";
}

DevConsole with_policy(std::string_view page) {
    // ws: and wss: of any host, as the URL may be changed by hand; what comes of it is the other server's decision.
    return {page, "default-src 'none'; style-src " + hash_source(content_of("style", page)) + "; script-src " +
                      hash_source(content_of("script", page)) +
                      "; connect-src 'self' ws: wss:; img-src data:; base-uri 'none'; form-action 'none'; "
                      "frame-ancestors 'none'"};
}

}  // namespace

const DevConsole& dev_console() {
    static const DevConsole console = with_policy(dev_console_page);
    return console;
}

}  // namespace wsinetd::session
