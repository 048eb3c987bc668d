#pragma once  // How much of the server is in use: the only state that its threads share and change.
#include <atomic>
#include <cstdint>
#include <functional>
#include <utility>

namespace wsinetd::session {

/// Counts up to a limit, from any thread.
class Slots {
public:
    /// `limit` 0 is none. `freed` is called, on any thread, for the first slot given back after `await_room`.
    explicit Slots(std::uint64_t limit, std::function<void()> freed = {}) : limit_(limit), freed_(std::move(freed)) {}

    /// Takes one; false when all are taken.
    [[nodiscard]] bool take() {
        if (used_.fetch_add(1) < limit_ || limit_ == 0) return true;
        used_.fetch_sub(1);
        return false;
    }

    void give_back() {
        used_.fetch_sub(1);
        if (awaited_.load() && awaited_.exchange(false)) freed_();
    }

    /// Asks for a call of `freed`. To be followed by another `take`, for one may have been given back just before.
    void await_room() { awaited_ = true; }

private:
    std::uint64_t limit_;
    std::function<void()> freed_;
    std::atomic<std::uint64_t> used_ = 0;
    std::atomic<bool> awaited_ = false;
};

/// One slot, given back at the end of its scope or earlier.
class Slot {
public:
    Slot() = default;
    /// Takes over a slot that was taken.
    explicit Slot(Slots& slots) : slots_(&slots) {}
    Slot(Slot&& other) noexcept : slots_(std::exchange(other.slots_, nullptr)) {}
    Slot& operator=(Slot&& other) noexcept {
        std::swap(slots_, other.slots_);
        return *this;
    }
    ~Slot() { give_back(); }

    void give_back() {
        if (Slots* slots = std::exchange(slots_, nullptr)) slots->give_back();
    }

private:
    Slots* slots_ = nullptr;
};

}  // namespace wsinetd::session
