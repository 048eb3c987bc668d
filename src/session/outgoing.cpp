#include "session/outgoing.hpp"

#include <array>

namespace wsinetd::session {
namespace {

/// Pong, ping and Close: each at most 127 bytes.
constexpr std::size_t controls_size = 3 * 128;

}  // namespace

/// As much as the kernel takes now.
std::size_t Outgoing::try_write(std::span<const std::byte> frames) {
    std::size_t done = 0;
    while (done < frames.size() && !failed_) {
        const net::Transfer transfer = stream_.write(frames.subspan(done));
        if (transfer.state == net::Transfer::State::would_block) break;
        failed_ = transfer.state != net::Transfer::State::moved;
        done += transfer.bytes;
    }
    written_ += done;
    return done;
}

bool Outgoing::write(std::span<const std::byte> frames) {
    if (!stream_.is_open() || failed_) return true;  // nobody is there to be kept waiting
    const std::size_t done = try_write(frames);
    if (done == frames.size()) return true;
    if (failed_) {
        eased_();
        return true;
    }
    kept_.assign(frames.begin() + static_cast<std::ptrdiff_t>(done), frames.end());
    kept_from_ = 0;
    flushing_ = true;
    nursery_.spawn(flush());
    return false;
}

void Outgoing::ping() {
    sender_.ping_wanted();
    write_controls();
}

void Outgoing::close(std::optional<std::uint16_t> code, std::string_view reason) {
    sender_.close(code, reason);
    close_asked_ = true;
    write_controls();
}

void Outgoing::write_controls() {
    if (flushing_) return;
    std::array<std::byte, controls_size> space;
    websocket::Frames frames{space};
    sender_.take_control(frames);
    write(frames.bytes());
}

net::awaitable<void> Outgoing::flush() {
    while (stream_.is_open() && !flush_some()) co_await stream_.writable();
    kept_ = std::vector<std::byte>();
    kept_from_ = 0;
    flushing_ = false;
    eased_();
}

/// Writes what is kept, then the control frames that wait. True when nothing is left to write.
bool Outgoing::flush_some() {
    kept_from_ += try_write(std::span(kept_).subspan(kept_from_));
    if (failed_) return true;
    if (kept_from_ < kept_.size()) return false;
    if (!sender_.control_waiting()) return true;
    kept_.resize(controls_size);
    websocket::Frames frames{kept_};
    sender_.take_control(frames);
    kept_.resize(frames.size);
    kept_from_ = 0;
    return flush_some();
}

}  // namespace wsinetd::session
