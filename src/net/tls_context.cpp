#include "net/tls_context.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <string_view>

#include "net/certificate.hpp"

namespace wsinetd::net {
namespace {

/// Of TLS 1.2, forward secret and authenticated; TLS 1.3 has no others. AES-128 comes first: it is as safe here as
/// AES-256, and an eighth faster.
constexpr const char* ciphers_12 = "ECDHE+AESGCM+AES128:ECDHE+AESGCM:ECDHE+CHACHA20";
constexpr const char* ciphers_13 = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";
/// Ours among the sessions a client might want to resume: without it OpenSSL resumes none that showed a certificate.
constexpr unsigned char session_context[] = "wsinetd";

/// ALPN: HTTP/1.1 is all there is here, and who asks for others only is told so (RFC 7301, 3.2).
int select_protocol(SSL*, const unsigned char** chosen, unsigned char* chosen_size, const unsigned char* offered,
                    unsigned offered_size, void*) {
    static constexpr std::string_view ours = "http/1.1";
    std::string_view rest(reinterpret_cast<const char*>(offered), offered_size);
    while (!rest.empty()) {
        const auto size = static_cast<unsigned char>(rest.front());
        const std::string_view name = rest.substr(1, size);
        if (name == ours) {
            *chosen = reinterpret_cast<const unsigned char*>(name.data());
            *chosen_size = size;
            return SSL_TLSEXT_ERR_OK;
        }
        rest.remove_prefix(1 + name.size());
    }
    return SSL_TLSEXT_ERR_ALERT_FATAL;
}

using Errors = std::vector<std::string>;

std::string quoted(const std::string& path) { return '"' + path + '"'; }

std::vector<Certificate> load_certificates(const char* option, const std::string& path, Errors& errors) {
    const FileText file = read_file(path);
    std::vector<Certificate> all = parse_certificates(file.text);
    if (!file.error.empty())
        errors.push_back(std::string(option) + ": cannot read " + quoted(path) + ": " + file.error);
    else if (all.empty())
        errors.push_back(std::string(option) + ": " + quoted(path) +
                         " holds no certificate (PEM: -----BEGIN CERTIFICATE-----), or a broken one");
    return all;
}

Key load_key(const std::string& path, Errors& errors) {
    const FileText file = read_file(path);
    Key key = parse_key(file.text);
    if (!file.error.empty())
        errors.push_back("--tls-key: cannot read " + quoted(path) + ": " + file.error);
    else if (!key && is_encrypted(file.text))
        errors.push_back("--tls-key: " + quoted(path) +
                         " asks for a password, and nobody is there to give it; openssl pkey writes it without one");
    else if (!key)
        errors.push_back("--tls-key: " + quoted(path) + " holds no private key (PEM: -----BEGIN PRIVATE KEY-----)");
    return key;
}

/// What OpenSSL holds against a certificate that can be read, as that its key is too short.
std::string objection() {
    const char* const words = ERR_reason_error_string(ERR_peek_error());
    return words ? words : "OpenSSL does not say why";
}

}  // namespace

struct TlsContext::Material {
    std::vector<Certificate> chain;
    Key key;
    std::vector<Certificate> client_cas;
};

TlsContext::Loaded TlsContext::load(const TlsFiles& files) {
    Loaded loaded;
    Errors& errors = loaded.errors;
    Material material{load_certificates("--tls-cert", files.certificate, errors), load_key(files.key, errors), {}};
    if (!files.client_ca.empty()) material.client_cas = load_certificates("--tls-client-ca", files.client_ca, errors);
    if (!material.chain.empty() && material.key &&
        X509_check_private_key(material.chain[0].get(), material.key.get()) != 1)
        errors.push_back("--tls-key: " + quoted(files.key) + " is not the key of the first certificate in " +
                         quoted(files.certificate));
    if (!errors.empty()) return loaded;
    const std::shared_ptr<TlsContext> context(new TlsContext(SSL_CTX_new(TLS_server_method())));
    context->set_rules();
    context->use(material, files, errors);
    if (errors.empty()) loaded.context = context;
    return loaded;
}

void TlsContext::use(const Material& material, const TlsFiles& files, Errors& errors) {
    ERR_clear_error();
    bool used = true;
    for (const Certificate& each : material.chain)
        used = used && (&each == &material.chain.front() ? SSL_CTX_use_certificate(context_, each.get())
                                                         : SSL_CTX_add1_chain_cert(context_, each.get())) == 1;
    if (!used || SSL_CTX_use_PrivateKey(context_, material.key.get()) != 1) {
        errors.push_back("--tls-cert: " + quoted(files.certificate) + " cannot be used: " + objection());
        return;
    }
    names_ = names_of(*material.chain.front());
    if (const auto when = out_of_date(*material.chain.front()))
        warnings_.push_back("--tls-cert: the certificate in " + quoted(files.certificate) + " " + *when);
    if (material.client_cas.empty()) return;
    X509_STORE* const store = SSL_CTX_get_cert_store(context_);
    for (const Certificate& each : material.client_cas) {
        X509_STORE_add_cert(store, each.get());
        SSL_CTX_add_client_CA(context_, each.get());  // by which a client picks one of its certificates
    }
    // What the file holds is trusted, whether or not some other authority has signed it.
    X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
    SSL_CTX_set_verify(context_, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
}

void TlsContext::set_rules() {
    SSL_CTX_set_min_proto_version(context_, TLS1_2_VERSION);
    SSL_CTX_set_cipher_list(context_, ciphers_12);
    SSL_CTX_set_ciphersuites(context_, ciphers_13);
    SSL_CTX_set_options(context_, SSL_OP_CIPHER_SERVER_PREFERENCE |
                                      SSL_OP_PRIORITIZE_CHACHA |  // where the client has no AES in hardware
                                      SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                      // FIN without close_notify ends a connection as it does without TLS: WebSocket
                                      // and HTTP know by themselves whether something is missing.
                                      SSL_OP_IGNORE_UNEXPECTED_EOF);
    // An idle connection keeps no record buffers.
    SSL_CTX_set_mode(context_,
                     SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_read_ahead(context_, 1);  // one read for many small records instead of two for each
    SSL_CTX_set_session_cache_mode(context_, SSL_SESS_CACHE_OFF);  // tickets are the client's to keep
    SSL_CTX_set_session_id_context(context_, session_context, sizeof session_context - 1);
    SSL_CTX_set_alpn_select_cb(context_, select_protocol, nullptr);
}

TlsContext::~TlsContext() { SSL_CTX_free(context_); }

}  // namespace wsinetd::net
