#pragma once  // A command's stderr, line by line in the log, and what of its stdout is no message.
#include "framing/splitter.hpp"
#include "net/pump.hpp"
#include "session/loop_resources.hpp"

namespace wsinetd::session {

/// Output that the framing takes for no message: a record a line, or several where it is long.
void log_stray(log::Log& log, std::string_view id, std::string_view line);

class StderrLog {
public:
    /// `pipe` and `id`, the session's, outlive this.
    StderrLog(LoopResources& loop, net::Nursery& nursery, net::Descriptor& pipe, std::string_view id);

    /// Reads until the pipe ends, as a task of the nursery.
    void start() { pump_.start(); }

private:
    net::Pump::Next turn();
    void write(const framing::Piece& line);

    LoopResources& loop_;
    net::Descriptor& pipe_;
    std::string_view id_;
    framing::Splitter lines_;
    net::Pump pump_;
};

}  // namespace wsinetd::session
