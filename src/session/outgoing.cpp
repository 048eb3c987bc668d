#include "session/outgoing.hpp"

#include <array>

namespace wsinetd::session {
namespace {

/// Pong, ping and Close: each at most 127 bytes.
constexpr std::size_t controls_size = 3 * 128;

}  // namespace

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
    if (blocked()) return;
    std::array<std::byte, controls_size> space;
    websocket::Frames frames{space};
    sender_.take_control(frames);
    write(frames.bytes());
}

std::vector<std::byte> Outgoing::controls() {
    if (!sender_.control_waiting()) return {};
    std::vector<std::byte> space(controls_size);
    websocket::Frames frames{space};
    sender_.take_control(frames);
    space.resize(frames.size);
    return space;
}

}  // namespace wsinetd::session
