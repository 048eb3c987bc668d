// websocketd's spellings: its command lines run unchanged.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/load.hpp"
#include "config/option_table.hpp"

namespace wsinetd::config::alias_test {
namespace {

using testing::IsEmpty;

Loaded parse(std::vector<const char*> arguments) {
    arguments.insert(arguments.begin(), "wsinetd");
    arguments.push_back("command");
    return load(arguments);
}

TEST(Alias, PassstderrIsShortForStderrTagged) {
    const Loaded line = parse({"--passstderr"});
    EXPECT_THAT(line.errors, IsEmpty());
    EXPECT_EQ(line.config.common.stderr_mode, StderrMode::tagged);
    EXPECT_THAT(line.config.endpoints.at(0).command, testing::ElementsAre("command"));
}

TEST(Alias, PassstderrTakesTrueAndFalse) {
    EXPECT_EQ(parse({"--passstderr=true"}).config.common.stderr_mode, StderrMode::tagged);
    EXPECT_EQ(parse({"--passstderr=false"}).config.common.stderr_mode, StderrMode::log);
    EXPECT_THAT(parse({"--passstderr=maybe"}).errors,
                testing::ElementsAre("--passstderr: \"maybe\" is not true or false"));
}

TEST(Alias, ThoseThatEndInMsCountMilliseconds) {
    const Loaded line = parse({"--pingms=250", "--closems", "1500"});
    EXPECT_THAT(line.errors, IsEmpty());
    EXPECT_EQ(line.config.common.ping_interval, Milliseconds(250));
    EXPECT_EQ(line.config.common.close_grace, Milliseconds(1500));
}

TEST(Alias, EachOfTheTableIsAnOption) {
    for (const Option& option : options()) {
        if (option.alias.empty()) continue;
        const std::string spelling = "--" + std::string(option.alias);
        for (const std::string& error : parse({spelling.c_str()}).errors)
            EXPECT_THAT(error, testing::Not(testing::HasSubstr("is not an option")));
    }
}

}  // namespace
}  // namespace wsinetd::config::alias_test
