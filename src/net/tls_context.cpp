#include "net/tls_context.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <string_view>

#include "http/authority.hpp"
#include "http/message.hpp"
#include "net/certificate.hpp"

namespace wsinetd::net {
namespace {

/// Of TLS 1.2, forward secret and authenticated; TLS 1.3 has no others. AES-128 comes first: it is as safe here as
/// AES-256, and an eighth faster.
constexpr const char* ciphers_12 = "ECDHE+AESGCM+AES128:ECDHE+AESGCM:ECDHE+CHACHA20";
constexpr const char* ciphers_13 = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";
/// Ours among the sessions a client might want to resume: without it OpenSSL resumes none that showed a certificate.
constexpr unsigned char session_context[] = "wsinetd";

struct FreeRules {
    void operator()(SSL_CTX* rules) const { SSL_CTX_free(rules); }
    void operator()(X509_STORE* store) const { X509_STORE_free(store); }
};
using Rules = std::unique_ptr<SSL_CTX, FreeRules>;
using Store = std::unique_ptr<X509_STORE, FreeRules>;
using Errors = std::vector<std::string>;

/// ALPN: HTTP/1.1, or 1.0, is all there is here, and who asks for others only is told so (RFC 7301, 3.2).
int select_protocol(SSL*, const unsigned char** chosen, unsigned char* chosen_size, const unsigned char* offered,
                    unsigned offered_size, void*) {
    for (const std::string_view ours : {"http/1.1", "http/1.0"}) {
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
    }
    return SSL_TLSEXT_ERR_ALERT_FATAL;
}

void set_rules(SSL_CTX* rules) {
    SSL_CTX_set_min_proto_version(rules, TLS1_2_VERSION);
    SSL_CTX_set_cipher_list(rules, ciphers_12);
    SSL_CTX_set_ciphersuites(rules, ciphers_13);
    SSL_CTX_set_options(rules, SSL_OP_CIPHER_SERVER_PREFERENCE |
                                   SSL_OP_PRIORITIZE_CHACHA |  // where the client has no AES in hardware
                                   SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                   // FIN without close_notify ends a connection as it does without TLS: WebSocket
                                   // and HTTP know by themselves whether something is missing.
                                   SSL_OP_IGNORE_UNEXPECTED_EOF);
    // An idle connection keeps no record buffers.
    SSL_CTX_set_mode(rules,
                     SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_read_ahead(rules, 1);  // one read for many small records instead of two for each
    SSL_CTX_set_session_cache_mode(rules, SSL_SESS_CACHE_OFF);  // tickets are the client's to keep
    SSL_CTX_set_session_id_context(rules, session_context, sizeof session_context - 1);
    SSL_CTX_set_alpn_select_cb(rules, select_protocol, nullptr);
}

/// All certificates of a server, each with its rules: they are chosen by the name a client asks for.
struct Choice {
    struct Each {
        std::vector<std::string> names;
        std::vector<int> kinds;  ///< of its keys; one certificate for each
        Rules own;               ///< nullptr with the first, whose rules own the choice
    };
    std::vector<Each> all;

    /// Whole names before wildcards, and of two the first; nullptr where none fits.
    [[nodiscard]] const Each* for_host(std::string_view host) const {
        for (const bool wild : {false, true})
            for (const Each& each : all)
                for (const std::string& name : each.names)
                    if (name.starts_with("*.") == wild && http::is_certified(name, host)) return &each;
        return nullptr;
    }
};

/// SNI (RFC 6066, 3). Whoever asks for a name that is nobody's gets the first certificate and may judge for himself.
int choose_certificate(SSL* ssl, int*, void* choice) {
    const char* const host = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    const Choice::Each* const each = host ? static_cast<const Choice*>(choice)->for_host(host) : nullptr;
    if (!each) return SSL_TLSEXT_ERR_NOACK;
    if (each->own) SSL_set_SSL_CTX(ssl, each->own.get());
    return SSL_TLSEXT_ERR_OK;
}

void drop_choice(void*, void* choice, CRYPTO_EX_DATA*, int, long, void*) { delete static_cast<Choice*>(choice); }

/// From here on the first certificate's rules own the choice. Every session holds on to those until its end, whatever
/// it has chosen, so that a handshake goes on though a reload has dropped its TlsContext meanwhile.
void give(SSL_CTX* first, std::unique_ptr<Choice> choice) {
    static const int place = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, drop_choice);
    SSL_CTX_set_tlsext_servername_callback(first, choose_certificate);
    SSL_CTX_set_tlsext_servername_arg(first, choice.get());
    SSL_CTX_set_ex_data(first, place, choice.release());
}

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

/// What the files of one pair hold.
struct Material {
    std::vector<Certificate> chain;
    Key key;
};

Material load_pair(const TlsFiles::Pair& files, Errors& errors) {
    Material material{load_certificates("--tls-cert", files.certificate, errors), load_key(files.key, errors)};
    if (!material.chain.empty() && material.key &&
        X509_check_private_key(material.chain[0].get(), material.key.get()) != 1)
        errors.push_back("--tls-key: " + quoted(files.key) + " is not the key of the first certificate in " +
                         quoted(files.certificate));
    return material;
}

/// Those who sign for clients; nullptr where there are none.
Store store_of(const std::vector<Certificate>& authorities) {
    if (authorities.empty()) return nullptr;
    Store store(X509_STORE_new());
    for (const Certificate& each : authorities) X509_STORE_add_cert(store.get(), each.get());
    // What the file holds is trusted, whether or not some other authority has signed it.
    X509_STORE_set_flags(store.get(), X509_V_FLAG_PARTIAL_CHAIN);
    return store;
}

Rules make_rules(const std::vector<Certificate>& authorities, X509_STORE* store) {
    Rules rules(SSL_CTX_new(TLS_server_method()));
    set_rules(rules.get());
    if (!store) return rules;
    SSL_CTX_set1_cert_store(rules.get(), store);
    for (const Certificate& each : authorities)
        SSL_CTX_add_client_CA(rules.get(), each.get());  // by which a client picks one of its certificates
    SSL_CTX_set_verify(rules.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    return rules;
}

void use(SSL_CTX* rules, const Material& material, const std::string& path, Errors& errors) {
    ERR_clear_error();
    bool used = true;
    for (const Certificate& each : material.chain)
        used = used && (&each == &material.chain.front() ? SSL_CTX_use_certificate(rules, each.get())
                                                         : SSL_CTX_add1_chain_cert(rules, each.get())) == 1;
    if (!used || SSL_CTX_use_PrivateKey(rules, material.key.get()) != 1)
        errors.push_back("--tls-cert: " + quoted(path) + " cannot be used: " + objection());
}

bool same_names(const std::vector<std::string>& some, const std::vector<std::string>& others) {
    return std::ranges::is_permutation(some, others, http::same_token);
}

/// Where a certificate is added. Where the same names have certificates of several kinds, one set of rules has them
/// all, and OpenSSL takes what the client can use.
Choice::Each& place_in(Choice& choice, const std::vector<std::string>& names, int kind) {
    const auto partner = std::ranges::find_if(choice.all, [&](const Choice::Each& each) {
        return same_names(each.names, names) && std::ranges::find(each.kinds, kind) == each.kinds.end();
    });
    Choice::Each& place = partner != choice.all.end() ? *partner : choice.all.emplace_back();
    place.names = names;
    place.kinds.push_back(kind);
    return place;
}

}  // namespace

TlsContext::Loaded TlsContext::load(const TlsFiles& files) {
    Loaded loaded;
    Errors& errors = loaded.errors;
    std::vector<Material> materials;
    for (const TlsFiles::Pair& pair : files.pairs) materials.push_back(load_pair(pair, errors));
    std::vector<Certificate> authorities;
    if (!files.client_ca.empty()) authorities = load_certificates("--tls-client-ca", files.client_ca, errors);
    if (!errors.empty()) return loaded;

    const Store store = store_of(authorities);
    const std::shared_ptr<TlsContext> context(new TlsContext(make_rules(authorities, store.get()).release()));
    auto choice = std::make_unique<Choice>();
    for (std::size_t i = 0; i < materials.size(); ++i) {
        const std::string& path = files.pairs[i].certificate;
        const X509& certificate = *materials[i].chain.front();
        const std::vector<std::string> names = names_of(certificate);
        Choice::Each& place = place_in(*choice, names, EVP_PKEY_get_base_id(materials[i].key.get()));
        const bool first = &place == &choice->all.front();
        if (!first && !place.own) place.own = make_rules(authorities, store.get());
        use(first ? context->rules_ : place.own.get(), materials[i], path, errors);
        context->names_.insert(context->names_.end(), names.begin(), names.end());
        if (const auto when = out_of_date(certificate))
            context->warnings_.push_back("--tls-cert: the certificate in " + quoted(path) + " " + *when);
    }
    if (choice->all.size() > 1) give(context->rules_, std::move(choice));
    if (errors.empty()) loaded.context = context;
    return loaded;
}

TlsContext::~TlsContext() { SSL_CTX_free(rules_); }

}  // namespace wsinetd::net
