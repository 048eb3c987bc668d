// The command's stderr, line by line in the log.
#include "session/bridge.hpp"

namespace wsinetd::session {
namespace {

/// The longest line that is one record.
constexpr std::size_t log_line_size = 2048;

}  // namespace

LoggedLines::LoggedLines(net::Executor executor, net::Nursery& nursery, std::function<net::Pump::Next()> turn)
    : splitter(framing::Kind::lines, log_line_size), pump(executor, nursery, std::move(turn)) {}

net::Pump::Next Bridge::log_stderr() {
    using Wait = net::Pump::Next::Wait;
    switch (log_turn()) {
        case Turn::starved:
        case Turn::blocked: return {Wait::readable, &child_->stderr_pipe()};
        case Turn::busy: return {Wait::others};
        case Turn::over: break;
    }
    return {Wait::over};
}

/// One read, for who floods the log must not starve the loop.
Bridge::Turn Bridge::log_turn() {
    framing::Splitter& lines = logged_->splitter;
    const auto write = [this](const framing::Piece& line) {
        if (line.bytes.empty() && !line.first) return;
        const std::string_view text(reinterpret_cast<const char*>(line.bytes.data()), line.bytes.size());
        loop_.server.log.write(log::Level::error, "stderr", {{"id", id_}, {"line", text}});
    };
    net::Descriptor& pipe = child_->stderr_pipe();
    const auto chunk = std::span(loop_.scratch.chunk).subspan(gap);
    const net::Transfer transfer = pipe.is_open() ? pipe.read(chunk) : net::Transfer{net::Transfer::State::end};
    if (transfer.state == net::Transfer::State::would_block) return Turn::starved;
    if (transfer.state != net::Transfer::State::moved) {
        if (const auto line = lines.finish()) write(*line);
        pipe.close();
        return Turn::over;
    }
    std::span<const std::byte> rest = chunk.first(transfer.bytes);
    while (const auto line = lines.next(rest)) write(*line);
    return Turn::busy;
}

}  // namespace wsinetd::session
