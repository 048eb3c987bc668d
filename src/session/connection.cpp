#include "session/connection.hpp"

#include <chrono>
#include <variant>

#include "endpoint/origin.hpp"
#include "endpoint/router.hpp"
#include "http/accept.hpp"
#include "http/authorization.hpp"
#include "http/redirect.hpp"
#include "http/reply.hpp"
#include "http/request_parser.hpp"
#include "http/target.hpp"
#include "net/proxy_protocol.hpp"
#include "net/stream.hpp"
#include "session/bridge.hpp"
#include "session/caller.hpp"
#include "session/cgi.hpp"
#include "session/dev_console.hpp"
#include "session/event_source.hpp"
#include "session/start.hpp"
#include "session/static_file.hpp"
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
/// Of a CGI program's redirects to other paths of the server.
constexpr int most_redirects = 8;

constexpr std::string_view console_path = "/_console/";

/// In what a request's path leads to nothing else.
http::Refusal nothing_here() { return http::refuse(404, "Nothing is served at this path."); }

/// One connection while it speaks HTTP.
class Connection final : public Stoppable {
public:
    Connection(LoopResources& loop, int fd, Service service, bool proxied)
        : loop_(loop),
          site_(loop.site),
          log_(loop.server.log),
          service_(service),
          proxied_(proxied),
          stream_(loop.executor, fd),
          caller_(loop, stream_, service == Service::tls),
          deadline_(loop.timers, [this] { stream_.close(); }) {}

    net::awaitable<void> run();
    void stop() override {
        if (!busy_) stream_.close();
    }

private:
    using Head = http::RequestParser::Result;
    /// What a request becomes. All but a session leave the connection to the next request.
    using Answer = std::variant<http::Refusal, std::unique_ptr<Bridge>, FileAnswer, std::unique_ptr<Cgi>,
                                std::unique_ptr<EventSource>>;

    /// From now on; 0 is no limit.
    void limit_handshake() {
        deadline_.off();
        if (site_->config.handshake_timeout > 0ms) deadline_.after(site_->config.handshake_timeout);
    }
    net::awaitable<bool> meet_proxy();
    net::awaitable<bool> begin_tls();
    net::awaitable<void> answer_without_tls();
    net::awaitable<std::unique_ptr<Bridge>> speak_http();
    net::awaitable<Head> read_head(bool first);
    /// What a request is about to use, as far as somebody must be asked about it.
    struct Wish {
        std::optional<endpoint::Match> match;  ///< nothing: no endpoint, or a refusal comes before all questions
        bool starts_command = false;
    };
    [[nodiscard]] Wish wish_of(const http::Request& request) const;
    net::awaitable<void> admit(http::Request& request, bool redirected = false);

    Answer answer(const http::Request& request);
    http::Refusal redirect(const http::Request& request) const;
    Answer answer_plain(const http::Request& request, const std::optional<endpoint::Match>& match,
                        const Found& program);
    std::optional<http::Refusal> console(const http::Request& request,
                                         const std::optional<endpoint::Match>& match) const;
    std::optional<Answer> answer_by_cgi(const http::Request& request);
    std::variant<RunningCommand, http::Refusal> start_for_client(const Order& order);
    Answer start_session(const http::Request& request, const endpoint::Match& match, const Found& program,
                         const std::string& key);
    Answer start_events(const http::Request& request, const endpoint::Match& match, const Found& program);
    Asker asker_of(const http::Request& request);

    net::awaitable<bool> give(const http::Request* request, Answer answer);
    net::awaitable<bool> give_reply(const http::Request* request, http::Refusal answer);
    net::awaitable<bool> give_file(const http::Request& request, FileAnswer answer);
    net::awaitable<bool> give_output(const http::Request& request, std::unique_ptr<Cgi> cgi);
    net::awaitable<bool> run_exchange(Exchange& exchange);
    net::awaitable<bool> write(std::string text);
    net::awaitable<void> let_others();
    net::awaitable<void> linger();
    void log_request(const http::Request* request, int status, std::string_view why) const;

