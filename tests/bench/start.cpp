// bench_start [--quick]: what it costs to start a command and to see it end, from a server with 20 MiB and with 1 GiB
// of resident memory, and with 10 and with 10,000 descriptors open. Issue 3: within 1.5x of each other.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <string_view>

#include "net/nursery.hpp"
#include "process/child.hpp"

namespace wsinetd::bench {
namespace {

using Clock = std::chrono::steady_clock;

double microseconds(Clock::duration duration) { return std::chrono::duration<double, std::micro>(duration).count(); }

double median(std::vector<double> values) {
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

/// Memory that was written to, in small pages: those are what a fork copies tables of.
class Resident {
public:
    explicit Resident(std::size_t size) : size_(size) {
        memory_ = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (memory_ == MAP_FAILED) throw std::bad_alloc();
        madvise(memory_, size, MADV_NOHUGEPAGE);
        std::memset(memory_, 1, size);
    }
    ~Resident() { munmap(memory_, size_); }
    Resident(const Resident&) = delete;
    Resident& operator=(const Resident&) = delete;

private:
    std::size_t size_;
    void* memory_;
};

/// Descriptors up to about `count`, as far as the limit goes.
class Open {
public:
    explicit Open(std::size_t count) {
        for (int fd = 0; fds_.size() < count && (fd = open("/dev/null", O_RDWR | O_CLOEXEC)) >= 0;) fds_.push_back(fd);
    }
    ~Open() {
        for (const int fd : fds_) close(fd);
    }
    Open(const Open&) = delete;
    Open& operator=(const Open&) = delete;
    std::size_t count() const { return fds_.size(); }

private:
    std::vector<int> fds_;
};

struct Times {
    double start, whole;
};

net::awaitable<void> reap(process::Child& child) {
    while (!child.reap()) co_await child.end_descriptor().readable();
}

/// Medians of the call that starts, and of all up to the reaping, in microseconds.
Times measure(const process::Launcher& launcher, const char* command, int times) {
    net::asio::io_context context{1};
    const char* const arguments[] = {command, nullptr};
    const char* const environment[] = {nullptr};
    const process::Program program{command, arguments, environment};
    std::vector<double> starts, wholes;
    for (int i = 0; i < times; ++i) {
        std::error_code error;
        const auto begin = Clock::now();
        const auto child =
            process::Child::start(context.get_executor(), launcher, 0, program, process::Stderr::pipe, nullptr, error);
        if (error) throw std::system_error(error, command);
        const auto started = Clock::now();
        net::Nursery nursery(context.get_executor(), [](const std::exception&) {});
        nursery.spawn(reap(*child));
        context.run();
        context.restart();
        starts.push_back(microseconds(started - begin));
        wholes.push_back(microseconds(Clock::now() - begin));
    }
    return {median(std::move(starts)), median(std::move(wholes))};
}

void print(const char* what, Times times, Times to) {
    std::printf("%-40s%10.1f us%10.2fx%10.1f us%10.2fx\n", what, times.start, times.start / to.start, times.whole,
                times.whole / to.whole);
    std::fflush(stdout);
}

/// Rounds of small and large in turns, for the machine changes its mind; the median of each.
struct Pair {
    Times small, large;
};
template <typename Large>
Pair compare(const process::Launcher& launcher, const char* command, int rounds, int times, Large&& large) {
    std::vector<double> values[4];
    for (int round = 0; round < rounds; ++round) {
        const Times a = measure(launcher, command, times);
        const auto load = large();
        const Times b = measure(launcher, command, times);
        const double all[] = {a.start, a.whole, b.start, b.whole};
        for (std::size_t i = 0; i < 4; ++i) values[i].push_back(all[i]);
    }
    return {{median(values[0]), median(values[1])}, {median(values[2]), median(values[3])}};
}

int run(bool quick) {
    const std::string command = std::filesystem::read_symlink("/proc/self/exe").parent_path() / "bench_tiny";
    const process::Launcher launcher(1, {});  // raises the limit on descriptors, too
    const int rounds = quick ? 1 : 5, times = quick ? 100 : 400;
    const Resident base(std::size_t{16} << 20);  // with program and libraries: about 20 MiB
    measure(launcher, command.c_str(), times / 2);

    std::printf("%-40s%13s%11s%13s%11s  goal: 1.5x at most\n", "starting the tiny command", "start", "",
                "start to reap", "");
    const auto memory = compare(launcher, command.c_str(), rounds, times,
                                [] { return std::make_unique<Resident>(std::size_t{1008} << 20); });
    print("20 MiB resident", memory.small, memory.small);
    print("1 GiB resident", memory.large, memory.small);
    std::size_t opened = 0;
    const auto descriptors = compare(launcher, command.c_str(), rounds, times, [&opened] {
        auto open = std::make_unique<Open>(10'000);
        opened = open->count();
        return open;
    });
    print("10 descriptors", descriptors.small, descriptors.small);
    print((std::to_string(opened) + " descriptors").c_str(), descriptors.large, descriptors.small);
    return 0;
}

}  // namespace
}  // namespace wsinetd::bench

int main(int argc, char** argv) { return wsinetd::bench::run(argc > 1 && std::string_view(argv[1]) == "--quick"); }
