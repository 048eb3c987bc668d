// Between the pipes and the messages.
#include <algorithm>

#include "framing/splitter.hpp"
#include "framing/writer.hpp"
#include "micro.hpp"

namespace wsinetd::bench {
namespace {

constexpr std::size_t chunk_size = framing::max_piece;

/// A chunk of whole lines of `size` bytes.
std::vector<std::byte> lines_of(std::size_t size) {
    const auto line = text_of(Text::ascii, size);
    std::vector<std::byte> chunk;
    while (chunk.size() + size < chunk_size) {
        chunk.insert(chunk.end(), line.begin(), line.end());
        chunk.push_back(std::byte{'\n'});
    }
    return chunk;
}

/// One chunk of lines into its messages; `ns_a_line` is what a message costs.
void split(benchmark::State& state) {
    const auto size = static_cast<std::size_t>(state.range(0));
    const auto chunk = lines_of(size);
    framing::Splitter splitter(framing::Kind::lines);
    std::size_t lines = 0;
    const Race race(chunk.size());
    for (auto _ : state) {
        std::span<const std::byte> rest = chunk;
        while (const auto piece = splitter.next(rest)) {
            benchmark::DoNotOptimize(piece->bytes.data());
            ++lines;
        }
    }
    race.report(state, chunk.size());
    state.counters["lines"] = benchmark::Counter(static_cast<double>(lines), benchmark::Counter::kIsRate);
}
BENCHMARK(split)->ArgName("line")->Arg(0)->Arg(7)->Arg(64)->Arg(1024)->Arg(16 * 1024);

/// Messages, each behind a client's frame header, to the front of the same buffer.
void pack(benchmark::State& state) {
    const auto size = static_cast<std::size_t>(state.range(0));
    const std::size_t header = size < 126 ? 6 : size < 65536 ? 8 : 14;
    const std::size_t count = std::max<std::size_t>(1, chunk_size / (size + header));
    std::vector<std::byte> buffer(16 + count * (size + header));
    const framing::Writer writer(framing::Kind::lines);
    const Race race(size);
    for (auto _ : state) {
        std::byte* front = buffer.data();
        for (std::size_t i = 0; i < count; ++i) {
            const std::span<const std::byte> payload(buffer.data() + 16 + i * (size + header) + header, size);
            front = writer.pack(front, {payload, true, true});
        }
        benchmark::DoNotOptimize(front);
        benchmark::ClobberMemory();
    }
    race.report(state, count * size);
}
BENCHMARK(pack)->ArgName("message")->Arg(16)->Arg(64)->Arg(1024)->Arg(16 * 1024)->Arg(64 * 1024);

}  // namespace
}  // namespace wsinetd::bench
