#include "net/certificate.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

namespace wsinetd::net {
namespace {

/// Far more than any chain needs; what never ends is no PEM file.
constexpr std::size_t largest_file = 4 * 1024 * 1024;

struct FreeMore {
    void operator()(BIO* bio) const { BIO_free(bio); }
    void operator()(GENERAL_NAMES* names) const { GENERAL_NAMES_free(names); }
};

std::unique_ptr<BIO, FreeMore> over(const std::string& text) {
    return std::unique_ptr<BIO, FreeMore>(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

/// Nobody is there to be asked, where OpenSSL would ask the terminal.
int no_password(char*, int, int, void*) { return -1; }

std::string text_of(const ASN1_STRING* string) {
    return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(string)),
            static_cast<std::size_t>(ASN1_STRING_length(string))};
}

/// Empty for what is neither 4 nor 16 bytes.
std::string address_text(const std::string& bytes) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (bytes.size() != 4 && bytes.size() != 16) return {};
    ::inet_ntop(bytes.size() == 4 ? AF_INET : AF_INET6, bytes.data(), text.data(), text.size());
    return text.data();
}

std::string common_name(const X509& certificate) {
    const X509_NAME* const subject = X509_get_subject_name(&certificate);
    const int index = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
    if (index < 0) return {};
    return text_of(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, index)));
}

/// What `print` writes.
template <typename Print>
std::string printed(const Print& print) {
    const std::unique_ptr<BIO, FreeMore> bio(BIO_new(BIO_s_mem()));
    print(bio.get());
    char* text = nullptr;
    const long size = BIO_get_mem_data(bio.get(), &text);
    return {text, static_cast<std::size_t>(size)};
}

std::string day(const ASN1_TIME* time) {
    return printed([time](BIO* bio) { ASN1_TIME_print(bio, time); });
}

}  // namespace

void Free::operator()(X509* certificate) const { X509_free(certificate); }
void Free::operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }

FileText read_file(const std::string& path) {
    const auto failure = [] { return FileText{{}, std::generic_category().message(errno)}; };
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return failure();
    FileText result;
    std::array<char, 16 * 1024> chunk{};
    ssize_t count = 0;
    while ((count = ::read(fd, chunk.data(), chunk.size())) > 0 && result.text.size() < largest_file)
        result.text.append(chunk.data(), static_cast<std::size_t>(count));
    if (count < 0) result = failure();
    if (count > 0) result = {{}, "File too large"};
    ::close(fd);
    return result;
}

std::vector<Certificate> parse_certificates(const std::string& pem) {
    std::vector<Certificate> all;
    const auto bio = over(pem);
    while (Certificate next{PEM_read_bio_X509_AUX(bio.get(), nullptr, no_password, nullptr)})
        all.push_back(std::move(next));
    const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    ERR_clear_error();
    if (!at_end) all.clear();
    return all;
}

Key parse_key(const std::string& pem) {
    Key key(PEM_read_bio_PrivateKey(over(pem).get(), nullptr, no_password, nullptr));
    ERR_clear_error();
    return key;
}

bool is_encrypted(const std::string& pem) {
    return pem.find("-----BEGIN ENCRYPTED PRIVATE KEY-----") != std::string::npos ||
           pem.find("Proc-Type: 4,ENCRYPTED") != std::string::npos;
}

std::vector<std::string> names_of(const X509& certificate) {
    std::vector<std::string> names;
    const std::unique_ptr<GENERAL_NAMES, FreeMore> alternatives(
        static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr)));
    for (int i = 0; i < sk_GENERAL_NAME_num(alternatives.get()); ++i) {
        int type = 0;
        const void* const value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(alternatives.get(), i), &type);
        if (type != GEN_DNS && type != GEN_IPADD) continue;
        const std::string text = text_of(static_cast<const ASN1_STRING*>(value));
        names.push_back(type == GEN_DNS ? text : address_text(text));
    }
    if (names.empty()) names.push_back(common_name(certificate));
    std::erase(names, std::string());
    return names;
}

std::string subject_of(const X509& certificate) {
    const X509_NAME* const name = X509_get_subject_name(&certificate);
    return printed([name](BIO* bio) { X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253); });
}

std::optional<std::string> out_of_date(const X509& certificate) {
    const ASN1_TIME* const begin = X509_get0_notBefore(&certificate);
    const ASN1_TIME* const end = X509_get0_notAfter(&certificate);
    if (X509_cmp_current_time(end) < 0) return "expired on " + day(end);
    if (X509_cmp_current_time(begin) > 0) return "is not valid before " + day(begin);
    return {};
}

}  // namespace wsinetd::net
