#pragma once  // When to ping, and when a peer is gone (spec sections 1 and 3). Times come in, decisions go out.
#include <chrono>
#include <cstdint>
#include <optional>

namespace wsinetd::session {

/// Judges one peer by what comes from it. Positions are bytes since the connection began.
class Keepalive {
public:
    using TimePoint = std::chrono::steady_clock::time_point;
    using Milliseconds = std::chrono::milliseconds;

    /// What the connection looks like when the judge looks at it.
    struct View {
        std::uint64_t queued;     ///< position after the last byte given to us for the peer
        std::uint64_t delivered;  ///< position after the last byte the peer's kernel has acknowledged
        bool reading;             ///< false while input is stopped: then what the peer sends cannot be seen
    };
    enum class Decision { wait, ping, gone };

    /// `interval` 0: never pings, never judges.
    Keepalive(Milliseconds interval, TimePoint now) : interval_(interval), heard_(now), progress_(now) {}

    /// Any byte from the peer is a sign of life.
    void heard(TimePoint now) {
        heard_ = now;
        ping_.reset();
    }

    /// Asked at `next()`. With `ping`, the caller sends one, after everything that is queued.
    [[nodiscard]] Decision look(TimePoint now, const View& view);

    /// When to look again.
    [[nodiscard]] TimePoint next(TimePoint now) const;

    [[nodiscard]] bool on() const { return interval_.count() > 0; }

    /// It was seen to take some of what is under way: slow, but alive.
    [[nodiscard]] bool takes_slowly() const { return takes_slowly_; }

private:
    struct Ping {
        TimePoint sent;
        std::uint64_t position;         ///< the peer has it when this is delivered
        std::optional<TimePoint> left;  ///< since when the peer has it, and can be seen to answer
    };

    [[nodiscard]] bool takes_nothing(TimePoint now, const View& view);

    Milliseconds interval_;
    TimePoint heard_;
    TimePoint progress_;  ///< when `delivered_` was last seen to have grown, or something to be newly under way
    std::uint64_t delivered_ = 0;
    bool under_way_ = false;
    bool takes_slowly_ = false;
    std::optional<Ping> ping_;
};

}  // namespace wsinetd::session
