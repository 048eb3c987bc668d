#pragma once  // What PEM files hold, and what a certificate says of itself. OpenSSL's X.509, without its TLS.
#include <openssl/types.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace wsinetd::net {

struct Free {
    void operator()(X509* certificate) const;
    void operator()(EVP_PKEY* key) const;
};
using Certificate = std::unique_ptr<X509, Free>;
using Key = std::unique_ptr<EVP_PKEY, Free>;

/// The whole file; or why not, as the end of a sentence.
struct FileText {
    std::string text;
    std::string error;
};
[[nodiscard]] FileText read_file(const std::string& path);

/// All certificates in `pem`, in their order; empty where there is none, or one of them is broken.
[[nodiscard]] std::vector<Certificate> parse_certificates(const std::string& pem);

/// The first private key in `pem`; nullptr where there is none that opens without a password.
[[nodiscard]] Key parse_key(const std::string& pem);

/// Whether it is a key that only a password would open.
[[nodiscard]] bool is_encrypted(const std::string& pem);

/// DNS names and IP addresses it is for; the common name only where it names neither (RFC 6125, 6.4.4).
[[nodiscard]] std::vector<std::string> names_of(const X509& certificate);

/// Whose certificate it is, as RFC 2253 writes it, the most particular first: `CN=Ada,O=Example`. Printable ASCII
/// whatever it holds: control characters and all above are `\0A`, `\C3\A9`.
[[nodiscard]] std::string subject_of(const X509& certificate);

/// `expired on Jan  1 00:00:00 2024 GMT`, or that it is not valid before some day; nothing while it is valid.
[[nodiscard]] std::optional<std::string> out_of_date(const X509& certificate);

}  // namespace wsinetd::net
