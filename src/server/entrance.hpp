#pragma once  // The way in: loops take turns at the doors, and serve whom they let in.
#include <atomic>
#include <mutex>
#include <optional>
#include <vector>

#include "log/log.hpp"
#include "net/nursery.hpp"
#include "server/doors.hpp"
#include "session/slots.hpp"

namespace wsinetd::server {

/// One loop's place at the doors: an epoll instance of its own, inside the loop's, that knows all doors and minds those
/// whose turn is the loop's.
class Porch {
public:
    /// Throws std::system_error.
    explicit Porch(net::Executor executor);

    net::awaitable<void> readable() { return epoll_.readable(); }
    /// A door that somebody stands at, by its number; it is minded no more. Others are told of by `readable` once more.
    [[nodiscard]] std::optional<std::size_t> called() const;

    void close() { epoll_.close(); }
    [[nodiscard]] bool is_open() const { return epoll_.is_open(); }

    /// Connections that live with the loop. From any thread.
    [[nodiscard]] std::size_t load() const { return load_.load(std::memory_order_relaxed); }
    void more() { load_.fetch_add(1, std::memory_order_relaxed); }
    void less() { load_.fetch_sub(1, std::memory_order_relaxed); }

private:
    friend class Entrance;
    net::Descriptor epoll_;
    std::atomic<std::size_t> load_ = 0;
};

/// Of the whole server (docs/decisions/0016). Each door is minded by one loop, which lets one connection in and hands
/// the door on to the loop that has the fewest. With no room, or nothing left to accept with, nobody minds it for a
/// while; clients wait in the kernel's queue then.
class Entrance {
public:
    /// `main`: the main thread's. When a slot of `connections` is free again, `make_way` is to be called.
    Entrance(net::Executor main, log::Log& log, session::Slots& connections)
        : main_(main), log_(log), connections_(connections), pause_(main) {}

    /// On the main thread, before `open`.
    void add(std::vector<Door> doors) { doors_ = std::move(doors); }
    [[nodiscard]] const std::vector<Door>& doors() const { return doors_; }

    /// On the main thread, once. `porches` live until `close`. Throws std::system_error.
    void open(std::vector<Porch*> porches);

    /// A socket that was let in, and by which door.
    struct Guest {
        int fd;
        session::Service service;
        bool proxied;
    };
    /// On the thread of the loop that minded `door`: who stands there, with a slot of `connections` taken.
    std::optional<Guest> let_in(std::size_t door, Porch& porch);

    /// On the same thread: nobody can serve this one. It is closed, and its slot given back.
    void turn_away(const Guest& guest, Porch& porch);

    /// On the main thread: there may be room again.
    void make_way();

    /// On the main thread: nobody is let in any more, and the listeners are closed.
    void close();

    /// As `close`; the doors are taken down besides, and files of sockets removed.
    void clear();

    /// Counts one that came in by no door.
    void pass() { accepted_.fetch_add(1, std::memory_order_relaxed); }
    /// Connections so far. From any thread.
    [[nodiscard]] std::uint64_t accepted() const { return accepted_.load(std::memory_order_relaxed); }

private:
    bool take_slot();
    void mind(std::size_t door, Porch& porch);
    Porch& emptiest();
    void rest(int error);

    using Timer = net::asio::basic_waitable_timer<net::Clock, net::asio::wait_traits<net::Clock>, net::Executor>;

    net::Executor main_;
    log::Log& log_;
    session::Slots& connections_;
    std::atomic<std::uint64_t> accepted_ = 0;
    /// Held for one call of accept at most, which does not block: whoever closes a listener must know that nobody is at
    /// it.
    std::mutex mutex_;
    std::vector<Door> doors_;
    std::vector<Porch*> porches_;
    std::vector<std::size_t> unattended_;  ///< doors that nobody minds
    bool open_ = false;
    Timer pause_;                  ///< the main thread's
    net::TimePoint complained_{};  ///< the main thread's
};

}  // namespace wsinetd::server
