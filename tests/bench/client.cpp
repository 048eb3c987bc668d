#include "client.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>

namespace wsinetd::bench {
namespace {

constexpr unsigned text = 1, binary = 2, close_frame = 8;
constexpr std::byte mask[4] = {std::byte{0x5a}, std::byte{0x17}, std::byte{0xc3}, std::byte{0x88}};

// RFC 6455, 1.3: the example's key and its answer.
constexpr std::string_view request_end =
    "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
constexpr std::string_view accept_value = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

unsigned at(const std::byte* bytes, std::size_t index) { return std::to_integer<unsigned>(bytes[index]); }

/// Both can be read for 16 bytes, whatever `size`, 1 to 16.
bool same_16(const std::byte* a, const char* b, std::size_t size) {
    std::uint64_t a0, b0, a1, b1;
    std::memcpy(&a0, a, 8);
    std::memcpy(&b0, b, 8);
    if (size <= 8) return size == 0 || ((a0 ^ b0) << (8 * (8 - size))) == 0;
    std::memcpy(&a1, a + size - 8, 8);
    std::memcpy(&b1, b + size - 8, 8);
    return a0 == b0 && a1 == b1;
}

}  // namespace

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

void Limit::check() const {
    if (now() > end_) throw Hung("takes too long");
}

Connection::Connection(std::uint16_t port, bool secure) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    try {
        open(port);
        if (secure) tls_ = std::make_unique<TlsChannel>(fd_);
        upgrade(port);
    } catch (...) {
        close(fd_);
        throw;
    }
}

Connection::Connection(Connection&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), tls_(std::move(other.tls_)), early_(std::move(other.early_)) {}

Connection::~Connection() {
    if (fd_ >= 0) close(fd_);
}

void Connection::open(std::uint16_t port) {
    const int on = 1;
    setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const timeval patience{patience_ms / 1000, patience_ms % 1000 * 1000};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) < 0)
        throw std::runtime_error("no connection");
}

void Connection::upgrade(std::uint16_t port) {
    std::string request = "GET / HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port);
    request += request_end;
    send(std::as_bytes(std::span(request)), Wait::yes);

    std::string reply;
    std::byte part[4096];
    std::size_t end = std::string::npos;
    while ((end = reply.find("\r\n\r\n")) == std::string::npos) {
        const auto n = receive(part, Wait::yes);
        if (n == 0) throw std::runtime_error("closed before the upgrade");
        reply.append(reinterpret_cast<const char*>(part), static_cast<std::size_t>(n));
    }
    if (!reply.starts_with("HTTP/1.1 101 ")) throw std::runtime_error("refused: " + reply.substr(0, reply.find('\r')));
    if (reply.find(accept_value) > end) throw WrongBytes("wrong Sec-WebSocket-Accept");
    early_ = reply.substr(end + 4);
}

std::ptrdiff_t Connection::receive(std::span<std::byte> buffer, Wait wait) {
    if (!early_.empty()) {
        const std::size_t n = std::min(early_.size(), buffer.size());
        std::memcpy(buffer.data(), early_.data(), n);
        early_.erase(0, n);
        return static_cast<std::ptrdiff_t>(n);
    }
    if (tls_) {
        std::ptrdiff_t n = -1;
        while ((n = tls_->receive(buffer)) < 0 && wait == Wait::yes) tls_->wait();
        return n;
    }
    const ssize_t n = recv(fd_, buffer.data(), buffer.size(), wait == Wait::no ? MSG_DONTWAIT : 0);
    if (n >= 0) return n;
    if (errno == EAGAIN || errno == EWOULDBLOCK) {
        if (wait == Wait::no) return -1;
        throw Hung("nothing arrives");
    }
    return 0;
}

std::size_t Connection::send(std::span<const std::byte> bytes, Wait wait) {
    if (tls_) {
        std::size_t n = 0;
        while ((n = tls_->send(bytes)) == 0 && wait == Wait::yes) tls_->wait();
        return n;
    }
    const int flags = MSG_NOSIGNAL | (wait == Wait::no ? MSG_DONTWAIT : 0);
    const ssize_t n = ::send(fd_, bytes.data(), bytes.size(), flags);
    if (n >= 0) return static_cast<std::size_t>(n);
    if (errno != EAGAIN && errno != EWOULDBLOCK) throw std::runtime_error("the server has closed");
    if (wait == Wait::yes) throw Hung("nothing is taken");
    return 0;
}

void Connection::wait(bool to_send) {
    if (tls_) return tls_->wait();
    pollfd entry{fd_, static_cast<short>(POLLIN | (to_send ? POLLOUT : 0)), 0};
    if (poll(&entry, 1, patience_ms) == 0) throw Hung("nothing moves");
}

void Connection::send_close() {
    const std::byte bytes[] = {std::byte{0x88},           std::byte{0x82},          mask[0], mask[1], mask[2], mask[3],
                               std::byte{0x03} ^ mask[0], std::byte{0xe8} ^ mask[1]};
    if (tls_) {
        tls_->send(bytes);
    } else {
        ::send(fd_, bytes, sizeof bytes, MSG_NOSIGNAL | MSG_DONTWAIT);
    }
}

void Connection::finish() {
    send_close();
    fcntl(fd_, F_SETFL, fcntl(fd_, F_GETFL) & ~O_NONBLOCK);
    const timeval patience{1, 0};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    std::byte rest[4096];
    for (int i = 0; i < 1000 && recv(fd_, rest, sizeof rest, 0) > 0; ++i) continue;
}

void Connection::reset() {
    const linger at_once{1, 0};
    setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(std::exchange(fd_, -1));
}

Checker::Checker(const Pattern& pattern, std::uint64_t messages) : pattern_(pattern), expected_(messages) {}

