// Any offer of extensions: judged and agreed on as by a plain reading of the RFCs; what is agreed on is in order, and
// an offer that stands behind invalid ones is found.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "http/message.hpp"
#include "websocket/extension.hpp"
#include "websocket/handshake.hpp"

namespace {

using namespace wsinetd::websocket;

void require(bool holds) {
    if (!holds) std::abort();
}

/// Only what has passed the grammar reaches the negotiation.
bool is_in_order(const std::string& offers) {
    wsinetd::http::Request request;
    request.method = "GET";
    request.minor_version = 1;
    request.fields.push_back({"Host", "localhost"});
    request.fields.push_back({"Upgrade", "websocket"});
    request.fields.push_back({"Connection", "Upgrade"});
    request.fields.push_back({"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="});
    request.fields.push_back({"Sec-WebSocket-Version", "13"});
    request.fields.push_back({"Sec-WebSocket-Extensions", offers});
    return judge_handshake(request).kind == Handshake::Kind::valid;
}

struct Extension {
    std::string name;
    std::vector<std::pair<std::string, std::optional<std::string>>> parameters;
};

/// RFC 6455, 9.1, with the lists and blanks of RFC 9110, 5.6, letter by letter. Nothing: it is something else.
class Plainly {
public:
    static std::optional<std::vector<Extension>> read(const std::string& text) {
        Plainly reader(text);
        std::vector<Extension> list;
        while (true) {
            if (reader.see() != ',' && reader.see() != end && !reader.extension(list.emplace_back())) return {};
            if (reader.see() == end) return list;
            if (!reader.take(',')) return {};
        }
    }

private:
    static constexpr int end = -1;
    explicit Plainly(const std::string& text) : text_(text) {}

    int next() { return at_ < text_.size() ? static_cast<unsigned char>(text_[at_]) : end; }
    /// What comes behind blanks.
    int see() {
        while (next() == ' ' || next() == '\t') ++at_;
        return next();
    }
    bool take(char c) {
        if (see() != c) return false;
        ++at_;
        return true;
    }
    static bool in_token(int c) {
        constexpr std::string_view letters =
            "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
        return c != end && letters.find(static_cast<char>(c)) != letters.npos;
    }
    std::optional<std::string> token() {
        see();
        std::string token;
        for (; in_token(next()); ++at_) token += text_[at_];
        if (token.empty()) return {};
        return token;
    }
    std::optional<std::string> quoted() {
        std::string token;
        for (; next() != '"'; ++at_) {
            if (next() == '\\') ++at_;
            if (!in_token(next())) return {};
            token += text_[at_];
        }
        ++at_;
        if (token.empty()) return {};
        return token;
    }
    bool extension(Extension& extension) {
        const auto name = token();
        if (!name) return false;
        extension.name = *name;
        while (take(';')) {
            const auto parameter = token();
            if (!parameter) return false;
            extension.parameters.push_back({*parameter, {}});
            if (!take('=')) continue;
            const auto value = take('"') ? quoted() : token();
            if (!value) return false;
            extension.parameters.back().second = value;
        }
        return true;
    }

    const std::string& text_;
    std::size_t at_ = 0;
};

/// RFC 7692, 7.1: the window of an offer that can be kept, 15 where it names none.
std::optional<int> window_of(const Extension& extension) {
    static const std::map<std::string, int> windows{{"8", 8},   {"9", 9},   {"10", 10}, {"11", 11},
                                                    {"12", 12}, {"13", 13}, {"14", 14}, {"15", 15}};
    if (extension.name != "permessage-deflate") return {};
    std::map<std::string, std::optional<std::string>> once;
    for (const auto& [name, value] : extension.parameters) {
        if (!once.emplace(name, value).second) return {};
        if (name == "server_no_context_takeover" || name == "client_no_context_takeover") {
            if (value) return {};
        } else if (name == "server_max_window_bits") {
            if (!value || !windows.contains(*value) || *value == "8") return {};
        } else if (name == "client_max_window_bits") {
            if (value && !windows.contains(*value)) return {};
        } else {
            return {};
        }
    }
    const auto window = once.find("server_max_window_bits");
    return window == once.end() ? 15 : windows.at(*window->second);
}

void judge(const std::string& offers, const DeflateWish& wish) {
    const auto agreement = agree_on_deflate(offers, wish);  // what has not passed does no harm
    if (agreement) require(agreement->server_window_bits >= 9 && agreement->server_window_bits <= 14);
    const auto plainly = Plainly::read(offers);
    require(is_in_order(offers) == plainly.has_value());
    if (!plainly) return;
    std::optional<int> window;
    for (auto offer = plainly->begin(); offer != plainly->end() && !window; ++offer) window = window_of(*offer);
    require(agreement.has_value() == window.has_value());
    const auto ours = [&wish](const DeflateAgreement& made) {
        return made.server_takeover ? wish.takeover_window_bits.value() : wish.window_bits;
    };
    require(!agreement || agreement->server_window_bits == std::min(*window, ours(*agreement)));
    const auto with_another = agree_on_deflate(offers + ", permessage-deflate", wish);
    require(with_another.has_value());
    if (!agreement) return require(with_another->server_window_bits == ours(*with_another));
    require(with_another->reply == agreement->reply);
    // What we answer is an offer that would be answered in the same way.
    require(is_in_order(agreement->reply));
    const auto again = agree_on_deflate(agreement->reply, wish);
    require(again && again->reply == agreement->reply && again->server_window_bits == agreement->server_window_bits);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string offers(reinterpret_cast<const char*>(data), size);
    judge(offers, {14, {}});
    judge(offers, {14, 12});
    return 0;
}
