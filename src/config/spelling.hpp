#pragma once  // What somebody may have meant who wrote a word that is none.
#include <string_view>
#include <vector>

namespace wsinetd::config {

/// The one of `words` that is nearest to `word`, if it is near enough to be meant; else empty.
[[nodiscard]] std::string_view nearest(std::string_view word, const std::vector<std::string_view>& words);

}  // namespace wsinetd::config
