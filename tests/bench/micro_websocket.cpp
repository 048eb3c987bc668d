// Frames each way.
#include <algorithm>

#include "micro.hpp"
#include "websocket/frame.hpp"
#include "websocket/receiver.hpp"
#include "websocket/sender.hpp"

namespace wsinetd::bench {
namespace {

constexpr std::size_t chunk_size = framing::max_piece;

void unmask(benchmark::State& state) {
    const auto size = static_cast<std::size_t>(state.range(0));
    auto bytes = text_of(Text::ascii, size);
    const websocket::MaskKey key{std::byte{0x37}, std::byte{0xfa}, std::byte{0x21}, std::byte{0x3d}};
    const Race race(size);
    for (auto _ : state) {
        benchmark::DoNotOptimize(websocket::unmask(bytes, key, 0));
        benchmark::ClobberMemory();
    }
    race.report(state, size);
}
BENCHMARK(unmask)->ArgName("size")->Arg(7)->Arg(64)->Arg(125)->Arg(1024)->Arg(16 * 1024)->Arg(64 * 1024);

/// A client's text frame with the key 0: a payload that stays what it is, so that every round reads the same, at the
/// cost of any other key.
void append_frame(std::vector<std::byte>& wire, std::span<const std::byte> payload) {
    const std::size_t size = payload.size();
    const auto put = [&wire](std::size_t value) { wire.push_back(static_cast<std::byte>(value)); };
    put(0x81);
    const std::size_t extra = size < 126 ? 0 : size < 65536 ? 2 : 8;
    put(0x80 | (extra == 0 ? size : extra == 2 ? 126 : 127));
    for (std::size_t byte = extra; byte > 0; --byte) put(size >> (8 * (byte - 1)));
    for (int i = 0; i < 4; ++i) put(0);
    wire.insert(wire.end(), payload.begin(), payload.end());
}

/// About 64 KiB of frames into events, text judged.
void receive(benchmark::State& state) {
    const auto size = static_cast<std::size_t>(state.range(1));
    const auto text = text_of(text_argument(state), size);
    const std::size_t count = std::max<std::size_t>(1, chunk_size / (size + 6));
    std::vector<std::byte> wire;
    for (std::size_t i = 0; i < count; ++i) append_frame(wire, text);
    websocket::Receiver receiver(1 << 20, websocket::BinaryPolicy::refuse);
    const Race race(size);
    for (auto _ : state) {
        std::span<std::byte> bytes = wire;
        std::size_t events = 0;
        while (const auto event = receiver.next(bytes)) {
            benchmark::DoNotOptimize(std::get_if<websocket::Data>(&*event));
            ++events;
        }
        if (events != count) state.SkipWithError("frames got lost");
    }
    race.report(state, count * size);
    state.counters["messages"] = benchmark::Counter(
        static_cast<double>(count) * static_cast<double>(state.iterations()), benchmark::Counter::kIsRate);
}
BENCHMARK(receive)->ArgNames({"", "size"})->ArgsProduct({{0, 1, 2}, {7, 64, 1024, 16 * 1024, 64 * 1024}});

/// About 64 KiB of messages into frames, text judged and where it is wrong repaired.
void send(benchmark::State& state) {
    const auto size = static_cast<std::size_t>(state.range(1));
    const auto text = text_of(text_argument(state), size);
    const std::size_t count = std::max<std::size_t>(1, chunk_size / (size + 2));
    std::vector<std::byte> space(3 * chunk_size + 4096);
    websocket::Sender sender(websocket::Opcode::text);
    const Race race(size);
    for (auto _ : state) {
        websocket::Frames frames{space};
        for (std::size_t i = 0; i < count; ++i) {
            framing::Piece piece{text, true, true};
            if (!sender.add(piece, frames)) frames.size = 0;
        }
        benchmark::DoNotOptimize(frames.size);
        benchmark::ClobberMemory();
    }
    race.report(state, count * size);
    state.counters["messages"] = benchmark::Counter(
        static_cast<double>(count) * static_cast<double>(state.iterations()), benchmark::Counter::kIsRate);
}
BENCHMARK(send)->ArgNames({"", "size"})->ArgsProduct({{0, 1, 2, 3}, {7, 64, 1024, 16 * 1024, 64 * 1024}});

/// The same for pieces so large that the header goes before them instead.
void send_in_place(benchmark::State& state) {
    const auto size = static_cast<std::size_t>(state.range(1));
    auto bytes = text_of(text_argument(state), size);
    bytes.insert(bytes.begin(), websocket::max_header, std::byte{0});
    websocket::Sender sender(websocket::Opcode::text);
    const Race race(size);
    for (auto _ : state) {
        const framing::Piece piece{std::span(bytes).subspan(websocket::max_header), true, true};
        benchmark::DoNotOptimize(sender.frame_in_place(piece).data());
        benchmark::ClobberMemory();
    }
    race.report(state, size);
}
BENCHMARK(send_in_place)->ArgNames({"", "size"})->ArgsProduct({{0, 1, 2}, {32 * 1024, 64 * 1024}});

}  // namespace
}  // namespace wsinetd::bench
