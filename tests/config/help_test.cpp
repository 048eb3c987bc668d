#include "config/help.hpp"

#include <gmock/gmock.h>

#include "config/option_table.hpp"

namespace wsinetd::config::help_test {
namespace {

using testing::HasSubstr;

TEST(HelpText, ListsEveryOptionWithItsDefaultAndAlias) {
    const std::string text = help_text();
    EXPECT_THAT(text, testing::StartsWith("Usage: wsinetd [OPTION]... COMMAND [ARGUMENT]...\n"));
    EXPECT_THAT(
        text, HasSubstr("\n  -p, --port N                TCP port; 0 takes a free one, the same for all addresses\n"));
    EXPECT_THAT(text, HasSubstr("[--pingms, in ms]"));
    EXPECT_THAT(text, HasSubstr("[--passstderr, for tagged]"));
    for (const Option& option : options()) {
        EXPECT_THAT(text, HasSubstr("--" + std::string(option.name)));
        EXPECT_THAT(text, HasSubstr("[--" + std::string(option.alias))) << option.name;
    }
    for (std::size_t begin = 0; begin < text.size();) {
        const auto end = text.find('\n', begin);
        ASSERT_NE(end, std::string::npos);
        EXPECT_LE(end - begin, 100u) << text.substr(begin, end - begin);
        EXPECT_FALSE(end > begin && text[end - 1] == ' ') << text.substr(begin, end - begin);
        begin = end + 1;
    }
}

}  // namespace
}  // namespace wsinetd::config::help_test
