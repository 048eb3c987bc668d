#include "http/request_parser.hpp"

#include <algorithm>
#include <boost/beast/http/basic_parser.hpp>
#include <limits>
#include <utility>

#include "http/authority.hpp"
#include "http/reply.hpp"
#include "http/target.hpp"

namespace wsinetd::http {
namespace {

namespace beast = boost::beast;

/// Beast's grammar, its findings put straight into a Request.
class HeadReader final : public beast::http::basic_parser<true> {
public:
    explicit HeadReader(Request& request) : request_(request) {
        header_limit(std::numeric_limits<std::uint32_t>::max());  // ours is exact
        body_limit(boost::none);                                  // none is read here
    }

private:
    using view = beast::string_view;
    using error_code = beast::error_code;

    void on_request_impl(beast::http::verb, view method, view target, int version, error_code&) override {
        request_.method = method;
        request_.target = target;
        request_.minor_version = version - 10;
    }
    void on_field_impl(beast::http::field, view name, view value, error_code&) override {
        request_.fields.push_back({std::string(name), std::string(value)});
    }
    // The rest concerns responses and bodies, of which this parser is never shown any.
    void on_response_impl(int, view, int, error_code&) override {}
    void on_header_impl(error_code&) override {}
    void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
    std::size_t on_body_impl(view, error_code&) override { return 0; }
    void on_chunk_header_impl(std::uint64_t, view, error_code&) override {}
    std::size_t on_chunk_body_impl(std::uint64_t, view, error_code&) override { return 0; }
    void on_finish_impl(error_code&) override {}

