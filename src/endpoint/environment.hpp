#pragma once  // What a command finds in its environment: spec section 5; RFC 3875, 4.1.
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "endpoint/router.hpp"
#include "http/message.hpp"

namespace wsinetd::endpoint {

/// Both ends of a connection. A unix socket has neither addresses nor ports: they are not read.
struct Peer {
    std::string remote_address;
    std::string remote_port;
    std::string local_address;
    std::string local_port;
    bool tls = false;
    bool unix_socket = false;
    std::optional<std::string> client_subject = {};  ///< of the certificate that was verified; nothing: there is none
    std::string remote_host = {};                    ///< its name; empty: none is known, the address stands for it
    bool forwarded = false;           ///< a proxy has named the remote address, also where the proxy's is a unix socket
    std::string server_port = {};     ///< as a proxy says; empty: the local one
    std::string user = {};            ///< REMOTE_USER: who has been let in
    std::string_view auth_type = {};  ///< and by what
};

/// What beside request, match and peer goes into an environment; views that need live only until it is made.
struct Surroundings {
    std::string_view server_software;       ///< "wsinetd/VERSION"
    std::string_view unique_id;             ///< never given twice
    std::string_view subprotocol;           ///< the one selected, or empty
    std::span<const std::string> passed;    ///< NAME=VALUE of the server's own (`--pass-env`): yield to all others
    std::span<const std::string> defined;   ///< NAME=VALUE by `--env`: win over all others, a later over an earlier one
    std::string_view script_filename = {};  ///< of a CGI program: where it lies; else empty
    std::string_view document_root = {};    ///< of a CGI program: what PATH_INFO is translated to; empty: nothing
};

/// An environment ready for execve, each name in it once; one block of memory, and one of pointers into it.
class Environment {
public:
    Environment(const http::Request& request, const Match& match, const Peer& peer, const Surroundings& surroundings);
    Environment(Environment&&) noexcept = default;
    Environment& operator=(Environment&&) noexcept = default;

    /// NAME=VALUE strings and a null pointer at the end, good as long as this object, wherever it moves.
    [[nodiscard]] const char* const* envp() const { return pointers_.data(); }
    /// How many strings, the null pointer not counted.
    [[nodiscard]] std::size_t size() const { return pointers_.size() - 1; }

private:
    std::vector<char> block_;
    std::vector<const char*> pointers_;
};

/// Those of the server's own NAME=VALUE `entries` whose name is in `patterns`: whole names, or beginnings before a
/// final `*` ("LC_*").
[[nodiscard]] std::vector<std::string> pass_environment(std::span<const char* const> entries,
                                                        std::span<const std::string> patterns);

}  // namespace wsinetd::endpoint
