#include "session/cgi.hpp"

#include <algorithm>

#include "session/chunk.hpp"

namespace wsinetd::session {
namespace {

bool has_no_body(int status) { return status == 204 || status == 304; }

}  // namespace

Cgi::Cgi(LoopResources& loop, const http::Request& request, Asker asker, RunningCommand command,
         const config::Endpoint& endpoint, process::Stderr stderr_goes)
    : Exchange(loop, std::move(asker), std::move(command), endpoint, stderr_goes),
      input_(loop.executor, nursery_, [this] { return input(); }),
      body_(request),
      expects_continue_(request.minor_version > 0 && request.fields.has_token("Expect", "100-continue")) {}

void Cgi::begin() {
    // RFC 9110, 10.1.1: not where some of the body has come already.
    if (expects_continue_ && asker_.unread.empty() && !body_.done()) write("HTTP/1.1 100 Continue\r\n\r\n");
    input_.start();
}

// From the client to the program.

/// What was read behind the head first, then what comes.
net::Pump::Next Cgi::input() {
    using Wait = net::Pump::Next::Wait;
    awaits_client_ = false;
    const std::vector<std::byte> waiting = std::exchange(to_command_, {});
    if (!feed(waiting)) return {Wait::writable, &command_.stdin_pipe()};
    if (const std::vector<std::byte> first = std::exchange(asker_.unread, {}); !first.empty() || body_.done())
        return take_body(first);
    if (!asker_.stream.is_open()) return body_over({});
    const net::Transfer transfer = asker_.stream.read(loop_.scratch.input);
    switch (transfer.state) {
        case net::Transfer::State::would_block: awaits_client_ = true; return asker_.stream.until_readable();
        case net::Transfer::State::end:
        case net::Transfer::State::failed: client_gone(); return body_over({});
        case net::Transfer::State::moved: break;
    }
    return take_body(std::span(loop_.scratch.input).first(transfer.bytes));
}

net::Pump::Next Cgi::take_body(std::span<const std::byte> bytes) {
    using Wait = net::Pump::Next::Wait;
    for (;;) {
        const http::BodyReader::Result result = body_.next(bytes);
        if (const auto* data = std::get_if<std::span<const std::byte>>(&result)) {
            if (feed(*data)) continue;
            asker_.unread.assign(bytes.begin(), bytes.end());
            return {Wait::writable, &command_.stdin_pipe()};
        }
        if (std::holds_alternative<http::BodyReader::End>(result)) return body_over(bytes);
        if (const auto* refusal = std::get_if<http::Refusal>(&result)) {
            cannot_be_kept();
            if (phase_ == Phase::head && !outlet_.blocked()) refuse(refusal->reply.status, refusal->why, refusal->why);
            dismiss();
            return body_over({});
        }
        return {Wait::others};
    }
}

/// `rest` is the next request's.
net::Pump::Next Cgi::body_over(std::span<const std::byte> rest) {
    asker_.unread.assign(rest.begin(), rest.end());
    body_read_ = true;
    command_.stdin_pipe().close();
    look_for_end();
    return {net::Pump::Next::Wait::over};
}

/// False: stdin takes no more now, and the rest is kept. What a program does not read is dropped.
bool Cgi::feed(std::span<const std::byte> bytes) {
    net::Descriptor& pipe = command_.stdin_pipe();
    while (!bytes.empty() && pipe.is_open()) {
        const net::Transfer transfer = pipe.write(bytes);
        switch (transfer.state) {
            case net::Transfer::State::moved:
                heard(transfer.bytes);
                bytes = bytes.subspan(transfer.bytes);
                break;
            case net::Transfer::State::would_block: to_command_.assign(bytes.begin(), bytes.end()); return false;
            case net::Transfer::State::end:
            case net::Transfer::State::failed: pipe.close(); break;
        }
    }
    heard(bytes.size());
    return true;
}

// From the program to the client.

void Cgi::take_output(std::span<std::byte> bytes) {
    if (phase_ != Phase::head) return write_body({}, bytes);
    std::span<const std::byte> rest = bytes;
    http::CgiReplyParser::Result result = parser_.next(rest);
    if (auto* reply = std::get_if<http::CgiReply>(&result)) {
        std::string head = head_of(std::move(*reply));
        write_body(std::move(head), bytes.last(rest.size()));
    } else if (const auto* failure = std::get_if<http::CgiFailure>(&result)) {
        refuse(502, "The program's answer is not one.", failure->why);
        dismiss();
    }
}

/// Decides how the body will go; empty for a local redirect.
std::string Cgi::head_of(http::CgiReply cgi) {
    http::Reply& reply = cgi.reply;
    local_redirect_ = std::move(cgi.local_redirect);
    phase_ = Phase::dropped;
    if (!local_redirect_.empty()) return {};
    asker_.log(reply.status, {});
    asker_.delivery.streamed = true;
    const bool no_body = has_no_body(reply.status);
    if (cgi.length && !no_body) reply.fields.push_back({"Content-Length", std::to_string(*cgi.length)});
    if (!no_body && !asker_.delivery.head_only) {
        remaining_ = cgi.length.value_or(0);
        phase_ = cgi.length ? Phase::counted : asker_.delivery.minor_version > 0 ? Phase::chunked : Phase::until_close;
    }
    if (phase_ == Phase::until_close) {
        cannot_be_kept();
        asker_.delivery.keep_alive = false;
    }
    http::add_date(reply, std::chrono::system_clock::now());
    return http::format(reply, asker_.delivery, asker_.fields);
}

/// All in one write, the head with what comes right behind it.
void Cgi::write_body(std::string head, std::span<std::byte> bytes) {
    std::span<const std::byte> out = bytes;
    switch (phase_) {
        case Phase::head:
        case Phase::dropped: out = {}; break;
        case Phase::until_close: break;
        case Phase::counted:
            out = out.first(std::min<std::uint64_t>(out.size(), remaining_));
            remaining_ -= out.size();
            break;
        case Phase::chunked: out = framed_in_place(bytes); break;
    }
    if (head.empty()) return write(out);
    head.append(reinterpret_cast<const char*>(out.data()), out.size());
    write(head);
}

void Cgi::output_ended() {
    switch (phase_) {
        case Phase::head:
            if (stopping_) return refuse(503, "The server is shutting down.", "server shutting down");
            if (idled_) return refuse(504, "The program did not answer in time.", "--idle-timeout");
            return refuse(502, "The program's answer is not one.", parser_.ended().why);
        case Phase::chunked:
            // RFC 9112, 8: what is cut short must not look whole.
            if (stopping_ || idled_ || command_.signalled()) return cannot_be_kept();
            return write(last_chunk);
        case Phase::counted:
            if (remaining_ > 0) cannot_be_kept();  // RFC 9112, 8: only so can the client tell
            return;
        case Phase::until_close:
        case Phase::dropped: return;
    }
}

void Cgi::refuse(int status, std::string_view text, std::string_view why) {
    phase_ = Phase::dropped;
    asker_.log(status, why);
    http::Reply reply = http::refusal(status, text);
    http::add_date(reply, std::chrono::system_clock::now());
    if (!body_read_) asker_.delivery.keep_alive = false;
    if (!asker_.delivery.keep_alive) cannot_be_kept();
    write(http::format(reply, asker_.delivery, asker_.fields));
}

}  // namespace wsinetd::session
