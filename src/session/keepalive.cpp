#include "session/keepalive.hpp"

#include <algorithm>

namespace wsinetd::session {
namespace {

constexpr std::uint64_t ping_size = 2;  // a header without payload

}  // namespace

/// Nothing of what is under way has been acknowledged for two intervals. TCP_USER_TIMEOUT says the same of a TCP peer,
/// but of one whose window stays smaller than a segment it counts the time since the window was closed for the first
/// time.
bool Keepalive::takes_nothing(TimePoint now, const View& view) {
    if (!under_way_ || view.delivered != delivered_) progress_ = now;
    if (under_way_ && view.delivered != delivered_ && view.delivered != view.queued) takes_slowly_ = true;
    delivered_ = view.delivered;
    under_way_ = view.delivered != view.queued;
    return now - progress_ >= 2 * interval_;
}

Keepalive::Decision Keepalive::look(TimePoint now, const View& view) {
    if (!on()) return Decision::wait;
    if (takes_nothing(now, view)) return Decision::gone;
    if (ping_) {
        // The two intervals count from when the ping has left, and only while an answer could be seen.
        if (view.delivered >= ping_->position && (!ping_->left || !view.reading)) ping_->left = now;
        if (ping_->left && now - *ping_->left >= 2 * interval_) return Decision::gone;
        if (now - ping_->sent < interval_) return Decision::wait;
        ping_->sent = now;
        return Decision::ping;
    }
    if (now - heard_ < interval_) return Decision::wait;
    ping_ = Ping{now, view.queued + ping_size, {}};
    return Decision::ping;
}

Keepalive::TimePoint Keepalive::next(TimePoint now) const {
    if (!ping_ && !under_way_) return std::max(heard_ + interval_, now + Milliseconds(1));
    return now + std::max(interval_ / 4, Milliseconds(1));
}

}  // namespace wsinetd::session
