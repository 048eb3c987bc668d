#pragma once  // Many clients in one thread.
#include <sys/epoll.h>
#include <unistd.h>

#include <memory>
#include <vector>

#include "measure.hpp"

namespace wsinetd::bench {

/// One of several clients of one thread, with a checker of its own.
struct Peer {
    Connection connection;
    Checker checker;
    std::uint64_t sent = 0;
};

class Crowd {
public:
    Crowd() : epoll_(epoll_create1(EPOLL_CLOEXEC)) {}
    ~Crowd() { close(epoll_); }

    void add(const ServerProcess& server, const Pattern& pattern, std::uint64_t messages) {
        peers_.push_back(std::make_unique<Peer>(Connection(server.port()), Checker(pattern, messages)));
        epoll_event event{EPOLLIN, {peers_.back().get()}};
        epoll_ctl(epoll_, EPOLL_CTL_ADD, peers_.back()->connection.descriptor(), &event);
    }

    /// Until every peer has all; `moved` is called for one that has received something.
    template <typename Moved>
    void run(Moved&& moved) {
        const Limit limit(run_limit);
        std::size_t busy = peers_.size();
        epoll_event events[64];
        while (busy > 0) {
            limit.check();
            const int n = epoll_wait(epoll_, events, 64, patience_ms);
            if (n == 0) throw Hung("nothing arrives");
            for (int i = 0; i < n; ++i) {
                Peer& peer = *static_cast<Peer*>(events[i].data.ptr);
                take(peer.connection, peer.checker, Wait::no);
                if (peer.checker.done()) {
                    epoll_ctl(epoll_, EPOLL_CTL_DEL, peer.connection.descriptor(), nullptr);
                    --busy;
                } else {
                    moved(peer);
                }
            }
        }
    }

    void finish() {
        for (auto& peer : peers_) peer->connection.send_close();
        for (auto& peer : peers_) peer->connection.finish();
    }

    std::vector<std::unique_ptr<Peer>>& peers() { return peers_; }

private:
    int epoll_;
    std::vector<std::unique_ptr<Peer>> peers_;
};

}  // namespace wsinetd::bench
