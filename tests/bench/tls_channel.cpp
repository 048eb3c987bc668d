#include "tls_channel.hpp"

#include <fcntl.h>
#include <openssl/err.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <stdexcept>

#include "client.hpp"

namespace wsinetd::bench {
namespace {

constexpr std::size_t read_bytes = 256 * 1024;

/// Shared by all connections: the same ones are made again and again, but none is resumed.
SSL_CTX* rules() {
    static SSL_CTX* const context = [] {
        SSL_CTX* const made = SSL_CTX_new(TLS_client_method());
        SSL_CTX_set_min_proto_version(made, TLS1_3_VERSION);
        SSL_CTX_set_ciphersuites(made, "TLS_AES_128_GCM_SHA256");
        SSL_CTX_set_verify(made, SSL_VERIFY_NONE, nullptr);
        SSL_CTX_set_read_ahead(made, 1);
        SSL_CTX_set_default_read_buffer_len(made, read_bytes);
        SSL_CTX_set_mode(made, SSL_MODE_RELEASE_BUFFERS);  // of a thousand idle connections
        SSL_CTX_set_options(made, SSL_OP_IGNORE_UNEXPECTED_EOF);
        return made;
    }();
    return context;
}

}  // namespace

TlsChannel::TlsChannel(int fd) : fd_(fd), ssl_(SSL_new(rules())), records_(BIO_new(BIO_s_mem())) {
    fcntl(fd_, F_SETFL, fcntl(fd_, F_GETFL) | O_NONBLOCK);
    SSL_set_bio(ssl_.get(), BIO_new_socket(fd_, BIO_NOCLOSE), records_);
    for (int result = 0; (result = SSL_connect(ssl_.get())) != 1;) {
        if (!wants(result)) throw std::runtime_error("no TLS handshake");
        flush();
        wait();
    }
    flush();
}

std::ptrdiff_t TlsChannel::receive(std::span<std::byte> buffer) {
    flush();
    std::size_t done = 0;
    while (done < buffer.size()) {
        std::size_t count = 0;
        ERR_clear_error();
        const int result = SSL_read_ex(ssl_.get(), buffer.data() + done, buffer.size() - done, &count);
        if (result != 1) {
            if (done > 0) break;
            return wants(result) ? -1 : 0;
        }
        done += count;
        if (SSL_has_pending(ssl_.get()) == 0) break;
    }
    return static_cast<std::ptrdiff_t>(done);
}

std::size_t TlsChannel::send(std::span<const std::byte> bytes) {
    if (!flush()) return 0;
    std::size_t count = 0;
    ERR_clear_error();
    if (SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &count) != 1)
        throw std::runtime_error("the server has closed");
    flush();
    return count;
}

void TlsChannel::wait() {
    if (SSL_pending(ssl_.get()) > 0) return;
    pollfd entry{fd_, static_cast<short>(POLLIN | (BIO_pending(records_) > 0 ? POLLOUT : 0)), 0};
    if (poll(&entry, 1, patience_ms) == 0) throw Hung("nothing moves");
}

/// True: nothing waits to be sent any more.
bool TlsChannel::flush() {
    char* waiting = nullptr;
    const auto size = static_cast<std::size_t>(BIO_get_mem_data(records_, &waiting));
    while (sent_ < size) {
        const ssize_t n = ::send(fd_, waiting + sent_, size - sent_, MSG_NOSIGNAL);
        if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK) break;  // reading will find out
        if (n < 0) return false;
        sent_ += static_cast<std::size_t>(n);
    }
    BIO_reset(records_);
    sent_ = 0;
    return true;
}

bool TlsChannel::wants(int result) const {
    const int error = SSL_get_error(ssl_.get(), result);
    return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
}

}  // namespace wsinetd::bench
