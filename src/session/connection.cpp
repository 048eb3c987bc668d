#include "session/connection.hpp"

#include <cerrno>
#include <chrono>
#include <variant>

#include "endpoint/environment.hpp"
#include "endpoint/origin.hpp"
#include "endpoint/router.hpp"
#include "http/date.hpp"
#include "http/redirect.hpp"
#include "http/reply.hpp"
#include "http/request_parser.hpp"
#include "net/stream.hpp"
#include "session/bridge.hpp"
#include "version.hpp"
#include "websocket/handshake.hpp"

namespace wsinetd::session {
namespace {

using namespace std::chrono_literals;

/// Between two requests of one connection (spec section 2).
constexpr auto keep_alive_timeout = 60s;
/// For a client to close after us, so that no reset destroys a reply it has not read.
constexpr auto linger_timeout = 2s;

constexpr std::size_t max_head = 16 * 1024;
constexpr std::size_t read_size = 16 * 1024;
const std::string server_software = std::string("wsinetd/") + version;

process::Stderr stderr_of(config::StderrMode mode) {
    switch (mode) {
        case config::StderrMode::log:
        case config::StderrMode::tagged: return process::Stderr::pipe;
        case config::StderrMode::discard: return process::Stderr::null;
        case config::StderrMode::merge: return process::Stderr::stdout_;
    }
    return process::Stderr::pipe;
}

std::string why_not_started(std::error_code error) {
    if (error.value() == ENOEXEC) return error.message() + ": a script needs a first line such as #!/bin/sh";
    // execve(2) and chdir(2) say the same of all three.
    if (error.value() == ENOENT) return error.message() + ": the program, the interpreter in its first line, or --cwd";
    return error.message();
}

/// RFC 9110, 6.6.1: a server with a clock sends it.
void add_date(http::Reply& reply) {
    const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    reply.fields.push_back({"Date", http::format_date(now)});
}

/// One connection while it speaks HTTP.
class Connection final : public Stoppable {
public:
    Connection(LoopResources& loop, int fd, Service service)
        : loop_(loop),
          config_(loop.server.config),
          log_(loop.server.log),
          service_(service),
          stream_(loop.executor, fd),
          peer_(stream_.endpoints()),
          deadline_(loop.timers, [this] { stream_.close(); }) {}

    net::awaitable<void> run();
    void stop() override { stream_.close(); }

private:
    using Head = http::RequestParser::Result;
    using Answer = std::variant<http::Refusal, std::unique_ptr<Bridge>>;

    /// From now on; 0 is no limit.
    void limit_handshake() {
        deadline_.off();
        if (config_.handshake_timeout > 0ms) deadline_.after(config_.handshake_timeout);
    }
    net::awaitable<bool> begin_tls();
    net::awaitable<void> answer_without_tls();
    net::awaitable<std::unique_ptr<Bridge>> speak_http();
    net::awaitable<Head> read_head(bool first);
    Answer answer(const http::Request& request);
    std::optional<http::Refusal> judge(const http::Request& request, const websocket::Handshake& handshake,
                                       bool matched) const;
    Answer start(const http::Request& request, const endpoint::Match& match, const std::string& key);
    std::unique_ptr<process::Child> start_command(const http::Request& request, const endpoint::Match& match,
                                                  const std::string& id, std::error_code& error) const;
    void complain(std::error_code error, const endpoint::Match& match, std::string_view id, std::string_view why);
    net::awaitable<bool> write(std::string text);
    net::awaitable<void> linger();
    void log_request(const http::Request* request, int status, std::string_view why) const;
    [[nodiscard]] std::string remote() const;