    LoopResources& loop_;
    std::shared_ptr<const Site> site_;  ///< of the request that is answered, and what becomes of it
    log::Log& log_;
    Service service_;
    bool proxied_;
    net::Stream stream_;
    Caller caller_;
    net::Deadline deadline_;
    std::vector<std::byte> unread_;  ///< what came behind the request
    bool logged_ = false;            ///< the answer of the command that runs
    bool busy_ = false;              ///< when the server stops, a file is sent to its end, and a command is told itself
};

net::awaitable<void> Connection::run() {
    std::unique_ptr<Bridge> bridge;
    {
        StopScope stop_scope(loop_, *this);
        limit_handshake();
        // A request that is there to be read all the same must not start a command for nobody, whom no limit knows.
        bool ready = !loop_.stopping && caller_.ends().connected;
        if (ready && proxied_) ready = co_await meet_proxy();
        if (ready && service_ == Service::tls) ready = co_await begin_tls();
        if (ready) bridge = co_await speak_http();
    }
    deadline_.off();
    if (bridge) co_await bridge->run(std::move(unread_));
}

/// Its header says who is there in truth. False: there is none, or nobody who may say so.
net::awaitable<bool> Connection::meet_proxy() {
    const http::TrustedProxies& trusted = site_->config.trusted_proxies;
    const std::string proxy = caller_.name();
    const auto refuse = [&](std::string_view why) {
        log_.write(log::Level::access, "PROXY protocol failed", {{"remote", proxy}, {"why", why}});
        stream_.close();
    };
    if (!trusted.empty() && !is_trusted(caller_.ends(), trusted)) {
        refuse("the peer is none in --trusted-proxy; listed there it would be believed");
        co_return false;
    }
    const net::ProxyGreeting greeting = co_await net::read_proxy_header(stream_);
    if (!greeting.header) {
        refuse(greeting.why.empty() ? "the connection ended before its header"
                                    : greeting.why + "; without --proxy-protocol no header would be wanted");
        co_return false;
    }
    caller_.is_named(*greeting.header);
    co_return true;
}

