#include "session/clients.hpp"

namespace wsinetd::session {

void ClientPlace::give_back() {
    Clients* const clients = std::exchange(clients_, nullptr);
    if (!clients) return;
    const std::lock_guard lock(clients->mutex_);
    clients->table_.leave(key_);
}

Clients::Answer Clients::take(const http::Address& address, const endpoint::ClientLimits& limits,
                              endpoint::ClientTable::TimePoint now) {
    const auto key = endpoint::ClientTable::key_of(address);
    const std::lock_guard lock(mutex_);
    const auto answer = table_.take(key, limits, now);
    if (answer.verdict != endpoint::ClientTable::Verdict::granted) return {answer, {}};
    return {answer, ClientPlace(*this, key)};
}

}  // namespace wsinetd::session