std::uint64_t Checker::messages() const { return pattern_.lines ? messages_ : bytes_ / pattern_.message_bytes; }

void Checker::take(std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
        std::size_t used = 0;
        if (in_payload_) {
            used = take_payload(bytes);
        } else if (header_size_ > 0 || (used = take_small_frames(bytes)) == 0) {
            used = take_header(bytes);
        }
        bytes = bytes.subspan(used);
    }
}

/// Whole unfragmented messages of up to 16 bytes, the bulk of a drain, at a few nanoseconds each.
std::size_t Checker::take_small_frames(std::span<const std::byte> bytes) {
    if (!pattern_.lines || in_message_ || closed_) return 0;
    const std::byte* at_byte = bytes.data();
    const std::byte* const end = at_byte + bytes.size();
    const std::string& block = pattern_.block;
    while (end - at_byte >= 18 && messages_ < expected_ && cursor_ + 18 <= block.size()) {
        const std::size_t size = at(at_byte, 1);
        if (at(at_byte, 0) != (0x80 | text) || size > 16) break;
        if (!same_16(at_byte + 2, block.data() + cursor_, size) || block[cursor_ + size] != '\n') fail("wrong bytes");
        cursor_ += size + 1;
        bytes_ += size;
        ++messages_;
        at_byte += 2 + size;
    }
    return static_cast<std::size_t>(at_byte - bytes.data());
}

std::size_t Checker::take_header(std::span<const std::byte> bytes) {
    std::size_t used = 0;
    const auto need = [&](std::size_t size) {
        while (header_size_ < size && used < bytes.size()) header_[header_size_++] = bytes[used++];
        return header_size_ >= size;  // one that came in parts may have more already
    };
    if (!need(2)) return used;
    if (at(header_, 1) > 127) fail("a masked frame");
    const std::size_t extra = at(header_, 1) == 126 ? 2 : at(header_, 1) == 127 ? 8 : 0;
    if (!need(2 + extra)) return used;
    left_ = extra == 0 ? at(header_, 1) : 0;
    for (std::size_t i = 0; i < extra; ++i) left_ = left_ << 8 | at(header_, 2 + i);
    header_size_ = 0;
    begin_frame();
    return used;
}

void Checker::begin_frame() {
    fin_ = (at(header_, 0) & 0x80) != 0;
    opcode_ = at(header_, 0) & 0x0f;
    if (closed_) fail("a frame after the close");
    if (opcode_ < close_frame) {
        const unsigned first = pattern_.lines ? text : binary;
        if (opcode_ != (in_message_ ? 0 : first)) fail("wrong opcode");
        // websocketd ends its binary messages with an empty fragment: without boundaries, that is no data.
        if (messages() >= expected_ && (pattern_.lines || left_ > 0)) fail("more than expected");
        in_message_ = !fin_;
    }
    closed_ = opcode_ == close_frame;
    in_payload_ = left_ > 0;
    if (!in_payload_ && fin_ && opcode_ < close_frame) end_message();
}

std::size_t Checker::take_payload(std::span<const std::byte> bytes) {
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size()));
    if (opcode_ < close_frame) compare(bytes.data(), size);  // pings pass unanswered: nothing here runs that long
    left_ -= size;
    in_payload_ = left_ > 0;
    if (!in_payload_ && fin_ && opcode_ < close_frame) end_message();
    return size;
}

void Checker::compare(const std::byte* bytes, std::size_t size) {
    bytes_ += size;
    while (size > 0) {
        const std::size_t part = std::min(size, pattern_.block.size() - cursor_);
        if (std::memcmp(bytes, pattern_.block.data() + cursor_, part) != 0) fail("wrong bytes");
        bytes += part, size -= part;
        cursor_ = cursor_ + part == pattern_.block.size() ? 0 : cursor_ + part;
    }
}

void Checker::end_message() {
    if (!pattern_.lines) return;
    if (pattern_.block[cursor_] != '\n') fail("a message ends too early");
    cursor_ = cursor_ + 1 == pattern_.block.size() ? 0 : cursor_ + 1;
    ++messages_;
}

void Checker::fail(const std::string& what) const {
    throw WrongBytes(what + " after message " + std::to_string(messages()) + " of " + std::to_string(expected_) +
                     ", byte " + std::to_string(bytes_));
}

Outbox::Outbox(const Pattern& pattern) {
    const std::size_t size = pattern.message_bytes;
    const std::size_t stride = size + (pattern.lines ? 1 : 0);
    const auto put = [this](std::size_t value) { wire_.push_back(static_cast<std::byte>(value)); };
    for (std::size_t i = 0; i < pattern.messages; ++i) {
        put(0x80 | (pattern.lines ? text : binary));
        const std::size_t extra = size < 126 ? 0 : size < 65536 ? 2 : 8;
        put(0x80 | (extra == 0 ? size : extra == 2 ? 126 : 127));
        for (std::size_t byte = extra; byte > 0; --byte) put(size >> (8 * (byte - 1)));
        wire_.insert(wire_.end(), std::begin(mask), std::end(mask));
        for (std::size_t j = 0; j < size; ++j) {
            wire_.push_back(static_cast<std::byte>(pattern.block[i * stride + j]) ^ mask[j & 3]);
        }
    }
    frame_bytes_ = wire_.size() / pattern.messages;
}

std::span<const std::byte> Outbox::next(std::uint64_t sent, std::uint64_t messages) const {
    const std::size_t from = sent % wire_.size();
    const std::uint64_t allowed = messages * frame_bytes_ - sent;
    return std::span(wire_).subspan(from, std::min<std::uint64_t>(allowed, wire_.size() - from));
}

}  // namespace wsinetd::bench