/// False when there is to be no conversation; then all has been said that could be.
net::awaitable<bool> Connection::begin_tls() {
    stream_.begin_tls(*site_->tls);
    while (stream_.is_open()) {
        const net::TlsHandshake attempt = stream_.handshake();
        switch (attempt.state) {
            case net::TlsHandshake::State::done: co_return true;
            case net::TlsHandshake::State::would_block: co_await stream_.readable(); break;
            case net::TlsHandshake::State::plain_http: co_await answer_without_tls(); co_return false;
            case net::TlsHandshake::State::refused: {
                const std::string from = caller_.name();
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
    http::Refusal refusal = http::refuse(400, "This port speaks TLS: use https:// or wss:// here.", "no TLS");
    http::add_date(refusal.reply, std::chrono::system_clock::now());
    log_request(nullptr, refusal.reply.status, refusal.why);
    if (co_await write(http::format(refusal.reply, {}, site_->config.http_fields))) co_await linger();
}

/// Requests until one becomes a session; nothing when the connection has ended instead.
net::awaitable<std::unique_ptr<Bridge>> Connection::speak_http() {
    for (bool first = true;; first = false) {
        Head head = co_await read_head(first);
        if (std::holds_alternative<std::monostate>(head)) co_return nullptr;
        site_ = loop_.site;
        http::Request* const request = std::get_if<http::Request>(&head);
        std::optional<http::Refusal> refusal;
        if (request) refusal = caller_.meet(*site_, *request);
        if (request && !refusal) co_await admit(*request);
        if (!stream_.is_open()) co_return nullptr;
        if (!request) refusal = std::get<http::Refusal>(std::move(head));
        Answer outcome = refusal ? Answer(*std::move(refusal)) : answer(*request);
        caller_.place().give_back();  // nothing was started that keeps it
        if (auto* bridge = std::get_if<std::unique_ptr<Bridge>>(&outcome)) co_return std::move(*bridge);
        const bool kept = co_await give(request, std::move(outcome));
        if (!kept) {
            co_await linger();
            co_return nullptr;
        }
        deadline_.after(keep_alive_timeout);
        co_await let_others();
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

/// Nothing where the answer is 404, 426 or worse, whoever asks: what is nowhere needs no password. Files and programs
/// are another matter, for which of them there are is nobody else's business.
Connection::Wish Connection::wish_of(const http::Request& request) const {
    using Kind = websocket::Handshake::Kind;
    if (service_ == Service::redirect) return {};
    const Kind kind = websocket::judge_handshake(request).kind;
    Found program;
    auto match = site_->match(request, program);
    if (kind == Kind::valid && match) return {std::move(match), true};
    if (kind != Kind::plain) return {};
    const bool events = match && request.method == "GET" && http::asks_for(request.fields, "text/event-stream");
    if (site_->cgi.get()) {
        auto split = endpoint::find_program(request.path, look_in(site_->cgi.get(), program));
        if (split)
            return {endpoint::Match{&site_->config.common, std::move(split->script_name), std::move(split->path_info)},
                    true};
    }
    if (events) return {std::move(match), true};
    if (!site_->cgi && !site_->files && !site_->config.dev_console) return {};
    return {endpoint::Match{&site_->config.common, "", request.path}, false};
}

/// All that must be asked before the request can be answered. The time for it has limits of its own.
net::awaitable<void> Connection::admit(http::Request& request, bool redirected) {
    const Admission before = caller_.forget();
    if (!site_->asks) co_return;
    const Wish wish = wish_of(request);
    if (!wish.match) co_return;
    deadline_.off();
    co_await caller_.ask(*site_, request, *wish.match, wish.starts_command, redirected ? &before : nullptr);
    limit_handshake();
}

/// The first refusal of spec section 2's order, or what is asked for.
Connection::Answer Connection::answer(const http::Request& request) {
    using Kind = websocket::Handshake::Kind;
    if (service_ == Service::redirect) return redirect(request);
    const websocket::Handshake handshake = websocket::judge_handshake(request);
    if (handshake.kind == Kind::malformed) return *handshake.refusal;
    Found program;
    const auto match = site_->match(request, program);
    if (program.kind == Found::Kind::exhausted)
        return http::refuse(503, "The server has run out of descriptors; try again later.", "no descriptor");
    if (handshake.kind == Kind::plain) return answer_plain(request, match, program);
    if (!match) return nothing_here();
    if (handshake.kind == Kind::wrong_version) return *handshake.refusal;
    if (auto refusal = caller_.judge(*site_, request, *match->endpoint)) return std::move(*refusal);
    if (auto refusal = caller_.judge_stranger(*match->endpoint)) return std::move(*refusal);
    return start_session(request, *match, program, handshake.key);
}

/// Never to where a stranger's Host would lead: that is refused on private addresses, and elsewhere replaced.
http::Refusal Connection::redirect(const http::Request& request) const {
    const endpoint::Origins& origins = site_->origins;
    const std::span<const std::string> names = site_->tls->names();
    if (auto refusal = endpoint::judge_host(request, caller_.ends().local_bytes, site_->config.hosts, origins, names))
        return *std::move(refusal);
    const std::string host =
        endpoint::own_host(request, caller_.ends().local_address, site_->config.hosts, origins, names);
    return http::redirect_to_https(request, host, loop_.server.tls_port);
}

/// In the order of spec section 2. Events come before the console, for they are asked for by name, but not before a CGI
/// program of that path, which may have events of its own.
Connection::Answer Connection::answer_plain(const http::Request& request, const std::optional<endpoint::Match>& match,
                                            const Found& program) {
    if (match && request.method == "GET" && http::asks_for(request.fields, "text/event-stream")) {
        if (auto output = answer_by_cgi(request)) return std::move(*output);
        return start_events(request, *match, program);
    }
    if (auto page = console(request, match)) return std::move(*page);
    if (auto output = answer_by_cgi(request)) return std::move(*output);
    if (site_->files || site_->cgi)
        if (auto refusal = caller_.judge_stranger(site_->config.common)) return std::move(*refusal);
    if (site_->files) {
        const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
        auto file = site_->files->answer(request, now);
        if (file) return std::visit([](auto& one) { return Answer(std::move(one)); }, *file);
    }
    if (request.method == "OPTIONS" && (request.path == "*" || match))
        return http::Refusal{{204, {{"Allow", "GET, HEAD, OPTIONS"}}, {}}, "options"};
    if (site_->files || site_->cgi || !match) return nothing_here();
    return http::refuse(426, "This is a WebSocket endpoint: connect to it with a WebSocket client.", "no upgrade");
}

/// At the endpoint's own URL and at /_console/. An endpoint at every path has no URL of its own beside files or CGI.
std::optional<http::Refusal> Connection::console(const http::Request& request,
                                                 const std::optional<endpoint::Match>& match) const {
    if (!site_->config.dev_console || (request.method != "GET" && request.method != "HEAD")) return std::nullopt;
    const bool own_url = match && ((!site_->files && !site_->cgi) || endpoint::is_at_one_path(*match));
    if (request.path == console_path.substr(0, console_path.size() - 1)) {
        http::Refusal there = http::refuse(301, "The console is at /_console/.", "console");
        there.reply.fields.push_back({"Location", std::string(console_path)});
        return there;
    }
    if (request.path != console_path && !own_url) return std::nullopt;
    if (auto refusal = caller_.judge_stranger(site_->config.common)) return refusal;
    const DevConsole& page = dev_console();
    http::Reply reply{200, {{"Content-Type", "text/html; charset=utf-8"}}, std::string(page.page)};
    reply.fields.push_back({"Content-Security-Policy", page.content_security_policy});
    reply.fields.push_back({"Cache-Control", "no-cache"});
    reply.fields.push_back({"X-Content-Type-Options", "nosniff"});
    reply.fields.push_back({"Referrer-Policy", "no-referrer"});
    return http::Refusal{std::move(reply), "console"};
}

std::optional<Connection::Answer> Connection::answer_by_cgi(const http::Request& request) {
    if (!site_->cgi || !request.path.starts_with('/')) return std::nullopt;
    Found program;
    auto split = endpoint::find_program(request.path, look_in(site_->cgi.get(), program));
    if (program.kind == Found::Kind::exhausted)
        return http::refuse(503, "The server has run out of descriptors; try again later.", "no descriptor");
    if (!split) return std::nullopt;
    const config::Endpoint& common = site_->config.common;
    if (auto refusal = caller_.judge(*site_, request, common)) return std::move(*refusal);
    if (auto refusal = caller_.judge_stranger(common)) return std::move(*refusal);
    const endpoint::Match match{&common, std::move(split->script_name), std::move(split->path_info)};
    const endpoint::Peer asking = caller_.peer();
    const Order order{*site_, request, match, asking, &program, true};
    auto started = start_for_client(order);
    if (auto* refusal = std::get_if<http::Refusal>(&started)) return std::move(*refusal);
    return std::make_unique<Cgi>(loop_, request, asker_of(request), std::get<RunningCommand>(std::move(started)),
                                 common, stderr_of(order));
}

std::variant<RunningCommand, http::Refusal> Connection::start_for_client(const Order& order) {
    auto started = start(loop_, order);
    if (auto* running = std::get_if<RunningCommand>(&started)) running->slot.keep(std::move(caller_.place()));
    return started;
}

Connection::Answer Connection::start_session(const http::Request& request, const endpoint::Match& match,
                                             const Found& program, const std::string& key) {
    const endpoint::Peer asking = caller_.peer();
    auto subprotocol = websocket::select_subprotocol(request, match.endpoint->subprotocols);
    if (!subprotocol && caller_.is_by_subprotocol()) subprotocol = http::bearer_subprotocol;
    Order order{*site_, request, match, asking, match.endpoint->dir.empty() ? nullptr : &program};
    if (subprotocol) order.subprotocol = *subprotocol;
    auto started = start_for_client(order);
    if (auto* refusal = std::get_if<http::Refusal>(&started)) return std::move(*refusal);
    auto& running = std::get<RunningCommand>(started);
    log_request(&request, 101, {});
    const net::Milliseconds silence = 2 * match.endpoint->ping_interval;
    if (silence != loop_.server.silence) stream_.limit_silence(silence);
    const auto deflate = agree_on_deflate(request, *match.endpoint);
    std::string reply = websocket::accept_reply(key, site_->config.upgrade_fields, subprotocol, running.id,
                                                deflate ? std::string_view(deflate->reply) : "");
    return std::make_unique<Bridge>(loop_, stream_, std::move(running.child), std::move(running.slot), *match.endpoint,
                                    std::move(running.id), caller_.name(), std::move(reply),
                                    compression_for(loop_, deflate),
                                    loop_.server.watched ? request.path : std::string());
}

Connection::Answer Connection::start_events(const http::Request& request, const endpoint::Match& match,
                                            const Found& program) {
    if (auto refusal = caller_.judge(*site_, request, *match.endpoint)) return std::move(*refusal);
    if (auto refusal = caller_.judge_stranger(*match.endpoint)) return std::move(*refusal);
    if (match.endpoint->framing == framing::Kind::raw)
        return http::refuse(406, "This endpoint speaks in bytes, and events are text.", "--framing raw has no events");
    const endpoint::Peer asking = caller_.peer();
    const Order order{*site_, request, match, asking, match.endpoint->dir.empty() ? nullptr : &program};
    auto started = start_for_client(order);
    if (auto* refusal = std::get_if<http::Refusal>(&started)) return std::move(*refusal);
    Asker asker = asker_of(request);
    asker.delivery.keep_alive = asker.delivery.keep_alive && !request.has_body;  // nobody reads it
    return std::make_unique<EventSource>(loop_, std::move(asker), std::get<RunningCommand>(std::move(started)),
                                         *match.endpoint, stderr_of(order));
}

/// `request` outlives the exchange.
Asker Connection::asker_of(const http::Request& request) {
    return {stream_,
            unread_,
            http::delivery_for(request),
            site_->config.http_fields,
            [this, &request](int status, std::string_view why) {
                log_request(&request, status, why);
                logged_ = true;
            },
            caller_.name(),
            request.path};
}

/// Sends it. False: no further request is to be read.
net::awaitable<bool> Connection::give(const http::Request* request, Answer answer) {
    if (auto* refusal = std::get_if<http::Refusal>(&answer))
        co_return co_await give_reply(request, std::move(*refusal));
    if (auto* file = std::get_if<FileAnswer>(&answer)) co_return co_await give_file(*request, std::move(*file));
    if (auto* cgi = std::get_if<std::unique_ptr<Cgi>>(&answer))
        co_return co_await give_output(*request, std::move(*cgi));
    if (auto* events = std::get_if<std::unique_ptr<EventSource>>(&answer)) co_return co_await run_exchange(**events);
    co_return false;
}

net::awaitable<bool> Connection::give_reply(const http::Request* request, http::Refusal answer) {
    http::Delivery delivery;
    if (request) {
        delivery = http::delivery_for(*request);
        // A body that nobody wants is not waited for.
        delivery.keep_alive = delivery.keep_alive && !request->has_body && answer.reply.status != 400;
    }
    if (answer.reply.status >= 400) ++loop_.counters.refusals[status_label(answer.reply.status)];
    log_request(request, answer.reply.status, answer.why);
    http::add_date(answer.reply, std::chrono::system_clock::now());
    const bool written = co_await write(http::format(answer.reply, delivery, site_->config.http_fields));
    if (!written) stream_.close();
    const bool kept = written && delivery.keep_alive;
    co_return kept;
}

net::awaitable<bool> Connection::give_file(const http::Request& request, FileAnswer answer) {
    http::Delivery delivery = http::delivery_for(request);
    delivery.keep_alive = delivery.keep_alive && !request.has_body;
    log_request(&request, answer.head.status, {});
    http::add_date(answer.head, std::chrono::system_clock::now());
    busy_ = true;
    bool sent = co_await write(http::format(answer.head, delivery, site_->config.http_fields));
    if (sent) sent = co_await send_file(loop_.executor, stream_, answer, loop_.scratch.chunk, deadline_);
    busy_ = false;
    if (!sent) stream_.close();
    const bool kept = sent && delivery.keep_alive && !loop_.stopping;
    co_return kept;
}

/// What the program prints, or what it redirects to.
net::awaitable<bool> Connection::give_output(const http::Request& request, std::unique_ptr<Cgi> cgi) {
    http::Request next = request;
    bool kept = co_await run_exchange(*cgi);
    if (!logged_ && cgi->local_redirect().empty()) log_request(&next, status_client_gone, "the client has gone");
    for (int i = 0; !cgi->local_redirect().empty() && stream_.is_open(); ++i) {
        auto redirect = i < most_redirects ? http::redirected(next, cgi->local_redirect()) : std::nullopt;
        Answer outcome =
            http::refuse(502, "The program's answer leads nowhere.", "redirect to " + cgi->local_redirect());
        if (redirect) {
            next = std::move(*redirect);
            next.keep_alive = kept;
            co_await admit(next, true);
            deadline_.after(keep_alive_timeout);
            outcome = answer(next);
            caller_.place().give_back();
        }
        auto* program = std::get_if<std::unique_ptr<Cgi>>(&outcome);
        if (!program) {
            const bool given = co_await give(&next, std::move(outcome));
            kept = kept && given;
            co_return kept;
        }
        cgi = std::move(*program);
        const bool kept_on = co_await run_exchange(*cgi);
        if (!logged_ && cgi->local_redirect().empty()) log_request(&next, status_client_gone, "the client has gone");
        kept = kept && kept_on;
    }
    co_return kept;
}

net::awaitable<bool> Connection::run_exchange(Exchange& exchange) {
    deadline_.off();
    logged_ = false;
    busy_ = true;
    const bool kept = co_await exchange.run();
    busy_ = false;
    deadline_.after(keep_alive_timeout);  // for the answer that a local redirect leads to
    co_return kept;
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

/// A client that always has something for us must not keep the loop to itself.
net::awaitable<void> Connection::let_others() { co_await net::let_others(loop_.executor); }

/// Sends FIN and reads until the client's, for closing with unread bytes would reset the connection.
net::awaitable<void> Connection::linger() {
    if (!stream_.is_open()) co_return;
    stream_.shutdown_send();
    deadline_.after(linger_timeout);
    while (stream_.is_open()) {
        const net::Transfer transfer = stream_.read(loop_.scratch.input);
        if (transfer.state == net::Transfer::State::end || transfer.state == net::Transfer::State::failed) break;
        if (transfer.state == net::Transfer::State::moved)
            co_await let_others();
        else
            co_await stream_.readable();
    }
}

void Connection::log_request(const http::Request* request, int status, std::string_view why) const {
    ++loop_.counters.requests[status_label(status)];
    if (!log_.wants(log::Level::access)) return;
    const std::string from = caller_.name();
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

}  // namespace

net::awaitable<void> serve(LoopResources& loop, int fd, Service service, bool proxied) {
    Connection connection(loop, fd, service, proxied);
    co_await connection.run();
}

}  // namespace wsinetd::session
