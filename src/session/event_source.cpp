#include "session/event_source.hpp"

#include "session/chunk.hpp"

namespace wsinetd::session {
namespace {

/// In one read, and of a line that is held. An empty line becomes an event of twenty times its size or more, and all of
/// a read's events may have to wait for the client: together they stay below 256 KiB.
constexpr std::size_t events_read = 4 * 1024;

}  // namespace

EventSource::EventSource(LoopResources& loop, Asker asker, RunningCommand command, const config::Endpoint& endpoint,
                         process::Stderr stderr_goes)
    : Exchange(loop, std::move(asker), std::move(command), endpoint, stderr_goes),
      splitter_(endpoint.framing, events_read),
      comment_deadline_(loop.timers, [this] { comment(); }) {}

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
    write(http::format(reply, asker_.delivery, loop_.server.config.http_fields));
    if (endpoint_.ping_interval.count() > 0) comment_deadline_.after(endpoint_.ping_interval);
}

void EventSource::take_output(std::span<std::byte> bytes) {
    std::span<const std::byte> rest = bytes;
    std::string events;
    while (const auto piece = splitter_.next(rest)) events_.add(*piece, events);
    send(events);
}

void EventSource::output_ended() {
    std::string events;
    if (const auto piece = splitter_.finish()) events_.add(*piece, events);
    send(events);
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
    if (!outlet_.blocked() && !splitter_.mid_message()) send(http::EventStream::comment());
    comment_deadline_.after(endpoint_.ping_interval);
}

}  // namespace wsinetd::session
