// Any output of a CGI program, whole, cut in two and byte by byte: the same reply or failure, the reply as it must be.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "http/cgi_reply.hpp"

namespace {

using namespace wsinetd::http;
using Bytes = std::span<const std::byte>;

constexpr std::size_t max_head = 1024;

void require(bool holds) {
    if (!holds) std::abort();
}

void check(const CgiReply& reply) {
    const Fields& fields = reply.reply.fields;
    require(reply.reply.status >= 200 && reply.reply.status <= 599 && reply.reply.body.empty());
    for (const std::string_view name : {"Status", "Content-Length", "Connection", "Transfer-Encoding", "Keep-Alive",
                                        "TE", "Trailer", "Upgrade", "Proxy-Connection"})
        require(fields.count(name) == 0);
    require(fields.count("Location") <= 1 && fields.count("Content-Type") <= 1);
    for (const Field& field : fields) {
        require(!field.name.empty() && std::ranges::all_of(field.name, is_token_char));
        require(std::ranges::all_of(field.value, is_text_char) && trimmed(field.value) == field.value);
    }
    if (reply.local_redirect.empty()) return;
    require(reply.local_redirect.starts_with('/') && !reply.local_redirect.starts_with("//"));
    require(fields.joined("Location") == reply.local_redirect && reply.reply.status == 302 && !reply.length);
    require(fields.size() == 1 + fields.count("Content-Type"));
}

struct Reader {
    CgiReplyParser parser{max_head};
    std::string outcome;
    bool done = false;
    std::size_t body = 0;  ///< bytes of it

    void read(Bytes bytes) {
        if (!done) {
            const Bytes before = bytes;
            const auto result = parser.next(bytes);
            require(bytes.data() + bytes.size() == before.data() + before.size());
            if (const auto* reply = std::get_if<CgiReply>(&result)) {
                check(*reply);
                outcome = std::to_string(reply->reply.status) + reply->local_redirect + "\n";
                if (reply->length) outcome += std::to_string(*reply->length);
                for (const Field& field : reply->reply.fields) outcome += field.name + ":" + field.value + "\n";
            } else if (const auto* failure = std::get_if<CgiFailure>(&result)) {
                outcome = failure->why;
                require(!outcome.empty() && outcome.size() < 300 + max_head);  // a field's name is whole
                bytes = {};
            } else {
                require(bytes.empty());
                return;
            }
            done = true;
        }
        body += bytes.size();
    }
    std::string told() const { return (done ? outcome : parser.ended().why) + "\n" + std::to_string(body); }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    const Bytes bytes = std::as_bytes(std::span(data + 2, size - 2));
    const std::size_t cut = (data[0] * 256u + data[1]) % (bytes.size() + 1);
    Reader whole;
    whole.read(bytes);
    const bool failed = whole.done && whole.body == 0;
    Reader split;
    split.read(bytes.first(cut));
    split.read(bytes.subspan(cut));
    Reader single;
    for (const std::byte& byte : bytes) single.read({&byte, 1});
    if (failed) {  // what follows a failure is nobody's
        require(split.outcome == whole.outcome && single.outcome == whole.outcome);
        return 0;
    }
    require(split.told() == whole.told());
    require(single.told() == whole.told());
    return 0;
}
