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
    std::optional<std::string> value;
};

Parameter parameter(std::string_view text) {
    const bool has_value = text.find('=') != std::string_view::npos;
    Parameter result{take(text, '='), {}};
    if (!has_value) return result;
    text = http::trimmed(text);
    if (text.size() >= 2 && text.front() == '"') text = text.substr(1, text.size() - 2);
    result.value = text;
    std::erase(*result.value, '\\');  // what it hides is a character of a token, and no other backslash
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
    int client_window_bits = largest_window;  ///< what it will not exceed
};

/// Each of these says whether the parameter is in order: known, there once, its value as it should be (7.1).
bool add_flag(bool& flag, const Parameter& parameter) { return !std::exchange(flag, true) && !parameter.value; }

bool add_server_window(Offer& offer, const Parameter& parameter) {
    if (offer.server_max_window_bits || !parameter.value) return false;
    offer.server_max_window_bits = window_bits(*parameter.value);
    return offer.server_max_window_bits.has_value();
}

/// 7.1.2.2: in an offer it may be without a value.
bool add_client_window(Offer& offer, const Parameter& parameter) {
    if (std::exchange(offer.client_max_window_bits, true)) return false;
    if (!parameter.value) return true;
    const std::optional<int> bits = window_bits(*parameter.value);
    offer.client_window_bits = bits.value_or(largest_window);
    return bits.has_value();
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

DeflateAgreement answer(const Offer& offer, const DeflateWish& wish) {
    const auto window = wish.takeover_window_bits;
    DeflateAgreement agreement{wish.window_bits, window && !offer.server_no_context_takeover,
                               window && !offer.client_no_context_takeover && offer.client_max_window_bits,
                               std::string(name)};
    if (agreement.server_takeover) agreement.server_window_bits = *window;
    agreement.server_window_bits =
        std::min(agreement.server_window_bits, offer.server_max_window_bits.value_or(largest_window));
    // 7.1.1.1 and 7.1.1.2: the first must be said if the client asks for it; both may be, whether it does or not.
    if (!agreement.server_takeover) agreement.reply += "; server_no_context_takeover";
    if (!agreement.client_takeover) agreement.reply += "; client_no_context_takeover";
    if (offer.server_max_window_bits)  // 7.1.2.1: accepted by a value that is no larger
        agreement.reply += "; server_max_window_bits=" + std::to_string(agreement.server_window_bits);
    // 7.1.2.2: without an answer to client_max_window_bits its window may have any size. An inflater that is borrowed
    // takes all of them.
    if (agreement.client_takeover)
        agreement.reply += "; client_max_window_bits=" + std::to_string(std::min(*window, offer.client_window_bits));
    return agreement;
}

}  // namespace

std::optional<DeflateAgreement> agree_on_deflate(std::string_view offers, const DeflateWish& wish) {
    while (!offers.empty()) {
        std::string_view list = take(offers, ',');
        if (take(list, ';') != name) continue;
        const std::optional<Offer> offer = parameters(list);
        if (!offer || offer->server_max_window_bits.value_or(largest_window) < smallest_server_window) continue;
        return answer(*offer, wish);
    }
    return {};
}

}  // namespace wsinetd::websocket
