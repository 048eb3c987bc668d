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

std::string timestamp() {
    const auto now = std::chrono::system_clock::now();
    const auto milliseconds =
        std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count() % 1000;
    const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
    std::tm utc{};
    ::gmtime_r(&seconds, &utc);
    std::array<char, 64> text{};
    const std::size_t size = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &utc);
    std::snprintf(text.data() + size, text.size() - size, ".%03dZ", static_cast<int>(milliseconds));
    return text.data();
}

/// Writes whole lines to a descriptor, and does not wait for ever for someone to read them.
class DescriptorSink final : public spdlog::sinks::base_sink<std::mutex> {
public:
    explicit DescriptorSink(int descriptor) : descriptor_(descriptor) {
        struct stat status {};
        can_block_ = ::fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode);
    }

protected:
    void sink_it_(const spdlog::details::log_msg& message) override {
        if (!writable()) {
            ++lost_;
            return;
        }
        if (lost_ > 0) {
            const std::string notice = std::to_string(std::exchange(lost_, 0)) + " log records lost\n";
            put(notice);
            if (!writable()) {
                ++lost_;
                return;
            }
        }
        put({message.payload.data(), message.payload.size()});
    }
    void flush_() override {}

private:
    /// Once it was not, records no longer wait.
    bool writable() {
        if (!can_block_) return true;
        pollfd poll{descriptor_, POLLOUT, 0};
        return ::poll(&poll, 1, lost_ > 0 ? 0 : patience_ms) != 0;
    }

    /// To be called when it is writable. A pipe then takes this much at once; more could block, so it is asked again.
    void put(std::string_view text) {
        do {
            const ssize_t count = ::write(descriptor_, text.data(), std::min<std::size_t>(text.size(), PIPE_BUF));
            if (count < 0 && errno != EINTR) return;
            text.remove_prefix(static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
        } while (!text.empty() && writable());
        if (!text.empty()) ++lost_;
    }

    int descriptor_;
    bool can_block_ = true;
    std::uint64_t lost_ = 0;
};

}  // namespace

struct Log::Writer {
    explicit Writer(int descriptor) : logger("wsinetd", std::make_shared<DescriptorSink>(descriptor)) {}
    spdlog::logger logger;
};

Log::Log(Level threshold, Format format, int descriptor)
    : threshold_(threshold), format_(format), writer_(std::make_unique<Writer>(descriptor)) {}

Log::~Log() = default;

void Log::write(Level level, std::string_view event, std::span<const Field> fields) {
    if (!wants(level)) return;
    const std::string time = timestamp();
    std::string line =
        format_ == Format::json ? format_json(time, level, event, fields) : format_text(time, level, event, fields);
    line += '\n';
    // Our levels have another order than spdlog's, and were judged above.
    writer_->logger.log(spdlog::level::critical, spdlog::string_view_t(line.data(), line.size()));
}

std::string_view name_of(Level level) { return names[static_cast<std::size_t>(level)]; }

}  // namespace wsinetd::log
