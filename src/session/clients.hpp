#pragma once  // How many commands each client has running, for the whole server: endpoint::ClientTable under a lock.
#include <mutex>
#include <optional>
#include <utility>

#include "endpoint/client_table.hpp"

namespace wsinetd::session {

class Clients;

/// A client's place, given back at the end of its scope or earlier.
class ClientPlace {
public:
    ClientPlace() = default;
    ClientPlace(Clients& clients, const http::Address& key) : clients_(&clients), key_(key) {}
    ClientPlace(ClientPlace&& other) noexcept : clients_(std::exchange(other.clients_, nullptr)), key_(other.key_) {}
    ClientPlace& operator=(ClientPlace&& other) noexcept {
        std::swap(clients_, other.clients_);
        std::swap(key_, other.key_);
        return *this;
    }
    ~ClientPlace() { give_back(); }

    void give_back();

private:
    Clients* clients_ = nullptr;
    http::Address key_;
};

/// From any thread.
class Clients {
public:
    struct Answer {
        endpoint::ClientTable::Answer answer;
        ClientPlace place;  ///< where it is granted
    };

    Answer take(const http::Address& address, const endpoint::ClientLimits& limits,
                endpoint::ClientTable::TimePoint now);

private:
    friend class ClientPlace;

    std::mutex mutex_;
    endpoint::ClientTable table_;
};

}  // namespace wsinetd::session
