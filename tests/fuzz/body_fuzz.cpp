// Any bytes as the body of a request, chunked or counted; whole, cut in two and byte by byte: what a plain reader of
// chunks finds, and the same in every arrangement.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "http/body.hpp"

namespace {

using namespace wsinetd::http;
using Bytes = std::span<const std::byte>;

void require(bool holds) {
    if (!holds) std::abort();
}

std::string_view text_of(Bytes bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

enum class End { none, whole, refused };

struct Outcome {
    std::string body;
    std::string rest;
    End end = End::none;

    bool operator==(const Outcome&) const = default;
};

class Reading {
public:
    explicit Reading(const Request& request) : reader_(request) {}

    void read(Bytes bytes) {
        while (outcome.end == End::none) {
            const Bytes before = bytes;
            const auto result = reader_.next(bytes);
            require(bytes.data() + bytes.size() == before.data() + before.size());
            if (const auto* body = std::get_if<Bytes>(&result)) {
                require(!body->empty() && body->data() >= before.data() && body->data() + body->size() == bytes.data());
                outcome.body += text_of(*body);
                continue;
            }
            if (std::holds_alternative<BodyReader::End>(result)) outcome.end = End::whole;
            if (const auto* refusal = std::get_if<Refusal>(&result)) {
                require(refusal->reply.status == 400 && !refusal->why.empty());
                outcome.end = End::refused;
            }
            require(reader_.done() == (outcome.end == End::whole));
            if (outcome.end == End::none) {
                require(bytes.empty());
                return;
            }
        }
        if (outcome.end == End::whole) outcome.rest += text_of(bytes);
    }

    Outcome outcome;

private:
    BodyReader reader_;
};

bool is_line(std::string_view line) {
    for (const char c : line)
        if (!is_text_char(c)) return false;
    return true;
}

/// RFC 9112, 7.1, as plainly as can be, for text of which all has come. What it does not judge is whether text that is
/// cut short could still become well-formed.
Outcome chunked_plainly(std::string_view text) {
    Outcome outcome;
    std::size_t dropped = 0;
    const auto refuse = [&] {
        outcome.end = End::refused;
        return outcome;
    };
    const auto line = [&]() -> std::optional<std::string_view> {
        const auto end = text.find("\r\n");
        if (end == std::string_view::npos) return std::nullopt;
        const std::string_view found = text.substr(0, end);
        text.remove_prefix(end + 2);
        return found;
    };
    while (true) {
        const auto head = line();
        if (!head) return outcome;
        const auto digits = head->find_first_not_of("0123456789abcdefABCDEF");
        const std::string size_text(head->substr(0, digits));
        const std::string_view extension = head->substr(size_text.size());
        dropped += extension.size();
        if (size_text.empty() || size_text.size() > 16 || !is_line(extension) || dropped > 4096) return refuse();
        if (!extension.empty() && !trimmed(extension).starts_with(';')) return refuse();
        std::uint64_t size = std::stoull(size_text, nullptr, 16);
        if (size == 0) break;
        const std::string_view data = text.substr(0, size);
        outcome.body += data;
        text.remove_prefix(data.size());
        if (data.size() < size || text.size() < 2) {
            if (!std::string_view("\r\n").starts_with(text)) return refuse();
            return outcome;
        }
        if (!text.starts_with("\r\n")) return refuse();
        text.remove_prefix(2);
    }
    while (const auto trailer = line()) {
        if (trailer->empty()) {
            outcome.rest = text;
            outcome.end = End::whole;
            return outcome;
        }
        const auto colon = trailer->find(':');
        if (colon == std::string_view::npos || colon == 0 || !is_line(*trailer)) return refuse();
        for (const char c : trailer->substr(0, colon))
            if (!is_token_char(c)) return refuse();
        dropped += trailer->size();
        if (dropped > 4096) return refuse();
    }
    return outcome;
}

void require_as_plainly(const Outcome& outcome, std::string_view text) {
    const Outcome expected = chunked_plainly(text);
    require(outcome.body == expected.body);
    // A line that has not come to its end may be refused already.
    require(outcome == expected || (outcome.end == End::refused && expected.end == End::none));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 3) return 0;
    Request request;
    request.has_body = data[0] != 0;
    if (data[0] % 2 == 1)
        request.fields.push_back({"Transfer-Encoding", "chunked"});
    else
        request.fields.push_back({"Content-Length", std::to_string(data[0])});
    const Bytes bytes = std::as_bytes(std::span(data + 3, size - 3));
    const std::size_t cut = (data[1] * 256u + data[2]) % (bytes.size() + 1);
    Reading whole(request);
    whole.read(bytes);
    if (data[0] % 2 == 1) {
        require_as_plainly(whole.outcome, text_of(bytes));
    } else {
        require(whole.outcome.body == text_of(bytes).substr(0, data[0]));
        require((whole.outcome.end == End::whole) == (bytes.size() >= data[0]));
    }
    Reading split(request);
    split.read(bytes.first(cut));
    split.read(bytes.subspan(cut));
    require(split.outcome == whole.outcome);
    Reading single(request);
    for (const std::byte& byte : bytes) single.read({&byte, 1});
    if (bytes.empty()) single.read({});
    require(single.outcome == whole.outcome);
    return 0;
}
