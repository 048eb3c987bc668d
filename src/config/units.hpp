#pragma once  // Values as people write them: numbers with units (`500ms`, `1MiB`), true and false.
#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace wsinetd::config {

/// Decimal digits only, no sign, no more than `max`.
[[nodiscard]] std::optional<std::uint64_t> parse_number(std::string_view text, std::uint64_t max = UINT64_MAX);

/// `true` or `false`, and what else Go, and so websocketd, takes for them: `1`, `t`, `T`, `TRUE`, `True` and so on.
[[nodiscard]] std::optional<bool> parse_flag(std::string_view text);

/// `500ms`, `30s`, `1.5s`, `5m`, `1h`, `1d`; a bare number counts seconds. Rounded down to milliseconds; at most a
/// thousand years.
[[nodiscard]] std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

/// `64KiB`, `1MiB`, `2GiB`, also `1kB`, `1MB`, `1GB` by thousands; a bare number counts bytes.
[[nodiscard]] std::optional<std::uint64_t> parse_size(std::string_view text);

}  // namespace wsinetd::config
