#pragma once  // A WebSocket joined to a command: the hot path, and how a session ends (spec sections 3 and 4).
#include "framing/body_writer.hpp"
#include "framing/eof_message.hpp"
#include "framing/writer.hpp"
#include "net/hang_up.hpp"
#include "session/command.hpp"
#include "session/compression.hpp"
#include "session/keepalive.hpp"
#include "session/outcome.hpp"
#include "session/outgoing.hpp"
#include "session/source.hpp"
#include "session/stderr_log.hpp"
#include "websocket/receiver.hpp"

namespace wsinetd::session {

/// Of a command's output, in one read, however much of a line is held already.
inline constexpr std::size_t least_read = 4 * 1024;
/// With --stderr tagged two streams have lines under way, and each reads no more than this.
inline constexpr std::size_t tagged_limit = 20 * 1024;

/// With --compress less of the output is read and framed at once, for a client's message under way has borrowed an
/// inflater, and what was inflated of it waits for the command beside what was read.
inline constexpr std::size_t deflated_limit = 24 * 1024;
inline constexpr std::size_t deflated_tagged_limit = 4 * 1024;
inline constexpr std::size_t deflated_frames_size = 32 * 1024;
static_assert(deflated_frames_size >= websocket::Sender::min_deflater_space);
static_assert(framing::tagged_size(deflated_tagged_limit + 1) <= websocket::most_deflated);
/// Still less where the session has a compressor of its own.
inline constexpr std::size_t takeover_limit = 8 * 1024;
inline constexpr std::size_t takeover_frames_size = 12 * 1024;
static_assert(takeover_frames_size >= websocket::Sender::min_takeover_space);

/// Inflated before the others of the loop have their turn.
inline constexpr std::size_t inflated_a_turn = 8 * websocket::most_inflated;

/// The most one session keeps in the server, whatever the peers do: input, packed or not yet a whole frame (which share
/// one read); frames the client does not take; output read but not framed or the line under way (which share one read,
/// of which the frames that are kept have been at least a third, for none is longer than three times its text); and
/// what TLS keeps.
inline constexpr std::size_t kept_beside_output = input_size + net::tls_keeps_at_most;
inline constexpr std::size_t kept_at_most =
    frames_size - frames_size / 3 + chunk_size + least_read + kept_beside_output;
/// With --stderr tagged a frame can be thirty times its text, an empty line.
inline constexpr std::size_t kept_when_tagged = frames_size + 2 * (tagged_limit + least_read) + kept_beside_output;
/// With --compress.
inline constexpr std::size_t kept_when_inflating =
    kept_beside_output + websocket::most_inflated + websocket::Inflater::memory(websocket::largest_window_bits);
inline constexpr std::size_t kept_when_deflated =
    deflated_frames_size - deflated_frames_size / 3 + deflated_limit + least_read + kept_when_inflating;
inline constexpr std::size_t kept_when_deflated_and_tagged =
    deflated_frames_size + 2 * (deflated_tagged_limit + least_read) + kept_when_inflating;
inline constexpr std::size_t kept_with_takeover = takeover_frames_size + takeover_limit + least_read +
                                                  kept_when_inflating + websocket::Deflater::memory_with_takeover;
static_assert(std::max({kept_at_most, kept_when_tagged, kept_when_deflated, kept_when_deflated_and_tagged,
                        kept_with_takeover}) +
                  8 * 1024 <
              256 * 1024);

/// With content-length, of a message in fragments, besides all that. While more is held, up to BodyWriter::max_held, no
/// input is read as long as the client does not take what it was sent, and output is read `least_read` at a time. So
/// all that is held then is the message and its next frame, of at most 64 KiB, those frames, a body of output that is
/// not whole, and what TLS keeps.
inline constexpr std::size_t held_freely = 256 * 1024 - 8 * 1024 - kept_at_most;
static_assert(kept_at_most + 8 * 1024 + held_freely <= 256 * 1024 && held_freely > 8 * 1024);

/// Between two pings while the command takes no input.
inline constexpr net::Milliseconds probe_interval{500};

/// One session, from the 101 to the end of both the connection and the command.
class Bridge final : public Stoppable {
public:
    /// `stream` and `endpoint` outlive the bridge. `id`, `remote` and
    /// `path` are for the log and who watches; `reply` is the 101.
    Bridge(LoopResources& loop, net::Stream& stream, std::unique_ptr<process::Child> child, Slot process_slot,
           const config::Endpoint& endpoint, std::string id, std::string remote, std::string reply,
           Compression compression = {}, std::string path = {});

    /// Returns when the command is reaped, the connection closed and every task ended. `first` is what the client sent
    /// behind its request.
    net::awaitable<void> run(std::vector<std::byte> first);

    /// The server stops: 1001, or as --shutdown-code has it.
    void stop() override;
    [[nodiscard]] bool can_wait() const override { return true; }

    void count(Counters& sum) const override;
    [[nodiscard]] std::optional<SessionView> view() const override;
    [[nodiscard]] bool end(std::string_view id, std::uint16_t code) override;

private:
    /// What a turn of a loop came to, and so what to wait for.
    enum class Turn { starved, blocked, busy, over };
    enum class Client { open, closing, lingering, gone };
    /// What the events of one read have come to so far.
    struct Taken {
        std::byte* front;  ///< end of what is packed for the command
        websocket::Frames pongs;
        std::size_t inflated = 0;  ///< in bytes
        bool any_data = false;
    };

