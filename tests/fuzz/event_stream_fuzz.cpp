// Any messages, each whole, cut in two and byte by byte: a browser receives them.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "http/event_stream.hpp"
#include "http/event_stream_reader.hpp"

namespace {

using namespace wsinetd::http;

void require(bool holds) {
    if (!holds) std::abort();
}

struct Streaming {
    EventStream stream;
    std::string out;

    void add(std::string_view piece, bool first, bool last) {
        const std::string copy(piece);  // gone afterwards
        const std::size_t before = out.size();
        stream.add({std::as_bytes(std::span(copy)), first, last}, out);
        require(out.size() - before <= 6 * piece.size() + 36);
    }
};

}  // namespace

/// The messages are what stands between bytes 0xf8, which no text has.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 1) return 0;
    const std::size_t cut_at = data[0];
    std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
    std::vector<ReceivedEvent> expected;
    Streaming whole;
    Streaming split;
    Streaming single;
    while (true) {
        const auto end = text.find('\xf8');
        const std::string_view message = text.substr(0, end);
        expected.push_back({"message", received_plainly(message), std::to_string(expected.size() + 1)});
        whole.add(message, true, true);
        const std::size_t cut = cut_at % (message.size() + 1);
        split.add(message.substr(0, cut), true, false);
        split.add(message.substr(cut), false, true);
        single.add({}, true, false);
        for (std::size_t i = 0; i < message.size(); ++i) single.add(message.substr(i, 1), false, false);
        single.add({}, false, true);
        if (end == std::string_view::npos) break;
        text.remove_prefix(end + 1);
    }
    require(split.out == whole.out);
    require(single.out == whole.out);
    const EventStreamReader reader(whole.out);
    require(reader.events == expected && reader.unknown == 0 && reader.comments == 0);
    require(wsinetd::utf8::repaired_plainly(whole.out) == whole.out);
    return 0;
}
