// Any configuration file: errors that name a place and stay on one line, or settings that print to a file which reads
// back the same.
#include <cstdint>
#include <cstdlib>

#include "config/config_file.hpp"
#include "config/print.hpp"

namespace {

using namespace wsinetd::config;

constexpr std::string_view name = "/etc/w.toml";

void require(bool holds) {
    if (!holds) std::abort();
}

Said said_by(ConfigFile file) {
    Said said;
    said.file = std::move(file.settings);
    said.file_command = std::move(file.command);
    said.endpoints = std::move(file.endpoints);
    said.includes = file.has_include;
    return said;
}

std::string printed(const Said& said) { return print(said, compose(said), "/"); }

void check(std::string_view text, Role role) {
    ConfigFile file = parse_config_file(text, name, role);
    for (const std::string& error : file.errors) {
        require(error.starts_with(std::string(name) + ":"));
        require(error.find('\n') == std::string::npos && error.find('\0') == std::string::npos);
    }
    if (!file.errors.empty()) return;
    const std::string once = printed(said_by(std::move(file)));
    ConfigFile again = parse_config_file(once, name, Role::main);
    require(again.errors.empty());
    require(printed(said_by(std::move(again))) == once);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    check(text, Role::main);
    check(text, Role::included);
    return 0;
}
