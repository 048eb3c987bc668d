#pragma once  // The client's end of TLS 1.3: large reads, and all records of one send in one system call.
#include <openssl/ssl.h>

#include <cstddef>
#include <memory>
#include <span>

namespace wsinetd::bench {

/// TLS over a connected socket, which it makes non-blocking. The cipher is AES-128-GCM, what the servers prefer as
/// well; the certificate is not looked at.
class TlsChannel {
public:
    /// Shakes hands, waiting; throws Hung or std::runtime_error.
    explicit TlsChannel(int fd);
    TlsChannel(const TlsChannel&) = delete;

    /// Bytes read without waiting; 0 is the end, -1: there is nothing now. Also sends what waits to be sent.
    std::ptrdiff_t receive(std::span<std::byte> buffer);

    /// Bytes taken without waiting: all or nothing. What is taken goes with the next calls if the socket is full.
    std::size_t send(std::span<const std::byte> bytes);

    /// Until something can be read, or what waits be sent. Throws Hung.
    void wait();

private:
    bool flush();
    [[nodiscard]] bool wants(int result) const;

    struct Free {
        void operator()(SSL* it) const { SSL_free(it); }
    };
    int fd_;
    std::unique_ptr<SSL, Free> ssl_;
    BIO* records_;          // made, not sent yet
    std::size_t sent_ = 0;  // of them
};

}  // namespace wsinetd::bench