    Request& request_;
};

/// HTTP/2's preface, HTTP/1.2: a version by its form, but not one of ours.
bool names_another_version(std::string_view head) {
    const std::string_view line = head.substr(0, head.find('\r'));
    const std::string_view word = line.substr(line.find_last_of(' ') + 1);
    auto digit = [](char c) { return c >= '0' && c <= '9'; };
    return std::ranges::count(line, ' ') == 2 && word.size() == 8 && word.starts_with("HTTP/") && digit(word[5]) &&
           word[6] == '.' && digit(word[7]);
}

Refusal refusal_for(const beast::error_code& error, std::string_view head) {
    switch (static_cast<beast::http::error>(error.value())) {
        case beast::http::error::bad_version:
            if (names_another_version(head)) return refuse(505, "This server speaks HTTP/1.1 and HTTP/1.0.");
            return refuse(400, "A request line is METHOD TARGET HTTP/1.1.");
        case beast::http::error::bad_method:
        case beast::http::error::bad_target:
        case beast::http::error::need_more: return refuse(400, "A request line is METHOD TARGET HTTP/1.1.");
        case beast::http::error::bad_field:
            return refuse(400, "A header line is a name of letters, digits and '-', at once a colon, and a value.");
        case beast::http::error::bad_content_length:
        case beast::http::error::multiple_content_length:
            return refuse(400, "Content-Length is one decimal number, and without Transfer-Encoding.");
        case beast::http::error::bad_transfer_encoding:
            return refuse(400, "Transfer-Encoding stands once, and without Content-Length.");
        default: return refuse(400, "The request's head is malformed.");
    }
}

/// RFC 9112, 3.2: one Host, and a valid one; it may be missing from HTTP/1.0 only.
std::optional<Refusal> take_host(Request& request) {
    const std::size_t count = request.fields.count("Host");
    if (count > 1) return refuse(400, "A request has one Host, not several.");
    if (count == 0 && request.minor_version >= 1) return refuse(400, "A request in HTTP/1.1 has a Host.");
    if (count == 1) request.host = *request.fields.joined("Host");
    if (!request.host.empty() && !parse_authority(request.host))
        return refuse(400, "Host is a name or an address (IPv6 in brackets), and maybe a port.");
    return std::nullopt;
}

/// RFC 9112, 3.2.2: what an absolute target names takes the place of Host, wherever someone may look for it.
void replace_host(Request& request, std::string authority) {
    for (Field& field : request.fields)
        if (same_token(field.name, "Host")) field.value = authority;
    request.host = std::move(authority);
}

std::optional<Refusal> take_target(Request& request) {
    auto parsed = parse_target(request.method, request.target);
    if (const auto* complaint = std::get_if<Complaint>(&parsed)) return refuse(400, *complaint);
    auto& target = std::get<Target>(parsed);
    if (!target.authority.empty()) replace_host(request, std::move(target.authority));
    request.path = std::move(target.path);
    request.query = std::move(target.query);
    return std::nullopt;
}

/// RFC 9112, 6.1 and 6.3: where two readers could disagree about where a body ends, none is read.
std::optional<Refusal> take_length(Request& request) {
    const auto length = request.fields.joined("Content-Length");
    const auto coding = request.fields.joined("Transfer-Encoding");
    if (length && coding) return refuse(400, "Content-Length and Transfer-Encoding exclude each other.");
    if (length && length->find_first_not_of("0123456789") != std::string::npos)
        return refuse(400, "A request has one Content-Length, not several.");
    if (coding && request.minor_version == 0) return refuse(400, "HTTP/1.0 has no Transfer-Encoding.");
    if (coding && coding->empty()) return refuse(400, "Transfer-Encoding names a coding: chunked.");
    if (coding && !same_token(*coding, "chunked")) return refuse(501, "The one transfer coding known here is chunked.");
    request.has_body = coding || (length && length->find_first_not_of('0') != std::string::npos);
    return std::nullopt;
}

/// RFC 9112, 9.3.
bool wants_keep_alive(const Request& request) {
    if (request.fields.has_token("Connection", "close")) return false;
    return request.minor_version >= 1 || request.fields.has_token("Connection", "keep-alive");
}

/// `head` is whole: its last bytes are the empty line.
RequestParser::Result read_head(std::string_view head) {
    Request request;
    HeadReader reader(request);
    beast::error_code error;
    reader.put(boost::asio::const_buffer(head.data(), head.size()), error);
    if (error) return refusal_for(error, head);
    if (auto refusal = take_host(request)) return *std::move(refusal);
    if (auto refusal = take_target(request)) return *std::move(refusal);
    if (auto refusal = take_length(request)) return *std::move(refusal);
    request.keep_alive = wants_keep_alive(request);
    return request;
}

constexpr std::string_view bad_line_end = "Lines end in CR LF, and neither stands alone (RFC 9112, 2.2).";
constexpr std::string_view bad_fold = "A field stands on one line (RFC 9112, 5.2).";
constexpr std::string_view bad_byte = "A request's head is text, without control bytes.";

/// What `c` is complained about where a line's text is expected.
std::string_view judge_text(char c) {
    if (is_text_char(c)) return {};
    return c == '\n' ? bad_line_end : bad_byte;
}

}  // namespace

/// Follows the lines by one byte. Returns what is wrong with it, empty when nothing is.
std::string_view RequestParser::step(char c) {
    switch (place_) {
        case Place::before:  // RFC 9112, 2.2: empty lines before a request are passed over
            place_ = c == '\r' ? Place::before_cr : Place::line;
            return c == '\r' ? std::string_view{} : judge_text(c);
        case Place::before_cr: place_ = Place::before; return c == '\n' ? std::string_view{} : bad_line_end;
        case Place::line:
            if (c != '\r') return judge_text(c);
            place_ = Place::line_cr;
            return {};
        case Place::line_cr: place_ = Place::line_start; return c == '\n' ? std::string_view{} : bad_line_end;
        case Place::line_start:
            place_ = c == '\r' ? Place::end_cr : Place::line;
            if (c == '\r') return {};
            return c == ' ' || c == '\t' ? bad_fold : judge_text(c);
        case Place::end_cr: place_ = Place::end; return c == '\n' ? std::string_view{} : bad_line_end;
        case Place::end: break;
    }
    return {};
}

void RequestParser::reset() {
    seen_ = 0;
    place_ = Place::before;
    std::string().swap(head_);
}

RequestParser::Result RequestParser::next(std::span<const std::byte>& bytes) {
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    std::size_t start = 0;  // where the head begins, or goes on, in text
    std::size_t at = 0;
    while (place_ != Place::end && at < text.size() && seen_ < max_head_) {
        const std::string_view complaint = step(text[at]);
        ++at;
        ++seen_;
        if (!complaint.empty()) {
            reset();
            bytes = bytes.subspan(at);
            return refuse(400, complaint);
        }
        if (place_ == Place::before || place_ == Place::before_cr) start = at;
    }
    bytes = bytes.subspan(at);
    const std::string_view piece = text.substr(start, at - start);
    if (place_ == Place::end) {
        Result result = head_.empty() ? read_head(piece) : read_head(head_.append(piece));
        reset();
        return result;
    }
    if (seen_ >= max_head_) {
        reset();
        return refuse(431, "The head of a request has at most " + std::to_string(max_head_) + " bytes.");
    }
    head_.append(piece);
    return std::monostate{};
}

}  // namespace wsinetd::http