    LoopResources& loop_;
    const config::Config& config_;
    log::Log& log_;
    Service service_;
    net::Stream stream_;
    net::Endpoints peer_;
    net::Deadline deadline_;
    std::vector<std::byte> unread_;  ///< what came behind the request
};

net::awaitable<void> Connection::run() {
    std::unique_ptr<Bridge> bridge;
    {
        StopScope stop_scope(loop_, *this);
        limit_handshake();
        bool ready = !loop_.stopping;
        if (ready && service_ == Service::tls) ready = co_await begin_tls();
        if (ready) bridge = co_await speak_http();
    }
    deadline_.off();
    if (bridge) co_await bridge->run(std::move(unread_));
}

/// False when there is to be no conversation; then all has been said that could be.
net::awaitable<bool> Connection::begin_tls() {
    stream_.begin_tls(*loop_.tls);
    while (stream_.is_open()) {
        const net::TlsHandshake attempt = stream_.handshake();
        switch (attempt.state) {
            case net::TlsHandshake::State::done: co_return true;
            case net::TlsHandshake::State::would_block: co_await stream_.readable(); break;
            case net::TlsHandshake::State::plain_http: co_await answer_without_tls(); co_return false;
            case net::TlsHandshake::State::refused: {
                const std::string from = remote();
                log_.write(log::Level::access, "TLS handshake failed", {{"remote", from}, {"why", attempt.why}});
                stream_.abandon_tls();
                co_await linger();  // the alert must not be destroyed by what the client has sent meanwhile
                co_return false;
            }
            case net::TlsHandshake::State::lost: co_return false;
        }
    }
    co_return false;
}

/// To a client that speaks HTTP where TLS is spoken. What it has sent so far is OpenSSL's and of no use.
net::awaitable<void> Connection::answer_without_tls() {
    stream_.abandon_tls();
    const http::Refusal refusal = http::refuse(400, "This port speaks TLS: use https:// or wss:// here.", "no TLS");
    log_request(nullptr, refusal.reply.status, refusal.why);
    if (co_await write(http::format(refusal.reply, {}, config_.http_fields))) co_await linger();
}

/// Requests until one becomes a session; nothing when the connection has ended instead.
net::awaitable<std::unique_ptr<Bridge>> Connection::speak_http() {
    for (bool first = true;; first = false) {
        Head head = co_await read_head(first);
        if (std::holds_alternative<std::monostate>(head)) co_return nullptr;
        const http::Request* const request = std::get_if<http::Request>(&head);
        http::Delivery delivery;
        std::optional<http::Refusal> refusal;
        if (request) {
            Answer outcome = answer(*request);
            if (auto* bridge = std::get_if<std::unique_ptr<Bridge>>(&outcome)) co_return std::move(*bridge);
            refusal = std::get<http::Refusal>(std::move(outcome));
            delivery = http::delivery_for(*request);
            // A body that nobody wants is not waited for.
            delivery.keep_alive = delivery.keep_alive && !request->has_body && refusal->reply.status != 400;
        } else {
            refusal = std::get<http::Refusal>(std::move(head));
        }
        log_request(request, refusal->reply.status, refusal->why);
        add_date(refusal->reply);
        if (!co_await write(http::format(refusal->reply, delivery, config_.http_fields))) co_return nullptr;
        if (!delivery.keep_alive) {
            co_await linger();
            co_return nullptr;
        }
        deadline_.after(keep_alive_timeout);
    }
}

/// A request or a refusal; neither when the client is gone or too slow. The handshake timeout counts from the accept
/// for the first head, and from its first byte for one that a kept connection has waited for.
net::awaitable<Connection::Head> Connection::read_head(bool first) {
    http::RequestParser parser(max_head);
    bool begun = first;
    for (;;) {
        std::span<const std::byte> bytes = unread_;
        const bool from_unread = !unread_.empty();
        if (!from_unread) {
            const auto space = std::span(loop_.scratch.input).first(read_size);
            const net::Transfer transfer =
                stream_.is_open() ? stream_.read(space) : net::Transfer{net::Transfer::State::end};
            if (transfer.state == net::Transfer::State::would_block) {
                co_await stream_.readable();
                continue;
            }
            if (transfer.state != net::Transfer::State::moved) co_return Head{};
            bytes = space.first(transfer.bytes);
        }
        if (!std::exchange(begun, true)) limit_handshake();
        http::RequestParser::Result result = parser.next(bytes);
        unread_ = std::vector<std::byte>(bytes.begin(), bytes.end());
        if (!std::holds_alternative<std::monostate>(result)) co_return result;
    }
}

/// The first refusal of spec section 2's order, or a session.
Connection::Answer Connection::answer(const http::Request& request) {
    if (service_ == Service::redirect)
        return http::redirect_to_https(request, peer_.local_address, loop_.server.tls_port);
    const websocket::Handshake handshake = websocket::judge_handshake(request);
    const std::optional<endpoint::Match> match = loop_.server.router.match(request);
    if (auto refusal = judge(request, handshake, match.has_value())) return std::move(*refusal);
    return start(request, *match, handshake.key);
}

std::optional<http::Refusal> Connection::judge(const http::Request& request, const websocket::Handshake& handshake,
                                               bool matched) const {
    using Kind = websocket::Handshake::Kind;
    if (handshake.kind == Kind::malformed) return handshake.refusal;
    if (!matched) return http::refuse(404, "Nothing is served at this path.");
    if (handshake.kind == Kind::plain)
        return http::refuse(426, "This is a WebSocket endpoint: connect to it with a WebSocket client.", "no upgrade");
    if (handshake.kind == Kind::wrong_version) return handshake.refusal;
    const endpoint::Origins& origins = loop_.server.origins;
    std::span<const std::string> names;
    if (service_ == Service::tls) names = loop_.tls->names();
    if (auto refusal = endpoint::judge_host(request, peer_.local_bytes, config_.hosts, origins, names)) return refusal;
    return endpoint::judge_origin(request, origins);
}

Connection::Answer Connection::start(const http::Request& request, const endpoint::Match& match,
                                     const std::string& key) {
    if (!loop_.server.processes.take())
        return http::refuse(503, "Too many sessions are open; try again later.", "--max-processes reached");
    Slot slot(loop_.server.processes);
    const std::string id = loop_.ids.next();
    std::error_code error;
    std::unique_ptr<process::Child> child = start_command(request, match, id, error);
    if (error.value() == E2BIG) return http::refuse(431, "The request is too large for the environment of a command.");
    if (error) {
        const std::string why = why_not_started(error);
        complain(error, match, id, why);
        return http::refuse(500, "The command could not be started; the server's log says why.", why);
    }
    log_request(&request, 101, {});
    return std::make_unique<Bridge>(loop_, stream_, std::move(child), std::move(slot), *match.endpoint, id, remote(),
                                    websocket::accept_reply(key, config_.upgrade_fields, {}));
}

/// What every request may meet while the system has run out of something is told once a second.
void Connection::complain(std::error_code error, const endpoint::Match& match, std::string_view id,
                          std::string_view why) {
    const bool exhausted =
        error.value() == EMFILE || error.value() == ENFILE || error.value() == ENOMEM || error.value() == EAGAIN;
    const net::TimePoint now = net::Clock::now();
    if (exhausted && now - loop_.complained < 1s) return;
    if (exhausted) loop_.complained = now;
    log_.write(log::Level::error, "cannot start the command",
               {{"id", id}, {"command", match.endpoint->program}, {"why", why}});
}

std::unique_ptr<process::Child> Connection::start_command(const http::Request& request, const endpoint::Match& match,
                                                          const std::string& id, std::error_code& error) const {
    const config::Endpoint& command = *match.endpoint;
    const endpoint::Peer peer{peer_.remote_address,     std::to_string(peer_.remote_port),
                              peer_.local_address,      std::to_string(peer_.local_port),
                              service_ == Service::tls, peer_.unix_socket};
    const endpoint::Surroundings surroundings{server_software, id, {}, loop_.server.passed_environment, command.env};
    const endpoint::Environment environment(request, match, peer, surroundings);
    std::vector<const char*> arguments;
    for (const std::string& argument : command.command) arguments.push_back(argument.c_str());
    arguments.push_back(nullptr);
    process::Program program{command.program.c_str(), arguments.data(), environment.envp()};
    if (!command.cwd.empty()) program.directory = command.cwd.c_str();
    process::Credentials credentials;
    if (command.identity) {
        credentials = {command.identity->user,
                       command.identity->group,
                       {command.identity->groups.begin(), command.identity->groups.end()}};
        program.credentials = &credentials;
    }
    std::unique_ptr<process::Cgroup> cgroup;
    if (loop_.server.cgroups) cgroup = loop_.server.cgroups->make(id);
    return process::Child::start(loop_.executor, loop_.server.launcher, loop_.index, program,
                                 stderr_of(command.stderr_mode), std::move(cgroup), error);
}

/// False when the client does not take it in time.
net::awaitable<bool> Connection::write(std::string text) {
    std::span<const std::byte> bytes = std::as_bytes(std::span(text));
    while (!bytes.empty() && stream_.is_open()) {
        const net::Transfer transfer = stream_.write(bytes);
        if (transfer.state == net::Transfer::State::failed) break;
        bytes = bytes.subspan(transfer.bytes);
        if (transfer.state == net::Transfer::State::would_block) co_await stream_.writable();
    }
    co_return bytes.empty();
}

/// Sends FIN and reads until the client's, for closing with unread bytes would reset the connection.
net::awaitable<void> Connection::linger() {
    if (!stream_.is_open()) co_return;
    stream_.shutdown_send();
    deadline_.after(linger_timeout);
    while (stream_.is_open()) {
        const net::Transfer transfer = stream_.read(loop_.scratch.input);
        if (transfer.state == net::Transfer::State::end || transfer.state == net::Transfer::State::failed) break;
        co_await stream_.readable();
    }
}

void Connection::log_request(const http::Request* request, int status, std::string_view why) const {
    if (!log_.wants(log::Level::access)) return;
    const std::string from = remote();
    const std::string origin = request ? request->fields.joined("Origin").value_or("") : "";
    log_.write(log::Level::access, "request",
               {{"remote", from},
                {"method", request ? std::string_view(request->method) : ""},
                {"target", request ? std::string_view(request->target) : ""},
                {"host", request ? std::string_view(request->host) : ""},
                {"origin", origin},
                {"status", std::int64_t{status}},
                {"why", why}});
}

std::string Connection::remote() const {
    if (peer_.unix_socket) return "unix:";
    const bool v6 = peer_.remote_address.find(':') != std::string::npos;
    return (v6 ? "[" + peer_.remote_address + "]" : peer_.remote_address) + ":" + std::to_string(peer_.remote_port);
}

}  // namespace

net::awaitable<void> serve(LoopResources& loop, int fd, Service service) {
    Connection connection(loop, fd, service);
    co_await connection.run();
}

}  // namespace wsinetd::session
