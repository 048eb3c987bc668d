// Any Authorization, Cookie and offer of subprotocols: what was withheld is found no more.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "http/authorization.hpp"
#include "http/secrets.hpp"

namespace {

using namespace wsinetd::http;

void require(bool holds) {
    if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text(reinterpret_cast<const char*>(data), size);
    (void)PasswordFile::parse(text);
    (void)TokenFile::parse(text);
    Request request;
    request.fields = {{"Authorization", text}, {"Cookie", text}, {"Sec-WebSocket-Protocol", text}};
    if (const auto password = basic_credentials(request)) require(password->user.find(':') == std::string::npos);
    const auto place = [&] {
        const auto token = bearer_token(request);
        return token ? std::optional(token->place) : std::nullopt;
    };
    withhold_authorization(request);
    require(place() != Token::Place::authorization);
    withhold_cookie(request);
    require(place() != Token::Place::cookie);
    withhold_subprotocol(request);
    return 0;
}
