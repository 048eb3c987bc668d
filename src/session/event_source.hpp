#pragma once  // A command's messages as Server-sent events: WHATWG HTML, 9.2; spec section 2.
#include "framing/splitter.hpp"
#include "http/event_stream.hpp"
#include "session/exchange.hpp"

namespace wsinetd::session {

/// The command's stdin is at its end from the beginning; its exit status is the last event.
class EventSource final : public Exchange {
public:
    EventSource(LoopResources& loop, Asker asker, RunningCommand command, const config::Endpoint& endpoint,
                process::Stderr stderr_goes);

private:
    void begin() override;
    void take_output(std::span<std::byte> bytes) override;
    void output_ended() override;
    void command_ended(process::ExitStatus status) override;
    [[nodiscard]] std::size_t read_at_once() const override;

    void send(std::string_view events, bool last = false);
    void comment();

    framing::Splitter splitter_;
    http::EventStream events_;
    net::Deadline comment_deadline_;
};

}  // namespace wsinetd::session
