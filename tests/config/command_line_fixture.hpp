#pragma once  // A command line as a shell would split it.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "config/load.hpp"

namespace wsinetd::config {

using Words = std::vector<std::string>;

/// What `name` makes of these arguments.
inline Loaded parse_as(const std::string& name, const Words& arguments) {
    std::vector<const char*> pointers{name.c_str()};
    for (const std::string& argument : arguments) pointers.push_back(argument.c_str());
    return load(pointers);
}

/// The configuration of a command line that must be right.
inline Config config_of(const Words& arguments) {
    Loaded result = parse_as("wsinetd", arguments);
    EXPECT_EQ(result.errors, Words{}) << testing::PrintToString(arguments);
    return std::move(result.config);
}

inline Words errors_of(const Words& arguments) { return parse_as("wsinetd", arguments).errors; }

}  // namespace wsinetd::config
