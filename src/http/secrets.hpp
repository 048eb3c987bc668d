#pragma once  // The files of --auth-basic and --auth-token-file: read from text, and what a client shows held against
              // them.
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace wsinetd::http {

/// What is wrong in a file, each with its line: `line 3: ...`.
using FileErrors = std::vector<std::string>;

/// SHA-256.
using Digest = std::array<std::uint8_t, 32>;
[[nodiscard]] Digest digest_of(std::string_view text);

/// Users and the hashes of their passwords, as htpasswd writes them.
class PasswordFile {
public:
    /// `USER:HASH` a line, bcrypt or SHA-512; `#` begins a comment.
    static std::variant<PasswordFile, FileErrors> parse(std::string_view text);

    [[nodiscard]] bool knows(std::string_view user) const { return find(user) != nullptr; }

    /// Takes tens of milliseconds, on purpose: not for an event loop. For a user who is not there it takes as long as
    /// for the first one who is.
    [[nodiscard]] bool verify(std::string_view user, std::string_view password) const;

    /// Of the file's text.
    [[nodiscard]] const Digest& fingerprint() const { return fingerprint_; }

private:
    struct Entry {
        std::string user;
        std::string hash;
    };
    [[nodiscard]] const Entry* find(std::string_view user) const;

    std::vector<Entry> entries_;
    Digest fingerprint_{};
};

/// Tokens, each maybe with a name.
class TokenFile {
public:
    /// `TOKEN`, `NAME TOKEN` or `NAME:TOKEN` a line; `#` begins a comment.
    static std::variant<TokenFile, FileErrors> parse(std::string_view text);

    /// The name of the token, which may be empty; nothing where there is no such token. The time it takes tells
    /// nothing about the tokens there are.
    [[nodiscard]] std::optional<std::string> find(std::string_view token) const;

private:
    struct Entry {
        std::string name;
        Digest digest;  ///< tokens themselves are not kept
    };

    std::vector<Entry> entries_;
};

/// Whether `password` is the one that `hash` was made of, by crypt(3). Constant-time in what differs.
[[nodiscard]] bool verify_password(std::string_view password, const std::string& hash);

/// SHA-256 of both, and so no secret's length or beginning shows in the time a comparison takes.
[[nodiscard]] bool same_secret(std::string_view a, std::string_view b);

}  // namespace wsinetd::http
