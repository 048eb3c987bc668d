#pragma once  // The operator's own listener: /metrics, /healthz, /readyz, /sessions. On the main thread's loop.
#include <map>
#include <set>

#include "config/config.hpp"
#include "http/message.hpp"
#include "net/deadline.hpp"
#include "net/listener.hpp"
#include "net/nursery.hpp"
#include "net/stream.hpp"
#include "server/admin_pages.hpp"
#include "server/loop.hpp"

namespace wsinetd::server {

/// Answers one request a connection. What it tells is asked of the loops, which keep plain counters; those that do not
/// answer in time are left out of it. Once a second each loop is asked for a sign of life.
class Admin {
public:
    /// What it looks at, all of it the main thread's or safe from any. Outlives it.
    struct View {
        const std::vector<std::unique_ptr<Loop>>& loops;
        const session::Slots& connections;
        const session::Slots& processes;
        const std::shared_ptr<const session::Site>& site;
        const Entrance& entrance;
        const bool& stopping;
    };

    /// Listens. Throws std::system_error.
    Admin(net::Executor executor, net::Nursery& tasks, const config::AdminAddress& where, View view);

    /// `http://127.0.0.1:9090/` or `unix:PATH`.
    [[nodiscard]] std::string name() const;

    /// From here on it answers, as tasks of the nursery.
    void start();
    /// Ends all of them.
    void stop();

private:
    /// A question that the loops have been asked.
    struct Asked {
        explicit Asked(net::Executor executor, std::size_t loops) : reports(loops), changed(executor) {}
        std::vector<std::optional<LoopReport>> reports;
        net::Event changed;
    };
    /// One of a loop's signs of life.
    struct Pulse {
        std::optional<net::TimePoint> asked;  ///< and not answered yet
    };

    net::awaitable<void> accept();
    net::awaitable<void> serve(int fd);
    net::awaitable<std::optional<http::Reply>> converse(net::Stream& stream, bool& head_only);
    net::awaitable<http::Reply> answer(const http::Request& request, std::span<const std::uint8_t> local_address);
    [[nodiscard]] std::optional<http::Reply> refuse(const http::Request& request,
                                                    std::span<const std::uint8_t> local_address) const;
    net::awaitable<std::vector<LoopReport>> ask(LoopQuestion question);
    void take(std::uint64_t number, std::size_t loop, LoopReport report);
    net::awaitable<http::Reply> metrics();
    net::awaitable<http::Reply> sessions();
    net::awaitable<http::Reply> end(const http::Request& request, std::string id);
    [[nodiscard]] http::Reply health() const;
    void look_at_loops();

    net::Executor executor_;
    net::Nursery& tasks_;
    View view_;
    std::unique_ptr<net::Listener> listener_;
    net::Timers timers_;
    net::Deadline pulse_deadline_;
    net::Event freed_;
    double start_time_;
    std::set<net::Stream*> streams_;
    std::map<std::uint64_t, Asked*> asked_;
    std::uint64_t questions_ = 0;
    std::vector<Pulse> pulses_;                ///< of each loop
    std::vector<session::Counters> counters_;  ///< the same: what it has said last
    session::Histogram lag_;
    bool stopped_ = false;
};

}  // namespace wsinetd::server
