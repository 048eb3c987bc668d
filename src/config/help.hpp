#pragma once  // --help.
#include <string>

namespace wsinetd::config {

/// From the option table, in lines of 90 columns.
[[nodiscard]] std::string help_text();

}  // namespace wsinetd::config
