#pragma once  // How much of the server is in use: the only state that its threads share and change.
#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "session/clients.hpp"

namespace wsinetd::session {

/// Counts up to a limit, from any thread.
class Slots {
public:
    /// `limit` 0 is none. `freed` is called, on any thread, for the first slot given back after `await_room`.
    explicit Slots(std::uint64_t limit, std::function<void()> freed = {}) : limit_(limit), freed_(std::move(freed)) {}

    /// Takes one; false when all are taken.
    [[nodiscard]] bool take() {
        const std::uint64_t limit = limit_.load(std::memory_order_relaxed);
        std::uint64_t used = used_.load();
        while (limit == 0 || used < limit)
            if (used_.compare_exchange_weak(used, used + 1)) return true;
        return false;
    }

    void give_back() {
        used_.fetch_sub(1);
        if (awaited_.load() && awaited_.exchange(false)) freed_();
    }

    /// For those taken from here on; where more are in use already, none is to be had until they are fewer. From any
    /// thread. Whoever waits for room is not told.
    void set_limit(std::uint64_t limit) { limit_.store(limit, std::memory_order_relaxed); }

    /// How many are taken now; for who counts them.
    [[nodiscard]] std::uint64_t used() const { return used_.load(std::memory_order_relaxed); }

    /// Asks for a call of `freed`. To be followed by another `take`, for one may have been given back just before.
    void await_room() { awaited_ = true; }

private:
    std::atomic<std::uint64_t> limit_;
    std::function<void()> freed_;
    std::atomic<std::uint64_t> used_ = 0;
    std::atomic<bool> awaited_ = false;
};

/// One slot, given back at the end of its scope or earlier; where two limits apply, one of each.
class Slot {
public:
    Slot() = default;
    /// Takes over a slot that was taken.
    explicit Slot(Slots& slots) : slots_(&slots) {}
    Slot(Slot&& other) noexcept
        : slots_(std::exchange(other.slots_, nullptr)),
          more_(std::exchange(other.more_, nullptr)),
          client_(std::move(other.client_)) {}
    Slot& operator=(Slot&& other) noexcept {
        std::swap(slots_, other.slots_);
        std::swap(more_, other.more_);
        std::swap(client_, other.client_);
        return *this;
    }
    ~Slot() { give_back(); }

    /// One of `slots` as well; false when all are taken.
    [[nodiscard]] bool take_also(Slots& slots) {
        if (!slots.take()) return false;
        more_ = &slots;
        return true;
    }

    /// The client's own place, which is given back with this.
    void keep(ClientPlace client) { client_ = std::move(client); }

    void give_back() {
        client_.give_back();
        for (Slots* slots : {std::exchange(slots_, nullptr), std::exchange(more_, nullptr)})
            if (slots) slots->give_back();
    }

private:
    Slots* slots_ = nullptr;
    Slots* more_ = nullptr;
    ClientPlace client_;
};

/// Slots for each path, the same ones as long as someone holds them: a new configuration finds what runs under the old.
/// For one thread.
class SlotsByPath {
public:
    /// New ones have `limit`; those that are there keep theirs.
    std::shared_ptr<Slots> at(const std::string& path, std::uint64_t limit) {
        std::erase_if(slots_, [](const auto& entry) { return entry.second.expired(); });
        std::weak_ptr<Slots>& known = slots_[path];
        auto slots = known.lock();
        if (!slots) known = slots = std::make_shared<Slots>(limit);
        return slots;
    }

private:
    std::map<std::string, std::weak_ptr<Slots>> slots_;
};

}  // namespace wsinetd::session
