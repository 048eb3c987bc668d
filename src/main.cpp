// Arguments in, exit status out.
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "config/check.hpp"
#include "config/command_line.hpp"
#include "config/option_table.hpp"
#include "server/reload_request.hpp"
#include "server/server.hpp"
#include "version.hpp"

namespace wsinetd {
namespace {

constexpr int exit_refused = 1;  ///< by the system
constexpr int exit_mistake = 2;  ///< in options or configuration

void print_error(const std::string& what) { std::fprintf(stderr, "wsinetd: %s\n", what.c_str()); }

/// Where stdin, stdout or stderr are closed, a command's pipe would take the number, and the log would go to its
/// client.
void open_what_is_closed() {
    int fd = 0;
    while (fd >= 0 && fd <= STDERR_FILENO) fd = ::open("/dev/null", O_RDWR);
    if (fd >= 0) ::close(fd);
}

int reload(const config::Config& config) {
    const server::ReloadOutcome outcome = server::request_reload(static_cast<pid_t>(config.reload_pid));
    if (!outcome.what.empty()) print_error(outcome.what);
    return outcome.done ? EXIT_SUCCESS : exit_refused;
}

int serve(const config::Config& config, const server::Inheritance& inherited,
          std::shared_ptr<const net::TlsContext> tls) {
    log::Log log(config.log_level, config.log_format, config.log_to_stdout ? STDOUT_FILENO : STDERR_FILENO);
    try {
        return server::serve(config, log, inherited, std::move(tls));
    } catch (const server::SetupError& error) {
        print_error(error.what());
        return exit_refused;
    }
}

int run(std::span<const char* const> arguments) {
    config::CommandLine command_line = config::parse_command_line(arguments);
    config::Config& config = command_line.config;
    std::vector<std::string>& errors = command_line.errors;
    switch (config.action) {
        case config::Action::help: std::fputs(config::help_text().c_str(), stdout); return EXIT_SUCCESS;
        case config::Action::version: std::printf("wsinetd %s\n", version); return EXIT_SUCCESS;
        case config::Action::license: std::fputs(license, stdout); return EXIT_SUCCESS;
        case config::Action::reload:
            for (const std::string& error : errors) print_error(error);
            return errors.empty() ? reload(config) : exit_mistake;
        case config::Action::check:
        case config::Action::serve: break;
    }
    server::Inheritance inherited;
    if (config.accept_fd && config.action == config::Action::serve)
        inherited.connection = inherited.manager.take_connection();
    for (std::string& error : config::check(config)) errors.push_back(std::move(error));
    net::TlsContext::Loaded tls = server::load_tls(config);
    for (std::string& error : tls.errors) errors.push_back(std::move(error));
    for (const std::string& error : errors) print_error(error);
    if (!errors.empty()) return exit_mistake;
    return config.action == config::Action::check ? EXIT_SUCCESS : serve(config, inherited, std::move(tls.context));
}

}  // namespace
}  // namespace wsinetd

int main(int argc, char** argv) {
    wsinetd::open_what_is_closed();
    return wsinetd::run({argv, static_cast<std::size_t>(argc)});
}
