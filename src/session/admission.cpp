#include "session/admission.hpp"

#include "http/authorization.hpp"
#include "http/reply.hpp"
#include "session/auth_command.hpp"

namespace wsinetd::session {
namespace {

/// Of a trusted proxy. Two of them are one too many: one may be the client's.
std::optional<std::string> proxys_user(const http::Request& request, const std::string& name) {
    const auto value = request.fields.joined(name);
    if (request.fields.count(name) != 1 || http::trimmed(*value).empty()) return std::nullopt;
    return std::string(http::trimmed(*value));
}

http::Refusal refuse_for_now(std::string why) {
    return http::refuse(503, "Too many passwords are being checked; try again later.", std::move(why));
}

void admit(Admission& admission, const config::Endpoint& endpoint, std::string user, std::string_view auth_type) {
    admission.endpoint = &endpoint;
    admission.user = std::move(user);
    admission.auth_type = auth_type;
}

net::awaitable<AuthCommand::Verdict> ask_command(LoopResources& loop, const Site& site, const http::Request& request,
                                                 const endpoint::Match& match, const endpoint::Peer& peer,
                                                 Admission& admission) {
    AuthCommand::Verdict verdict;
    Order order{site, request, match, peer};
    order.authenticates = true;
    auto started = start(loop, order);
    if (auto* refusal = std::get_if<http::Refusal>(&started)) {
        admission.refusal = std::move(*refusal);
        co_return verdict;
    }
    AuthCommand command(loop, std::get<RunningCommand>(std::move(started)), match.endpoint->close_grace);
    verdict = co_await command.run();
    co_return verdict;
}

}  // namespace

http::Refusal refuse_stranger(const config::Authentication& authentication, std::string why) {
    const bool asks_password = authentication.passwords || !authentication.command.empty();
    if (!asks_password && !authentication.tokens)
        return http::refuse(403, "Only those whom a proxy in front has let in may come here.", std::move(why));
    http::Refusal refusal = http::refuse(401, "Only those who show who they are may come here.", std::move(why));
    if (asks_password)
        refusal.reply.fields.push_back({"WWW-Authenticate", "Basic realm=\"wsinetd\", charset=\"UTF-8\""});
    if (authentication.tokens) refusal.reply.fields.push_back({"WWW-Authenticate", "Bearer realm=\"wsinetd\""});
    return refusal;
}

void take_place(LoopResources& loop, const config::Config& config, const std::optional<http::Address>& client,
                Admission& admission) {
    using Verdict = endpoint::ClientTable::Verdict;
    const endpoint::ClientLimits limits{config.max_per_client,
                                        {config.max_connect_rate.count, config.max_connect_rate.period}};
    if (!limits.any() || !client) return;
    auto [answer, place] = loop.server.clients.take(*client, limits, net::Clock::now());
    admission.place = std::move(place);
    if (answer.verdict == Verdict::granted) return;
    const bool often = answer.verdict == Verdict::too_often;
    admission.refusal = http::refuse(
        429, often ? "Too many connections in too short a time; try again later." : "Too many connections are open.",
        std::string(often ? "--max-connect-rate" : "--max-per-client") +
            " of this address is reached; a larger one would allow it");
    admission.refusal->reply.fields.push_back({"Retry-After", std::to_string(answer.retry_after.count())});
}

net::awaitable<void> authenticate(LoopResources& loop, const Site& site, http::Request& request,
                                  const endpoint::Match& match, const endpoint::Peer& peer, bool trusted,
                                  Admission& admission) {
    const config::Endpoint& endpoint = *match.endpoint;
    const config::Authentication& ways = endpoint.authentication;
    std::string why;
    const auto complain = [&why](std::string_view what) { why.append(why.empty() ? "" : "; ").append(what); };
    if (!ways.header.empty()) {
        const auto user = trusted ? proxys_user(request, ways.header) : std::nullopt;
        if (user) co_return admit(admission, endpoint, *user, "Proxy");
        complain(trusted ? "the proxy has not named a user, once, in --auth-header " + ways.header
                         : "the peer is none in --trusted-proxy, whose --auth-header would be believed");
        // A command must not take it for the proxy's.
        std::erase_if(request.fields,
                      [&](const http::Field& field) { return http::same_token(field.name, ways.header); });
    }
    if (ways.tokens) {
        const auto token = http::bearer_token(request);
        const auto name = token ? ways.tokens->find(token->value) : std::nullopt;
        if (name) {
            co_return admit(admission, endpoint, *name, "Bearer");
        }
        complain(token ? "the token is none of --auth-token-file " + ways.token_file
                       : "no token was sent; one of --auth-token-file " + ways.token_file + " would be let in");
    }
    if (ways.passwords) {
        auto shown = http::basic_credentials(request);
        if (shown) {
            PasswordChecks::Question question{ways.passwords, shown->user, std::move(shown->password),
                                              peer.remote_address};
            const auto verdict = co_await loop.server.passwords.check(std::move(question), loop.executor, loop.mailbox);
            if (verdict == PasswordChecks::Verdict::right) co_return admit(admission, endpoint, shown->user, "Basic");
            if (verdict == PasswordChecks::Verdict::busy) {
                admission.refusal = refuse_for_now("too many passwords are being checked");
                co_return;
            }
        }
        complain(shown ? "user \"" + shown->user + "\" has no such password in --auth-basic " + ways.password_file
                       : "no user and password were sent; those of --auth-basic " + ways.password_file +
                             " would be let in");
    }
    if (!ways.command.empty()) {
        auto verdict = co_await ask_command(loop, site, request, match, peer, admission);
        if (admission.refusal) co_return;
        if (verdict.lets_in) co_return admit(admission, endpoint, std::move(verdict.user), "Command");
        complain("--auth-command " + ways.program + ": " + verdict.why + "; exit status 0 would let in");
    }
    admission.refusal = refuse_stranger(ways, std::move(why));
}

void withhold_secrets(const Site& site, http::Request& request, Admission& admission) {
    if (!site.authenticates) return;
    http::withhold_authorization(request);
    if (!site.has_tokens) return;
    http::withhold_cookie(request);
    if (http::withhold_subprotocol(request)) admission.by_subprotocol = true;
}

}  // namespace wsinetd::session
