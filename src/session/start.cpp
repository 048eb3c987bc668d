#include "session/start.hpp"

#include <fcntl.h>

#include <array>
#include <cerrno>
#include <chrono>

#include "http/reply.hpp"
#include "version.hpp"

namespace wsinetd::session {
namespace {

using namespace std::chrono_literals;

const std::string server_software = std::string("wsinetd/") + version;

std::string why_not_started(std::error_code error) {
    if (error.value() == ENOEXEC) return error.message() + ": a script needs a first line such as #!/bin/sh";
    // execve(2) and chdir(2) say the same of all three.
    if (error.value() == ENOENT) return error.message() + ": the program, the interpreter in its first line, or --cwd";
    if (error.value() == ELOOP) return error.message() + ": a link has come to where the program was";
    return error.message();
}

/// What every request may meet while the system has run out of something is told once a second.
void complain(LoopResources& loop, std::error_code error, std::string_view command, std::string_view id,
              std::string_view why) {
    const bool exhausted =
        error.value() == EMFILE || error.value() == ENFILE || error.value() == ENOMEM || error.value() == EAGAIN;
    const net::TimePoint now = net::Clock::now();
    if (exhausted && now - loop.complained < 1s) return;
    if (exhausted) loop.complained = now;
    loop.server.log.write(log::Level::error, "cannot start the command",
                          {{"id", id}, {"command", command}, {"why", why}});
}

endpoint::Environment environment_of(const Order& order, std::string_view id) {
    endpoint::Surroundings surroundings{server_software, id, order.subprotocol,
                                        order.site.of(*order.match.endpoint).passed_environment,
                                        order.match.endpoint->env};
    if (order.cgi) surroundings.script_filename = order.program->path;
    if (order.cgi) surroundings.document_root = order.site.config.static_dir;
    return {order.request, order.match, order.peer, surroundings};
}

/// The directory a program lies in, if it still does.
OpenFile directory_of(const Found& program, std::error_code& error) {
    const auto slash = program.path.rfind('/');
    OpenFile directory(::open(program.path.substr(0, std::max<std::size_t>(slash, 1)).c_str(),
                              O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
    struct stat status {};
    if (directory.fd() < 0 ||
        ::fstatat(directory.fd(), program.path.c_str() + slash + 1, &status, AT_SYMLINK_NOFOLLOW) != 0)
        error.assign(errno, std::generic_category());
    else if (status.st_dev != program.status.st_dev || status.st_ino != program.status.st_ino)
        error.assign(ENOENT, std::generic_category());
    return directory;
}

/// The rows of setrlimit(2) for those that are set.
class CommandLimits {
public:
    explicit CommandLimits(const config::Limits& limits) {
        add(RLIMIT_AS, limits.memory);
        add(RLIMIT_CPU, limits.cpu);
        add(RLIMIT_NOFILE, limits.descriptors);
        add(RLIMIT_NPROC, limits.processes);
        add(RLIMIT_CORE, limits.core);
    }
    [[nodiscard]] std::span<const process::ResourceLimit> rows() const { return std::span(rows_).first(count_); }

private:
    void add(int resource, const std::optional<config::Limit>& limit) {
        if (limit) rows_[count_++] = {resource, {limit->soft, limit->hard}};
    }

    std::array<process::ResourceLimit, 5> rows_{};
    std::size_t count_ = 0;
};

std::unique_ptr<process::Child> start_child(LoopResources& loop, const Order& order, const std::string& id,
                                            std::error_code& error) {
    const config::Endpoint& endpoint = *order.match.endpoint;
    const config::Authentication& authentication = endpoint.authentication;
    const endpoint::Environment environment = environment_of(order, id);
    std::vector<const char*> arguments;
    if (order.program)
        arguments.push_back(order.program->path.c_str());
    else
        for (const std::string& argument : order.authenticates ? authentication.command : endpoint.command)
            arguments.push_back(argument.c_str());
    arguments.push_back(nullptr);
    const std::string& named = order.authenticates ? authentication.program : endpoint.program;
    process::Program program{order.program ? arguments[0] : named.c_str(), arguments.data(), environment.envp()};
    if (!endpoint.cwd.empty()) program.directory = endpoint.cwd.c_str();
    if (order.program) program.file = order.program->file.fd();
    OpenFile own_directory;
    if (order.cgi) own_directory = directory_of(*order.program, error);
    if (error) return nullptr;
    program.directory_fd = own_directory.fd();
    process::Credentials credentials;
    if (endpoint.identity) {
        credentials = {endpoint.identity->user,
                       endpoint.identity->group,
                       {endpoint.identity->groups.begin(), endpoint.identity->groups.end()}};
        program.credentials = &credentials;
    }
    const CommandLimits limits(endpoint.limits);
    program.limits = limits.rows();
    program.nice = endpoint.limits.nice;
    std::unique_ptr<process::Cgroup> cgroup;
    if (loop.server.cgroups) cgroup = loop.server.cgroups->make(id);
    auto child = process::Child::start(loop.executor, loop.server.launcher, loop.index, program, stderr_of(order),
                                       std::move(cgroup), error);
    if (child) loop.server.leftovers.watch();
    return child;
}

}  // namespace

process::Stderr stderr_of(const Order& order) {
    if (order.authenticates) return process::Stderr::pipe;
    switch (order.match.endpoint->stderr_mode) {
        case config::StderrMode::discard: return process::Stderr::null;
        case config::StderrMode::merge: return order.cgi ? process::Stderr::pipe : process::Stderr::stdout_;
        case config::StderrMode::log:
        case config::StderrMode::tagged: break;
    }
    return process::Stderr::pipe;
}

std::variant<RunningCommand, http::Refusal> start(LoopResources& loop, const Order& order) {
    constexpr std::string_view too_many = "Too many sessions are open; try again later.";
    if (!loop.server.processes.take()) return http::refuse(503, too_many, "--max-processes reached");
    RunningCommand running{nullptr, Slot(loop.server.processes), loop.ids.next()};
    if (!running.slot.take_also(*order.site.of(*order.match.endpoint).processes))
        return http::refuse(503, too_many, "max-processes of this endpoint reached");
    std::error_code error;
    const net::TimePoint asked = net::Clock::now();
    running.child = start_child(loop, order, running.id, error);
    if (error)
        ++loop.counters.not_started;
    else
        loop.counters.starts.add(net::Clock::now() - asked);
    if (error.value() == E2BIG) return http::refuse(431, "The request is too large for the environment of a command.");
    if (!error) return running;
    const std::string why = why_not_started(error);
    const config::Endpoint& endpoint = *order.match.endpoint;
    const std::string& named = order.authenticates ? endpoint.authentication.program : endpoint.program;
    complain(loop, error, order.program ? order.program->path : named, running.id, why);
    return http::refuse(500, "The command could not be started; the server's log says why.", why);
}

}  // namespace wsinetd::session
