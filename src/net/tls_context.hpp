#pragma once  // TLS: certificates, and the rules of every handshake.
#include <memory>
#include <string>
#include <vector>

struct ssl_ctx_st;

namespace wsinetd::net {

/// Paths of PEM files.
struct TlsFiles {
    struct Pair {
        std::string certificate;  ///< the server's own first, then those that lead to its CA
        std::string key;
    };
    /// One at least. The first is for whoever names no server, or one that none of the certificates is for.
    std::vector<Pair> pairs;
    std::string client_ca;  ///< clients must show a certificate signed by one of these; empty: they need none
};

/// Certificates and the rules of every handshake: built whole and checked, never changed. New files make a new one, and
/// connections keep the one they began with.
class TlsContext {
public:
    struct Loaded {
        std::shared_ptr<const TlsContext> context;  ///< nullptr where there are errors
        std::vector<std::string> errors;            ///< every mistake, as a sentence that begins with the option
    };
    [[nodiscard]] static Loaded load(const TlsFiles& files);

    ~TlsContext();
    TlsContext(const TlsContext&) = delete;
    TlsContext& operator=(const TlsContext&) = delete;

    /// Whom the certificates are for, those of the first in front: names and addresses, `*.example.org` among them
    /// (RFC 6125, 6.4). A name may come twice.
    [[nodiscard]] const std::vector<std::string>& names() const { return names_; }
    /// What works but will disappoint: a certificate that has expired.
    [[nodiscard]] const std::vector<std::string>& warnings() const { return warnings_; }

private:
    friend class TlsSession;

    explicit TlsContext(ssl_ctx_st* rules) : rules_(rules) {}

    ssl_ctx_st* rules_;  ///< of the first certificate, which know the others
    std::vector<std::string> names_;
    std::vector<std::string> warnings_;
};

}  // namespace wsinetd::net
