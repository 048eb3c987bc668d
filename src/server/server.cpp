#include "server/server.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <cstdlib>
#include <random>
#include <thread>

#include "net/event.hpp"
#include "process/exit_status.hpp"
#include "server/admin.hpp"
#include "server/doors.hpp"
#include "server/entrance.hpp"
#include "server/loop.hpp"
#include "server/reload_request.hpp"

namespace wsinetd::server {
namespace {

using namespace std::chrono_literals;

/// Descriptors a loop should be able to count on; where there are few, fewer loops leave more for sessions.
constexpr rlim_t descriptors_a_loop = 64;
/// For the commands after the last session, and for the program to end.
constexpr auto stop_margin = 5s;

/// Those that stop or reload it, and the one it would get for writing to who reads no more.
constexpr std::array signals_of_server{SIGINT, SIGTERM, SIGHUP, SIGPIPE};

std::size_t loop_count(const config::Config& config) {
    if (config.accept_fd) return 1;
    if (config.threads > 0) return config.threads;
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    const std::size_t affordable = std::max<std::size_t>(1, limit.rlim_max / descriptors_a_loop);
    return std::min<std::size_t>(std::max(1U, std::thread::hardware_concurrency()), affordable);
}

/// The main thread's part. It starts no commands: what becomes its child is a leftover.
class Server {
public:
    Server(Prepared prepared, log::Log& log, const Inheritance& inherited, std::function<Prepared()> prepare_again);
    int run();

private:
    void listen();
    void open_doors();
    void serve_passed_connection();
    [[nodiscard]] std::string listening_on() const;
    void listen_for_admin();
    void announce() const;
    void warn_of_certificates() const;
    void connection_freed();
    void reload();
    [[nodiscard]] ReloadOutcome load_again();
    ReloadOutcome take(Prepared next);
    void keep_what_is_bound(Prepared& next) const;
    template <typename Value>
    void keep(std::string_view option, Value& next, const Value& now) const;
    net::awaitable<void> watch_signals();
    net::awaitable<void> watch_loops();
    void stop();
    net::awaitable<void> run_down();
    [[noreturn]] void end_at_once(int status);

    using Timer = net::asio::basic_waitable_timer<net::Clock, net::asio::wait_traits<net::Clock>, net::Executor>;

