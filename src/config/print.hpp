#pragma once  // What counts, as a configuration file that says the same: --print-config.
#include <string>

#include "config/settings.hpp"

namespace wsinetd::config {

/// `config` is what `compose` makes of `said`. Relative paths become absolute from `directory`, which is the one the
/// server was started in, so that the text may be read from anywhere.
[[nodiscard]] std::string print(const Said& said, const Config& config, const std::string& directory);

}  // namespace wsinetd::config
