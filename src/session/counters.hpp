#pragma once  // What the sessions of a loop have done so far: plain numbers of one thread, added up when somebody asks.
#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "process/exit_status.hpp"

namespace wsinetd::session {

/// What nginx calls a request whose client did not wait for the answer; never sent.
constexpr int status_client_gone = 499;

enum class SessionKind { websocket, events, cgi };
inline constexpr std::array session_kinds{SessionKind::websocket, SessionKind::events, SessionKind::cgi};
[[nodiscard]] std::string_view name_of(SessionKind kind);

/// Between a client and its command. Bytes are the client's side, after TLS: with what frames them, without the
/// answer's head.
struct Traffic {
    std::uint64_t bytes_in = 0;
    std::uint64_t bytes_out = 0;
    std::uint64_t messages_in = 0;  ///< of WebSockets only
    std::uint64_t messages_out = 0;

    Traffic& operator+=(const Traffic& other);
};

/// How long something took, in buckets.
struct Histogram {
    /// In seconds.
    static constexpr std::array bounds{0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01,
                                       0.025,   0.05,   0.1,     0.25,   0.5,   1.0,    2.5};

    std::array<std::uint64_t, bounds.size() + 1> counts{};  ///< the last is of all above the bounds
    double sum = 0;

    void add(std::chrono::nanoseconds time);
    Histogram& operator+=(const Histogram& other);
};

/// Sessions of one kind at one endpoint.
struct Tally {
    std::uint64_t begun = 0;
    std::uint64_t ended = 0;
    Traffic traffic;  ///< of those that have ended; of all, once those that run are added
};

struct Counters {
    using ByLabel = std::map<std::string, std::uint64_t, std::less<>>;

    std::map<std::string, std::array<Tally, session_kinds.size()>, std::less<>> tallies;  ///< by the endpoint's path
    ByLabel requests;                                ///< by status: see `status_label`
    ByLabel refusals;                                ///< the same of those that were refused
    ByLabel closes;                                  ///< of WebSockets, by code: see `close_label`
    ByLabel exits;                                   ///< of commands: see `exit_label`
    Histogram starts;                                ///< from the wish to run a command until it runs
    std::uint64_t not_started = 0;                   ///< commands that the system would not run
    std::chrono::nanoseconds waited_for_clients{};   ///< with output that they would not take
    std::chrono::nanoseconds waited_for_commands{};  ///< with input that they would not take

    [[nodiscard]] Tally& tally(std::string_view endpoint, SessionKind kind);
    Counters& operator+=(const Counters& other);
};

/// What is counted one by one is bounded, for clients and commands have a say in these numbers.
[[nodiscard]] std::string status_label(int status);
[[nodiscard]] std::string close_label(std::int64_t code);
[[nodiscard]] std::string_view exit_label(process::ExitStatus status);

/// One that runs.
struct SessionView {
    std::string id;  ///< UNIQUE_ID
    SessionKind kind;
    std::string remote;
    std::string endpoint;
    std::string path;
    int pid;
    std::chrono::duration<double> age;
    Traffic traffic;
};

}  // namespace wsinetd::session
