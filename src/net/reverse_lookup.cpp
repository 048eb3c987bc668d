#include "net/reverse_lookup.hpp"

#include <arpa/nameser.h>
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstring>
#include <system_error>

#include "net/event.hpp"

namespace wsinetd::net {
namespace {

constexpr std::size_t longest_name = 253;  // RFC 1035, 3.1, without the length bytes

/// Of this thread: one try of a second a server, and no search list, whose domains would multiply it. Read again each
/// time, for resolv.conf may have changed, which glibc does not look at once these have been set.
void limit_patience() {
    ::res_init();
    _res.retrans = 1;  // seconds
    _res.retry = 1;
    _res.options &= ~static_cast<unsigned long>(RES_DEFNAMES | RES_DNSRCH);
}

struct FreeAddresses {
    void operator()(addrinfo* addresses) const { ::freeaddrinfo(addresses); }
};
using Addresses = std::unique_ptr<addrinfo, FreeAddresses>;

Addresses addresses_of(const std::string& name, int family, int flags) {
    addrinfo hints{};
    hints.ai_family = family;
    hints.ai_socktype = SOCK_STREAM;  // one result an address
    hints.ai_flags = flags;
    addrinfo* found = nullptr;
    if (::getaddrinfo(name.c_str(), nullptr, &hints, &found) != 0) return nullptr;
    return Addresses(found);
}

bool is_same_host(const addrinfo& a, const addrinfo& b) {
    if (a.ai_family != b.ai_family) return false;
    if (a.ai_family == AF_INET)
        return reinterpret_cast<const sockaddr_in*>(a.ai_addr)->sin_addr.s_addr ==
               reinterpret_cast<const sockaddr_in*>(b.ai_addr)->sin_addr.s_addr;
    return std::memcmp(&reinterpret_cast<const sockaddr_in6*>(a.ai_addr)->sin6_addr,
                       &reinterpret_cast<const sockaddr_in6*>(b.ai_addr)->sin6_addr, sizeof(in6_addr)) == 0;
}

std::string system_name_of(const std::string& address) {
    limit_patience();
    const Addresses numeric = addresses_of(address, AF_UNSPEC, AI_NUMERICHOST);
    std::array<char, NI_MAXHOST> name{};
    if (!numeric ||
        ::getnameinfo(numeric->ai_addr, numeric->ai_addrlen, name.data(), name.size(), nullptr, 0, NI_NAMEREQD) != 0)
        return {};
    return name.data();
}

bool system_leads_to(const std::string& name, const std::string& address) {
    limit_patience();
    const Addresses wanted = addresses_of(address, AF_UNSPEC, AI_NUMERICHOST);
    if (!wanted) return false;
    const Addresses found = addresses_of(name, wanted->ai_family, 0);
    for (const addrinfo* each = found.get(); each; each = each->ai_next)
        if (is_same_host(*each, *wanted)) return true;
    return false;
}

/// Signals are the main thread's; one that comes here would cut a lookup short.
void block_signals() {
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, nullptr);
}

}  // namespace

Resolver system_resolver() { return {system_name_of, system_leads_to}; }

bool is_host_name(std::string_view name) {
    auto fits = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
               c == '_';
    };
    // One that begins with '-' would be an option to many a program.
    return !name.empty() && name.size() <= longest_name && name.front() != '-' && name.front() != '.' &&
           std::ranges::all_of(name, fits);
}

/// Somebody who waits for a name, on a loop. `name` and `place` are the lookup's, under its mutex, while it waits.
class ReverseLookup::Waiter {
public:
    Waiter(ReverseLookup& lookup, std::string address, Executor executor, Mailbox& mailbox_of_loop)
        : name(address), place(std::move(address), 0), mailbox(mailbox_of_loop), woken(executor), lookup_(lookup) {}
    ~Waiter() { lookup_.leave(*this); }
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;

    std::string name;  ///< the address until there is a better one
    Place place;
    Mailbox& mailbox;
    Event woken;  ///< touched on its loop only

private:
    ReverseLookup& lookup_;
};

ReverseLookup::ReverseLookup(Resolver resolver, LookupLimits limits)
    : resolver_(std::move(resolver)), limits_(limits) {}

ReverseLookup::~ReverseLookup() { stop(); }

