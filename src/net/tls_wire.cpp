#include "net/tls_wire.hpp"

#include <openssl/bio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cerrno>
#include <cstring>
#include <utility>

namespace wsinetd::net {
namespace {

/// Records on their way, of whichever session writes now: one buffer for all of a loop, which is a thread.
struct Gathered {
    std::vector<std::byte> space = std::vector<std::byte>(records_at_once * largest_record);
    std::size_t size = 0;
    [[nodiscard]] std::span<const std::byte> bytes() const { return std::span(space).first(size); }
};

Gathered& gathered() {
    static thread_local Gathered records;
    return records;
}

bool would_block(int error) { return error == EAGAIN || error == EWOULDBLOCK; }

/// RFC 8446, 5.1.
constexpr unsigned char handshake_record = 22;
constexpr int record_header = 5;

/// A socket with fewer bytes than these is not readable.
void wake_at(int fd, int bytes) { ::setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &bytes, sizeof bytes); }

}  // namespace

bool TlsWire::first_record_is_here() {
    std::array<unsigned char, record_header> header{};
    int here = 0;
    const ssize_t seen = ::recv(fd_, header.data(), header.size(), MSG_PEEK);
    if (seen < 0 && (would_block(errno) || errno == EINTR)) return false;
    if (seen > 0 && header[0] == handshake_record && ::ioctl(fd_, FIONREAD, &here) == 0) {
        const int payload = seen < record_header ? 0 : header[3] * 256 + header[4];
        const int whole = record_header + std::min(payload, static_cast<int>(largest_payload));
        // Woken without what it waited for, it would be so again and again: there is an end, or no such option.
        if (here < whole && awaited_ != whole) {
            wake_at(fd_, awaited_ = whole);
            return false;
        }
    }
    if (std::exchange(awaited_, 0) != 0) wake_at(fd_, 1);
    return true;
}

bio_st* TlsWire::make_bio() {
    static BIO_METHOD* const method = [] {
        BIO_METHOD* const made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "wsinetd");
        BIO_meth_set_write(made, on_write);
        BIO_meth_set_read(made, on_read);
        BIO_meth_set_ctrl(made, on_control);
        return made;
    }();
    BIO* const bio = BIO_new(method);
    if (!bio) return nullptr;
    BIO_set_data(bio, this);
    BIO_set_init(bio, 1);
    return bio;
}

int TlsWire::on_write(BIO* bio, const char* bytes, int size) {
    BIO_clear_retry_flags(bio);
    auto& wire = *static_cast<TlsWire*>(BIO_get_data(bio));
    const int count = wire.write(std::as_bytes(std::span(bytes, static_cast<std::size_t>(size))));
    if (count < 0 && would_block(wire.error_)) BIO_set_retry_write(bio);
    errno = wire.error_;
    return count;
}

int TlsWire::on_read(BIO* bio, char* space, int size) {
    BIO_clear_retry_flags(bio);
    auto& wire = *static_cast<TlsWire*>(BIO_get_data(bio));
    const ssize_t count = ::recv(wire.fd_, space, static_cast<std::size_t>(size), 0);
    if (count < 0 && (would_block(errno) || errno == EINTR)) BIO_set_retry_read(bio);
    wire.at_end_ = count == 0;
    return static_cast<int>(count);
}

long TlsWire::on_control(BIO* bio, int what, long, void*) {
    switch (what) {
        case BIO_CTRL_FLUSH: return 1;
        case BIO_CTRL_EOF: return static_cast<TlsWire*>(BIO_get_data(bio))->at_end_ ? 1 : 0;
        default: return 0;
    }
}

/// -1: nothing now, or never again.
int TlsWire::write(std::span<const std::byte> bytes) {
    error_ = EAGAIN;
    if (gathering_) {
        Gathered& records = gathered();
        if (records.space.size() - records.size < bytes.size()) return -1;
        std::memcpy(records.space.data() + records.size, bytes.data(), bytes.size());
        records.size += bytes.size();
        return static_cast<int>(bytes.size());
    }
    if (flush() != Sent::all) return -1;
    const std::size_t count = send_some(bytes);
    return count > 0 ? static_cast<int>(count) : -1;
}

std::size_t TlsWire::send_some(std::span<const std::byte> bytes) {
    std::size_t done = 0;
    error_ = 0;
    while (done < bytes.size()) {
        const ssize_t count = ::send(fd_, bytes.data() + done, bytes.size() - done, MSG_NOSIGNAL);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) {
            error_ = errno;
            break;
        }
        done += static_cast<std::size_t>(count);
    }
    sent_ += done;
    return done;
}

TlsWire::Sent TlsWire::flush() {
    if (kept_.empty()) return Sent::all;
    kept_from_ += send_some(std::span(kept_).subspan(kept_from_));
    if (kept_from_ < kept_.size()) return would_block(error_) ? Sent::in_part : Sent::failed;
    kept_ = std::vector<std::byte>();
    kept_from_ = 0;
    return Sent::all;
}

void TlsWire::gather() {
    assert(kept_.empty() && !gathering_);
    gathered().size = 0;
    gathering_ = true;
}

bool TlsWire::has_room() const { return gathered().size + largest_record <= gathered().space.size(); }

TlsWire::Sent TlsWire::send() {
    gathering_ = false;
    const auto bytes = gathered().bytes();
    const std::size_t done = send_some(bytes);
    if (done == bytes.size()) return Sent::all;
    if (!would_block(error_)) return Sent::failed;
    kept_.assign(bytes.begin() + static_cast<std::ptrdiff_t>(done), bytes.end());
    return Sent::in_part;
}

}  // namespace wsinetd::net
