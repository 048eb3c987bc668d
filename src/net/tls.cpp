#include "net/tls.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <cassert>
#include <cerrno>
#include <utility>

#include "net/certificate.hpp"

namespace wsinetd::net {

TlsSession::TlsSession(const TlsContext& context, int fd) : wire_(fd), rules_(context.rules_) {
    SSL_CTX_up_ref(rules_);
}

TlsSession::~TlsSession() {
    SSL_free(ssl_);
    SSL_CTX_free(rules_);
}

bool TlsSession::begin() {
    ssl_ = SSL_new(rules_);
    SSL_CTX_free(std::exchange(rules_, nullptr));
    BIO* const bio = ssl_ ? wire_.make_bio() : nullptr;
    if (!bio) {
        error_ = ENOMEM;
        return false;
    }
    SSL_set_bio(ssl_, bio, bio);
    SSL_set_accept_state(ssl_);
    return true;
}

TlsHandshake TlsSession::handshake() {
    using State = TlsHandshake::State;
    if (error_ != 0) return {State::lost, {}};
    if (!ssl_ && !wire_.first_record_is_here()) return {State::would_block, {}};
    if (!ssl_ && !begin()) return {State::lost, {}};
    ERR_clear_error();
    errno = 0;
    const int result = SSL_do_handshake(ssl_);
    if (result == 1) {
        to_read_ = Wait::none;  // the first request may have come with it
        return {State::done, {}};
    }
    const unsigned long reason = ERR_peek_error();
    switch (outcome(result, to_read_).state) {
        case Transfer::State::would_block: return {State::would_block, {}};
        case Transfer::State::moved:
        case Transfer::State::end: return {State::lost, {}};
        case Transfer::State::failed: break;
    }
    if (reason == 0) return {State::lost, {}};
    if (ERR_GET_LIB(reason) == ERR_LIB_SSL && ERR_GET_REASON(reason) == SSL_R_HTTP_REQUEST)
        return {State::plain_http, {}};
    const char* const words = ERR_reason_error_string(reason);
    std::string why = words ? words : "no common ground";
    const long verified = SSL_get_verify_result(ssl_);
    if (verified != X509_V_OK) why.append(": ").append(X509_verify_cert_error_string(verified));
    return {State::refused, std::move(why)};
}

Transfer TlsSession::read(std::span<std::byte> space) {
    std::size_t done = 0;
    while (done < space.size()) {
        if (error_ != 0 && done == 0) return {Transfer::State::failed, 0, error_};
        ERR_clear_error();
        errno = 0;
        std::size_t count = 0;
        const int result = SSL_read_ex(ssl_, space.data() + done, space.size() - done, &count);
        if (result != 1) {
            const Transfer transfer = outcome(result, to_read_);
            if (done == 0) return transfer;
            return {Transfer::State::moved, done};  // an end or a failure is found again by the next read
        }
        done += count;
        // Nothing is left here. After a whole record more may be in the socket; after a small one it is not worth a
        // system call to learn that there is not, and if there is, the wait will end at once.
        if (count < largest_payload && !SSL_has_pending(ssl_)) {
            to_read_ = Wait::readable;
            return {Transfer::State::moved, done};
        }
    }
    to_read_ = Wait::none;
    return {Transfer::State::moved, done};
}

/// A send for each record would wake the peer for each, and cost more than the record: those of one write leave
/// together.
Transfer TlsSession::write(std::span<const std::byte> bytes) {
    if (error_ != 0) return {Transfer::State::failed, 0, error_};
    if (bytes.empty()) return {Transfer::State::moved};
    if (const TlsWire::Sent sent = wire_.flush(); sent != TlsWire::Sent::all) return after(sent, 0);
    std::size_t done = std::exchange(owing_, false) ? 1 : 0;
    while (done < bytes.size()) {
        wire_.gather();
        const Transfer made = make_records(bytes.subspan(done));
        done += made.bytes;
        if (const TlsWire::Sent sent = wire_.send(); sent != TlsWire::Sent::all) {
            owing_ = done > 0;
            return after(sent, done - (owing_ ? 1 : 0));
        }
        if (made.state == Transfer::State::moved) continue;
        if (done == 0) return made;
        break;  // a failure is found again by the next write
    }
    return {Transfer::State::moved, done};
}

/// As many as are sent at once. The state is that of the last one, the count that of all.
Transfer TlsSession::make_records(std::span<const std::byte> bytes) {
    std::size_t done = 0;
    while (done < bytes.size() && wire_.has_room()) {
        ERR_clear_error();
        errno = 0;
        std::size_t count = 0;
        const int result = SSL_write_ex(ssl_, bytes.data() + done, bytes.size() - done, &count);
        if (result != 1) {
            Transfer transfer = outcome(result, to_write_);
            transfer.bytes = done;
            return transfer;
        }
        done += count;
    }
    return {Transfer::State::moved, done};
}

Transfer TlsSession::after(TlsWire::Sent sent, std::size_t done) {
    if (sent == TlsWire::Sent::failed) {
        error_ = wire_.error();
        to_write_ = Wait::none;
        return {Transfer::State::failed, 0, error_};
    }
    to_write_ = Wait::writable;
    return done > 0 ? Transfer{Transfer::State::moved, done} : Transfer{Transfer::State::would_block};
}

void TlsSession::close_notify() {
    if (error_ != 0 || !ssl_ || SSL_in_init(ssl_))
        return;  // nothing may follow a failure, and nobody is to be told before
    if ((SSL_get_shutdown(ssl_) & SSL_SENT_SHUTDOWN) != 0) return;
    ERR_clear_error();
    SSL_shutdown(ssl_);
}

/// Of a session that is resumed as well: the ticket tells.
std::optional<std::string> TlsSession::client_subject() const {
    const X509* const certificate = SSL_get0_peer_certificate(ssl_);
    if (!certificate || SSL_get_verify_result(ssl_) != X509_V_OK) return {};
    return subject_of(*certificate);
}

Transfer TlsSession::outcome(int result, Wait& wait) {
    const int system_error = errno;
    switch (SSL_get_error(ssl_, result)) {
        case SSL_ERROR_WANT_READ: wait = Wait::readable; return {Transfer::State::would_block};
        case SSL_ERROR_WANT_WRITE: wait = Wait::writable; return {Transfer::State::would_block};
        case SSL_ERROR_ZERO_RETURN: wait = Wait::none; return {Transfer::State::end};
        case SSL_ERROR_SYSCALL: error_ = system_error != 0 ? system_error : ECONNRESET; break;
        default: error_ = EPROTO; break;
    }
    wait = Wait::none;
    return {Transfer::State::failed, 0, error_};
}

}  // namespace wsinetd::net
