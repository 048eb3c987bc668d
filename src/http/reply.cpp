#include "http/reply.hpp"

#include <algorithm>

#include "http/date.hpp"

namespace wsinetd::http {
namespace {

struct StatusRow {
    int status;
    std::string_view reason;
};

// RFC 9110, 15, and RFC 6585.
constexpr StatusRow statuses[] = {
    {100, "Continue"},
    {101, "Switching Protocols"},
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {206, "Partial Content"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {417, "Expectation Failed"},
    {421, "Misdirected Request"},
    {422, "Unprocessable Content"},
    {426, "Upgrade Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
};

struct OwedRow {
    int status;
    std::string_view name;
    std::string_view value;
};

constexpr OwedRow owed[] = {
    {405, "Allow", "GET, HEAD, OPTIONS"},  // RFC 9110, 15.5.6
    {426, "Upgrade", "websocket"},         // RFC 9110, 15.5.22
    {426, "Connection", "Upgrade"},        // RFC 9110, 7.8
    {426, "Sec-WebSocket-Version", "13"},  // RFC 6455, 4.4
    {503, "Retry-After", "1"},             // seconds; RFC 9110, 10.2.3
};

bool is(const Field& field, std::string_view name) { return same_token(field.name, name); }

bool holds(std::span<const Field> fields, std::string_view name) {
    return std::ranges::any_of(fields, [&](const Field& field) { return is(field, name); });
}

void append_field(std::string& head, std::string_view name, std::string_view value) {
    head.append(name).append(": ");
    // A value that could end its line could add fields or a body of its own.
    for (char c : value) head += c == '\r' || c == '\n' || c == '\0' ? ' ' : c;
    head.append("\r\n");
}

/// The options of Connection from all sides in one field (RFC 9110, 7.6.1).
void append_connection(std::string& head, const Reply& reply, const Delivery& delivery, std::span<const Field> extra) {
    std::string options;
    auto add = [&](std::string_view option) { options.append(options.empty() ? "" : ", ").append(option); };
    for (const Field& field : reply.fields)
        if (is(field, "Connection")) add(field.value);
    for (const Field& field : extra)
        if (is(field, "Connection")) add(field.value);
    if (reply.status >= 200 && !delivery.keep_alive) add("close");
    if (reply.status >= 200 && delivery.keep_alive && delivery.minor_version == 0) add("keep-alive");
    if (!options.empty()) append_field(head, "Connection", options);
}

/// RFC 9110, 6.4.1 and 8.6: these end with their head.
bool has_no_body(int status) { return status < 200 || status == 204 || status == 304; }

bool says_its_length(const Reply& reply) {
    return holds(reply.fields, "Content-Length") || holds(reply.fields, "Transfer-Encoding");
}

}  // namespace

Delivery delivery_for(const Request& request) {
    return {request.minor_version, request.keep_alive, request.method == "HEAD"};
}

std::string_view reason(int status) {
    const auto* row = std::ranges::find(statuses, status, &StatusRow::status);
    return row == std::end(statuses) ? std::string_view{} : row->reason;
}

std::string format(const Reply& reply, const Delivery& delivery, std::span<const Field> extra) {
    std::string text = delivery.minor_version == 0 ? "HTTP/1.0 " : "HTTP/1.1 ";
    text.append(std::to_string(reply.status)).append(" ").append(reason(reply.status)).append("\r\n");
    for (const Field& field : reply.fields)
        if (!is(field, "Connection") && !holds(extra, field.name)) append_field(text, field.name, field.value);
    for (const Field& field : extra)
        if (!is(field, "Connection") && !is(field, "Content-Length") && !is(field, "Transfer-Encoding"))
            append_field(text, field.name, field.value);
    if (!has_no_body(reply.status) && !says_its_length(reply)) {
        if (!delivery.streamed)
            append_field(text, "Content-Length", std::to_string(reply.body.size()));
        else if (delivery.minor_version > 0)
            append_field(text, "Transfer-Encoding", "chunked");
    }
    append_connection(text, reply, delivery, extra);
    text.append("\r\n");
    if (!delivery.head_only && !has_no_body(reply.status)) text.append(reply.body);
    return text;
}

void add_date(Reply& reply, std::chrono::system_clock::time_point now) {
    if (holds(reply.fields, "Date")) return;
    reply.fields.push_back({"Date", format_date(std::chrono::floor<std::chrono::seconds>(now))});
}

Reply refusal(int status, std::string_view text) {
    Reply reply{status, {{"Content-Type", "text/plain; charset=utf-8"}}, {}};
    for (const OwedRow& row : owed)
        if (row.status == status) reply.fields.push_back({std::string(row.name), std::string(row.value)});
    reply.body = std::to_string(status).append(" ").append(reason(status)).append("\n").append(text).append("\n");
    return reply;
}

Refusal refuse(int status, std::string_view text, std::string why) {
    return {refusal(status, text), why.empty() ? std::string(text) : std::move(why)};
}

}  // namespace wsinetd::http
