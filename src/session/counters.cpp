#include "session/counters.hpp"

#include <algorithm>

#include "http/reply.hpp"

namespace wsinetd::session {
namespace {

/// Of one configuration there may be as many as it likes; of those that reloads have replaced some must be left out.
constexpr std::size_t most_endpoints = 1000;
constexpr std::string_view other_endpoints = "(other)";

void add_to(Counters::ByLabel& sum, const Counters::ByLabel& more) {
    for (const auto& [label, count] : more) sum[label] += count;
}

}  // namespace

std::string_view name_of(SessionKind kind) {
    switch (kind) {
        case SessionKind::websocket: return "websocket";
        case SessionKind::events: return "events";
        case SessionKind::cgi: return "cgi";
    }
    return {};
}

Traffic& Traffic::operator+=(const Traffic& other) {
    bytes_in += other.bytes_in;
    bytes_out += other.bytes_out;
    messages_in += other.messages_in;
    messages_out += other.messages_out;
    return *this;
}

void Histogram::add(std::chrono::nanoseconds time) {
    const double seconds = std::chrono::duration<double>(time).count();
    const auto* const bound = std::ranges::lower_bound(bounds, seconds);
    ++counts[static_cast<std::size_t>(bound - bounds.begin())];
    sum += seconds;
}

Histogram& Histogram::operator+=(const Histogram& other) {
    for (std::size_t i = 0; i < counts.size(); ++i) counts[i] += other.counts[i];
    sum += other.sum;
    return *this;
}

Tally& Counters::tally(std::string_view endpoint, SessionKind kind) {
    auto found = tallies.find(endpoint);
    if (found == tallies.end()) {
        if (tallies.size() >= most_endpoints) endpoint = other_endpoints;
        found = tallies.try_emplace(std::string(endpoint)).first;
    }
    return found->second[static_cast<std::size_t>(kind)];
}

Counters& Counters::operator+=(const Counters& other) {
    for (const auto& [endpoint, kinds] : other.tallies)
        for (const SessionKind kind : session_kinds) {
            const Tally& from = kinds[static_cast<std::size_t>(kind)];
            Tally& to = tally(endpoint, kind);
            to.begun += from.begun;
            to.ended += from.ended;
            to.traffic += from.traffic;
        }
    add_to(requests, other.requests);
    add_to(refusals, other.refusals);
    add_to(closes, other.closes);
    add_to(exits, other.exits);
    starts += other.starts;
    not_started += other.not_started;
    waited_for_clients += other.waited_for_clients;
    waited_for_commands += other.waited_for_commands;
    return *this;
}

std::string status_label(int status) {
    if (status == status_client_gone || !http::reason(status).empty()) return std::to_string(status);
    return std::to_string(status / 100) + "xx";
}

std::string close_label(std::int64_t code) {
    if ((code >= 1000 && code <= 1015) || (code >= 4000 && code <= 4255)) return std::to_string(code);
    if (code >= 3000 && code <= 4999) return std::to_string(code / 1000) + "xxx";
    return "other";
}

std::string_view exit_label(process::ExitStatus status) {
    if (status.by_signal) return "signal";
    return status.number == 0 ? "success" : "failure";
}

}  // namespace wsinetd::session
