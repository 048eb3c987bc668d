// The way in with content-length: a message at a time, its length in front.
#include "session/bridge.hpp"

namespace wsinetd::session {

/// What lies before the piece, a frame's header or what has been written already, makes room for the length.
void Bridge::write_body(const framing::Piece& piece, std::optional<std::uint64_t> to_come) {
    if (!command_.stdin_pipe().is_open()) {  // what nobody will read is not held
        *body_writer_ = framing::BodyWriter();
        return;
    }
    const auto bytes = body_writer_->add(piece, to_come);
    if (!bytes) return fail({1009, ""});
    write_stdin(*bytes);
    body_writer_->forget_delivered();
}

/// What --eof-message has held back, and `piece` will follow.
void Bridge::write_body_behind(std::string_view before, const framing::Piece& piece) {
    std::vector<std::byte> bytes(framing::BodyWriter::max_header);
    for (const char c : before) bytes.push_back(static_cast<std::byte>(c));
    std::optional<std::uint64_t> to_come = behind(piece);
    if (to_come) *to_come += piece.bytes.size();
    write_body({std::span(bytes).subspan(framing::BodyWriter::max_header), true, false}, to_come);
}

/// Bytes of the message behind the piece, where they are known.
std::optional<std::uint64_t> Bridge::behind(const framing::Piece& piece) const {
    return piece.last ? 0 : receiver_.to_come();
}

bool Bridge::holds_much() const { return body_writer_ && !discarding() && body_writer_->held() > held_freely; }

/// Then `wake_output` is called.
net::Pump::Next Bridge::until_client_takes() {
    stop_reading();
    return {net::Pump::Next::Wait::woken};
}

}  // namespace wsinetd::session
