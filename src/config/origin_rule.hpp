#pragma once  // One element of --origin.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace wsinetd::config {

/// `[scheme://]host[:port]`: what is missing matches anything.
struct OriginRule {
    std::optional<std::string> scheme;
    std::string host;
    std::optional<std::uint16_t> port;
};

/// The rule, or what is wrong with it and what would be right. `*` is none: it stands for all origins.
[[nodiscard]] std::variant<OriginRule, std::string> parse_origin_rule(std::string_view element);

/// RFC 3986, 3.1.
[[nodiscard]] bool is_scheme(std::string_view text);

}  // namespace wsinetd::config
