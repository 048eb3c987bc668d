#pragma once  // A command's messages as Server-sent events: WHATWG HTML, 9.2; spec section 2.
#include "framing/splitter.hpp"
#include "framing/tagged.hpp"
#include "http/event_stream.hpp"
#include "session/exchange.hpp"

namespace wsinetd::session {

/// The command's stdin is at its end from the beginning; its exit status is the last event. With --stderr tagged both
/// of its streams are messages, as in a session.
class EventSource final : public Exchange {
public:
    EventSource(LoopResources& loop, Asker asker, RunningCommand command, const config::Endpoint& endpoint,
                process::Stderr stderr_goes);

private:
    /// One of the command's streams, cut into messages.
    struct Lines {
        Lines(const config::Endpoint& endpoint, framing::Stream stream);
        framing::Splitter splitter;
        std::optional<framing::Tagged> tagged;
        bool within_event = false;  ///< an event has begun and not ended
    };
    /// With --stderr tagged.
    struct TaggedStderr {
        TaggedStderr(const config::Endpoint& endpoint, net::Executor executor, net::Nursery& nursery,
                     std::function<net::Pump::Next()> turn)
            : lines(endpoint, framing::Stream::stderr_), pump(executor, nursery, std::move(turn)) {}
        Lines lines;
        net::Pump pump;
        bool starved = false;  ///< waiting for the command
        bool ended = false;
    };

    [[nodiscard]] SessionKind kind() const override { return SessionKind::events; }
    void begin() override;
    void take_output(std::span<std::byte> bytes) override;
    void output_ended() override;
    void command_ended(process::ExitStatus status) override;
    [[nodiscard]] std::size_t read_at_once() const override;
    [[nodiscard]] bool must_wait() const override;
    void eased() override;
    [[nodiscard]] bool has_said_the_rest() const override { return !stderr_ || stderr_->ended; }
    void give_up_on_the_rest() override;

    net::Pump::Next read_stderr();
    void send_lines(Lines& lines, std::span<const std::byte> bytes);
    void send_end(Lines& lines);
    void cut(Lines& lines, std::span<const std::byte> bytes, std::string& events);
    void check_framing(Lines& lines);
    void add(Lines& lines, framing::Piece piece, std::string& events);
    void send(std::string_view events, bool last = false);
    void comment();

    http::EventStream events_;
    Lines stdout_;
    std::optional<TaggedStderr> stderr_;
    bool failed_ = false;  ///< what the command prints cannot be cut into messages any more
    net::Deadline comment_deadline_;
};

}  // namespace wsinetd::session