awaitable<std::string> ReverseLookup::name_of(std::string address, Executor executor, Mailbox& mailbox,
                                              Timers& timers) {
    Waiter waiter(*this, std::move(address), executor, mailbox);
    if (auto known = enter(waiter)) co_return std::move(*known);
    Deadline deadline(timers, [&waiter] { waiter.woken.set(); });
    deadline.after(limits_.patience);
    co_await waiter.woken.wait();
    co_return leave(waiter);
}

std::optional<std::string> ReverseLookup::enter(Waiter& waiter) {
    const std::lock_guard lock(mutex_);
    const std::string& address = waiter.place.first;
    if (stopping_) return address;
    forget();
    const auto entry = entries_.find(address);
    if (entry != entries_.end() && entry->second.state == Entry::State::answered) return entry->second.name;
    if (entry == entries_.end() && !ask(address)) return address;
    waiter.place.second = ++next_number_;
    waiters_.emplace(waiter.place, &waiter);
    return std::nullopt;
}

/// After this nobody knows the waiter any more. A question that nobody waits for is not asked.
std::string ReverseLookup::leave(Waiter& waiter) {
    const std::lock_guard lock(mutex_);
    const std::string& address = waiter.place.first;
    if (waiters_.erase(waiter.place) == 0) return waiter.name;
    const auto entry = entries_.find(address);
    if (entry != entries_.end() && entry->second.state == Entry::State::waiting && !is_waited_for(address)) {
        std::erase(queue_, address);
        entries_.erase(entry);
    }
    return waiter.name;
}

/// On the waiter's loop, if it is still there.
void ReverseLookup::wake(const Place& place) {
    const std::lock_guard lock(mutex_);
    if (const auto found = waiters_.find(place); found != waiters_.end()) found->second->woken.set();
}

bool ReverseLookup::ask(const std::string& address) {
    if (queue_.size() >= limits_.waiting) return false;
    if (queue_.size() >= idle_ && threads_.size() < limits_.threads && !start_thread()) return false;
    entries_.emplace(address, Entry{});
    queue_.push_back(address);
    changed_.notify_one();
    return true;
}

/// False where the system allows none and there is none.
bool ReverseLookup::start_thread() {
    try {
        threads_.emplace_back([this] { work(); });
    } catch (const std::system_error&) {
        return !threads_.empty();
    }
    return true;
}

bool ReverseLookup::is_waited_for(const std::string& address) const {
    const auto first = waiters_.lower_bound({address, 0});
    return first != waiters_.end() && first->first.first == address;
}

void ReverseLookup::answer(const std::string& address, std::string name) {
    Entry& entry = entries_.at(address);
    entry = {Entry::State::answered, std::move(name)};
    kept_.push_back({Clock::now() + limits_.kept_for, address});
    tell(address, entry.name);
    forget();
}

/// A waiter that is found here is alive, and so is its loop: it cannot leave before the mutex is free.
void ReverseLookup::tell(const std::string& address, const std::string& name) {
    for (auto each = waiters_.lower_bound({address, 0}); each != waiters_.end() && each->first.first == address;
         ++each) {
        each->second->name = name;
        each->second->mailbox.post([this, place = each->first] { wake(place); });
    }
}

void ReverseLookup::forget() {
    const TimePoint now = Clock::now();
    while (!kept_.empty() && (kept_.front().until <= now || kept_.size() > limits_.kept)) {
        entries_.erase(kept_.front().address);
        kept_.pop_front();
    }
}

void ReverseLookup::work() {
    block_signals();
    std::unique_lock lock(mutex_);
    for (;;) {
        ++idle_;
        changed_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
        --idle_;
        if (stopping_) return;
        const std::string address = std::move(queue_.front());
        queue_.pop_front();
        entries_.at(address).state = Entry::State::under_way;
        ++under_way_;
        lock.unlock();
        std::string name = look_up(address);
        lock.lock();
        --under_way_;
        answer(address, std::move(name));
    }
}

std::string ReverseLookup::look_up(const std::string& address) const {
    std::string name = resolver_.name_of(address);
    if (is_host_name(name) && resolver_.leads_to(name, address)) return name;
    return address;
}

void ReverseLookup::stop() {
    const std::lock_guard lock(mutex_);
    if (std::exchange(stopping_, true)) return;
    for (const auto& [place, waiter] : waiters_) waiter->mailbox.post([this, place = place] { wake(place); });
    changed_.notify_all();
}

bool ReverseLookup::busy() const {
    const std::lock_guard lock(mutex_);
    return under_way_ > 0;
}

}  // namespace wsinetd::net
