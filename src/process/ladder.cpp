#include "process/ladder.hpp"

#include <array>
#include <csignal>

namespace wsinetd::process {
namespace {

using namespace std::chrono_literals;

struct Rung {
    int signal;
    std::chrono::milliseconds after;  ///< since the rung before it, less the grace
};

constexpr std::array<Rung, 3> rungs{{{SIGINT, 100ms}, {SIGTERM, 250ms}, {SIGKILL, 500ms}}};

}  // namespace

void Ladder::begin(TimePoint now) {
    begun_ = true;
    since_ = now;
}

std::optional<Ladder::Step> Ladder::next() const {
    if (!begun_ || step_ == rungs.size()) return {};
    return Step{rungs[step_].signal, since_ + rungs[step_].after + grace_};
}

void Ladder::climb(TimePoint now) {
    since_ = now;
    ++step_;
}

bool Ladder::has_sent(int signal) const {
    for (std::size_t i = 0; i < step_; ++i)
        if (rungs[i].signal == signal) return true;
    return false;
}

}  // namespace wsinetd::process
