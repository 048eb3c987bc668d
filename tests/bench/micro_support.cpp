#include <algorithm>
#include <cstring>
#include <limits>
#include <map>
#include <string>

#include <ctime>

#include "micro.hpp"

namespace wsinetd::bench {
namespace {

constexpr std::string_view ascii = "The quick brown fox jumps over the lazy dog, 0123456789 times. ";
constexpr std::string_view mixed = "Zażółć gęślą jaźń, съешь же ещё, naïve café, the price is 12 € or £9, 日本 🚀 ok. ";
constexpr std::string_view cjk = "いろはにほへと色は匂へど散りぬるを我が世誰ぞ常ならむ有為の奥山今日越えて";
constexpr std::string_view latin1 =
    "Fr\xfchst\xfc"
    "cks\xe4pfel und Stra\xdf"
    "enb\xe4ume in gro\xdf"
    "en Mengen ";

std::string_view sample(Text text) {
    switch (text) {
        case Text::ascii: return ascii;
        case Text::mixed: return mixed;
        case Text::cjk: return cjk;
        case Text::latin1: return latin1;
    }
    return {};
}

const char* name_of(Text text) {
    switch (text) {
        case Text::ascii: return "ascii";
        case Text::mixed: return "mixed";
        case Text::cjk: return "cjk";
        case Text::latin1: return "latin1";
    }
    return "";
}

double measure_memcpy(std::size_t size) {
    std::vector<std::byte> from(size, std::byte{1}), to(size);
    const std::size_t times = std::max<std::size_t>(1, 4 * 1024 * 1024 / size);
    double best = std::numeric_limits<double>::max();
    for (int batch = 0; batch < 9; ++batch) {
        const double start = cpu_seconds();
        for (std::size_t i = 0; i < times; ++i) {
            std::size_t opaque = size;
            benchmark::DoNotOptimize(opaque);  // else a small size becomes two instructions
            std::memcpy(to.data(), from.data(), opaque);
            benchmark::ClobberMemory();
        }
        best = std::min(best, cpu_seconds() - start);
    }
    return static_cast<double>(size * times) / best;
}

}  // namespace

std::vector<std::byte> text_of(Text text, std::size_t size) {
    std::string bytes;
    while (bytes.size() < size) bytes += sample(text);
    bytes.resize(size);
    if (text != Text::latin1) {  // no half character at the end
        std::size_t end = bytes.size();
        while (end > 0 && (bytes[end - 1] & 0xc0) == 0x80) --end;
        if (end > 0 && (bytes[end - 1] & 0x80) != 0) --end;
        std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(end), bytes.end(), '.');
    }
    const auto view = std::as_bytes(std::span(bytes));
    return {view.begin(), view.end()};
}

double memcpy_rate(std::size_t size) {
    static std::map<std::size_t, double> known;
    auto& rate = known[size];
    if (rate == 0) rate = measure_memcpy(size);
    return rate;
}

double cpu_seconds() {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

void Race::report(benchmark::State& state, std::size_t bytes_a_round) const {
    const double seconds = cpu_seconds() - start_;
    const auto total = static_cast<double>(bytes_a_round) * static_cast<double>(state.iterations());
    state.SetBytesProcessed(static_cast<std::int64_t>(total));
    state.counters["memcpy%"] = 100 * total / seconds / memcpy_rate_;
}

Text text_argument(benchmark::State& state) {
    const auto text = static_cast<Text>(state.range(0));
    state.SetLabel(name_of(text));
    return text;
}

}  // namespace wsinetd::bench
