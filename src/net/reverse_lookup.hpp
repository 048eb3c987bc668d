#pragma once  // Names of clients' addresses. The system's resolver blocks, so it is asked by threads of its own.
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "net/asio.hpp"
#include "net/deadline.hpp"
#include "net/mailbox.hpp"

namespace wsinetd::net {

/// Who knows names. Both may block, and are called by several threads at once.
struct Resolver {
    /// The name that the owner of `address` (numeric text) gives it; empty where there is none.
    std::function<std::string(const std::string& address)> name_of;
    /// Whether `address` is one of those that `name` stands for.
    std::function<bool(const std::string& name, const std::string& address)> leads_to;
};

/// getnameinfo and getaddrinfo, with little patience for servers that do not answer.
[[nodiscard]] Resolver system_resolver();

/// Whether it could be the name of a host. It comes from a stranger's server, and goes to programs.
[[nodiscard]] bool is_host_name(std::string_view name);

/// What one lookup may cost, and all of them together.
struct LookupLimits {
    std::size_t threads = 4;        ///< lookups under way at once
    std::size_t waiting = 64;       ///< addresses that wait for a thread
    Milliseconds patience{2'000};   ///< for a name; an answer that comes later serves the next connection
    std::size_t kept = 1024;        ///< answers
    Milliseconds kept_for{60'000};  ///< also an answer that there is no name
};

/// One for the whole server, which outlives its loops.
class ReverseLookup {
public:
    explicit ReverseLookup(Resolver resolver = system_resolver(), LookupLimits limits = {});
    /// Waits for the lookups under way.
    ~ReverseLookup();
    ReverseLookup(const ReverseLookup&) = delete;
    ReverseLookup& operator=(const ReverseLookup&) = delete;

    /// The name of `address` (numeric text, IPv4 or IPv6), if it is one that leads back to the address (a stranger may
    /// give his address any name). `address` itself where there is none, where none is found in time, and at once where
    /// too many are looked for. For a coroutine of the loop to which `executor`, `mailbox` and `timers` belong.
    awaitable<std::string> name_of(std::string address, Executor executor, Mailbox& mailbox, Timers& timers);

    /// Whoever waits gets the address now, and so does whoever asks from here on. From any thread.
    void stop();

    /// Whether a thread is asking the resolver. After `stop`, false means that the destructor will not wait.
    [[nodiscard]] bool busy() const;

private:
    class Waiter;
    /// A waiter's place. The number tells two waiters for one address apart, and one from all that were before it.
    using Place = std::pair<std::string, std::uint64_t>;

    /// Of an address that was asked for.
    struct Entry {
        enum class State { waiting, under_way, answered };
        State state = State::waiting;
        std::string name = {};  ///< of answered
    };
    struct Kept {
        TimePoint until;
        std::string address;
    };

    /// What is known at once; else the waiter has its place, and is woken when there is an answer.
    std::optional<std::string> enter(Waiter& waiter);
    std::string leave(Waiter& waiter);
    void wake(const Place& place);

    // With the mutex held:
    bool ask(const std::string& address);
    bool start_thread();
    bool is_waited_for(const std::string& address) const;
    void answer(const std::string& address, std::string name);
    void tell(const std::string& address, const std::string& name);
    void forget();

    void work();
    std::string look_up(const std::string& address) const;

    const Resolver resolver_;
    const LookupLimits limits_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;  ///< there is work, or an end of it
    std::map<std::string, Entry> entries_;
    std::deque<std::string> queue_;     ///< the entries in state waiting, the oldest first
    std::deque<Kept> kept_;             ///< the entries in state answered, the oldest first
    std::map<Place, Waiter*> waiters_;  ///< each on the stack of its coroutine, which takes it out in time
    std::uint64_t next_number_ = 0;
    std::size_t idle_ = 0;  ///< threads
    std::size_t under_way_ = 0;
    bool stopping_ = false;
    std::vector<std::jthread> threads_;  ///< last: they end before what they use
};

}  // namespace wsinetd::net
