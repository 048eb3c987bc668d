#include "http/secrets.hpp"

#include <crypt.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <charconv>
#include <memory>
#include <stdexcept>

#include "http/message.hpp"

namespace wsinetd::http {
namespace {

/// What takes longer would let a handful of requests keep every worker busy.
constexpr unsigned max_bcrypt_cost = 15;  // about 3 s
constexpr unsigned max_sha512_rounds = 5'000'000;

bool is_hash_char(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '/';
}

std::optional<unsigned> number(std::string_view text) {
    unsigned value = 0;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || error != std::errc{} || stop != text.data() + text.size()) return std::nullopt;
    return value;
}

constexpr std::string_view how_to = "; htpasswd -B makes bcrypt, mkpasswd -m sha-512 makes SHA-512";

/// `$2y$10$` and 53 characters.
std::string complaint_about_bcrypt(std::string_view hash) {
    const auto cost = hash.size() == 60 && hash[6] == '$' ? number(hash.substr(4, 2)) : std::nullopt;
    if (!cost || *cost < 4 || *cost > 31 || !std::ranges::all_of(hash.substr(7), is_hash_char))
        return "is not whole: a bcrypt hash is $2y$, a cost of two digits, $, and 53 characters";
    if (*cost > max_bcrypt_cost) return "has a cost above 15, which takes seconds to check";
    return {};
}

/// `$6$SALT$` or `$6$rounds=N$SALT$`, and 86 characters.
std::string complaint_about_sha512(std::string_view hash) {
    std::string_view rest = hash.substr(3);
    if (rest.starts_with("rounds=")) {
        const auto dollar = std::min(rest.find('$'), rest.size());
        const auto rounds = number(rest.substr(7, dollar - 7));
        if (!rounds || *rounds < 1000) return "has rounds that are no number from 1000 on";
        if (*rounds > max_sha512_rounds) return "has more than 5000000 rounds, which takes seconds to check";
        rest.remove_prefix(std::min(dollar + 1, rest.size()));
    }
    const auto dollar = rest.find('$');
    if (dollar == std::string_view::npos || dollar > 16 || rest.size() != dollar + 87 ||
        !std::ranges::all_of(rest.substr(0, dollar), is_hash_char) ||
        !std::ranges::all_of(rest.substr(dollar + 1), is_hash_char))
        return "is not whole: a SHA-512 hash is $6$, a salt of up to 16 characters, $, and 86 characters";
    return {};
}

/// What it is instead, or what is wrong with it; empty: it will do.
std::string complaint_about(std::string_view hash) {
    if (hash.starts_with("$2y$") || hash.starts_with("$2b$") || hash.starts_with("$2a$"))
        return complaint_about_bcrypt(hash);
    if (hash.starts_with("$6$")) return complaint_about_sha512(hash);
    if (hash.starts_with("$apr1$") || hash.starts_with("$1$")) return "is MD5, which is guessed too quickly";
    if (hash.starts_with("{SHA}") || hash.starts_with("{SSHA}")) return "is SHA-1, which is guessed too quickly";
    if (hash.starts_with("$")) return "is of a kind that is not supported";
    if (hash.empty()) return "is missing";
    return "is the password itself, or of a kind that is guessed too quickly";
}

/// Calls `take` with each line that says something, and its number.
template <typename Take>
void for_each_line(std::string_view text, Take take) {
    for (std::size_t number = 1; !text.empty(); ++number) {
        const auto end = std::min(text.find('\n'), text.size());
        std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (line.ends_with('\r')) line.remove_suffix(1);
        line = trimmed(line);
        if (!line.empty() && !line.starts_with('#')) take(line, "line " + std::to_string(number) + ": ");
    }
}

bool is_plain(std::string_view text) { return std::ranges::all_of(text, is_text_char); }

}  // namespace

Digest digest_of(std::string_view text) {
    Digest digest{};
    if (EVP_Digest(text.data(), text.size(), digest.data(), nullptr, EVP_sha256(), nullptr) != 1)
        throw std::runtime_error("OpenSSL has no SHA-256");
    return digest;
}

