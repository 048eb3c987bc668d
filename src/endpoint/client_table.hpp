#pragma once  // How many commands each client has running, and how often it starts one. Times come in; bounded memory.
#include <chrono>
#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "http/address.hpp"

namespace wsinetd::endpoint {

/// `--max-connect-rate N/D`: N in D, all at once or spread.
struct ConnectRate {
    std::uint64_t count = 0;  ///< 0: no limit
    std::chrono::milliseconds period{1000};
};

struct ClientLimits {
    std::uint64_t at_once = 0;  ///< 0: no limit
    ConnectRate rate;

    [[nodiscard]] bool any() const { return at_once > 0 || rate.count > 0; }
};

/// Counts by address; an IPv6 client is its /64, for it has all of those addresses.
class ClientTable {
public:
    using TimePoint = std::chrono::steady_clock::time_point;
    using Key = http::Address;

    /// Remembers at most so many clients that have nothing running. The one that was seen longest ago is forgotten
    /// first, which gives it a new allowance and nothing else.
    explicit ClientTable(std::size_t remembered = 16'384) : remembered_(remembered) {}

    [[nodiscard]] static Key key_of(const http::Address& address);

    enum class Verdict { granted, too_many, too_often };
    struct Answer {
        Verdict verdict;
        std::chrono::seconds retry_after{0};
    };

    /// Takes one of the client's places and one of its starts, or neither.
    Answer take(const Key& key, const ClientLimits& limits, TimePoint now);
    /// Gives a place back.
    void leave(const Key& key);

    [[nodiscard]] std::size_t size() const { return clients_.size(); }

private:
    struct Client {
        std::uint64_t running = 0;
        double allowance = -1;  ///< starts that are left; below 0: never seen
        TimePoint seen{};
        std::optional<std::list<Key>::iterator> resting;  ///< its place among those that have nothing running
    };

    void rest(const Key& key, Client& client);

    std::size_t remembered_;
    std::map<Key, Client> clients_;  // a tree: nobody chooses addresses that fall into one bucket
    std::list<Key> resting_;         ///< seen longest ago first
};

}  // namespace wsinetd::endpoint
