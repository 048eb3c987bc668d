// The one door to spdlog, and, for the descriptor it writes to, to the system.
#include "log/log.hpp"

#include <poll.h>
#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <climits>
#include <ctime>
#include <mutex>

#include "log/record.hpp"

namespace wsinetd::log {
namespace {

constexpr int patience_ms = 1000;

constexpr std::array<std::string_view, 6> names{"debug", "trace", "access", "info", "error", "fatal"};

/// "2024-02-29T12:34:56.789Z". What a second has in common is kept, for the calendar costs more than the rest.
std::string timestamp() {
    struct Second {
        std::time_t value = -1;
        std::array<char, 32> text{};
    };
    thread_local Second second;
    const auto now = std::chrono::system_clock::now();
    const auto whole = std::chrono::floor<std::chrono::seconds>(now);
    const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(now - whole).count();
    if (const std::time_t value = whole.time_since_epoch().count(); value != second.value) {
        std::tm utc{};
        ::gmtime_r(&value, &utc);
        std::strftime(second.text.data(), second.text.size(), "%Y-%m-%dT%H:%M:%S.", &utc);
        second.value = value;
    }
    std::string text = second.text.data();
    for (const auto unit : {100, 10, 1}) text += static_cast<char>('0' + milliseconds / unit % 10);
    return text += 'Z';
}

std::string format_line(Format format, Level level, std::string_view event, std::span<const Field> fields) {
    const std::string time = timestamp();
    std::string line =
        format == Format::json ? format_json(time, level, event, fields) : format_text(time, level, event, fields);
    line += '\n';
    return line;
}

/// Writes whole lines to a descriptor, and does not wait for ever for someone to read them.
class DescriptorSink final : public spdlog::sinks::base_sink<std::mutex> {
public:
    DescriptorSink(int descriptor, const std::atomic<Format>& format) : descriptor_(descriptor), format_(format) {
        struct stat status {};
        can_block_ = ::fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode);
    }

protected:
    void sink_it_(const spdlog::details::log_msg& message) override {
        if (!writable()) {
            ++lost_;
            return;
        }
        const std::string_view record(message.payload.data(), message.payload.size());
        const std::uint64_t lost = std::exchange(lost_, 0);
        if (!(cut_ || lost > 0 ? put(notice(lost).append(record)) : put(record))) lost_ = lost + 1;
    }
    void flush_() override {}

private:
    /// The end of a line that was cut, and a record about those that are missing.
    [[nodiscard]] std::string notice(std::uint64_t lost) const {
        const Field count{"count", lost};
        std::string text = cut_ ? "\n" : "";
        if (lost > 0) text += format_line(format_, Level::error, "log records lost", {&count, 1});
        return text;
    }

    /// Once it was not, records no longer wait.
    bool writable() {
        if (!can_block_) return true;
        pollfd poll{descriptor_, POLLOUT, 0};
        return ::poll(&poll, 1, lost_ > 0 ? 0 : patience_ms) != 0;
    }

    /// To be called when it is writable. A pipe then takes this much at once; more could block, so it is asked again.
    /// False: not all of it was written.
    bool put(std::string_view text) {
        do {
            const ssize_t count = ::write(descriptor_, text.data(), std::min<std::size_t>(text.size(), PIPE_BUF));
            if (count < 0 && errno != EINTR) return false;
            if (count <= 0) continue;
            cut_ = text[static_cast<std::size_t>(count) - 1] != '\n';
            text.remove_prefix(static_cast<std::size_t>(count));
        } while (!text.empty() && writable());
        return text.empty();
    }

    int descriptor_;
    const std::atomic<Format>& format_;
    bool can_block_ = true;
    bool cut_ = false;  ///< what was written last does not end a line
    std::uint64_t lost_ = 0;
};

}  // namespace

struct Log::Writer {
    Writer(int descriptor, const std::atomic<Format>& format)
        : logger("wsinetd", std::make_shared<DescriptorSink>(descriptor, format)) {}
    spdlog::logger logger;
};

Log::Log(Level threshold, Format format, int descriptor)
    : threshold_(threshold), format_(format), writer_(std::make_unique<Writer>(descriptor, format_)) {}

Log::~Log() = default;

void Log::use(Level threshold, Format format) {
    threshold_.store(threshold, std::memory_order_relaxed);
    format_.store(format, std::memory_order_relaxed);
}

void Log::write(Level level, std::string_view event, std::span<const Field> fields) {
    if (!wants(level)) return;
    const std::string line = format_line(format_, level, event, fields);
    // Our levels have another order than spdlog's, and were judged above.
    writer_->logger.log(spdlog::level::critical, spdlog::string_view_t(line.data(), line.size()));
}

std::string_view name_of(Level level) { return names[static_cast<std::size_t>(level)]; }

}  // namespace wsinetd::log
