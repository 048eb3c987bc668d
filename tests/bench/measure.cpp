#include "measure.hpp"

#include <algorithm>
#include <string>

namespace wsinetd::bench {
namespace {

constexpr std::size_t read_bytes = 256 * 1024;

}  // namespace

std::span<std::byte> scratch() {
    thread_local std::vector<std::byte> buffer(read_bytes);
    return buffer;
}

std::vector<double> rates(const Meter& meter, double seconds, std::uint64_t count, double a_message) {
    const auto messages = static_cast<double>(count);
    return {messages * a_message / seconds, meter.cpu() / messages};
}

void take(Connection& connection, Checker& checker, Wait wait) {
    const auto n = connection.receive(scratch(), wait);
    if (n < 0) return;
    if (n == 0) throw WrongBytes("the connection ended after " + std::to_string(checker.messages()) + " messages");
    checker.take(scratch().first(static_cast<std::size_t>(n)));
}

double median(std::vector<double> values) {
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

}  // namespace wsinetd::bench
