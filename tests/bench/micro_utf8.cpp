// Judging and repairing UTF-8.
#include "micro.hpp"
#include "utf8/replacer.hpp"
#include "utf8/validator.hpp"

namespace wsinetd::bench {
namespace {

void validate(benchmark::State& state) {
    const auto size = static_cast<std::size_t>(state.range(1));
    const auto text = text_of(text_argument(state), size);
    utf8::Validator validator;
    const Race race(size);
    for (auto _ : state) {
        if (!validator.add(text) || !validator.complete()) state.SkipWithError("judged invalid");
    }
    race.report(state, size);
}
BENCHMARK(validate)->ArgNames({"", "size"})->ArgsProduct({{0, 1, 2}, {16, 64, 1024, 16 * 1024, 64 * 1024}});

void replace(benchmark::State& state) {
    const auto size = static_cast<std::size_t>(state.range(1));
    const auto text = text_of(text_argument(state), size);
    std::vector<std::byte> out(3 * size + 3);
    utf8::Replacer replacer;
    const Race race(size);
    for (auto _ : state) {
        benchmark::DoNotOptimize(replacer.size(text, true));  // as the sender does, which must know the length first
        benchmark::DoNotOptimize(replacer.write(text, true, out));
        benchmark::ClobberMemory();
    }
    race.report(state, size);
}
BENCHMARK(replace)->ArgNames({"", "size"})->ArgsProduct({{0, 1, 2, 3}, {64, 1024, 64 * 1024}});

}  // namespace
}  // namespace wsinetd::bench
