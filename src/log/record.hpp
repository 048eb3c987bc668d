#pragma once  // A record's line: pure.
#include <string>

#include "log/log.hpp"

namespace wsinetd::log {

/// The line without its end. `time` is printed as it is. A value of more than `max_value` bytes is cut.
[[nodiscard]] std::string format_text(std::string_view time, Level level, std::string_view event,
                                      std::span<const Field> fields);
[[nodiscard]] std::string format_json(std::string_view time, Level level, std::string_view event,
                                      std::span<const Field> fields);

/// The text in quotes, as a JSON string, with the same care as in a record.
void append_json_string(std::string& line, std::string_view text);

/// In bytes, so that a line stays below what a pipe takes at once (PIPE_BUF), unless most of it must be escaped.
inline constexpr std::size_t max_value = 2048;

}  // namespace wsinetd::log
