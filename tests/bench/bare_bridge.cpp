// bench_bare_bridge [--binary] --port N --address A COMMAND ARGS: the goal line of the benchmark. Upgrade, spawn, lines
// or raw framing, one thread, epoll, and nothing else: no validation, limits, pings, log, environment or ladder.
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <signal.h>
#include <spawn.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

extern char** environ;

namespace {

constexpr std::size_t chunk = 64 * 1024;
constexpr int rounds_a_turn = 16;

struct Connection;
struct Watch {
    enum class Kind { listener, socket, from_command, to_command } kind;
    Connection* connection;
    int fd = -1;
    std::uint32_t events = 0;
    bool registered = false;
};

/// What is kept between two turns. The big buffers belong to the process.
struct Connection {
    Watch socket{Watch::Kind::socket, this};
    Watch out{Watch::Kind::from_command, this};
    Watch in{Watch::Kind::to_command, this};
    pid_t pid = -1;
    bool upgraded = false, inside_line = false, fin = true, gone = false, last_words = false;
    unsigned char mask[4] = {};
    std::uint64_t left = 0;   // of the payload under way
    std::size_t mask_at = 0;  // bytes of the payload already unmasked
    unsigned opcode = 0;
    std::string head;       // an unfinished request or frame header
    std::string unsent;     // what the client would not take
    std::string unwritten;  // what the command would not take
};

class Bridge {
public:
    Bridge(std::uint16_t port, bool binary, char** command) : binary_(binary), command_(command) { listen_on(port); }

    [[noreturn]] void run() {
        std::vector<epoll_event> events(256);
        for (;;) {
            const int n = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), -1);
            for (int i = 0; i < n; ++i) {
                auto& watch = *static_cast<Watch*>(events[static_cast<std::size_t>(i)].data.ptr);
                if (watch.connection == nullptr || !watch.connection->gone)
                    turn(watch, events[static_cast<std::size_t>(i)].events);
            }
            for (Connection* dead : dead_) delete dead;
            dead_.clear();
        }
    }