std::variant<PasswordFile, FileErrors> PasswordFile::parse(std::string_view text) {
    PasswordFile file;
    FileErrors errors;
    for_each_line(text, [&](std::string_view line, const std::string& where) {
        const auto colon = line.find(':');
        const std::string_view user = line.substr(0, colon);
        // The line itself is never quoted: it may be a password.
        if (colon == std::string_view::npos || user.empty() || !is_plain(user))
            return errors.push_back(where + "not USER:HASH");
        const std::string_view hash = line.substr(colon + 1, line.find(':', colon + 1) - colon - 1);
        if (const std::string wrong = complaint_about(hash); !wrong.empty())
            return errors.push_back(where + "the hash of \"" + std::string(user) + "\" " + wrong + std::string(how_to));
        if (file.find(user)) return errors.push_back(where + "\"" + std::string(user) + "\" stands there twice");
        file.entries_.push_back({std::string(user), std::string(hash)});
    });
    if (errors.empty() && file.entries_.empty()) errors.emplace_back("there is no user in it: USER:HASH a line");
    if (!errors.empty()) return errors;
    file.fingerprint_ = digest_of(text);
    return file;
}

const PasswordFile::Entry* PasswordFile::find(std::string_view user) const {
    const auto found = std::ranges::find(entries_, user, &Entry::user);
    return found == entries_.end() ? nullptr : &*found;
}

bool PasswordFile::verify(std::string_view user, std::string_view password) const {
    const Entry* const entry = find(user);
    const bool right = verify_password(password, (entry ? *entry : entries_.front()).hash);
    return right && entry != nullptr;
}

std::variant<TokenFile, FileErrors> TokenFile::parse(std::string_view text) {
    TokenFile file;
    FileErrors errors;
    for_each_line(text, [&](std::string_view line, const std::string& where) {
        const auto separator = line.find_first_of(": \t");
        std::string_view name;
        std::string_view token = line;
        if (separator != std::string_view::npos) {
            name = line.substr(0, separator);
            token = trimmed(line.substr(separator + 1));
        }
        if (token.empty() || token.find_first_of(" \t:;,\"") != std::string_view::npos || !is_plain(line) ||
            (separator == 0))
            return errors.push_back(where +
                                    "not TOKEN, NAME TOKEN or NAME:TOKEN (a token has no blanks and none of "
                                    ":;,\")");
        if (file.find(token)) return errors.push_back(where + "this token stands there twice");
        file.entries_.push_back({std::string(name), digest_of(token)});
    });
    if (errors.empty() && file.entries_.empty()) errors.emplace_back("there is no token in it: one a line");
    if (!errors.empty()) return errors;
    return file;
}

std::optional<std::string> TokenFile::find(std::string_view token) const {
    const Digest digest = digest_of(token);
    const Entry* found = nullptr;
    for (const Entry& entry : entries_)  // all of them, whichever it is
        if (CRYPTO_memcmp(entry.digest.data(), digest.data(), digest.size()) == 0) found = &entry;
    if (!found) return std::nullopt;
    return found->name;
}

bool verify_password(std::string_view password, const std::string& hash) {
    // crypt takes a string that ends with NUL, and a longer one only as far as it goes: neither is the password.
    if (password.size() >= CRYPT_MAX_PASSPHRASE_SIZE || password.find('\0') != std::string_view::npos) return false;
    const auto data = std::make_unique<crypt_data>();
    const std::string text(password);
    const char* const made = ::crypt_rn(text.c_str(), hash.c_str(), data.get(), sizeof(crypt_data));
    const bool right = made && same_secret(made, hash);
    OPENSSL_cleanse(data.get(), sizeof(crypt_data));
    return right;
}

bool same_secret(std::string_view a, std::string_view b) {
    const auto one = digest_of(a);
    const auto other = digest_of(b);
    return CRYPTO_memcmp(one.data(), other.data(), one.size()) == 0;
}

}  // namespace wsinetd::http
