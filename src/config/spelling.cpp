#include "config/spelling.hpp"

#include <algorithm>
#include <numeric>

namespace wsinetd::config {
namespace {

/// How many letters must be replaced, added or left out.
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), 0);
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            diagonal = row[j];
            row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
        }
    }
    return row[b.size()];
}

/// No word is longer, and nobody gets the last letters of a long one wrong.
constexpr std::size_t longest_word = 64;

}  // namespace

std::string_view nearest(std::string_view word, const std::vector<std::string_view>& words) {
    std::string_view found;
    if (word.size() > longest_word) return found;
    std::size_t least = std::min<std::size_t>(4, word.size() / 2 + 1);  // from here on it is another word
    for (const std::string_view each : words) {
        const std::size_t far = distance(word, each);
        if (far < least) {
            least = far;
            found = each;
        }
    }
    return found;
}

}  // namespace wsinetd::config
