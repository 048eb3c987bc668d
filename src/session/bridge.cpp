#include "session/bridge.hpp"

#include <cassert>

namespace wsinetd::session {
namespace {

using namespace std::chrono_literals;

/// Reads of one session before the others of its loop have their turn.
constexpr int rounds_a_turn = 4;

/// From here on a frame's header is written into the space before its payload instead of copying the payload.
constexpr std::size_t in_place_size = 32 * 1024;

/// Of glibc, for a pipe.
constexpr std::size_t stdio_block = 4096;
/// A command that is asked for as much as it prints may fill one or two by chance.
constexpr std::uint8_t blocks_of_a_hint = 3;

std::size_t longest_held(config::StderrMode mode, bool deflated, bool own_deflater) {
    if (mode == config::StderrMode::tagged) return deflated ? deflated_tagged_limit : tagged_limit;
    if (own_deflater) return takeover_limit;
    return deflated ? deflated_limit : framing::max_piece;
}

websocket::Opcode message_type(framing::Kind kind) {
    return kind == framing::Kind::raw ? websocket::Opcode::binary : websocket::Opcode::text;
}

websocket::BinaryPolicy binary_policy(const config::Endpoint& endpoint) {
    if (endpoint.framing == framing::Kind::raw) return websocket::BinaryPolicy::accept;
    switch (endpoint.on_binary) {
        case config::OnBinary::close: return websocket::BinaryPolicy::refuse;
        case config::OnBinary::ignore: return websocket::BinaryPolicy::accept;
        case config::OnBinary::accept: return websocket::BinaryPolicy::as_text;
    }
    return websocket::BinaryPolicy::refuse;
}

}  // namespace

Bridge::Bridge(LoopResources& loop, net::Stream& stream, std::unique_ptr<process::Child> child, Slot process_slot,
               const config::Endpoint& endpoint, std::string id, std::string remote, std::string reply,
               Compression compression, std::string path)
    : loop_(loop),
      stream_(stream),
      endpoint_(endpoint),
      id_(std::move(id)),
      remote_(std::move(remote)),
      path_(std::move(path)),
      reply_(std::move(reply)),
      reply_size_(reply_.size()),
      began_(net::Clock::now()),
      nursery_(loop.executor,
               [this](const std::exception& bug) {
                   loop_.server.log.write(log::Level::error, "internal error", {{"id", id_}, {"what", bug.what()}});
                   pronounce({1011, "internal error"});
                   settle();
               }),
      finished_(loop.executor),
      inflation_(std::move(compression.inflation)),
      deflater_(std::move(compression.own)),
      outgoing_(
          stream, nursery_, message_type(endpoint.framing),
          [this] {
              wake_output();
              settle();
          },
          deflater_ ? deflater_.get() : compression.deflater),
      command_(loop, nursery_, std::move(child), std::move(process_slot), endpoint.close_grace,
               [this] { command_ended(); }),
      stdout_(loop.executor, nursery_, command_.stdout_pipe(), endpoint.framing,
              longest_held(endpoint.stderr_mode, inflation_ != nullptr, deflater_ != nullptr),
              [this](Source& source) { return output(source); }),
      receiver_(endpoint.max_message_size, binary_policy(endpoint), inflation_.get()),
      writer_(endpoint.framing),
      input_(loop.executor, nursery_, [this] { return input(); }),
      keepalive_(endpoint.ping_interval, began_),
      last_data_(began_),
      keepalive_deadline_(loop.timers, [this] { look_after_client(); }),
      probe_deadline_(loop.timers, [this] { probe_client(); }),
      idle_deadline_(loop.timers, [this] { check_idle(); }),
      closing_deadline_(loop.timers, [this] { watch_closing(); }),
      overdue_deadline_(loop.timers, [this] { give_up_on_output(); }) {
    if (endpoint.framing == framing::Kind::content_length) body_writer_ = std::make_unique<framing::BodyWriter>();
    if (endpoint.eof_message) eof_message_ = std::make_unique<framing::EofMessage>(*endpoint.eof_message);
    if (endpoint.stderr_mode == config::StderrMode::tagged) {
        stderr_.emplace(loop.executor, nursery_, command_.stderr_pipe(), endpoint.framing, stdout_.limit,
                        [this](Source& source) { return output(source); });
        stdout_.tagged.emplace(framing::Stream::stdout_);
        stderr_->tagged.emplace(framing::Stream::stderr_);
    }
    if (endpoint.stderr_mode == config::StderrMode::log)
        stderr_log_.emplace(loop, nursery_, command_.stderr_pipe(), id_);
}

net::awaitable<void> Bridge::run(std::vector<std::byte> first) {
    StopScope stop_scope(loop_, *this);
    log_begin();
    outgoing_.write(std::as_bytes(std::span(reply_)));
    std::string().swap(reply_);
    command_.watch();
    stdout_.pump.start();
    if (stderr_) stderr_->pump.start();
    if (stderr_log_) stderr_log_->start();
    take_first(first);
    std::vector<std::byte>().swap(first);
    input_.start();
    if (keepalive_.on()) keepalive_deadline_.at(keepalive_.next(began_));
    if (endpoint_.idle_timeout > 0ms) idle_deadline_.after(endpoint_.idle_timeout);
    if (loop_.stopping) stop();
    co_await finished_.wait();
    co_await nursery_.join();
    log_end();
}

// The hot path, out: read a chunk, split it into pieces, frame them, write the frames.

net::Pump::Next Bridge::output(Source& source) {
    using Wait = net::Pump::Next::Wait;
    source.starved = false;
    switch (output_turn(source)) {
        case Turn::starved: source.starved = true; return {Wait::readable, &source.pipe};
        case Turn::blocked: note_waiting_client(); return {Wait::woken};
        case Turn::busy: return {Wait::others};
        case Turn::over: break;
    }
    source.ended = true;
    source.pipe.close();
    settle();
    return {Wait::over};
}

/// Uses the loop's buffers, and so leaves nothing in them.
Bridge::Turn Bridge::output_turn(Source& source) {
    for (int round = 0; round < rounds_a_turn; ++round) {
        if (discarding()) source.unframed.drop();
        if (must_wait(source)) return Turn::blocked;
        if (!source.unframed.empty() && !send_output(source)) return Turn::blocked;
        check_framing(source);
        if (source.at_end) return Turn::over;
        const Turn turn = read_output(source);
        if (turn == Turn::starved) check_framing(source);
        if (turn != Turn::busy) return turn;
    }
    return Turn::busy;
}

Bridge::Turn Bridge::read_output(Source& source) {
    // What is held and what is read now share one measure, so that together they are hardly more than a chunk.
    const std::size_t room = source.limit - std::min(source.splitter.held(), source.limit);
    const std::size_t wanted = holds_much() ? least_read : std::max(least_read, room);
    const auto chunk = std::span(loop_.scratch.chunk).subspan(gap, wanted);
    const net::Transfer transfer =
        source.pipe.is_open() ? source.pipe.read(chunk) : net::Transfer{net::Transfer::State::end};
    switch (transfer.state) {
        case net::Transfer::State::would_block:
            if (!output_overdue_) return Turn::starved;
            [[fallthrough]];
        case net::Transfer::State::end:
        case net::Transfer::State::failed:
            source.at_end = true;
            source.unframed.piece = source.splitter.finish();
            return Turn::busy;
        case net::Transfer::State::moved: break;
    }
    if (discarding()) return Turn::busy;
    source.unframed.rest = chunk.first(transfer.bytes);
    last_data_ = net::Clock::now();
    if (blocks_ < blocks_of_a_hint) look_for_blocks(source, source.unframed.rest);
    if (!send_output(source)) return Turn::blocked;
    return transfer.bytes < wanted ? Turn::starved : Turn::busy;  // a short read has emptied the pipe
}

/// What C's stdio writes to a pipe unless it is told otherwise: lines wait until there are 4,096 bytes of them. Told
/// once a server.
void Bridge::look_for_blocks(const Source& source, std::span<const std::byte> read) {
    const bool lines = endpoint_.framing == framing::Kind::lines || endpoint_.framing == framing::Kind::jsonl;
    if (!lines || endpoint_.unbuffer == config::Unbuffer::line) return;
    const bool block = read.size() == stdio_block && read.back() != std::byte{'\n'} && !source.tagged;
    blocks_ = block ? static_cast<std::uint8_t>(blocks_ + 1) : 0;
    if (blocks_ < blocks_of_a_hint || loop_.server.hinted.exchange(true)) return;
    loop_.server.log.write(log::Level::info, "the output comes in blocks of 4096 bytes",
                           {{"id", id_},
                            {"hint",
                             "the command keeps lines back until it has that many; --unbuffer line, or a flush "
                             "after each line, would send them at once"}});
}

bool Bridge::must_wait(const Source& source) const {
    if (discarding()) return false;
    return outgoing_.blocked() || (speaking_ && speaking_ != &source);
}

std::size_t Bridge::frames_limit() const {
    if (deflater_) return takeover_frames_size;
    return inflation_ ? deflated_frames_size : frames_size;
}

/// False: the client takes no more, and what is left is kept.
bool Bridge::send_output(Source& source) {
    for (bool more = true; more;) {
        const auto space = std::span(loop_.scratch.frames);
        websocket::Frames frames{space.first(frames_limit())};
        std::span<const std::byte> ready = frame_in_place(source);
        if (ready.empty()) {
            more = frame_output(source, frames);
            ready = frames.bytes();
        }
        if (outgoing_.write(ready)) continue;
        source.unframed.keep(loop_.scratch.chunk);
        return false;
    }
    return true;
}

/// Frames pieces as long as they fit. True: more are waiting.
bool Bridge::frame_output(Source& source, websocket::Frames& frames) {
    if (source.tagged) return frame_tagged_output(source, frames);
    Unframed& unframed = source.unframed;
    websocket::Sender& sender = outgoing_.sender();
    if (unframed.piece) {
        if (!sender.add(*unframed.piece, frames)) return true;
        unframed.piece.reset();
    }
    // A piece is used where the splitter has put it: copying what was just written byte by byte stalls for longer than
    // all else takes for a short line.
    do {
        while (std::optional<framing::Piece> piece = source.splitter.next(unframed.rest)) {
            if (sender.add(*piece, frames)) continue;
            unframed.piece = piece;
            return true;
        }
    } while (log_strays(source));
    return false;
}

/// What the command has printed that is no message. False: nothing.
bool Bridge::log_strays(Source& source) {
    const auto line = source.splitter.take_stray();
    if (line) log_stray(loop_.server.log, id_, *line);
    return line.has_value();
}

/// Spec section 4: the client gets what was a message, and 1011.
void Bridge::check_framing(Source& source) {
    log_strays(source);
    const std::string_view why = source.splitter.failure();
    if (why.empty() || discarding()) return;
    loop_.server.log.write(log::Level::error, "output cannot be framed", {{"id", id_}, {"why", why}});
    delivering_ = true;
    pronounce({1011, std::string(why)});
    settle();
}

bool Bridge::frame_tagged_output(Source& source, websocket::Frames& frames) {
    Unframed& unframed = source.unframed;
    while (unframed.piece || (unframed.piece = source.splitter.next(unframed.rest))) {
        const bool last = unframed.piece->last;
        if (!frame_tagged(source, frames)) return true;
        unframed.piece.reset();
        speaking_ = last ? nullptr : &source;
        if (last) (&source == &stdout_ ? *stderr_ : stdout_).pump.wake();
    }
    return false;
}

bool Bridge::frame_tagged(Source& source, websocket::Frames& frames) {
    framing::Piece& piece = *source.unframed.piece;
    do {
        // U+FFFD replaces bytes and escapes control characters; never both, so that this is room enough.
        if (frames.room() < outgoing_.sender().room_for(framing::tagged_size(piece.bytes.size()))) return false;
        framing::Piece part = source.tagged->next(piece, loop_.scratch.tagged);
        const bool whole = outgoing_.sender().add(part, frames);
        assert(whole);
        static_cast<void>(whole);
    } while (!piece.bytes.empty());
    return true;
}

/// A large piece at the front of the chunk becomes a frame where it lies; empty where that is not to be had.
std::span<const std::byte> Bridge::frame_in_place(Source& source) {
    Unframed& unframed = source.unframed;
    const std::byte* const chunk = loop_.scratch.chunk.data() + gap;
    if (source.tagged || unframed.piece || unframed.rest.data() != chunk || unframed.rest.size() < in_place_size)
        return {};
    unframed.piece = source.splitter.next(unframed.rest);
    if (!unframed.piece || unframed.piece->bytes.data() != chunk || unframed.piece->bytes.size() < in_place_size)
        return {};
    const auto frame = outgoing_.sender().frame_in_place(*unframed.piece);
    if (!frame.empty()) unframed.piece.reset();
    return frame;
}

// The hot path, in: read bytes, unmask and judge frames where they lie, pack messages to the front, write them.

/// What came behind the request.
void Bridge::take_first(std::span<const std::byte> bytes) {
    if (bytes.empty()) return;
    const auto space = std::span(loop_.scratch.input).subspan(input_gap, bytes.size());
    std::ranges::copy(bytes, space.begin());
    take_input(space);
}

net::Pump::Next Bridge::input() {
    using Wait = net::Pump::Next::Wait;
    input_blocked_ = false;
    switch (input_turn()) {
        case Turn::starved: return stream_.until_readable();
        case Turn::blocked: return to_command_.empty() ? until_client_takes() : until_stdin_writable();
        case Turn::busy: return {Wait::others};
        case Turn::over: break;
    }
    return {Wait::over};
}

/// Uses the loop's buffers, and so leaves nothing in them.
Bridge::Turn Bridge::input_turn() {
    for (int round = 0; round < rounds_a_turn; ++round) {
        if (!feed_command()) return Turn::blocked;
        if (input_paused_) {
            resume_input();
            if (!to_command_.empty()) return Turn::blocked;
            continue;
        }
        if (!stream_.is_open() || peer_finished_) return Turn::over;
        if (holds_much() && outgoing_.blocked()) return Turn::blocked;
        const std::size_t held = partial_.size();
        const auto space = std::span(loop_.scratch.input).subspan(input_gap);
        const net::Transfer transfer = stream_.read(space.subspan(held));
        switch (transfer.state) {
            case net::Transfer::State::would_block: return Turn::starved;
            case net::Transfer::State::end: peer_finished(); return Turn::over;
            case net::Transfer::State::failed:
                leave("connection lost");
                settle();
                return Turn::over;
            case net::Transfer::State::moved: break;
        }
        std::ranges::copy(partial_, space.begin());
        received_ += transfer.bytes;
        keepalive_.heard(net::Clock::now());
        take_input(space.first(held + transfer.bytes));
        if (!to_command_.empty()) return Turn::blocked;
        if (input_paused_) continue;
        if (held + transfer.bytes < space.size()) return Turn::starved;  // a short read has emptied the socket
    }
    return Turn::busy;
}

/// Nothing is read before all of what was read has been taken.
void Bridge::resume_input() {
    const auto space = std::span(loop_.scratch.input).subspan(input_gap, partial_.size());
    std::ranges::copy(partial_, space.begin());
    take_input(space);
}

/// `bytes` lie `input_gap` behind the front of the loop's input buffer, toward which the messages are packed. It pauses
/// where they would become more than they are while the command takes none: lengths go before messages, and what is
/// inflated can be a thousand times as much, so that there it pauses for the others of the loop as well.
void Bridge::take_input(std::span<std::byte> bytes) {
    std::byte* const begin = loop_.scratch.input.data();
    Taken taken{begin, {loop_.scratch.frames}};
    input_paused_ = false;
    while (const auto event = receiver_.next(bytes)) {
        take_event(*event, taken);
        if (taken.inflated > 0)
            input_paused_ = !to_command_.empty() || taken.inflated >= inflated_a_turn;
        else if (body_writer_)
            input_paused_ = !to_command_.empty() && !bytes.empty();
        if (input_paused_) break;
    }
    partial_ = bytes.empty() ? std::vector<std::byte>{} : std::vector<std::byte>(bytes.begin(), bytes.end());
    if (taken.any_data) last_data_ = net::Clock::now();
    if (taken.pongs.size > 0) outgoing_.write(taken.pongs.bytes());
    if (taken.front != begin) write_stdin({begin, taken.front});
    if (stdin_ending_) close_stdin();
    settle();
}

void Bridge::take_event(const websocket::Event& event, Taken& taken) {
    if (const auto* data = std::get_if<websocket::Data>(&event)) {
        if (data->inflated) taken.inflated += data->piece.bytes.size();
        if (discarding()) return;
        taken.any_data = true;
        if (data->inflated) return pass_inflated(*data, taken);
        if (!pass(*data, taken)) return;
        if (body_writer_) return write_body(data->piece, behind(data->piece));
        taken.front = writer_.pack(taken.front, data->piece);
    } else if (const auto* ping = std::get_if<websocket::Ping>(&event)) {
        if (client_ != Client::open) return;
        if (outgoing_.blocked())
            outgoing_.sender().keep_pong(ping->payload);
        else
            outgoing_.sender().pong(ping->payload, taken.pongs);
    } else if (const auto* close = std::get_if<websocket::CloseReceived>(&event)) {
        close_received_ = true;
        pronounce({close->code, ""});
    } else if (const auto* failure = std::get_if<websocket::Failure>(&event)) {
        fail(*failure);
    }
}

/// RFC 6455, 7.1.7: nothing is processed any more, so no Close is waited for.
void Bridge::fail(const websocket::Failure& failure) {
    close_received_ = true;
    pronounce({failure.code, std::string(failure.reason)});
}

/// Whether the piece is the command's. What --eof-message has held back goes before it.
bool Bridge::pass(const websocket::Data& data, Taken& taken) {
    if (data.type == websocket::Opcode::binary && endpoint_.framing != framing::Kind::raw &&
        endpoint_.on_binary == config::OnBinary::ignore)
        return false;
    if (!eof_message_) return true;
    if (stdin_ending_) return false;
    if (data.type != websocket::Opcode::text) return true;
    using Judged = framing::EofMessage::Judgement::Verdict;
    const auto judged = eof_message_->next(data.piece);
    stdin_ending_ = judged.verdict == Judged::is_it;
    if (!judged.before.empty() && body_writer_) {
        write_body_behind(judged.before, data.piece);
    } else if (!judged.before.empty()) {
        write_stdin({loop_.scratch.input.data(), taken.front});
        write_stdin(std::as_bytes(std::span(judged.before)));
        taken.front = loop_.scratch.input.data();
    }
    return judged.verdict == Judged::other;
}

/// It lies in a place of its own, and goes behind what is packed.
void Bridge::pass_inflated(const websocket::Data& data, Taken& taken) {
    if (!pass(data, taken)) return;
    write_stdin({loop_.scratch.input.data(), taken.front});
    taken.front = loop_.scratch.input.data();
    std::byte* const begin = loop_.compressors->space().data();
    write_stdin({begin, writer_.pack(begin, data.piece)});
}

/// Hands the command what it would not take before. False: it still does not.
bool Bridge::feed_command() {
    if (to_command_.empty()) return true;
    note_waited();
    const std::vector<std::byte> waiting = std::move(to_command_);
    to_command_ = std::vector<std::byte>();
    write_stdin(waiting);
    if (!to_command_.empty()) return false;
    if (stdin_ending_) close_stdin();
    return true;
}

void Bridge::write_stdin(std::span<const std::byte> bytes) {
    if (!to_command_.empty()) {
        to_command_.insert(to_command_.end(), bytes.begin(), bytes.end());
        return;
    }
    while (!bytes.empty() && command_.stdin_pipe().is_open()) {
        const net::Transfer transfer = command_.stdin_pipe().write(bytes);
        switch (transfer.state) {
            case net::Transfer::State::would_block: to_command_.assign(bytes.begin(), bytes.end()); return;
            case net::Transfer::State::end:
            case net::Transfer::State::failed: close_stdin(); return;  // it reads no more: the rest is dropped
            case net::Transfer::State::moved: bytes = bytes.subspan(transfer.bytes); break;
        }
    }
}

/// Meanwhile nobody reads from the client, and only the watch sees it close or reset the connection.
void Bridge::stop_reading() {
    input_blocked_ = true;
    blocked_since_ = net::Clock::now();
    if (keepalive_.on() && !probe_deadline_.is_on()) probe_deadline_.at(blocked_since_ + probe_interval);
    const auto gone = [this] {
        leave(client_ == Client::open ? "connection closed" : "");
        settle();
    };
    if (!hang_up_watch_ && stream_.is_open())
        hang_up_watch_.emplace(loop_.hang_ups, stream_.fd(), [this, gone] {
            hung_up_ = true;
            if (input_blocked_) gone();
        });
    if (hung_up_) gone();
}

net::Pump::Next Bridge::until_stdin_writable() {
    stop_reading();
    return {net::Pump::Next::Wait::writable, &command_.stdin_pipe()};
}

}  // namespace wsinetd::session
