#include "websocket/extension.hpp"

#include <algorithm>
#include <utility>

#include "http/message.hpp"

namespace wsinetd::websocket {
namespace {

constexpr std::string_view name = "permessage-deflate";

constexpr int largest_window = 15;
/// zlib has no smaller one for what it compresses (deflateInit2), so an offer that wants 8 cannot be kept.
constexpr int smallest_server_window = 9;

/// Takes what stands before the next `separator` off the front of `text`. The grammar has been judged, and nothing in
/// quotes is a separator: what they hold is a token (RFC 6455, 9.1).
std::string_view take(std::string_view& text, char separator) {
    const std::size_t end = std::min(text.find(separator), text.size());
    const std::string_view taken = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return http::trimmed(taken);
}

struct Parameter {
    std::string_view name;
    std::optional<std::string_view> value;
};

Parameter parameter(std::string_view text) {
    const bool has_value = text.find('=') != std::string_view::npos;
    Parameter result{take(text, '='), {}};
    if (!has_value) return result;
    text = http::trimmed(text);
    if (text.size() >= 2 && text.front() == '"') text = text.substr(1, text.size() - 2);
    result.value = text;
    return result;
}

/// RFC 7692, 7.1.2: 8 to 15, in decimal, without leading zeros. Nothing: it is no such number.
std::optional<int> window_bits(std::string_view value) {
    if (value == "8" || value == "9") return value[0] - '0';
    if (value.size() == 2 && value[0] == '1' && value[1] >= '0' && value[1] <= '5') return 10 + value[1] - '0';
    return {};
}

/// The parameters of one offer (RFC 7692, 7.1).
struct Offer {
    bool server_no_context_takeover = false;
    bool client_no_context_takeover = false;
    std::optional<int> server_max_window_bits;
    bool client_max_window_bits = false;
};

/// Each of these says whether the parameter is in order: known, there once, its value as it should be (7.1).
bool add_flag(bool& flag, const Parameter& parameter) { return !std::exchange(flag, true) && !parameter.value; }

bool add_server_window(Offer& offer, const Parameter& parameter) {
    if (offer.server_max_window_bits || !parameter.value) return false;
    offer.server_max_window_bits = window_bits(*parameter.value);
    return offer.server_max_window_bits.has_value();
}

/// 7.1.2.2: in an offer it may be without a value. A value tells us what the client will not exceed anyway.
bool add_client_window(Offer& offer, const Parameter& parameter) {
    return !std::exchange(offer.client_max_window_bits, true) && (!parameter.value || window_bits(*parameter.value));
}

bool add(Offer& offer, const Parameter& parameter) {
    if (parameter.name == "server_no_context_takeover") return add_flag(offer.server_no_context_takeover, parameter);
    if (parameter.name == "client_no_context_takeover") return add_flag(offer.client_no_context_takeover, parameter);
    if (parameter.name == "server_max_window_bits") return add_server_window(offer, parameter);
    if (parameter.name == "client_max_window_bits") return add_client_window(offer, parameter);
    return false;
}

/// Nothing: the offer is invalid, and so declined (7.1).
std::optional<Offer> parameters(std::string_view list) {
    Offer offer;
    while (!list.empty())
        if (!add(offer, parameter(take(list, ';')))) return {};
    return offer;
}

}  // namespace

std::optional<DeflateAgreement> agree_on_deflate(std::string_view offers, int our_window) {
    while (!offers.empty()) {
        std::string_view list = take(offers, ',');
        if (take(list, ';') != name) continue;
        const std::optional<Offer> offer = parameters(list);
        if (!offer) continue;
        const int wanted = offer->server_max_window_bits.value_or(largest_window);
        if (wanted < smallest_server_window) continue;
        DeflateAgreement agreement{std::min(wanted, our_window), std::string(name)};
        // 7.1.1.1 and 7.1.1.2: the first must be said if the client asks for it; both may be, whether it does or not.
        agreement.reply += "; server_no_context_takeover; client_no_context_takeover";
        if (offer->server_max_window_bits)  // 7.1.2.1: accepted by a value that is no larger
            agreement.reply += "; server_max_window_bits=" + std::to_string(agreement.server_window_bits);
        // 7.1.2.2: without an answer to client_max_window_bits its window may have any size; ours takes all of them.
        return agreement;
    }
    return {};
}

}  // namespace wsinetd::websocket
