#include "server/admin.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>

#include "endpoint/origin.hpp"
#include "http/metrics.hpp"
#include "http/reply.hpp"
#include "http/request_parser.hpp"
#include "websocket/close.hpp"

namespace wsinetd::server {
namespace {

using namespace std::chrono_literals;

/// For everything about one connection.
constexpr auto patience = 10s;
/// For the loops to answer.
constexpr auto loop_patience = 2s;
constexpr auto pulse_interval = 1s;
/// A loop that has not answered for this long is not well.
constexpr auto longest_silence = 5s;
constexpr std::size_t most_connections = 8;
constexpr std::size_t max_head = 8 * 1024;
constexpr unsigned socket_mode = 0660;

constexpr std::string_view index_page =
    "/metrics                numbers for Prometheus\n"
    "/healthz                whether the event loops answer\n"
    "/readyz                 whether new clients are taken\n"
    "/sessions               each session, as JSON\n"
    "POST /sessions/ID/end   ends one; ?code=N closes with another code than 1001\n";

http::Reply page(std::string_view type, std::string body, int status = 200) {
    return {status,
            {{"Content-Type", std::string(type)}, {"Cache-Control", "no-store"}, {"X-Content-Type-Options", "nosniff"}},
            std::move(body)};
}

http::Reply text(std::string body, int status = 200) {
    return page("text/plain; charset=utf-8", std::move(body), status);
}

bool reads(const http::Request& request) { return request.method == "GET" || request.method == "HEAD"; }

http::Reply only(std::string_view methods) {
    http::Reply reply = http::refusal(405, "This is asked for with " + std::string(methods) + ".");
    std::erase_if(reply.fields, [](const http::Field& field) { return http::same_token(field.name, "Allow"); });
    reply.fields.push_back({"Allow", std::string(methods)});
    return reply;
}

/// The one that a request wants to end: `/sessions/ID/end`, or `/sessions/ID` with DELETE. Empty: it wants none.
std::string session_to_end(const http::Request& request) {
    constexpr std::string_view before = "/sessions/";
    constexpr std::string_view after = "/end";
    std::string_view path = request.path;
    if (!path.starts_with(before)) return {};
    path.remove_prefix(before.size());
    if (path.ends_with(after)) return std::string(path.substr(0, path.size() - after.size()));
    return request.method == "DELETE" ? std::string(path) : "";
}

/// `code=N`; nothing for what no server may send.
std::optional<std::uint16_t> close_code(std::string_view query) {
    constexpr std::uint16_t standard = 1001;
    constexpr std::string_view name = "code=";
    if (query.empty()) return standard;
    if (!query.starts_with(name)) return std::nullopt;
    query.remove_prefix(name.size());
    std::uint16_t code = 0;
    const auto [end, error] = std::from_chars(query.data(), query.data() + query.size(), code);
    if (error != std::errc{} || end != query.data() + query.size() || !websocket::may_be_sent(code))
        return std::nullopt;
    return code;
}

std::unique_ptr<net::Listener> listen(net::Executor executor, const config::AdminAddress& where) {
    if (where.address.empty()) return net::Listener::unix_socket(executor, where.unix_socket, socket_mode);
    return net::Listener::tcp(executor, {where.address, where.port}, patience);
}

}  // namespace

Admin::Admin(net::Executor executor, net::Nursery& tasks, const config::AdminAddress& where, View view)
    : executor_(executor),
      tasks_(tasks),
      view_(view),
      listener_(listen(executor, where)),
      timers_(executor),
      pulse_deadline_(timers_, [this] { look_at_loops(); }),
      freed_(executor),
      start_time_(std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count()) {}

std::string Admin::name() const {
    return listener_->port() == 0 ? listener_->name() : "http://" + listener_->name() + "/";
}

void Admin::start() {
    pulses_.resize(view_.loops.size());
    counters_.resize(view_.loops.size());
    tasks_.spawn(accept());
    look_at_loops();
}

void Admin::stop() {
    stopped_ = true;
    listener_->close();
    freed_.set();
    for (net::Stream* stream : streams_) stream->close();
    for (const auto& [number, asked] : asked_) asked->changed.set();
    pulse_deadline_.off();
    timers_.stop();
}

/// Those beyond the few that are served at once wait in the kernel's queue.
net::awaitable<void> Admin::accept() {
    while (!stopped_) {
        if (streams_.size() >= most_connections) {
            co_await freed_.wait();
            continue;
        }
        const int fd = listener_->accept();
        const int error = errno;
        if (fd >= 0) {
            tasks_.spawn(serve(fd));
        } else if (error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM) {
            net::Deadline pause(timers_, [this] { freed_.set(); });
            pause.after(net::Listener::exhausted_pause);
            co_await freed_.wait();
        } else {
            co_await listener_->readable();
        }
    }
}

net::awaitable<void> Admin::serve(int fd) {
    net::Stream stream(executor_, fd);
    streams_.insert(&stream);
    net::Deadline deadline(timers_, [&stream] { stream.close(); });
    deadline.after(patience);
    bool head_only = false;
    auto reply = co_await converse(stream, head_only);
    if (reply && stream.is_open()) {
        http::add_date(*reply, std::chrono::system_clock::now());
        const std::string message = http::format(*reply, http::Delivery{.head_only = head_only});
        std::span<const std::byte> rest = std::as_bytes(std::span(message));
        while (!rest.empty() && stream.is_open()) {
            const net::Transfer transfer = stream.write(rest);
            if (transfer.state == net::Transfer::State::failed) break;
            rest = rest.subspan(transfer.bytes);
            if (transfer.state == net::Transfer::State::would_block) co_await stream.writable();
        }
        if (stream.is_open()) stream.shutdown_send();
        // Until the client's FIN, for to close with something unread would reset the connection and destroy the answer.
        std::array<std::byte, 4096> unread{};
        while (stream.is_open()) {
            const net::Transfer transfer = stream.read(unread);
            if (transfer.state == net::Transfer::State::end || transfer.state == net::Transfer::State::failed) break;
            co_await stream.readable();
        }
    }
    streams_.erase(&stream);
    freed_.set();
}

/// The answer to a request; nothing where none came.
net::awaitable<std::optional<http::Reply>> Admin::converse(net::Stream& stream, bool& head_only) {
    const net::Endpoints peer = stream.endpoints();
    http::RequestParser parser(max_head);
    std::array<std::byte, 4096> space{};
    while (stream.is_open()) {
        const net::Transfer transfer = stream.read(space);
        if (transfer.state == net::Transfer::State::would_block) {
            co_await stream.readable();
            continue;
        }
        if (transfer.state != net::Transfer::State::moved) break;
        std::span<const std::byte> bytes = std::span(space).first(transfer.bytes);
        auto result = parser.next(bytes);
        if (auto* refusal = std::get_if<http::Refusal>(&result)) co_return std::move(refusal->reply);
        if (const auto* request = std::get_if<http::Request>(&result)) {
            head_only = request->method == "HEAD";
            auto reply = co_await answer(*request, peer.local_bytes);
            co_return reply;
        }
    }
    co_return std::nullopt;
}

/// Whoever could have been sent by a page of another site.
std::optional<http::Reply> Admin::refuse(const http::Request& request,
                                         std::span<const std::uint8_t> local_address) const {
    const endpoint::Origins none;
    // Any name will do for who is public; here a page could read through one that leads to this machine.
    std::vector<std::string> names = view_.site->config.hosts;
    std::erase(names, "*");
    if (auto refusal = endpoint::judge_host(request, local_address, names, none)) return std::move(refusal->reply);
    if (auto refusal = endpoint::judge_origin(request, none)) return std::move(refusal->reply);
    if (!reads(request) && request.fields.count("Origin") > 0)
        return http::refusal(403, "No page of any origin may change something here.");
    return std::nullopt;
}

net::awaitable<http::Reply> Admin::answer(const http::Request& request, std::span<const std::uint8_t> local_address) {
    if (auto refused = refuse(request, local_address)) co_return std::move(*refused);
    if (std::string id = session_to_end(request); !id.empty()) {
        if (request.method != "POST" && request.method != "DELETE") co_return only("POST");
        auto reply = co_await end(request, std::move(id));
        co_return reply;
    }
    const bool known = request.path == "/" || request.path == "/metrics" || request.path == "/healthz" ||
                       request.path == "/readyz" || request.path == "/sessions";
    if (!known) co_return http::refusal(404, "There is /metrics, /healthz, /readyz and /sessions.");
    if (!reads(request)) co_return only("GET, HEAD");
    if (request.path == "/healthz") co_return health();
    if (request.path == "/readyz") co_return view_.stopping ? text("stopping\n", 503) : text("ready\n");
    if (request.path == "/") co_return text(std::string(index_page));
    if (request.path == "/metrics") {
        auto reply = co_await metrics();
        co_return reply;
    }
    auto reply = co_await sessions();
    co_return reply;
}

/// A loop that has ended has nothing left to do but what it has left.
net::awaitable<std::vector<LoopReport>> Admin::ask(LoopQuestion question) {
    Asked asked(executor_, view_.loops.size());
    const std::uint64_t number = ++questions_;
    asked_[number] = &asked;
    for (std::size_t i = 0; i < view_.loops.size(); ++i) {
        if (view_.loops[i]->is_over()) {
            asked.reports[i] = LoopReport{view_.loops[i]->left(), {}};
            continue;
        }
        view_.loops[i]->ask(question, [this, number, i](LoopReport report) {
            net::asio::post(executor_, [this, number, i, report = std::move(report)]() mutable {
                take(number, i, std::move(report));
            });
        });
    }
    bool late = false;
    net::Deadline deadline(timers_, [&] {
        late = true;
        asked.changed.set();
    });
    deadline.after(loop_patience);
    const auto is_missing = [](const std::optional<LoopReport>& report) { return !report; };
    while (!late && !stopped_ && std::ranges::any_of(asked.reports, is_missing)) co_await asked.changed.wait();
    asked_.erase(number);
    std::vector<LoopReport> reports;
    for (auto& report : asked.reports)
        if (report) reports.push_back(std::move(*report));
    co_return reports;
}

/// What a loop says too late is still the latest of its counters.
void Admin::take(std::uint64_t number, std::size_t loop, LoopReport report) {
    counters_[loop] = report.counters;
    const auto found = asked_.find(number);
    if (found == asked_.end()) return;  // too late
    found->second->reports[loop] = std::move(report);
    found->second->changed.set();
}

net::awaitable<http::Reply> Admin::metrics() {
    LoopQuestion question;
    co_await ask(question);
    if (stopped_) co_return text("stopping\n", 503);
    Totals totals;
    // Of a loop that does not answer in time, what it has said last: a counter never goes back.
    for (std::size_t i = 0; i < view_.loops.size(); ++i)
        totals.counters += view_.loops[i]->is_over() ? view_.loops[i]->left() : counters_[i];
    // So that what is always there is so from the beginning, as rates want it.
    for (const char* const how : {"success", "failure", "signal"}) totals.counters.exits[how];
    totals.connections = view_.connections.used();
    totals.max_connections = view_.site->config.max_connections;
    totals.accepted = view_.entrance.accepted();
    totals.processes = view_.processes.used();
    totals.max_processes = view_.site->config.max_processes;
    totals.loops = view_.loops.size();
    totals.lag = lag_;
    totals.ready = !view_.stopping;
    co_return page(http::metrics_type, metrics_page(totals, process_use(start_time_)));
}

net::awaitable<http::Reply> Admin::sessions() {
    LoopQuestion question;
    question.sessions = true;
    auto reports = co_await ask(question);
    std::vector<session::SessionView> all;
    for (LoopReport& report : reports) std::ranges::move(report.sessions, std::back_inserter(all));
    std::ranges::sort(all, std::greater{}, &session::SessionView::age);
    co_return page("application/json", sessions_page(all));
}

net::awaitable<http::Reply> Admin::end(const http::Request& request, std::string id) {
    const auto code = close_code(request.query);
    if (!code)
        co_return http::refusal(400,
                                "A close code is ?code=N: 1000 to 1014 where a server may send it, "
                                "3000 to 4999.");
    LoopQuestion question;
    question.end = std::move(id);
    question.code = *code;
    const auto reports = co_await ask(question);
    if (std::ranges::none_of(reports, &LoopReport::found)) co_return http::refusal(404, "There is no such session.");
    co_return text("ending\n", 202);
}

http::Reply Admin::health() const {
    const net::TimePoint now = net::Clock::now();
    for (std::size_t i = 0; i < pulses_.size(); ++i) {
        const Pulse& pulse = pulses_[i];
        if (pulse.asked && now - *pulse.asked >= longest_silence && !view_.loops[i]->is_over())
            return text("event loop " + std::to_string(i) + " does not answer\n", 503);
    }
    return text("ok\n");
}

void Admin::look_at_loops() {
    for (std::size_t i = 0; i < view_.loops.size(); ++i) {
        if (pulses_[i].asked || view_.loops[i]->is_over()) continue;
        pulses_[i].asked = net::Clock::now();
        view_.loops[i]->probe([this, i](std::chrono::nanoseconds lag) {
            net::asio::post(executor_, [this, i, lag] {
                pulses_[i].asked.reset();
                lag_.add(lag);
            });
        });
    }
    pulse_deadline_.after(pulse_interval);
}

}  // namespace wsinetd::server
