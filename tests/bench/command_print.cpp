// bench_print PATTERN SIZE COUNT: prints the first COUNT messages of a pattern, a block of about 1 MiB a write.
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "pattern.hpp"

int main(int argc, char** argv) {
    if (argc != 4) return 2;
    const std::size_t size = std::strtoull(argv[2], nullptr, 10);
    const auto pattern = wsinetd::bench::pattern_named(argv[1], size);
    std::uint64_t left = std::strtoull(argv[3], nullptr, 10) * (size + (pattern.lines ? 1 : 0));
    while (left > 0) {
        const std::size_t block = std::min<std::uint64_t>(left, pattern.block.size());
        for (std::size_t done = 0; done < block;) {
            const ssize_t n = write(1, pattern.block.data() + done, block - done);
            if (n < 0) return 1;
            done += static_cast<std::size_t>(n);
        }
        left -= block;
    }
}
