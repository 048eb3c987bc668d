#include "session/stderr_log.hpp"

#include <algorithm>

namespace wsinetd::session {
namespace {

/// The longest line that is one record.
constexpr std::size_t log_line_size = 2048;

}  // namespace

void log_stray(log::Log& log, std::string_view id, std::string_view line) {
    for (; !line.empty(); line.remove_prefix(std::min(line.size(), log_line_size)))
        log.write(log::Level::info, "stray output", {{"id", id}, {"line", line.substr(0, log_line_size)}});
}

StderrLog::StderrLog(LoopResources& loop, net::Nursery& nursery, net::Descriptor& pipe, std::string_view id)
    : loop_(loop),
      pipe_(pipe),
      id_(id),
      lines_(framing::Kind::lines, log_line_size),
      pump_(loop.executor, nursery, [this] { return turn(); }) {}

/// One read, for who floods the log must not starve the loop.
net::Pump::Next StderrLog::turn() {
    using Wait = net::Pump::Next::Wait;
    const auto chunk = std::span(loop_.scratch.chunk).subspan(gap);
    const net::Transfer transfer = pipe_.is_open() ? pipe_.read(chunk) : net::Transfer{net::Transfer::State::end};
    if (transfer.state == net::Transfer::State::would_block) return {Wait::readable, &pipe_};
    if (transfer.state != net::Transfer::State::moved) {
        if (const auto line = lines_.finish()) write(*line);
        pipe_.close();
        return {Wait::over};
    }
    std::span<const std::byte> rest = chunk.first(transfer.bytes);
    while (const auto line = lines_.next(rest)) write(*line);
    return {Wait::others};
}

void StderrLog::write(const framing::Piece& line) {
    if (line.bytes.empty() && !line.first) return;
    const std::string_view text(reinterpret_cast<const char*>(line.bytes.data()), line.bytes.size());
    loop_.server.log.write(log::Level::error, "stderr", {{"id", id_}, {"line", text}});
}

}  // namespace wsinetd::session
