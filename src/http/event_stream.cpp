#include "http/event_stream.hpp"

#include <algorithm>
#include <span>

namespace wsinetd::http {
namespace {

constexpr std::string_view data_line = "data:";
constexpr std::byte cr{'\r'};
constexpr std::byte lf{'\n'};

}  // namespace

/// Text of one line, which ends here or goes on. The blank after "data:" is the stream's, so that one with which the
/// text begins is not taken for it (9.2.6).
void EventStream::add_text(std::span<const std::byte> text, bool line_ends, std::string& out) {
    const std::size_t size = replacer_.size(text, line_ends);
    if (size > 0 && line_empty_) out += ' ';
    line_empty_ = line_empty_ && size == 0;
    const std::size_t start = out.size();
    out.resize(start + size);
    replacer_.write(text, line_ends, std::as_writable_bytes(std::span(out).subspan(start)));
}

void EventStream::add(const framing::Piece& piece, std::string& out) {
    if (piece.first) {
        out.append("id: ").append(std::to_string(++id_)).append("\n").append(data_line);
        line_empty_ = true;
        carriage_return_ = false;
    }
    auto bytes = piece.bytes;
    while (!bytes.empty()) {
        if (carriage_return_ && bytes.front() == lf) bytes = bytes.subspan(1);
        carriage_return_ = false;
        const auto line_break = std::ranges::find_if(bytes, [](std::byte byte) { return byte == lf || byte == cr; });
        const auto length = static_cast<std::size_t>(line_break - bytes.begin());
        const bool line_ends = length < bytes.size();
        add_text(bytes.first(length), line_ends, out);
        bytes = bytes.subspan(length);
        if (!line_ends) break;
        carriage_return_ = bytes.front() == cr;
        bytes = bytes.subspan(1);
        out.append("\n").append(data_line);
        line_empty_ = true;
    }
    if (!piece.last) return;
    add_text({}, true, out);
    out.append("\n\n");
}

std::string EventStream::close_event(int status) {
    return std::string("event: close\ndata: ").append(std::to_string(status)).append("\n\n");
}

}  // namespace wsinetd::http
