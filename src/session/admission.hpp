#pragma once  // Whether a request may use an endpoint: passwords, tokens, a command, a trusted proxy's header.
#include "endpoint/environment.hpp"
#include "session/loop_resources.hpp"

namespace wsinetd::session {

/// What was found out before a request is answered.
struct Admission {
    const config::Endpoint* endpoint = nullptr;  ///< that may be used; nullptr: none that wants authentication
    std::optional<http::Refusal> refusal;
    std::string user;
    std::string_view auth_type;
    bool by_subprotocol = false;  ///< a token came behind `bearer`, which is to be selected where nothing else is
    ClientPlace place;            ///< for a command that is to be started

    [[nodiscard]] bool admits(const config::Endpoint& wanted) const {
        return !wanted.authentication.wanted() || endpoint == &wanted;
    }
};

/// 401 of an endpoint, with the challenges of what it accepts; 403 where there is nothing a client could answer.
[[nodiscard]] http::Refusal refuse_stranger(const config::Authentication& authentication, std::string why);

/// 429 where the client has reached --max-per-client or --max-connect-rate; else it has a place.
void take_place(LoopResources& loop, const config::Config& config, const std::optional<http::Address>& client,
                Admission& admission);

/// Asks the ways of the match's endpoint in turn; the first that lets in counts. A header that names a user, and is not
/// the proxy's, is taken out of `request`. `trusted`: the peer is a trusted proxy. May take as long as a password or a
/// command needs.
net::awaitable<void> authenticate(LoopResources& loop, const Site& site, http::Request& request,
                                  const endpoint::Match& match, const endpoint::Peer& peer, bool trusted,
                                  Admission& admission);

/// Takes out of `request`, before a command gets to see it, whatever could be a secret that this or another endpoint
/// asks for: browsers send a password to all of a site.
void withhold_secrets(const Site& site, http::Request& request, Admission& admission);

}  // namespace wsinetd::session
