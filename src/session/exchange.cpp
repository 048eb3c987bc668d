#include "session/exchange.hpp"

namespace wsinetd::session {
namespace {

using namespace std::chrono_literals;

/// Reads before the others of the loop have their turn.
constexpr int rounds_a_turn = 4;
/// With a client that neither takes what waits for it nor sends what it has announced: once or twice this long.
constexpr auto client_patience = 30s;
/// With a command that takes nothing of a request, when its client has sent FIN: once or twice this long.
constexpr auto body_patience = 2s;
/// With a client that goes on sending after it was answered.
constexpr auto linger_patience = 2s;

}  // namespace

Exchange::Exchange(LoopResources& loop, Asker asker, RunningCommand command, const config::Endpoint& endpoint,
                   process::Stderr stderr_goes, bool reads_stderr)
    : loop_(loop),
      asker_(std::move(asker)),
      endpoint_(endpoint),
      id_(std::move(command.id)),
      nursery_(loop.executor,
               [this](const std::exception& bug) {
                   loop_.server.log.write(log::Level::error, "internal error", {{"id", id_}, {"what", bug.what()}});
                   client_gone();
               }),
      outlet_(asker_.stream, nursery_,
              [this] {
                  output_.wake();
                  eased();
                  settle();
              }),
      command_(loop, nursery_, std::move(command.child), std::move(command.slot), endpoint.close_grace,
               [this] {
                   overdue_deadline_.after(output_patience);
                   settle();
               }),
      output_(loop.executor, nursery_, [this] { return output(); }),
      finished_(loop.executor),
      began_(net::Clock::now()),
      last_data_(began_),
      keep_(asker_.delivery.keep_alive),
      idle_deadline_(loop.timers, [this] { check_idle(); }),
      client_deadline_(loop.timers, [this] { check_client(); }),
      body_deadline_(loop.timers, [this] { check_body(); }),
      overdue_deadline_(loop.timers, [this] { give_up_on_output(); }),
      linger_deadline_(loop.timers, [this] { client_gone(); }) {
    if (stderr_goes == process::Stderr::pipe && !reads_stderr)
        stderr_log_.emplace(loop, nursery_, command_.stderr_pipe(), id_);
}

net::awaitable<bool> Exchange::run() {
    StopScope stop_scope(loop_, *this);
    ++loop_.counters.tally(endpoint_.path, kind()).begun;
    command_.watch();
    if (stderr_log_) stderr_log_->start();
    begin();
    output_.start();
    if (endpoint_.idle_timeout > 0ms) idle_deadline_.after(endpoint_.idle_timeout);
    client_deadline_.after(client_patience);
    // Last, for it may find at once that the client has gone.
    if (asker_.stream.is_open())
        hang_up_watch_.emplace(loop_.hang_ups, asker_.stream.fd(), [this] {
            hung_up_ = true;
            look_for_end();
        });
    if (loop_.stopping) stop();
    co_await finished_.wait();
    idle_deadline_.off();
    if (answers()) client_deadline_.off();
    if (!gone_ && !has_read_all() && (answers() || stopping_)) {
        keep_ = false;
        asker_.stream.shutdown_send();
        linger_deadline_.after(linger_patience);
    }
    co_await nursery_.join();
    client_deadline_.off();
    hang_up_watch_.reset();
    log_end();
    co_return keep_ && !gone_ && !loop_.stopping;
}

net::Pump::Next Exchange::output() {
    using Wait = net::Pump::Next::Wait;
    net::Descriptor& pipe = command_.stdout_pipe();
    for (int round = 0; round < rounds_a_turn; ++round) {
        if (!gone_ && (outlet_.blocked() || must_wait())) return {Wait::woken};
        const auto chunk = std::span(loop_.scratch.chunk).subspan(gap, read_at_once());
        const net::Transfer transfer = pipe.is_open() ? pipe.read(chunk) : net::Transfer{net::Transfer::State::end};
        output_starved_ = transfer.state == net::Transfer::State::would_block && !output_overdue_;
        if (output_starved_) return {Wait::readable, &pipe};
        if (transfer.state != net::Transfer::State::moved) return output_over();
        last_data_ = net::Clock::now();
        if (!gone_) take_output(chunk.first(transfer.bytes));
    }
    return {Wait::others};
}

net::Pump::Next Exchange::output_over() {
    command_.stdout_pipe().close();
    output_ended_ = true;
    if (!gone_) output_ended();
    dismiss();
    settle();
    return {net::Pump::Next::Wait::over};
}

void Exchange::write(std::span<const std::byte> bytes) {
    if (gone_ || bytes.empty()) return;
    outlet_.write(bytes);
    if (outlet_.failed()) client_gone();
}

void Exchange::heard(std::size_t bytes) {
    received_ += bytes;
    last_data_ = net::Clock::now();
}

void Exchange::dismiss() {
    command_.stdin_pipe().close();
    command_.dismiss();
}

void Exchange::look_for_end() {
    if (!hung_up_ || gone_) return;
    if (net::was_reset(asker_.stream.fd())) return client_gone();
    if (has_read_all()) return dismiss();
    body_progress_ = received_;
    body_deadline_.after(body_patience);
}

/// A client that has sent FIN behind its request may be gone altogether, and while the command takes nothing of the
/// request, nobody can tell.
void Exchange::check_body() {
    if (has_read_all()) return;
    if (received_ == std::exchange(body_progress_, received_)) return client_gone();
    body_deadline_.after(body_patience);
}

void Exchange::client_gone() {
    if (gone_) return;
    gone_ = true;
    hang_up_watch_.reset();
    asker_.stream.close();
    dismiss();
    output_.wake();
    eased();
    settle();
}

void Exchange::stop() {
    stopping_ = true;
    dismiss();
    settle();
    if (said_all_ && !answers()) client_gone();
}

/// What the facts so far lead to; idempotent.
void Exchange::settle() {
    if (outlet_.failed()) client_gone();
    if (!command_.exit() || !output_ended_ || !has_said_the_rest() || (outlet_.blocked() && !gone_)) return;
    if (!std::exchange(said_all_, true) && !gone_) command_ended(*command_.exit());
    if (gone_ || !outlet_.blocked()) finished_.set();
}

/// The command is reaped, and what it left should have been killed; who still holds its pipes is not waited for.
void Exchange::give_up_on_output() {
    output_overdue_ = true;
    if (output_starved_) command_.stdout_pipe().close();
    if (stderr_log_) command_.stderr_pipe().close();
    give_up_on_the_rest();
}

void Exchange::check_idle() {
    const net::TimePoint due = last_data_ + endpoint_.idle_timeout;
    if (net::Clock::now() < due) return idle_deadline_.at(due);
    idled_ = true;
    dismiss();
}

/// A client from which something is awaited must give or take something now and then.
void Exchange::check_client() {
    const std::uint64_t progress = received_ + outlet_.queued() + outlet_.delivered();
    const bool stands_still = progress == std::exchange(progress_, progress);
    if (stands_still && (outlet_.blocked() || awaits_client())) return client_gone();
    client_deadline_.after(client_patience);
}

void Exchange::count(Counters& sum) const { sum.tally(endpoint_.path, kind()).traffic += traffic(); }

std::optional<SessionView> Exchange::view() const {
    return SessionView{
        id_, kind(), asker_.remote, endpoint_.path, asker_.path, command_.pid(), net::Clock::now() - began_, traffic()};
}

bool Exchange::end(std::string_view id, std::uint16_t /*code*/) {
    if (id != id_) return false;
    stop();
    return true;
}

void Exchange::log_end() {
    Tally& tally = loop_.counters.tally(endpoint_.path, kind());
    ++tally.ended;
    tally.traffic += traffic();
    ++loop_.counters.exits[std::string(exit_label(*command_.exit()))];
    log::Log& log = loop_.server.log;
    if (!log.wants(log::Level::access)) return;
    const std::string exit = process::describe(*command_.exit());
    const auto duration = std::chrono::duration<double>(net::Clock::now() - began_).count();
    log.write(log::Level::access, "command ends",
              {{"id", id_},
               {"exit", exit},
               {"bytes_in", received_},
               {"bytes_out", outlet_.written()},
               {"seconds", duration}});
}

}  // namespace wsinetd::session
