#include "server/doors.hpp"

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "server/server.hpp"

namespace wsinetd::server {
namespace {

/// How often a free port is looked for that all addresses have.
constexpr int port_tries = 32;

using Listeners = std::vector<std::unique_ptr<net::Listener>>;

class Opening {
public:
    Opening(net::Executor executor, const session::Site& site, net::Milliseconds silence)
        : executor_(executor), config_(site.config), tls_(site.tls != nullptr), silence_(silence) {}

    void listen();
    void take_over(const std::vector<ServiceManager::Socket>& sockets);
    std::vector<Door> take() { return std::move(doors_); }

private:
    [[nodiscard]] session::Service service_of(const ServiceManager::Socket& socket, bool unix_socket) const;
    void open(Listeners listeners, session::Service service);
    void open(std::unique_ptr<net::Listener> listener, session::Service service);
    [[nodiscard]] bool speaks_proxy_protocol(const net::Listener& listener) const;
    [[nodiscard]] Listeners listen_tcp(std::uint16_t wanted) const;
    Listeners listen_tcp(std::uint16_t& port, std::string& address) const;
    [[nodiscard]] bool machine_lacks(const std::string& address, int error) const;

    net::Executor executor_;
    const config::Config& config_;
    bool tls_;
    net::Milliseconds silence_;
    std::vector<Door> doors_;
};

/// A unix socket is plain: what comes in by it has not crossed a network.
void Opening::listen() {
    open(listen_tcp(config_.port), tls_ ? session::Service::tls : session::Service::plain);
    if (config_.redirect_port) open(listen_tcp(*config_.redirect_port), session::Service::redirect);
    if (config_.unix_socket.empty()) return;
    try {
        open(net::Listener::unix_socket(executor_, config_.unix_socket, config_.unix_socket_mode),
             session::Service::plain);
    } catch (const std::system_error& error) {
        throw SetupError("--unix-socket: cannot listen on " + config_.unix_socket + ": " + error.code().message() +
                         (error.code().value() == ENOTSOCK ? " (the file there is something else)" : ""));
    }
}

void Opening::take_over(const std::vector<ServiceManager::Socket>& sockets) {
    for (const ServiceManager::Socket& socket : sockets) {
        try {
            auto listener = net::Listener::passed(executor_, socket.fd, silence_);
            const session::Service service = service_of(socket, listener->port() == 0);
            open(std::move(listener), service);
        } catch (const std::system_error&) {
            throw SetupError("the socket \"" + socket.name + "\" that was handed over (descriptor " +
                             std::to_string(socket.fd) +
                             ") is none that listens for connections; one that is connected needs --accept-fd");
        }
    }
}

/// By the name the socket's unit has given it (FileDescriptorName=); other names mean nothing.
session::Service Opening::service_of(const ServiceManager::Socket& socket, bool unix_socket) const {
    if (socket.name == "plain") return session::Service::plain;
    const bool tls = socket.name == "tls";
    const bool redirect = socket.name == "redirect";
    if ((tls || redirect) && !tls_)
        throw SetupError("the socket \"" + socket.name + "\" that was handed over needs --tls-cert and --tls-key");
    if (redirect) return session::Service::redirect;
    return tls || (tls_ && !unix_socket) ? session::Service::tls : session::Service::plain;
}

void Opening::open(Listeners listeners, session::Service service) {
    for (auto& listener : listeners) open(std::move(listener), service);
}

void Opening::open(std::unique_ptr<net::Listener> listener, session::Service service) {
    const bool proxied = speaks_proxy_protocol(*listener);
    doors_.push_back({std::move(listener), service, proxied});
}

/// By the listener's name: 127.0.0.1:80, [::1]:80, unix:PATH.
bool Opening::speaks_proxy_protocol(const net::Listener& listener) const {
    const std::string& name = listener.name();
    const bool unix_socket = name.starts_with("unix:");
    std::string address = name.substr(0, name.rfind(':'));
    if (address.starts_with('[')) address = address.substr(1, address.size() - 2);
    return std::ranges::any_of(config_.proxy_protocol, [&](const std::string& each) {
        return unix_socket ? each == "unix" : each == "tcp" || each == address;
    });
}

/// One port for all addresses, also where it is the kernel's choice: then another is tried if one of them has it taken.
Listeners Opening::listen_tcp(std::uint16_t wanted) const {
    for (int attempt = 0;; ++attempt) {
        std::string address;
        std::uint16_t port = wanted;
        try {
            return listen_tcp(port, address);
        } catch (const std::system_error& error) {
            if (wanted == 0 && error.code().value() == EADDRINUSE && attempt < port_tries) continue;
            throw SetupError("cannot listen on " + address + " port " + std::to_string(port) + ": " +
                             error.code().message());
        }
    }
}

/// `port` and `address` tell which was tried last.
Listeners Opening::listen_tcp(std::uint16_t& port, std::string& address) const {
    Listeners listeners;
    for (std::size_t i = 0; i < config_.addresses.size(); ++i) {
        address = config_.addresses[i];
        try {
            listeners.push_back(net::Listener::tcp(executor_, {address, port}, silence_));
        } catch (const std::system_error& error) {
            const bool last_hope = listeners.empty() && i + 1 == config_.addresses.size();
            if (last_hope || !machine_lacks(address, error.code().value())) throw;
            continue;
        }
        port = listeners.back()->port();
    }
    return listeners;
}

/// Whether it is one of a pair ("*", the default) that this machine cannot have, as when it has no IPv6.
bool Opening::machine_lacks(const std::string& address, int error) const {
    return (error == EADDRNOTAVAIL || error == EAFNOSUPPORT) &&
           std::ranges::find(config_.spare_addresses, address) != config_.spare_addresses.end();
}

std::string_view scheme_of(session::Service service) {
    switch (service) {
        case session::Service::plain: return "ws://";
        case session::Service::tls: return "wss://";
        case session::Service::redirect: return "http://";
    }
    return {};
}

}  // namespace

std::vector<Door> open_doors(net::Executor executor, const session::Site& site, net::Milliseconds silence,
                             const std::vector<ServiceManager::Socket>& passed) {
    Opening opening(executor, site, silence);
    if (passed.empty())
        opening.listen();
    else
        opening.take_over(passed);
    return opening.take();
}

std::string url_of(const Door& door) {
    const bool unix_socket = door.listener->port() == 0;
    return (unix_socket ? "" : std::string(scheme_of(door.service))) + door.listener->name();
}

}  // namespace wsinetd::server
