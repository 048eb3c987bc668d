#pragma once  // A request that a command's output answers: what CGI and Server-sent events have in common.
#include "http/reply.hpp"
#include "session/command.hpp"
#include "session/outlet.hpp"
#include "session/start.hpp"
#include "session/stderr_log.hpp"

namespace wsinetd::session {

/// Who asked, and how the answer is to come.
struct Asker {
    net::Stream& stream;
    std::vector<std::byte>& unread;  ///< what came behind the request's head; what is left of it when all is done
    http::Delivery delivery;
    std::span<const http::Field> fields;                        ///< of every reply
    std::function<void(int status, std::string_view why)> log;  ///< to be called once, with the status that is sent
    std::string remote = {};
    std::string path = {};
};

/// From the start of the command until it is reaped and all it has said is written. The command is ended as in a
/// session (spec section 4): when the client goes or has sent FIN, when the server stops, when stdout ends. A client
/// that has sent FIN may still read, so the answer goes on.
class Exchange : public Stoppable {
public:
    /// `asker`'s references and `endpoint` outlive this. A stderr that is a pipe goes to the log, unless who derives
    /// from this `reads_stderr`.
    Exchange(LoopResources& loop, Asker asker, RunningCommand command, const config::Endpoint& endpoint,
             process::Stderr stderr_goes, bool reads_stderr = false);
    virtual ~Exchange() = default;
    Exchange(const Exchange&) = delete;
    Exchange& operator=(const Exchange&) = delete;

    /// False: the connection is of no more use for requests.
    net::awaitable<bool> run();

    /// The server stops.
    void stop() override;
    [[nodiscard]] bool can_wait() const override { return true; }

    void count(Counters& sum) const override;
    [[nodiscard]] std::optional<SessionView> view() const override;
    [[nodiscard]] bool end(std::string_view id, std::uint16_t code) override;

protected:
    [[nodiscard]] virtual SessionKind kind() const = 0;
    /// `bytes` are some of the output, with `gap` bytes of free space before and behind them. To be written, as far as
    /// they are, by one call of `write`.
    virtual void take_output(std::span<std::byte> bytes) = 0;
    /// stdout is at its end.
    virtual void output_ended() {}
    /// And the command is reaped; `write` may be called once.
    virtual void command_ended(process::ExitStatus) {}
    /// Begins, with the command running.
    virtual void begin() {}
    /// Whether reading stdout must wait, for something else is under way to the client.
    [[nodiscard]] virtual bool must_wait() const { return false; }
    /// The client takes more.
    virtual void eased() {}
    /// Whether nothing but stdout was to be read, or all else has been.
    [[nodiscard]] virtual bool has_said_the_rest() const { return true; }
    /// What else is to be read, and is not there yet, is not to be waited for.
    virtual void give_up_on_the_rest() {}
    /// Whether the client gets its answer from here. Else what is left of its request is read first.
    [[nodiscard]] virtual bool answers() const { return true; }
    /// Whether nothing more of the client is read for the request.
    [[nodiscard]] virtual bool has_read_all() const { return true; }
    /// Whether what is missing is the client's to send now.
    [[nodiscard]] virtual bool awaits_client() const { return false; }
    [[nodiscard]] virtual std::size_t read_at_once() const { return chunk_size - gap; }

    void write(std::span<const std::byte> bytes);
    void write(std::string_view text) { write(std::as_bytes(std::span(text))); }
    /// So much of what the client has sent has come to where it goes.
    void heard(std::size_t bytes);
    void client_gone();
    /// Its stdin is closed, and the ladder begins.
    void dismiss();
    /// The client's FIN has come, or will be the next thing to come.
    void look_for_end();
    void cannot_be_kept() { keep_ = false; }
    void wake_output() { output_.wake(); }
    [[nodiscard]] bool output_is_overdue() const { return output_overdue_; }
    void settle();

    LoopResources& loop_;
    Asker asker_;
    const config::Endpoint& endpoint_;
    std::string id_;
    net::Nursery nursery_;
    Outlet outlet_;
    Command command_;
    bool gone_ = false;      ///< the client, for good
    bool stopping_ = false;  ///< the server
    bool idled_ = false;     ///< --idle-timeout has passed

private:
    net::Pump::Next output();
    net::Pump::Next output_over();
    void give_up_on_output();
    void check_idle();
    void check_client();
    void check_body();
    [[nodiscard]] Traffic traffic() const { return {received_, outlet_.written(), 0, 0}; }
    void log_end();

    net::Pump output_;
    std::optional<StderrLog> stderr_log_;
    std::optional<net::HangUpWatch> hang_up_watch_;
    net::Event finished_;
    net::TimePoint began_;
    net::TimePoint last_data_;
    std::uint64_t received_ = 0;
    std::uint64_t progress_ = 0;  ///< of the client, when it was looked at last
    std::uint64_t body_progress_ = 0;
    bool hung_up_ = false;
    bool output_ended_ = false;
    bool output_starved_ = false;  ///< waiting for the command
    bool output_overdue_ = false;
    bool said_all_ = false;
    bool keep_;
    net::Deadline idle_deadline_;
    net::Deadline client_deadline_;
    net::Deadline body_deadline_;
    net::Deadline overdue_deadline_;
    net::Deadline linger_deadline_;
};

}  // namespace wsinetd::session