    log::Log& log_;
    const ServiceManager& manager_;
    int passed_connection_;
    std::function<Prepared()> prepare_again_;
    std::size_t threads_;
    process::Launcher launcher_;  ///< before everything else that opens descriptors
    std::unique_ptr<process::Cgroups> cgroups_;
    net::asio::io_context context_{1};
    net::Executor executor_;
    net::Nursery tasks_;
    net::asio::basic_signal_set<net::Executor> signals_;
    process::Leftovers leftovers_;
    session::Slots connections_;
    Entrance entrance_;
    session::Slots processes_;
    std::atomic<bool> hinted_ = false;
    session::SlotsByPath own_processes_;
    std::shared_ptr<const session::Site> site_;
    net::ReverseLookup names_;
    session::Clients clients_;
    session::PasswordChecks passwords_;
    session::ServerResources resources_;
    std::vector<std::unique_ptr<Loop>> loops_;
    std::unique_ptr<Admin> admin_;  ///< nullptr without --admin
    std::size_t loops_ended_ = 0;
    net::Event loop_ended_;
    Timer watchdog_;
    bool stopping_ = false;
};

std::uint64_t random_number() {
    std::random_device device;
    return std::uniform_int_distribution<std::uint64_t>{}(device);
}

Server::Server(Prepared prepared, log::Log& log, const Inheritance& inherited, std::function<Prepared()> prepare_again)
    : log_(log),
      manager_(inherited.manager),
      passed_connection_(inherited.connection),
      prepare_again_(std::move(prepare_again)),
      threads_(loop_count(prepared.config)),
      launcher_(threads_, signals_of_server),
      cgroups_(process::Cgroups::delegated()),
      executor_(context_.get_executor()),
      tasks_(executor_,
             [this](const std::exception& bug) {
                 log_.write(log::Level::fatal, "internal error", {{"what", bug.what()}});
                 end_at_once(EXIT_FAILURE);
             }),
      signals_(executor_, SIGINT, SIGTERM, SIGHUP),
      leftovers_(
          executor_,
          [this](int pid) {
              log_.write(log::Level::debug, "leftover killed", {{"pid", std::int64_t{pid}}});
          },
          [this] { return processes_.used() > 0; }),
      connections_(prepared.config.max_connections,
                   [this] { net::asio::post(executor_, [this] { connection_freed(); }); }),
      entrance_(executor_, log_, connections_),
      processes_(prepared.config.max_processes),
      site_(std::make_shared<session::Site>(std::move(prepared.config), std::move(prepared.tls), own_processes_)),
      resources_{log,     launcher_,       cgroups_.get(), leftovers_, connections_, processes_,
                 hinted_, random_number(), names_,         clients_,   passwords_},
      loop_ended_(executor_),
      watchdog_(executor_) {
    resources_.watched = site_->config.admin.has_value();
    listen();
    listen_for_admin();
    warn_of_certificates();
}

int Server::run() {
    for (std::size_t i = 0; i < threads_; ++i)
        loops_.push_back(std::make_unique<Loop>(resources_, entrance_, site_, i, [this, i] {
            net::asio::post(executor_, [this, i] {
                loops_[i]->note_end();
                ++loops_ended_;
                loop_ended_.set();
            });
        }));
    open_doors();  // before the first task, for it may fail
    announce();
    if (admin_) admin_->start();
    tasks_.spawn(watch_signals());
    if (manager_.watchdog()) tasks_.spawn(watch_loops());
    if (site_->config.accept_fd) serve_passed_connection();
    manager_.ready(listening_on());
    context_.run();
    admin_.reset();  // removes its socket file
    leftovers_.end_all();
    log_.write(log::Level::info, "stopped");
    // A lookup under way cannot be called off, and nobody waits for its answer: it goes with the process.
    if (names_.busy()) std::_Exit(EXIT_SUCCESS);
    return EXIT_SUCCESS;
}

void Server::announce() const {
    for (const Door& door : entrance_.doors())
        log_.write(log::Level::info, "listening on " + url_of(door) + (door.listener->port() == 0 ? "" : "/"));
    if (admin_) log_.write(log::Level::info, "admin on " + admin_->name());
    if (site_->tls && resources_.tls_port == 0 && !site_->config.accept_fd)
        log_.write(log::Level::info, "the certificate is not used: without --port and --address there is no TCP");
}

/// For who asks the service manager how we are.
std::string Server::listening_on() const {
    std::string text;
    for (const Door& door : entrance_.doors()) text += (text.empty() ? "Listening on " : ", ") + url_of(door);
    return text.empty() ? "Serving one connection" : text;
}

void Server::listen() {
    resources_.silence = 2 * site_->config.common.ping_interval;
    if (site_->config.accept_fd) {
        if (passed_connection_ < 0)
            throw SetupError("--accept-fd: neither systemd (Accept=yes) nor inetd has handed over a connection");
        return net::prepare_connection(passed_connection_, resources_.silence);
    }
    entrance_.add(server::open_doors(executor_, *site_, resources_.silence, manager_.sockets()));
    const auto tls = std::ranges::find(entrance_.doors(), session::Service::tls, &Door::service);
    if (tls != entrance_.doors().end()) resources_.tls_port = tls->listener->port();
}

void Server::open_doors() {
    std::vector<Porch*> porches;
    for (const auto& loop : loops_) porches.push_back(&loop->porch());
    entrance_.open(std::move(porches));
}

/// The server stops when its slot is given back.
void Server::serve_passed_connection() {
    static_cast<void>(connections_.take());
    connections_.await_room();
    entrance_.pass();
    const bool proxied = !site_->config.proxy_protocol.empty();
    loops_.front()->adopt(passed_connection_, site_->tls ? session::Service::tls : session::Service::plain, proxied);
}

void Server::listen_for_admin() {
    if (!site_->config.admin) return;
    const config::AdminAddress& where = *site_->config.admin;
    try {
        admin_ = std::make_unique<Admin>(executor_, tasks_, where,
                                         Admin::View{loops_, connections_, processes_, site_, entrance_, stopping_});
    } catch (const std::system_error& error) {
        const std::string place =
            where.address.empty() ? where.unix_socket : where.address + " port " + std::to_string(where.port);
        throw SetupError("--admin: cannot listen on " + place + ": " + error.code().message());
    }
}

void Server::connection_freed() {
    if (site_->config.accept_fd && !stopping_) stop();
    entrance_.make_way();
}

void Server::warn_of_certificates() const {
    if (!site_->tls) return;
    for (const std::string& warning : site_->tls->warnings()) log_.write(log::Level::error, warning);
}

/// Tells who asked for it, and how it went.
void Server::reload() {
    const ReloadWaiters waiters;
    if (stopping_) return waiters.tell({false, "the server is stopping"});
    manager_.reloading();
    const ReloadOutcome outcome = load_again();
    manager_.ready((outcome.done ? "" : "Not reloaded: " + outcome.what + ". ") + listening_on());
    waiters.tell(outcome);
}

/// All of the new configuration counts from here on, or none of it: what is wrong is logged, and the old stays.
ReloadOutcome Server::load_again() {
    const config::Config& now = site_->config;
    const config::Authentication& who = now.common.authentication;
    if (now.file.empty() && !site_->tls && who.password_file.empty() && who.token_file.empty()) {
        log_.write(log::Level::info, "SIGHUP: nothing to reload");
        return {true, ""};
    }
    Prepared next = prepare_again_();
    try {
        if (next.errors.empty()) return take(std::move(next));
    } catch (const std::system_error& error) {
        next.errors.emplace_back(error.what());
    }
    for (const std::string& error : next.errors)
        log_.write(log::Level::error, "SIGHUP: the old configuration stays", {{"why", error}});
    return {false, next.errors.front()};
}

/// Throws std::system_error, and then has changed nothing.
ReloadOutcome Server::take(Prepared next) {
    keep_what_is_bound(next);
    auto site = std::make_shared<session::Site>(std::move(next.config), std::move(next.tls), own_processes_);
    site_ = std::move(site);
    const config::Config& now = site_->config;
    log_.use(now.log_level, now.log_format);
    processes_.set_limit(now.max_processes);
    connections_.set_limit(now.max_connections);
    site_->set_limits();
    for (const auto& loop : loops_) loop->use(site_);
    entrance_.make_way();
    warn_of_certificates();
    const bool certificate_alone = now.file.empty() && site_->tls;
    log_.write(log::Level::info, certificate_alone ? "SIGHUP: certificate reloaded"
                                 : site_->tls      ? "SIGHUP: configuration and certificates reloaded"
                                                   : "SIGHUP: configuration reloaded");
    return {true, ""};
}

template <typename Value>
void Server::keep(std::string_view option, Value& next, const Value& now) const {
    if (next == now) return;
    log_.write(log::Level::info, "SIGHUP: a change is left out, which takes a restart", {{"option", option}});
    next = now;
}

/// Listeners and threads are as they were at the start.
void Server::keep_what_is_bound(Prepared& next) const {
    const config::Config& now = site_->config;
    config::Config& config = next.config;
    keep("port", config.port, now.port);
    keep("address", config.addresses, now.addresses);
    keep("unix-socket", config.unix_socket, now.unix_socket);
    keep("unix-socket-mode", config.unix_socket_mode, now.unix_socket_mode);
    keep("proxy-protocol", config.proxy_protocol, now.proxy_protocol);
    keep("redirect-port", config.redirect_port, now.redirect_port);
    keep("admin", config.admin, now.admin);
    keep("threads", config.threads, now.threads);
    if (config.tls() == now.tls()) return;
    keep("tls-cert", config.tls_certificates, now.tls_certificates);
    config.tls_keys = now.tls_keys;
    config.tls_client_ca = now.tls_client_ca;
    next.tls = site_->tls;
}

net::awaitable<void> Server::watch_signals() {
    for (;;) {
        const auto [error, signal] = co_await signals_.async_wait(net::as_outcome);
        if (error) co_return;
        if (signal == SIGHUP) {
            reload();
        } else if (stopping_) {
            log_.write(log::Level::info, "second signal: ending at once");
            end_at_once(128 + signal);
        } else {
            const std::string name = process::signal_name(signal);
            log_.write(log::Level::info, "stopping", {{"signal", name}});
            stop();
        }
    }
}

void Server::stop() {
    stopping_ = true;
    manager_.stopping("Closing sessions", site_->config.drain + site_->config.shutdown_grace + stop_margin);
    entrance_.close();
    for (const auto& loop : loops_) loop->stop(site_->config.drain, loops_.size());
    names_.stop();
    passwords_.stop();
    tasks_.spawn(run_down());
}

/// The watchdog is to see that sessions are served, so it hears of us only while every loop answers: a main thread that
/// can still tell it so proves nothing about the others.
net::awaitable<void> Server::watch_loops() {
    const auto period = std::chrono::duration_cast<net::Clock::duration>(*manager_.watchdog()) / 2;
    while (loops_ended_ < loops_.size()) {
        const auto silent = std::ranges::find_if(loops_, [](const auto& loop) { return !loop->has_answered(); });
        if (silent == loops_.end())
            manager_.alive();
        else
            log_.write(log::Level::error, "an event loop does not answer", {{"loop", silent - loops_.begin()}});
        for (const auto& loop : loops_) loop->ask();
        watchdog_.expires_after(period);
        if (const auto [error] = co_await watchdog_.async_wait(net::as_outcome); error) co_return;
    }
}

net::awaitable<void> Server::run_down() {
    Timer timer(executor_, site_->config.drain + site_->config.shutdown_grace);
    timer.async_wait([this](const boost::system::error_code& error) {
        if (error) return;
        log_.write(log::Level::info, "sessions still open after --shutdown-grace are ended");
        end_at_once(EXIT_SUCCESS);
    });
    while (loops_ended_ < loops_.size()) co_await loop_ended_.wait();
    timer.cancel();
    watchdog_.cancel();
    if (admin_) admin_->stop();
    loops_.clear();
    entrance_.clear();
    signals_.cancel();
    leftovers_.stop();
}

/// Every command and what it left is killed; the rest is the kernel's to clear away.
void Server::end_at_once(int status) {
    leftovers_.end_commands();
    leftovers_.end_all();
    if (cgroups_) cgroups_->end_all();
    entrance_.clear();  // removes the socket file
    admin_.reset();
    std::_Exit(status);
}

/// Whatever was inherited: SIGTERM must reach us, and with SIGCHLD ignored no command would have an exit status.
void normalize_signals() {
    sigset_t none;
    ::sigemptyset(&none);
    ::pthread_sigmask(SIG_SETMASK, &none, nullptr);
    ::signal(SIGCHLD, SIG_DFL);
    ::signal(SIGPIPE, SIG_IGN);
}

}  // namespace

int serve(Prepared prepared, log::Log& log, const Inheritance& inherited, std::function<Prepared()> prepare_again) {
    normalize_signals();
    try {
        Server server(std::move(prepared), log, inherited, std::move(prepare_again));
        return server.run();
    } catch (const SetupError&) {
        throw;
    } catch (const std::exception& error) {  // the system's, as Boost has them too
        throw SetupError(std::string("cannot start: ") + error.what());
    }
}

}  // namespace wsinetd::server
