#pragma once  // The steps by which a command is brought to its end (spec section 4). Times come in, signals go out.
#include <chrono>
#include <optional>

namespace wsinetd::process {

/// Begins when the command's stdin is closed.
class Ladder {
public:
    using TimePoint = std::chrono::steady_clock::time_point;

    struct Step {
        int signal;
        TimePoint at;
    };

    /// `grace` is added to each step.
    explicit Ladder(std::chrono::milliseconds grace) : grace_(grace) {}

    void begin(TimePoint now);
    [[nodiscard]] bool begun() const { return begun_; }

    /// The signal to send next, and when; nothing before the beginning and after the last.
    [[nodiscard]] std::optional<Step> next() const;

    /// The next signal has been sent, at `now`.
    void climb(TimePoint now);

    /// Whether `signal` is one of those sent so far.
    [[nodiscard]] bool has_sent(int signal) const;

private:
    std::chrono::milliseconds grace_;
    TimePoint since_{};
    std::size_t step_ = 0;
    bool begun_ = false;
};

}  // namespace wsinetd::process
