// Any field a client sends before a trusted proxy adds its own: the client stays the one whom the proxy has seen.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "endpoint/forwarded.hpp"

namespace {

using namespace wsinetd;

void require(bool holds) {
    if (!holds) std::abort();
}

void check(const char* name, const std::string& from_client, const std::string& added, bool own_field) {
    http::TrustedProxies trusted;
    trusted.networks.push_back(std::get<http::Network>(http::parse_network("10.0.0.0/8")));
    http::Request request;
    if (own_field) request.fields = {{name, from_client}, {name, added}};
    if (!own_field) request.fields = {{name, from_client + ", " + added}};
    const auto result = endpoint::forwarded_for(request, trusted);
    const auto* client = std::get_if<endpoint::Forwarded>(&result);
    if (client) require(client->address == http::parse_address("203.0.113.9"));
    if (!client) require(std::get<http::Refusal>(result).reply.status == 400);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text(reinterpret_cast<const char*>(data), size);
    for (const bool own_field : {true, false}) {
        check("X-Forwarded-For", text, "203.0.113.9", own_field);
        check("X-Forwarded-For", text, "203.0.113.9, 10.0.0.1", own_field);
        check("Forwarded", text, "for=203.0.113.9", own_field);
        check("Forwarded", text, "for=203.0.113.9;proto=https, for=10.0.0.1", own_field);
    }
    http::Request request;
    request.fields = {
        {"X-Forwarded-For", text}, {"X-Forwarded-Proto", text}, {"X-Forwarded-Host", text}, {"X-Forwarded-Port", text}};
    (void)endpoint::forwarded_for(request, {});
    return 0;
}