private:
    void listen_on(std::uint16_t port) {
        listener_.fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        const int on = 1;
        setsockopt(listener_.fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (bind(listener_.fd, reinterpret_cast<sockaddr*>(&address), sizeof address) < 0 ||
            listen(listener_.fd, 4096) < 0) {
            std::perror("bench_bare_bridge");
            std::exit(1);
        }
        want(listener_, EPOLLIN);
    }

    void want(Watch& watch, std::uint32_t events) {
        if (watch.fd < 0 || watch.events == events) return;
        epoll_event event{events, {&watch}};
        if (events == 0 &&
            watch.kind != Watch::Kind::socket) {  // else an ended command's hang-up would wake us for ever
            epoll_ctl(epoll_, EPOLL_CTL_DEL, watch.fd, nullptr);
            watch.events = 0;
            watch.registered = false;
            return;
        }
        epoll_ctl(epoll_, watch.registered ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, watch.fd, &event);
        watch.events = events;
        watch.registered = true;
    }

    void turn(Watch& watch, std::uint32_t events) {
        switch (watch.kind) {
            case Watch::Kind::listener: return accept_all();
            case Watch::Kind::socket:
                if (events & EPOLLERR) return end(*watch.connection);  // a reset is seen although nobody reads
                if (!watch.connection->unsent.empty()) flush_to_client(*watch.connection);
                if (!watch.connection->gone && (watch.events & EPOLLIN)) read_client(*watch.connection);
                return;
            case Watch::Kind::from_command:
                if (watch.events != 0) read_command(*watch.connection);
                return;
            case Watch::Kind::to_command: return flush_to_command(*watch.connection);
        }
    }

    void accept_all() {
        for (;;) {
            const int fd = accept4(listener_.fd, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
            if (fd < 0) return;
            const int on = 1;
            setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
            auto* connection = new Connection;
            connection->socket.fd = fd;
            want(connection->socket, EPOLLIN);
        }
    }

    // Client to command.

    void read_client(Connection& c) {
        for (int round = 0; round < rounds_a_turn; ++round) {
            const ssize_t n = recv(c.socket.fd, in_ + 16, chunk, 0);
            if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
            if (n <= 0) return end(c);
            unsigned char* bytes = in_ + 16;
            auto size = static_cast<std::size_t>(n);
            if (!c.upgraded) return take_request(c, bytes, size);
            if (!take_frames(c, bytes, size)) return end(c);
            if (!c.unwritten.empty() || size < chunk) return;
        }
    }

    void take_request(Connection& c, const unsigned char* bytes, std::size_t size) {
        c.head.append(reinterpret_cast<const char*>(bytes), size);
        if (c.head.find("\r\n\r\n") == std::string::npos) return;
        constexpr std::string_view name = "Sec-WebSocket-Key: ";
        const std::size_t at = c.head.find(name);
        if (at == std::string::npos || !spawn(c)) return end(c);
        const std::string key = c.head.substr(at + name.size(), 24) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
        unsigned char digest[20], accept[32];
        SHA1(reinterpret_cast<const unsigned char*>(key.data()), key.size(), digest);
        EVP_EncodeBlock(accept, digest, sizeof digest);
        const std::string reply =
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " +
            std::string(reinterpret_cast<char*>(accept)) + "\r\n\r\n";
        c.upgraded = true;
        c.head = {};
        send_to_client(c, reply.data(), reply.size());
        if (!c.gone) want(c.out, EPOLLIN);
    }

    /// Unmasks and packs whatever the bytes hold toward the front of the same buffer, and writes it at once. False: the
    /// client has closed.
    bool take_frames(Connection& c, unsigned char* bytes, std::size_t size) {
        unsigned char* const packed = in_;
        unsigned char* to = packed;
        unsigned char* const end = bytes + size;
        bool closed = false;
        while (bytes < end) {
            if (c.left == 0 && !take_header(c, bytes, end)) break;
            closed = c.opcode == 8;
            if (closed) break;
            const auto part =
                static_cast<std::size_t>(std::min<std::uint64_t>(c.left, static_cast<std::size_t>(end - bytes)));
            unmask(c, bytes, part, to);
            bytes += part, to += part, c.left -= part;
            if (c.left == 0 && c.fin && !binary_) *to++ = '\n';
        }
        send_to_command(c, packed, static_cast<std::size_t>(to - packed));
        return !closed;
    }

    /// The next frame's header off the front, in one piece or two; false: it is not whole yet and kept in `head`.
    static bool take_header(Connection& c, unsigned char*& bytes, unsigned char* end) {
        unsigned char joined[14];
        const std::size_t had = c.head.size();
        std::memcpy(joined, c.head.data(), had);
        const std::size_t fresh = std::min<std::size_t>(sizeof joined - had, static_cast<std::size_t>(end - bytes));
        std::memcpy(joined + had, bytes, fresh);
        const std::size_t have = had + fresh;
        const unsigned length = have > 1 ? joined[1] & 0x7f : 0;
        const std::size_t extra = length == 126 ? 2 : length == 127 ? 8 : 0;
        if (have < 2 || have < 6 + extra) {
            c.head.append(reinterpret_cast<char*>(bytes), fresh);
            bytes = end;
            return false;
        }
        c.left = extra == 0 ? length : 0;
        for (std::size_t i = 0; i < extra; ++i) c.left = c.left << 8 | joined[2 + i];
        std::memcpy(c.mask, joined + 2 + extra, 4);
        c.mask_at = 0;
        c.fin = joined[0] & 0x80;
        c.opcode = joined[0] & 0x0f;
        bytes += 6 + extra - had;
        c.head.clear();
        return true;
    }

    /// `to` may lie below `from`, never above: the loops copy upward.
    static void unmask(Connection& c, const unsigned char* from, std::size_t size, unsigned char* to) {
        unsigned char turned[8];
        for (std::size_t i = 0; i < 8; ++i) turned[i] = c.mask[(c.mask_at + i) & 3];
        std::uint64_t key, a, b;
        std::memcpy(&key, turned, 8);
        std::size_t i = 0;
        for (; i + 16 <= size; i += 16) {
            std::memcpy(&a, from + i, 8);
            std::memcpy(&b, from + i + 8, 8);
            a ^= key, b ^= key;
            std::memcpy(to + i, &a, 8);
            std::memcpy(to + i + 8, &b, 8);
        }
        for (; i < size; ++i) to[i] = static_cast<unsigned char>(from[i] ^ turned[i & 7]);
        c.mask_at += size;
    }

    void send_to_command(Connection& c, const unsigned char* bytes, std::size_t size) {
        if (c.in.fd < 0 || size == 0) return;
        const ssize_t n = write(c.in.fd, bytes, size);
        if (n < 0 && errno != EAGAIN) return close_watch(c.in);
        const std::size_t done = n < 0 ? 0 : static_cast<std::size_t>(n);
        if (done == size) return;
        c.unwritten.assign(reinterpret_cast<const char*>(bytes) + done, size - done);
        want(c.socket, c.socket.events & ~static_cast<std::uint32_t>(EPOLLIN));
        want(c.in, EPOLLOUT);
    }

    void flush_to_command(Connection& c) {
        const ssize_t n = write(c.in.fd, c.unwritten.data(), c.unwritten.size());
        if (n < 0 && errno == EAGAIN) return;
        if (n < 0) close_watch(c.in);
        c.unwritten.erase(0, n < 0 ? c.unwritten.size() : static_cast<std::size_t>(n));
        if (!c.unwritten.empty()) return;
        c.unwritten = {};
        want(c.in, 0);
        want(c.socket, c.socket.events | EPOLLIN);
    }

    void close_watch(Watch& watch) {
        if (watch.registered) epoll_ctl(epoll_, EPOLL_CTL_DEL, watch.fd, nullptr);
        watch.registered = false;
        if (watch.fd >= 0) ::close(watch.fd);
        watch.fd = -1;
    }

    // Command to client.

    void read_command(Connection& c) {
        for (int round = 0; round < rounds_a_turn; ++round) {
            const ssize_t n = read(c.out.fd, out_, chunk);
            if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
            if (n <= 0) return say_last_words(c);
            frame(c, out_, static_cast<std::size_t>(n));
            if (c.gone || !c.unsent.empty() || static_cast<std::size_t>(n) < chunk) return;
        }
    }

    void frame(Connection& c, const unsigned char* bytes, std::size_t size) {
        unsigned char* to = frames_;
        const unsigned char* const end = bytes + size;
        while (bytes < end) {
            const auto* newline = binary_ ? nullptr
                                          : static_cast<const unsigned char*>(
                                                std::memchr(bytes, '\n', static_cast<std::size_t>(end - bytes)));
            const unsigned char* const stop = newline != nullptr ? newline : end;
            const auto length = static_cast<std::size_t>(stop - bytes);
            const bool last = binary_ || newline != nullptr;
            to = put_header(to, last, c.inside_line ? 0 : binary_ ? 2 : 1, length);
            if (length < 16 && stop + 16 < out_ + chunk) {
                std::memcpy(to, bytes, 16);
            } else {
                std::memcpy(to, bytes, length);
            }
            to += length;
            c.inside_line = !last;
            bytes = newline != nullptr ? newline + 1 : end;
        }
        send_to_client(c, frames_, static_cast<std::size_t>(to - frames_));
    }

    static unsigned char* put_header(unsigned char* to, bool fin, unsigned opcode, std::size_t length) {
        *to++ = static_cast<unsigned char>((fin ? 0x80u : 0u) | opcode);
        if (length < 126) {
            *to++ = static_cast<unsigned char>(length);
            return to;
        }
        const std::size_t bytes = length < 65536 ? 2 : 8;
        *to++ = bytes == 2 ? 126 : 127;
        for (std::size_t i = bytes; i > 0; --i) *to++ = static_cast<unsigned char>(length >> (8 * (i - 1)));
        return to;
    }

    void send_to_client(Connection& c, const void* bytes, std::size_t size) {
        const ssize_t n = send(c.socket.fd, bytes, size, MSG_NOSIGNAL);
        if (n < 0 && errno != EAGAIN) return end(c);
        const std::size_t done = n < 0 ? 0 : static_cast<std::size_t>(n);
        if (done == size) return;
        c.unsent.assign(static_cast<const char*>(bytes) + done, size - done);
        want(c.out, 0);
        want(c.socket, c.socket.events | EPOLLOUT);
    }

    void flush_to_client(Connection& c) {
        const ssize_t n = send(c.socket.fd, c.unsent.data(), c.unsent.size(), MSG_NOSIGNAL);
        if (n < 0 && errno == EAGAIN) return;
        if (n < 0) return end(c);
        c.unsent.erase(0, static_cast<std::size_t>(n));
        if (!c.unsent.empty()) return;
        c.unsent = {};
        if (c.last_words) return end(c);
        want(c.socket, c.socket.events & ~static_cast<std::uint32_t>(EPOLLOUT));
        want(c.out, EPOLLIN);
    }

    void say_last_words(Connection& c) {
        c.last_words = true;
        const unsigned char close[] = {0x88, 0x02, 0x03, 0xe8};
        send_to_client(c, close, sizeof close);
        if (!c.gone && c.unsent.empty()) end(c);
    }

    void end(Connection& c) {
        if (c.gone) return;
        c.gone = true;
        if (c.pid > 0 && !c.last_words) kill(c.pid, SIGKILL);
        if (!c.last_words) {  // the client's close, answered if it is there to read it
            const unsigned char close[] = {0x88, 0x00};
            send(c.socket.fd, close, sizeof close, MSG_NOSIGNAL);
        }
        // A command between vfork and exec holds copies: close() alone takes nothing out of epoll, nor sends the FIN.
        shutdown(c.socket.fd, SHUT_WR);
        for (Watch* watch : {&c.socket, &c.out, &c.in}) close_watch(*watch);
        dead_.push_back(&c);
    }

    bool spawn(Connection& c) {
        int in[2], out[2];
        if (pipe2(in, O_CLOEXEC) < 0) return false;
        if (pipe2(out, O_CLOEXEC) < 0) return ::close(in[0]), ::close(in[1]), false;
        posix_spawn_file_actions_t actions;
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_adddup2(&actions, in[0], 0);
        posix_spawn_file_actions_adddup2(&actions, out[1], 1);
        const bool started = posix_spawnp(&c.pid, command_[0], &actions, &attributes_.value, command_, environ) == 0;
        posix_spawn_file_actions_destroy(&actions);
        ::close(in[0]);
        ::close(out[1]);
        c.in.fd = in[1];
        c.out.fd = out[0];
        fcntl(c.in.fd, F_SETFL, O_NONBLOCK);
        fcntl(c.out.fd, F_SETFL, O_NONBLOCK);
        return started;
    }

    struct Attributes {
        posix_spawnattr_t value;
        Attributes() {
            sigset_t defaults;
            sigemptyset(&defaults);
            sigaddset(&defaults, SIGCHLD);
            sigaddset(&defaults, SIGPIPE);
            posix_spawnattr_init(&value);
            posix_spawnattr_setsigdefault(&value, &defaults);
            posix_spawnattr_setflags(&value, POSIX_SPAWN_SETSIGDEF);
        }
    };

    const bool binary_;
    char** const command_;
    const int epoll_ = epoll_create1(EPOLL_CLOEXEC);
    Watch listener_{Watch::Kind::listener, nullptr};
    Attributes attributes_;
    std::vector<Connection*> dead_;
    unsigned char in_[chunk + 64];
    unsigned char out_[chunk];
    unsigned char frames_[3 * chunk + 64];  // every byte a newline: two bytes of header each
};

}  // namespace

int main(int argc, char** argv) {
    std::uint16_t port = 0;
    bool binary = false;
    int at = 1;
    for (; at < argc && std::string_view(argv[at]).starts_with("--"); ++at) {
        const std::string_view option = argv[at];
        if (option == "--binary") {
            binary = true;
        } else if (option == "--port" && at + 1 < argc) {
            port = static_cast<std::uint16_t>(std::atoi(argv[++at]));
        } else {
            ++at;  // --address: always the loopback
        }
    }
    if (at >= argc) return 2;
    signal(SIGPIPE, SIG_IGN);
    signal(SIGCHLD, SIG_IGN);  // the kernel reaps
    static Bridge bridge(port, binary, argv + at);
    bridge.run();
}
