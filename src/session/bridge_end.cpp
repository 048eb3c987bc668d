// How a session ends: facts come in any order, `settle` draws the consequences.
#include "session/bridge.hpp"

namespace wsinetd::session {
namespace {

using namespace std::chrono_literals;

/// Of the codes in IANA's registry the one that asks a client to come back.
constexpr std::uint16_t service_restart = 1012;
/// For the peer's Close after ours, and for its FIN after that (spec section 4).
constexpr auto closing_patience = 2s;
/// Of the last output with a client that takes nothing, where --ping-interval sets no measure.
constexpr auto delivery_patience = 60s;
constexpr auto closing_look = 250ms;

}  // namespace

void Bridge::command_ended() {
    overdue_deadline_.after(output_patience);
    settle();
}

void Bridge::wake_output() {
    if (client_blocked_since_ != net::TimePoint{}) {
        loop_.counters.waited_for_clients += net::Clock::now() - client_blocked_since_;
        client_blocked_since_ = {};
    }
    stdout_.pump.wake();
    if (stderr_) stderr_->pump.wake();
    if (body_writer_) input_.wake();
}

void Bridge::stop() {
    const std::uint16_t code = loop_.site->config.shutdown_code;
    if (!verdict_) pronounce({code, code == service_restart ? "server restarting" : "server shutting down"});
    settle();
}

bool Bridge::end(std::string_view id, std::uint16_t code) {
    if (id != id_) return false;
    if (!verdict_) pronounce({code, "ended by the operator"});
    settle();
    return true;
}

/// Input that can go on. What came with the request may have been held back before anything was waited for.
void Bridge::note_waited() {
    if (blocked_since_ == net::TimePoint{}) return;
    const net::TimePoint now = net::Clock::now();
    loop_.counters.waited_for_commands += now - std::exchange(blocked_since_, now);
}

/// Output that has to wait; that of one stream may also wait for the other's.
void Bridge::note_waiting_client() {
    if (outgoing_.blocked() && client_blocked_since_ == net::TimePoint{}) client_blocked_since_ = net::Clock::now();
}

/// Idempotent; what it does may bring new facts, so it goes on until there are none.
void Bridge::settle() {
    settle_again_ = true;
    if (settling_) return;
    settling_ = true;
    while (settle_again_) {
        settle_again_ = false;
        if (!verdict_ && command_.exit() && all_said()) {
            verdict_ = verdict_of(*command_.exit(), command_.ended_by_ladder());
            delivering_ = true;
        }
        settle_client();
        settle_command();
    }
    settling_ = false;
    if (command_.exit() && client_ == Client::gone) finished_.set();
}

/// The command has been told to go once its session has a verdict or no client, or it has closed its stdout.
void Bridge::settle_command() {
    if (command_.exit()) {
        close_stdin();
    } else if (!command_.dismissed() && (discarding() || stdout_.ended)) {
        close_stdin();
        command_.dismiss();
    }
}

void Bridge::settle_client() {
    if (client_ == Client::gone) return;
    if (outgoing_.failed()) return leave("connection lost");
    if (client_ == Client::open && verdict_) {
        client_ = Client::closing;
        closing_progress_ = net::Clock::now();
        closing_deadline_.after(closing_look);
        wake_output();
        outgoing_.close(verdict_->code, verdict_->reason);
    }
    if (client_ == Client::closing && close_received_ && outgoing_.close_written()) {
        client_ = Client::lingering;  // RFC 6455, 7.1.1: the server closes first, and so carries TIME_WAIT
        closing_progress_ = net::Clock::now();
        stream_.shutdown_send();
    }
    if (peer_finished_ && !outgoing_.blocked() && client_ != Client::open) leave("");
}

void Bridge::pronounce(Verdict verdict) {
    if (!verdict_) verdict_ = std::move(verdict);
}

/// No more of the client: nothing is read from it or written to it.
void Bridge::leave(std::string_view cause) {
    if (client_ == Client::gone) return;
    if (client_ == Client::open || !close_received_) cause_ = cause;
    client_ = Client::gone;
    hang_up_watch_.reset();
    stream_.close();
    keepalive_deadline_.off();
    probe_deadline_.off();
    idle_deadline_.off();
    closing_deadline_.off();
    wake_output();
}

/// FIN. After a Close of either side it is the end of the handshake; without one the client is gone (1006).
void Bridge::peer_finished() {
    peer_finished_ = true;
    if (!verdict_) leave("connection closed");
    settle();
}

/// Behind what was read for the command before, as `feed_command` sees to; at once when it is not there to read it.
void Bridge::close_stdin() {
    stdin_ending_ = true;
    if (!command_.exit() && !to_command_.empty()) return;
    command_.stdin_pipe().close();
    if (!to_command_.empty()) note_waited();
    to_command_ = std::vector<std::byte>();
}

/// After our Close: as long as the peer takes what is under way it is waited for, then 2 s for its own Close, then
/// FIN is sent, and 2 s more for its own, for a reset could destroy what it has not read yet.
void Bridge::watch_closing() {
    const net::TimePoint now = net::Clock::now();
    const std::uint64_t unsent = outgoing_.queued() - outgoing_.delivered();
    if (unsent != closing_unsent_) closing_progress_ = now;
    if (unsent < closing_unsent_ && unsent > 0) spare_slow_peer();
    closing_unsent_ = unsent;
    const net::Milliseconds measure = keepalive_.on() ? 2 * endpoint_.ping_interval : delivery_patience;
    const net::Milliseconds patience =
        delivering_ && unsent > 0 ? std::max<net::Milliseconds>(closing_patience, measure) : closing_patience;
    if (now - closing_progress_ >= patience) {
        if (client_ == Client::lingering || !outgoing_.close_written()) {
            leave("no answer to the close");
            return settle();
        }
        client_ = Client::lingering;
        closing_progress_ = now;
        stream_.shutdown_send();
    }
    closing_deadline_.after(closing_look);
}

void Bridge::look_after_client() {
    const net::TimePoint now = net::Clock::now();
    const Keepalive::View view{outgoing_.queued(), outgoing_.delivered(), !input_blocked_};
    switch (keepalive_.look(now, view)) {
        case Keepalive::Decision::gone: leave("ping timeout"); return settle();
        case Keepalive::Decision::ping:
            if (client_ == Client::open) outgoing_.ping();
            break;
        case Keepalive::Decision::wait: break;
    }
    if (client_ != Client::gone) keepalive_deadline_.at(keepalive_.next(now));
    if (client_ != Client::gone && keepalive_.takes_slowly()) spare_slow_peer();
    settle();
}

/// From the kernel's measure of silence, which may count a slow peer as a silent one; we look ourselves.
void Bridge::spare_slow_peer() {
    if (!std::exchange(slow_peer_spared_, true)) stream_.limit_silence(net::Milliseconds(0));
}

/// A peer that closed with more to send than we take cannot tell: its FIN waits behind the data. A ping makes its
/// kernel answer with a reset. Only while the command takes nothing at all, for others are heard of soon enough.
void Bridge::probe_client() {
    if (!input_blocked_ || client_ != Client::open) return;
    const net::TimePoint now = net::Clock::now();
    if (now - blocked_since_ < probe_interval) return probe_deadline_.at(blocked_since_ + probe_interval);
    outgoing_.ping();
    probe_deadline_.at(now + probe_interval);
    settle();
}

void Bridge::check_idle() {
    const net::TimePoint due = last_data_ + endpoint_.idle_timeout;
    if (net::Clock::now() < due) return idle_deadline_.at(due);
    pronounce({1000, "idle timeout"});
    settle();
}

/// The command is reaped, and what it left should have been killed; who still holds its stdout is not waited for.
void Bridge::give_up_on_output() {
    output_overdue_ = true;
    for (Source* source : {&stdout_, stderr_ ? &*stderr_ : nullptr})
        if (source && source->starved) source->pipe.close();
    if (endpoint_.stderr_mode == config::StderrMode::log) command_.stderr_pipe().close();
}

Traffic Bridge::traffic() const {
    return {received_, outgoing_.written() - std::min(outgoing_.written(), reply_size_), receiver_.messages(),
            outgoing_.messages()};
}

void Bridge::count(Counters& sum) const {
    sum.tally(endpoint_.path, SessionKind::websocket).traffic += traffic();
    const net::TimePoint now = net::Clock::now();
    if (input_blocked_ && !to_command_.empty()) sum.waited_for_commands += now - blocked_since_;
    if (client_blocked_since_ != net::TimePoint{}) sum.waited_for_clients += now - client_blocked_since_;
}

std::optional<SessionView> Bridge::view() const {
    return SessionView{
        id_,      SessionKind::websocket, remote_, endpoint_.path, path_, command_.pid(), net::Clock::now() - began_,
        traffic()};
}

void Bridge::log_begin() {
    ++loop_.counters.tally(endpoint_.path, SessionKind::websocket).begun;
    if (!loop_.server.log.wants(log::Level::access)) return;
    loop_.server.log.write(log::Level::access, "session begins",
                           {{"id", id_}, {"remote", remote_}, {"pid", std::int64_t{command_.pid()}}});
}

void Bridge::log_end() {
    const bool closed = verdict_ && cause_.empty();
    const std::int64_t code = closed ? verdict_->code.value_or(1005) : 1006;
    Tally& tally = loop_.counters.tally(endpoint_.path, SessionKind::websocket);
    ++tally.ended;
    tally.traffic += traffic();
    ++loop_.counters.closes[close_label(code)];
    ++loop_.counters.exits[std::string(exit_label(*command_.exit()))];
    log::Log& log = loop_.server.log;
    if (!log.wants(log::Level::access)) return;
    const std::string_view reason = closed ? std::string_view(verdict_->reason) : cause_;
    const std::string exit = process::describe(*command_.exit());
    const auto duration = std::chrono::duration<double>(net::Clock::now() - began_).count();
    log.write(log::Level::access, "session ends",
              {{"id", id_},
               {"code", code},
               {"reason", reason},
               {"exit", exit},
               {"bytes_in", received_},
               {"bytes_out", outgoing_.written() - reply_size_},
               {"seconds", duration}});
}

}  // namespace wsinetd::session
