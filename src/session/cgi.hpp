#pragma once  // A request answered by a CGI program: RFC 3875.
#include "http/body.hpp"
#include "http/cgi_reply.hpp"
#include "session/exchange.hpp"

namespace wsinetd::session {

/// Body in, head and body out, both as they come.
class Cgi final : public Exchange {
public:
    Cgi(LoopResources& loop, const http::Request& request, Asker asker, RunningCommand command,
        const config::Endpoint& endpoint, process::Stderr stderr_goes);

    /// After `run`: the path and query of which the answer is to be given instead (6.2.2); empty: it has been given.
    [[nodiscard]] const std::string& local_redirect() const { return local_redirect_; }

private:
    /// What the program's output is read as.
    enum class Phase { head, counted, chunked, until_close, dropped };

    [[nodiscard]] SessionKind kind() const override { return SessionKind::cgi; }
    void begin() override;
    void take_output(std::span<std::byte> bytes) override;
    void output_ended() override;
    [[nodiscard]] bool answers() const override { return local_redirect_.empty(); }
    [[nodiscard]] bool has_read_all() const override { return body_read_; }
    [[nodiscard]] bool awaits_client() const override { return awaits_client_; }

    [[nodiscard]] std::string head_of(http::CgiReply reply);
    void write_body(std::string head, std::span<std::byte> bytes);
    void refuse(int status, std::string_view text, std::string_view why);

    net::Pump::Next input();
    net::Pump::Next take_body(std::span<const std::byte> bytes);
    net::Pump::Next body_over(std::span<const std::byte> rest);
    [[nodiscard]] bool feed(std::span<const std::byte> bytes);

    net::Pump input_;
    http::BodyReader body_;
    std::vector<std::byte> to_command_;  ///< of the body, but stdin would not take it
    bool expects_continue_;
    bool body_read_ = false;
    bool awaits_client_ = false;
    http::CgiReplyParser parser_;
    Phase phase_ = Phase::head;
    std::uint64_t remaining_ = 0;  ///< of a counted body
    std::string local_redirect_;
};

}  // namespace wsinetd::session
