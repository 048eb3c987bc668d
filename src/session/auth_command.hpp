#pragma once  // A command asked whether a request may come in (--auth-command): its exit status, and what it prints.
#include "session/command.hpp"
#include "session/start.hpp"
#include "session/stderr_log.hpp"

namespace wsinetd::session {

/// Ends a command that takes too long or prints too much by the ladder. Its stdin is at its end, its stderr goes to the
/// log.
class AuthCommand final : public Stoppable {
public:
    struct Verdict {
        bool lets_in = false;
        std::string user;
        std::string why;  ///< where it does not
    };

    AuthCommand(LoopResources& loop, RunningCommand command, net::Milliseconds grace);

    net::awaitable<Verdict> run();
    void stop() override { give_up("the server stops"); }

private:
    net::Pump::Next output();
    void give_up(std::string_view why);
    void settle();
    [[nodiscard]] Verdict verdict() const;

    LoopResources& loop_;
    std::string id_;
    net::Nursery nursery_;
    Command command_;
    StderrLog stderr_log_;
    net::Pump output_;
    net::Event finished_;
    net::Deadline patience_;
    net::Deadline overdue_;
    std::string printed_;
    std::string given_up_;  ///< why; empty: it has not been
    bool output_ended_ = false;
};

}  // namespace wsinetd::session
