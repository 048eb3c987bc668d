#include "server/loop.hpp"

namespace wsinetd::server {

Loop::Loop(const session::ServerResources& server, Entrance& entrance, std::shared_ptr<const session::Site> site,
           std::size_t index, std::function<void()> ended)
    : server_(server),
      entrance_(entrance),
      ended_(std::move(ended)),
      executor_(context_.get_executor()),
      mailbox_(executor_),
      porch_(executor_),
      work_(executor_),
      connections_(executor_,
                   [this](const std::exception& bug) {
                       server_.log.write(log::Level::error, "internal error", {{"what", bug.what()}});
                   }),
      caretakers_(executor_, [](const std::exception&) {}),
      resources_(server, std::move(site), executor_, mailbox_, index),
      drain_deadline_(resources_.timers, [this] { stop_next(); }),
      thread_([this] { run(); }) {}

Loop::~Loop() { stop(); }

void Loop::run() {
    caretakers_.spawn(resources_.hang_ups.run());
    caretakers_.spawn(mailbox_.run());
    caretakers_.spawn(let_in());
    net::Poller::of(executor_).run();
    ended_already_ = true;
    ended_();
}

void Loop::use(std::shared_ptr<const session::Site> site) {
    mailbox_.post([this, next = std::move(site)] { resources_.site = next; });
}

void Loop::adopt(int fd, session::Service service, bool proxied) {
    porch_.more();
    mailbox_.post([this, fd, service, proxied] { connections_.spawn(serve(fd, service, proxied)); });
}

net::awaitable<void> Loop::let_in() {
    for (;;) {
        co_await porch_.readable();
        if (!porch_.is_open()) co_return;
        const auto door = porch_.called();
        const auto guest = door ? entrance_.let_in(*door, porch_) : std::nullopt;
        if (!guest) continue;
        try {
            connections_.spawn(serve(guest->fd, guest->service, guest->proxied));
        } catch (const std::bad_alloc&) {  // or nobody would be let in here any more
            entrance_.turn_away(*guest, porch_);
        }
    }
}

net::awaitable<void> Loop::serve(int fd, session::Service service, bool proxied) {
    {
        session::Slot slot(server_.connections);
        co_await session::serve(resources_, fd, service, proxied);
    }
    porch_.less();
}

void Loop::ask(LoopQuestion question, std::function<void(LoopReport)> answer) {
    mailbox_.post([this, question = std::move(question), answer = std::move(answer)] { answer(report(question)); });
}

LoopReport Loop::report(const LoopQuestion& question) {
    LoopReport report{resources_.counters, {}};
    for (const session::Stoppable* each : resources_.stoppables) {
        each->count(report.counters);
        if (!question.sessions) continue;
        if (auto view = each->view()) report.sessions.push_back(std::move(*view));
    }
    const std::vector<session::Stoppable*> all(resources_.stoppables.begin(), resources_.stoppables.end());
    for (session::Stoppable* each : all)
        if (!report.found && !question.end.empty()) report.found = each->end(question.end, question.code);
    return report;
}

void Loop::probe(std::function<void(std::chrono::nanoseconds)> lag) {
    mailbox_.post([asked = net::Clock::now(), lag = std::move(lag)] { lag(net::Clock::now() - asked); });
}

void Loop::stop(net::Milliseconds drain, std::size_t loops) {
    mailbox_.post([this, drain, loops] {
        if (!resources_.stopping) begin_stop(drain, loops);
    });
}

/// What can wait waits its turn: clients that come back all at once would meet a server that is not ready for all.
void Loop::begin_stop(net::Milliseconds drain, std::size_t loops) {
    resources_.stopping = true;
    porch_.close();
    const std::vector<session::Stoppable*> all(resources_.stoppables.begin(), resources_.stoppables.end());
    for (session::Stoppable* each : all) {
        if (!resources_.stoppables.contains(each)) continue;
        if (drain.count() > 0 && each->can_wait())
            draining_.push_back(each);
        else
            each->stop();
    }
    if (!draining_.empty()) {
        drain_pause_ = net::Clock::duration(drain) / static_cast<std::int64_t>(draining_.size());
        // Loops with as many sessions take turns; the last session of the last loop ends with `drain`.
        const auto turn = static_cast<std::int64_t>(resources_.index + 1);
        drain_deadline_.at(next_drained_ = net::Clock::now() + drain_pause_ * turn / static_cast<std::int64_t>(loops));
    }
    caretakers_.spawn(wind_down());
}

void Loop::stop_next() {
    session::Stoppable* const next = draining_.back();
    draining_.pop_back();
    if (!draining_.empty()) drain_deadline_.at(next_drained_ += drain_pause_);
    if (resources_.stoppables.contains(next)) next->stop();
}

void Loop::ask() {
    if (!has_answered()) return;
    ++questions_;
    mailbox_.post([this] { ++answers_; });
}

net::awaitable<void> Loop::wind_down() {
    co_await connections_.join();
    drain_deadline_.off();
    resources_.hang_ups.stop();
    resources_.timers.stop();
    mailbox_.close();
    work_.reset();
}

}  // namespace wsinetd::server
