// bench_sink PATTERN SIZE COUNT: reads COUNT messages of a pattern, compares every byte, says "ok COUNT" or where it
// first went wrong.
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "pattern.hpp"

namespace {

/// Whether `bytes`, which stand at `offset` of the stream, are the pattern's.
bool matches(const std::string& block, std::uint64_t offset, const char* bytes, std::size_t size) {
    while (size > 0) {
        const std::size_t at = offset % block.size();
        const std::size_t part = std::min(size, block.size() - at);
        if (std::memcmp(block.data() + at, bytes, part) != 0) return false;
        offset += part, bytes += part, size -= part;
    }
    return true;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 4) return 2;
    const std::size_t size = std::strtoull(argv[2], nullptr, 10);
    const auto pattern = wsinetd::bench::pattern_named(argv[1], size);
    const std::uint64_t total = std::strtoull(argv[3], nullptr, 10) * (size + (pattern.lines ? 1 : 0));
    std::vector<char> buffer(256 * 1024);
    std::uint64_t offset = 0;
    while (offset < total) {
        const ssize_t n = read(0, buffer.data(), buffer.size());
        if (n <= 0) break;
        if (!matches(pattern.block, offset, buffer.data(), static_cast<std::size_t>(n))) break;
        offset += static_cast<std::uint64_t>(n);
    }
    if (offset == total) {
        std::printf("ok %s\n", argv[3]);
    } else {
        std::printf("wrong after byte %llu\n", static_cast<unsigned long long>(offset));
    }
}
