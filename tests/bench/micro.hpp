#pragma once  // What the micro-benchmarks share: their texts, and the measure all is held against.
#include <benchmark/benchmark.h>

#include <cstddef>
#include <span>
#include <vector>

namespace wsinetd::bench {

/// What the bytes are like. `latin1` is text in which every umlaut is wrong in UTF-8.
enum class Text { ascii, mixed, cjk, latin1 };

/// `size` bytes of whole characters, the same ones each time, without a newline.
std::vector<std::byte> text_of(Text text, std::size_t size);

/// Bytes a second of memcpy in pieces of `size`, measured once on this machine.
double memcpy_rate(std::size_t size);

/// CPU this thread has used.
double cpu_seconds();

/// Born before a benchmark's loop, reports after it: bytes a second, and that in hundredths of what memcpy does in
/// pieces of the same size ("memcpy%").
class Race {
public:
    explicit Race(std::size_t size) : memcpy_rate_(memcpy_rate(size)), start_(cpu_seconds()) {}
    void report(benchmark::State& state, std::size_t bytes_a_round) const;

private:
    double memcpy_rate_;
    double start_;
};

/// Argument 0 of a benchmark: its text. Names it in the output.
Text text_argument(benchmark::State& state);

}  // namespace wsinetd::bench
