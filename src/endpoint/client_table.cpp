#include "endpoint/client_table.hpp"

#include <algorithm>
#include <cmath>

namespace wsinetd::endpoint {

ClientTable::Key ClientTable::key_of(const http::Address& address) {
    Key key = address;
    if (!key.is_ipv4()) std::fill(key.bytes.begin() + 8, key.bytes.end(), std::uint8_t{0});
    return key;
}

ClientTable::Answer ClientTable::take(const Key& key, const ClientLimits& limits, TimePoint now) {
    Client& client = clients_[key];
    if (client.resting) resting_.erase(*client.resting);
    client.resting.reset();
    Answer answer{Verdict::granted};
    if (limits.rate.count > 0) {
        using Seconds = std::chrono::duration<double>;
        const double most = static_cast<double>(limits.rate.count);
        const double a_second = most / Seconds(limits.rate.period).count();
        client.allowance = client.allowance < 0
                               ? most
                               : std::min(most, client.allowance + Seconds(now - client.seen).count() * a_second);
        client.seen = now;
        if (client.allowance < 1)
            answer = {Verdict::too_often,
                      std::chrono::seconds(static_cast<long>(std::ceil((1 - client.allowance) / a_second)))};
    }
    if (answer.verdict == Verdict::granted && limits.at_once > 0 && client.running >= limits.at_once)
        answer = {Verdict::too_many, std::chrono::seconds(1)};
    if (answer.verdict == Verdict::granted) {
        ++client.running;
        client.allowance -= limits.rate.count > 0 ? 1 : 0;
    }
    if (client.running == 0) rest(key, client);
    return answer;
}

void ClientTable::leave(const Key& key) {
    const auto found = clients_.find(key);
    if (found == clients_.end() || found->second.running == 0) return;
    if (--found->second.running == 0) rest(key, found->second);
}

/// May forget another.
void ClientTable::rest(const Key& key, Client& client) {
    client.resting = resting_.insert(resting_.end(), key);
    if (resting_.size() <= remembered_) return;
    clients_.erase(resting_.front());
    resting_.pop_front();
}

}  // namespace wsinetd::endpoint
