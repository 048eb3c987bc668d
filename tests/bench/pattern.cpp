#include "pattern.hpp"

#include <algorithm>
#include <charconv>
#include <stdexcept>

namespace wsinetd::bench {
namespace {

constexpr std::size_t block_bytes = 1024 * 1024;

/// splitmix64: the same numbers on every machine, which std::mt19937's distributions do not promise.
class Random {
public:
    explicit Random(std::uint64_t seed) : state_(seed) {}

    std::uint64_t next() {
        state_ += 0x9e3779b97f4a7c15;
        std::uint64_t z = state_;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        return z ^ (z >> 31);
    }

    std::uint64_t below(std::uint64_t bound) { return next() % bound; }

private:
    std::uint64_t state_;
};

void append_number(std::string& out, std::uint64_t number) {
    char digits[20];
    const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
    out.append(digits, end);
}

void append_character(std::string& out, std::uint32_t code) {
    const auto put = [&out](std::uint32_t byte) { out.push_back(static_cast<char>(byte)); };
    if (code < 0x80) return put(code);
    if (code < 0x800) {
        put(0xc0 | (code >> 6));
    } else {
        if (code < 0x10000) {
            put(0xe0 | (code >> 12));
        } else {
            put(0xf0 | (code >> 18));
            put(0x80 | ((code >> 12) & 0x3f));
        }
        put(0x80 | ((code >> 6) & 0x3f));
    }
    put(0x80 | (code & 0x3f));
}

struct Script {
    std::uint32_t first, count;
};
constexpr Script scripts[] = {{'a', 26},    {0x3b1, 17},     {0x430, 32},     {0x5d0, 27},
                              {0x3042, 80}, {0x4e00, 20000}, {0xac00, 11000}, {0x1f600, 60}};

Pattern lines_of(std::size_t size, auto&& append_line) {
    Pattern pattern{{}, std::max<std::size_t>(1, block_bytes / (size + 1)), size, true};
    pattern.block.reserve(pattern.messages * (size + 1));
    for (std::size_t i = 0; i < pattern.messages; ++i) {
        append_line(pattern.block, i);
        pattern.block.push_back('\n');
    }
    return pattern;
}

}  // namespace

Pattern ascii_lines(std::size_t size) {
    Random random(1);
    return lines_of(size, [&](std::string& out, std::size_t index) {
        const std::size_t end = out.size() + size;
        append_number(out, 10'000'000 + index);
        while (out.size() < end) out.push_back(static_cast<char>(' ' + random.below(95)));
    });
}

Pattern utf8_lines(std::size_t size) {
    Random random(2);
    return lines_of(size, [&](std::string& out, std::size_t index) {
        const std::size_t end = out.size() + size;
        append_number(out, 10'000'000 + index);
        while (out.size() + 40 < end) {
            out.push_back(' ');
            const Script& script = scripts[random.below(std::size(scripts))];
            for (std::uint64_t left = 2 + random.below(7); left > 0; --left) {
                append_character(out, script.first + static_cast<std::uint32_t>(random.below(script.count)));
            }
        }
        out.append(end - out.size(), '.');
    });
}

Pattern random_bytes(std::size_t size) {
    Random random(3);
    Pattern pattern{{}, std::max<std::size_t>(1, block_bytes / size), size, false};
    const std::size_t total = pattern.messages * size;
    while (pattern.block.size() < total) pattern.block.push_back(static_cast<char>(random.next()));
    return pattern;
}

Pattern seq_lines(std::uint64_t count) {
    Pattern pattern{{}, count, 0, true};
    pattern.block.reserve(count * 9);
    for (std::uint64_t number = 1; number <= count; ++number) {
        append_number(pattern.block, number);
        pattern.block.push_back('\n');
    }
    return pattern;
}

Pattern one_line(std::string_view text) { return {std::string(text) + '\n', 1, text.size(), true}; }

Pattern pattern_named(std::string_view name, std::size_t size) {
    if (name == "ascii") return ascii_lines(size);
    if (name == "utf8") return utf8_lines(size);
    if (name == "bytes") return random_bytes(size);
    throw std::invalid_argument("a pattern is ascii, utf8 or bytes");
}

}  // namespace wsinetd::bench
