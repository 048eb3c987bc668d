#pragma once  // What the sessions of one loop share.
#include <atomic>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "log/log.hpp"
#include "net/deadline.hpp"
#include "net/hang_up.hpp"
#include "net/mailbox.hpp"
#include "net/reverse_lookup.hpp"
#include "net/tls.hpp"
#include "process/launcher.hpp"
#include "process/leftovers.hpp"
#include "session/counters.hpp"
#include "session/password_checks.hpp"
#include "session/scratch.hpp"
#include "session/site.hpp"
#include "session/slots.hpp"
#include "session/unique_id.hpp"
#include "websocket/deflate.hpp"

namespace wsinetd::session {

/// Of the whole server: immutable, or safe from any thread.
struct ServerResources {
    log::Log& log;
    const process::Launcher& launcher;
    const process::Cgroups* cgroups;  ///< nullptr: none is delegated to the server
    process::Leftovers& leftovers;
    Slots& connections;
    Slots& processes;
    std::atomic<bool>& hinted;  ///< the operator has been told how to send lines at once
    std::uint64_t run_id;       ///< random: see UniqueIds
    net::ReverseLookup& names;
    Clients& clients;
    PasswordChecks& passwords;
    std::uint16_t tls_port = 0;    ///< where a redirect from http leads
    bool watched = false;          ///< somebody may ask for its sessions (--admin)
    net::Milliseconds silence{0};  ///< what a listener's connections have as TCP_USER_TIMEOUT
};

/// Something that ends early when the server stops. If it is a session, there is more to ask of it.
class Stoppable {
public:
    virtual void stop() = 0;
    /// Whether it may go on for a while yet (--drain).
    [[nodiscard]] virtual bool can_wait() const { return false; }

    /// Adds what it has done so far and will add to its loop's counters when it ends.
    virtual void count(Counters& /*sum*/) const {}
    [[nodiscard]] virtual std::optional<SessionView> view() const { return std::nullopt; }
    /// False: it is another's, or no session. `code` closes a WebSocket; others are ended as when the server stops.
    [[nodiscard]] virtual bool end(std::string_view /*id*/, std::uint16_t /*code*/) { return false; }

protected:
    ~Stoppable() = default;
};

/// Of one loop: used on its thread only.
struct LoopResources {
    LoopResources(const ServerResources& whole, std::shared_ptr<const Site> first, net::Executor loop,
                  net::Mailbox& from_others, std::size_t number)
        : server(whole),
          site(std::move(first)),
          executor(loop),
          mailbox(from_others),
          index(number),
          timers(loop),
          hang_ups(loop),
          ids(whole.run_id, number) {}

    const ServerResources& server;
    std::shared_ptr<const Site> site;  ///< for the requests to come
    net::Executor executor;
    net::Mailbox& mailbox;  ///< for what other threads have to say to it
    std::size_t index;
    net::Timers timers;
    net::HangUps hang_ups;
    UniqueIds ids;
    Scratch scratch;
    std::unique_ptr<websocket::Compressors> compressors;  ///< nullptr: nobody has wanted them
    std::set<Stoppable*> stoppables;
    Counters counters;
    net::TimePoint complained{};  ///< when it was last logged that the system has run out of something
    bool stopping = false;
};

/// Registers `stoppable` with its loop for the time of a scope.
class StopScope {
public:
    StopScope(LoopResources& loop, Stoppable& stoppable) : loop_(loop), stoppable_(stoppable) {
        loop_.stoppables.insert(&stoppable_);
    }
    ~StopScope() { loop_.stoppables.erase(&stoppable_); }
    StopScope(const StopScope&) = delete;
    StopScope& operator=(const StopScope&) = delete;

private:
    LoopResources& loop_;
    Stoppable& stoppable_;
};

}  // namespace wsinetd::session