    // From the command to the client.
    net::Pump::Next output(Source& source);
    Turn output_turn(Source& source);
    Turn read_output(Source& source);
    void look_for_blocks(const Source& source, std::span<const std::byte> read);
    [[nodiscard]] std::size_t frames_limit() const;
    bool send_output(Source& source);
    bool log_strays(Source& source);
    void check_framing(Source& source);
    bool frame_output(Source& source, websocket::Frames& frames);
    bool frame_tagged_output(Source& source, websocket::Frames& frames);
    bool frame_tagged(Source& source, websocket::Frames& frames);
    std::span<const std::byte> frame_in_place(Source& source);
    [[nodiscard]] bool must_wait(const Source& source) const;
    void wake_output();

    // From the client to the command.
    void take_first(std::span<const std::byte> bytes);
    net::Pump::Next input();
    Turn input_turn();
    void take_input(std::span<std::byte> bytes);
    void take_event(const websocket::Event& event, Taken& taken);
    void pass_inflated(const websocket::Data& data, Taken& taken);
    void resume_input();
    [[nodiscard]] bool feed_command();
    [[nodiscard]] bool pass(const websocket::Data& data, Taken& taken);
    void fail(const websocket::Failure& failure);
    void write_stdin(std::span<const std::byte> bytes);
    void stop_reading();
    net::Pump::Next until_stdin_writable();

    // The same with content-length: bridge_bodies.cpp.
    void write_body(const framing::Piece& piece, std::optional<std::uint64_t> to_come);
    void write_body_behind(std::string_view before, const framing::Piece& piece);
    [[nodiscard]] std::optional<std::uint64_t> behind(const framing::Piece& piece) const;
    [[nodiscard]] bool holds_much() const;
    net::Pump::Next until_client_takes();

    // How it ends.
    void command_ended();
    void settle();
    void settle_command();
    void settle_client();
    void pronounce(Verdict verdict);
    void leave(std::string_view cause);
    void peer_finished();
    void close_stdin();
    void watch_closing();
    void look_after_client();
    void spare_slow_peer();
    void probe_client();
    void check_idle();
    void give_up_on_output();
    [[nodiscard]] bool discarding() const { return verdict_ || client_ == Client::gone; }
    [[nodiscard]] bool all_said() const { return stdout_.ended && (!stderr_ || stderr_->ended); }
    void note_waiting_client();
    void note_waited();
    [[nodiscard]] Traffic traffic() const;
    void log_begin();
    void log_end();

    LoopResources& loop_;
    net::Stream& stream_;
    const config::Endpoint& endpoint_;
    std::string id_;
    std::string remote_;
    std::string path_;  ///< empty unless somebody watches
    std::string reply_;
    std::uint64_t reply_size_;
    net::TimePoint began_;

    net::Nursery nursery_;
    net::Event finished_;
    std::unique_ptr<websocket::Inflation> inflation_;  ///< nullptr: no compression
    std::unique_ptr<websocket::Deflater> deflater_;    ///< nullptr: no compression, or with the loop's
    Outgoing outgoing_;
    Command command_;
    Source stdout_;
    std::optional<Source> stderr_;  ///< with --stderr tagged
    Source* speaking_ = nullptr;    ///< whose line is under way on the wire
    websocket::Receiver receiver_;
    framing::Writer writer_;
    std::unique_ptr<framing::BodyWriter> body_writer_;  ///< nullptr without content-length
    std::vector<std::byte> partial_;                    ///< read, but not taken: a frame that is not whole, or more
    std::vector<std::byte> to_command_;                 ///< packed, but stdin would not take it
    bool input_paused_ = false;  ///< of what was read there is more to be taken, in `partial_` or `inflation_`
    bool stdin_ending_ = false;
    std::unique_ptr<framing::EofMessage> eof_message_;  ///< nullptr without --eof-message
    net::Pump input_;
    std::optional<StderrLog> stderr_log_;  ///< with --stderr log
    bool input_blocked_ = false;
    net::TimePoint blocked_since_{};
    bool hung_up_ = false;
    bool slow_peer_spared_ = false;
    std::optional<net::HangUpWatch> hang_up_watch_;

    Client client_ = Client::open;
    std::optional<Verdict> verdict_;
    Keepalive keepalive_;
    std::string_view cause_;   ///< why the client is gone, if not by a closing handshake
    bool delivering_ = false;  ///< the command has had its say, and the client has a right to all of it
    bool close_received_ = false;
    bool peer_finished_ = false;
    bool output_overdue_ = false;
    bool settling_ = false;
    bool settle_again_ = false;
    net::TimePoint last_data_;
    net::TimePoint closing_progress_{};
    std::uint64_t closing_unsent_ = 0;
    std::uint64_t received_ = 0;
    net::TimePoint client_blocked_since_{};  ///< the epoch: it is not
    std::uint8_t blocks_ = 0;                ///< reads in a row that were full blocks of C's stdio

    net::Deadline keepalive_deadline_;
    net::Deadline probe_deadline_;
    net::Deadline idle_deadline_;
    net::Deadline closing_deadline_;
    net::Deadline overdue_deadline_;
};

}  // namespace wsinetd::session
