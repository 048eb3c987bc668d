#pragma once  // One event loop: a thread, its io_context, and the connections that live on it.
#include <atomic>
#include <thread>

#include "net/mailbox.hpp"
#include "net/nursery.hpp"
#include "server/entrance.hpp"
#include "server/loop_report.hpp"
#include "session/connection.hpp"

namespace wsinetd::server {

/// Runs from construction until it is stopped and its last connection has ended.
class Loop {
public:
    /// `ended` is called on the loop's thread when it is about to end.
    Loop(const session::ServerResources& server, Entrance& entrance, std::shared_ptr<const session::Site> site,
         std::size_t index, std::function<void()> ended);
    ~Loop();
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;

    /// What is served from here on: to connections adopted later, and to later requests of those that are here. From
    /// any thread.
    void use(std::shared_ptr<const session::Site> site);

    /// Serves a connected socket, which it owns from here on. From any thread.
    void adopt(int fd, session::Service service, bool proxied);

    /// Ends the sessions, one after the other within `drain` and between those of the other `loops`, and the loop with
    /// the last of them. From any thread.
    void stop(net::Milliseconds drain = {}, std::size_t loops = 1);

    /// Asks for a sign of life, unless one is still awaited. From one thread.
    void ask();
    /// False: it has not answered yet.
    [[nodiscard]] bool has_answered() const { return ended_already_ || answers_ == questions_; }

    /// `answer` is called on the loop's thread. Never, where the loop has come to its end. From any thread.
    void ask(LoopQuestion question, std::function<void(LoopReport)> answer);
    /// `lag` is told how long the loop took to come to this; as above.
    void probe(std::function<void(std::chrono::nanoseconds lag)> lag);

    /// To be called on the main thread when `ended` has reached it; from then on it may read what the loop has left.
    void note_end() { over_ = true; }
    [[nodiscard]] bool is_over() const { return over_; }
    [[nodiscard]] const session::Counters& left() const { return resources_.counters; }

    /// Where it waits for connections of its own. As long as the loop lives.
    [[nodiscard]] Porch& porch() { return porch_; }

private:
    void run();
    LoopReport report(const LoopQuestion& question);
    net::awaitable<void> let_in();
    net::awaitable<void> serve(int fd, session::Service service, bool proxied);
    net::awaitable<void> wind_down();
    void begin_stop(net::Milliseconds drain, std::size_t loops);
    void stop_next();

    const session::ServerResources& server_;
    Entrance& entrance_;
    std::function<void()> ended_;
    std::uint64_t questions_ = 0;
    std::atomic<std::uint64_t> answers_ = 0;
    std::atomic<bool> ended_already_ = false;
    bool over_ = false;  ///< the main thread's
    /// One thread runs it, and none other touches it: what they want goes through the mailbox.
    net::asio::io_context context_{BOOST_ASIO_CONCURRENCY_HINT_UNSAFE};
    net::Executor executor_;
    net::Mailbox mailbox_;
    Porch porch_;
    std::optional<net::asio::executor_work_guard<net::Executor>> work_;
    net::Nursery connections_;
    net::Nursery caretakers_;  ///< what the loop runs for itself
    session::LoopResources resources_;
    std::vector<session::Stoppable*> draining_;  ///< to be stopped yet, unless they have ended before
    net::Clock::duration drain_pause_{};
    net::TimePoint next_drained_;
    net::Deadline drain_deadline_;
    std::jthread thread_;
};

}  // namespace wsinetd::server
