// Arguments in, exit status out.
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <system_error>

#include "config/help.hpp"
#include "server/reload_request.hpp"
#include "server/server.hpp"
#include "version.hpp"

namespace wsinetd {
namespace {

constexpr int exit_refused = 1;  ///< by the system
constexpr int exit_mistake = 2;  ///< in options or configuration

void print_error(const std::string& what) { std::fprintf(stderr, "wsinetd: %s\n", what.c_str()); }

/// Whether there are any.
bool print_errors(const std::vector<std::string>& errors) {
    for (const std::string& error : errors) print_error(error);
    return !errors.empty();
}

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

int serve(server::Prepared prepared, std::span<const char* const> arguments) {
    const config::Config& config = prepared.config;
    try {
        server::Inheritance inherited;
        // Before an error is printed: stderr may be the connection, and its client is not to hear of it.
        if (config.accept_fd) inherited.connection = inherited.manager.take_connection();
        if (print_errors(prepared.errors)) return exit_mistake;
        log::Log log(config.log_level, config.log_format, config.log_to_stdout ? STDOUT_FILENO : STDERR_FILENO);
        return server::serve(std::move(prepared), log, inherited, [arguments] { return server::prepare(arguments); });
    } catch (const server::SetupError& error) {
        print_error(error.what());
    } catch (const std::system_error& error) {
        print_error(std::string("cannot start: ") + error.what());
    }
    return exit_refused;
}

int run(std::span<const char* const> arguments) {
    server::Prepared prepared = server::prepare(arguments);
    switch (prepared.config.action) {
        case config::Action::help: std::fputs(config::help_text().c_str(), stdout); return EXIT_SUCCESS;
        case config::Action::version: std::printf("wsinetd %s\n", version); return EXIT_SUCCESS;
        case config::Action::license: std::fputs(license, stdout); return EXIT_SUCCESS;
        case config::Action::reload:
        case config::Action::check:
        case config::Action::print_config:
        case config::Action::print_asyncapi:
        case config::Action::serve: break;
    }
    const config::Config& config = prepared.config;
    if (config.action == config::Action::serve) return serve(std::move(prepared), arguments);
    if (print_errors(prepared.errors)) return exit_mistake;
    if (config.action == config::Action::reload) return reload(config);
    std::fputs(prepared.printed.c_str(), stdout);
    return EXIT_SUCCESS;
}

}  // namespace
}  // namespace wsinetd

int main(int argc, char** argv) {
    wsinetd::open_what_is_closed();
    return wsinetd::run({argv, static_cast<std::size_t>(argc)});
}
