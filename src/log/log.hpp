#pragma once  // What the operator reads: one record a line, as text or JSON.
#include <atomic>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>

namespace wsinetd::log {

/// In websocketd's order: a threshold shows its level and those after it.
enum class Level { debug, trace, access, info, error, fatal };
enum class Format { text, json };

struct Field {
    std::string_view name;
    std::variant<std::string_view, std::int64_t, std::uint64_t, double> value;
};

/// Safe from any thread; a record is one write(2) unless it is longer than PIPE_BUF. Where nobody reads the log, a
/// record waits for at most a second, then records are dropped, and a record tells how many when there is room again.
class Log {
public:
    /// Writes to `descriptor`, which stays the caller's.
    Log(Level threshold, Format format, int descriptor);
    ~Log();
    Log(const Log&) = delete;
    Log& operator=(const Log&) = delete;

    /// From here on. From any thread.
    void use(Level threshold, Format format);

    [[nodiscard]] bool wants(Level level) const { return level >= threshold_.load(std::memory_order_relaxed); }

    /// `event` says what happened, `fields` to whom and how. Whatever a client or command has put into a value, a
    /// record stays one line without control characters, in well-formed UTF-8.
    void write(Level level, std::string_view event, std::span<const Field> fields = {});
    void write(Level level, std::string_view event, std::initializer_list<Field> fields) {
        write(level, event, std::span(fields.begin(), fields.size()));
    }

private:
    struct Writer;
    std::atomic<Level> threshold_;
    std::atomic<Format> format_;
    std::unique_ptr<Writer> writer_;
};

/// "access", as in --log-level.
[[nodiscard]] std::string_view name_of(Level level);

}  // namespace wsinetd::log
