#include "session/event_source.hpp"

#include "session/chunk.hpp"

namespace wsinetd::session {
namespace {

/// In one read, and of a line that is held. An empty line becomes an event of twenty times its size or more, and all of
/// a read's events may have to wait for the client: together they stay below 256 KiB.
constexpr std::size_t events_read = 4 * 1024;

}  // namespace

EventSource::Lines::Lines(const config::Endpoint& endpoint, framing::Stream stream)
    : splitter(endpoint.framing, events_read) {
    if (endpoint.stderr_mode == config::StderrMode::tagged) tagged.emplace(stream);
}

EventSource::EventSource(LoopResources& loop, Asker asker, RunningCommand command, const config::Endpoint& endpoint,
                         process::Stderr stderr_goes)
    : Exchange(loop, std::move(asker), std::move(command), endpoint, stderr_goes,
               endpoint.stderr_mode == config::StderrMode::tagged),
      stdout_(endpoint, framing::Stream::stdout_),
      comment_deadline_(loop.timers, [this] { comment(); }) {
    if (stdout_.tagged) stderr_.emplace(endpoint, loop.executor, nursery_, [this] { return read_stderr(); });
}

std::size_t EventSource::read_at_once() const { return events_read; }

void EventSource::begin() {
    command_.stdin_pipe().close();
    asker_.log(200, {});
    http::Reply reply{200, {{"Content-Type", "text/event-stream"}, {"Cache-Control", "no-store"}}, {}};
    reply.fields.push_back({"X-Content-Type-Options", "nosniff"});
    reply.fields.push_back({"X-Accel-Buffering", "no"});  // a proxy must not wait for more
    asker_.delivery.streamed = true;
    if (asker_.delivery.minor_version == 0) asker_.delivery.keep_alive = false;
    if (!asker_.delivery.keep_alive) cannot_be_kept();
    http::add_date(reply, std::chrono::system_clock::now());
    write(http::format(reply, asker_.delivery, asker_.fields));
    if (endpoint_.ping_interval.count() > 0) comment_deadline_.after(endpoint_.ping_interval);
    if (stderr_) stderr_->pump.start();
}

void EventSource::take_output(std::span<std::byte> bytes) { send_lines(stdout_, bytes); }

void EventSource::output_ended() {
    send_end(stdout_);
    eased();
}

/// A line under way on one stream is finished before the other's next begins.
bool EventSource::must_wait() const { return stderr_ && stderr_->lines.splitter.mid_message(); }

void EventSource::eased() {
    if (stderr_) stderr_->pump.wake();
}

void EventSource::give_up_on_the_rest() {
    if (stderr_ && stderr_->starved) command_.stderr_pipe().close();
}

/// One read, as for stdout.
net::Pump::Next EventSource::read_stderr() {
    using Wait = net::Pump::Next::Wait;
    net::Descriptor& pipe = command_.stderr_pipe();
    if (!gone_ && (outlet_.blocked() || stdout_.splitter.mid_message())) return {Wait::woken};
    const auto chunk = std::span(loop_.scratch.chunk).first(events_read);
    const net::Transfer transfer = pipe.is_open() ? pipe.read(chunk) : net::Transfer{net::Transfer::State::end};
    stderr_->starved = transfer.state == net::Transfer::State::would_block && !output_is_overdue();
    if (stderr_->starved) return {Wait::readable, &pipe};
    if (transfer.state == net::Transfer::State::moved) {
        if (!gone_) send_lines(stderr_->lines, chunk.first(transfer.bytes));
        wake_output();
        return {Wait::others};
    }
    if (!gone_) send_end(stderr_->lines);
    pipe.close();
    stderr_->ended = true;
    wake_output();
    settle();
    return {Wait::over};
}

void EventSource::send_lines(Lines& lines, std::span<const std::byte> bytes) {
    std::string events;
    cut(lines, bytes, events);
    send(events);
    check_framing(lines);
    if (stderr_) eased();
}

/// What is no message goes to the log.
void EventSource::cut(Lines& lines, std::span<const std::byte> bytes, std::string& events) {
    for (;;) {
        while (const auto piece = lines.splitter.next(bytes)) add(lines, *piece, events);
        const auto stray = lines.splitter.take_stray();
        if (!stray) return;
        log_stray(loop_.server.log, id_, *stray);
    }
}

/// No more events can follow. One that the client has the beginning of would end with the next: so there is none.
void EventSource::check_framing(Lines& lines) {
    const std::string_view why = lines.splitter.failure();
    if (why.empty() || std::exchange(failed_, true)) return;
    loop_.server.log.write(log::Level::error, "output cannot be framed", {{"id", id_}, {"why", why}});
    if (lines.within_event)
        client_gone();
    else
        dismiss();
}

void EventSource::send_end(Lines& lines) {
    std::string events;
    if (const auto piece = lines.splitter.finish()) add(lines, *piece, events);
    cut(lines, {}, events);
    send(events);
    check_framing(lines);
}

void EventSource::add(Lines& lines, framing::Piece piece, std::string& events) {
    lines.within_event = !piece.last;
    if (!lines.tagged) return events_.add(piece, events);
    do {
        events_.add(lines.tagged->next(piece, loop_.scratch.tagged), events);
    } while (!piece.bytes.empty());
}

/// A shell's $?.
void EventSource::command_ended(process::ExitStatus status) {
    comment_deadline_.off();
    send(http::EventStream::close_event(status.by_signal ? 128 + status.number : status.number), true);
}

void EventSource::send(std::string_view events, bool last) {
    if (asker_.delivery.minor_version == 0) return write(events);
    write(last ? chunk_of(events).append(last_chunk) : chunk_of(events));
}

/// Within a message it would cut that in two, and where the client is behind there is no need of one, and no room.
void EventSource::comment() {
    const bool within = stdout_.splitter.mid_message() || must_wait();
    if (!outlet_.blocked() && !within) send(http::EventStream::comment());
    comment_deadline_.after(endpoint_.ping_interval);
}

}  // namespace wsinetd::session
