#include "http/cgi_reply.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace wsinetd::http {
namespace {

/// A line for the log, which need not have all of it.
std::string quoted(std::string_view line) {
    constexpr std::size_t most = 80;
    std::string text = "\"";
    text.append(line.substr(0, most)).append(line.size() > most ? "..." : "").append("\"");
    return text;
}

/// The whole of `text` is one decimal number, without sign and blanks.
template <typename Number>
std::optional<Number> number(std::string_view text) {
    if (text.empty() || text.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
    Number value = 0;
    if (std::from_chars(text.data(), text.data() + text.size(), value).ec != std::errc{}) return std::nullopt;
    return value;
}

/// "404" or "404 Not Found" (6.3.3); the reason phrase is the server's own. 1xx announce a reply and are none.
std::optional<int> parse_status(std::string_view value) {
    const std::string_view digits = value.substr(0, value.find(' '));
    const auto status = digits.size() == 3 ? number<int>(digits) : std::nullopt;
    return status && *status >= 200 && *status <= 599 ? status : std::nullopt;
}

/// What concerns one connection, which is the server's own (RFC 9110, 7.6.1; RFC 3875, 6.3.4).
bool is_hop_by_hop(std::string_view name) {
    constexpr std::string_view names[] = {"Connection", "Keep-Alive", "TE", "Trailer", "Transfer-Encoding", "Upgrade"};
    return std::ranges::any_of(names, [&](std::string_view each) { return same_token(name, each); }) ||
           same_token(name.substr(0, 6), "Proxy-");
}

/// A path of this server and maybe a query (6.2.2). "//host/path" is another server's; a fragment, only a client's.
bool is_local(std::string_view location) {
    return location.starts_with('/') && !location.starts_with("//") && location.find('#') == std::string_view::npos;
}

}  // namespace

/// What is wrong with a line, without its end; empty when nothing is.
std::string CgiReplyParser::take_line(std::string_view line) {
    if (fields_ == 0 && line.starts_with("HTTP/"))
        return "began with a status line; nph programs are not served: " + quoted(line);
    const auto colon = line.find(':');
    const std::string_view name = line.substr(0, colon);
    if (colon == std::string_view::npos || name.empty() || !std::ranges::all_of(name, is_token_char))
        return "printed a line that is no header field: " + quoted(line);
    if (!std::ranges::all_of(line, is_text_char)) return "printed a header field with control bytes: " + quoted(line);
    ++fields_;
    return take_field(name, trimmed(line.substr(colon + 1)));
}

std::string CgiReplyParser::take_field(std::string_view name, std::string_view value) {
    Fields& fields = reply_.reply.fields;
    const auto wrong = [&](std::string_view why) {
        return std::string("printed ").append(name).append(": ").append(quoted(value)).append(", ").append(why);
    };
    constexpr std::string_view once = "but that field stands once";
    if (same_token(name, "Status")) {
        if (status_) return wrong(once);
        status_ = parse_status(value);
        return status_ ? "" : wrong("but a status is a number from 200 to 599 and maybe a reason");
    }
    if (same_token(name, "Content-Length")) {
        if (reply_.length) return wrong(once);
        reply_.length = number<std::uint64_t>(value);
        return reply_.length ? "" : wrong("but a length is one decimal number");
    }
    if (is_hop_by_hop(name)) return {};
    const bool location = same_token(name, "Location");
    if ((location || same_token(name, "Content-Type")) && fields.count(name) > 0) return wrong(once);
    if (location && value.empty()) return wrong("but a location is a URL or a path");
    fields.push_back({std::string(name), std::string(value)});
    return {};
}

/// The head is whole.
CgiReplyParser::Result CgiReplyParser::finish() {
    const auto location = reply_.reply.fields.joined("Location");
    const std::size_t types = reply_.reply.fields.count("Content-Type");
    if (!status_ && !location && types == 0)
        return CgiFailure{"printed a head with neither Content-Type, Location nor Status"};
    // 6.2.2 to 6.2.4, 6.3.3.
    reply_.reply.status = status_.value_or(location ? 302 : 200);
    if (location && fields_ == 1 + types && is_local(*location)) reply_.local_redirect = *location;
    return std::move(reply_);
}

CgiReplyParser::Result CgiReplyParser::next(std::span<const std::byte>& bytes) {
    while (!bytes.empty() && seen_ < max_head_) {
        const std::size_t room = std::min(bytes.size(), max_head_ - seen_);
        std::string_view text(reinterpret_cast<const char*>(bytes.data()), room);
        const auto end = text.find('\n');
        text = text.substr(0, end);
        const std::size_t taken = text.size() + (end == std::string_view::npos ? 0 : 1);
        bytes = bytes.subspan(taken);
        seen_ += taken;
        if (end == std::string_view::npos || !line_.empty()) line_.append(text);
        if (end == std::string_view::npos) continue;
        std::string_view line = line_.empty() ? text : line_;
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (line.empty()) return finish();
        if (std::string why = take_line(line); !why.empty()) return CgiFailure{std::move(why)};
        line_.clear();
    }
    if (seen_ < max_head_) return std::monostate{};
    return CgiFailure{"printed a head of more than " + std::to_string(max_head_) + " bytes"};
}

CgiFailure CgiReplyParser::ended() const {
    return {seen_ == 0 ? "printed nothing" : "ended before the empty line that ends a head"};
}

}  // namespace wsinetd::http
