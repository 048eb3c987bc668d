// Any bytes, whole and cut in two: the same requests and refusals, each of them keeping its promises.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "http/authority.hpp"
#include "http/reply.hpp"
#include "http/request_parser.hpp"

namespace {

using namespace wsinetd::http;

void require(bool holds) {
    if (!holds) std::abort();
}

void check(const Request& request) {
    const std::string padded = request.path + "/";
    require(request.path.starts_with('/') || request.path == "*");
    require(padded.find("/../") == std::string::npos && padded.find("/./") == std::string::npos);
    require(request.path.find('\0') == std::string::npos && request.query.find('#') == std::string::npos);
    require(request.host.empty() || parse_authority(request.host));
    require(request.fields.count("Host") <= 1 && request.fields.count("Content-Length") <= 1);
    for (const Field& field : request.fields)
        require(!field.name.empty() && field.value.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos);
}

std::string told(const Request& request) {
    std::string text = request.method + '\n' + request.target + '\n' + request.path + '\n' + request.query + '\n' +
                       request.host + '\n' +
                       std::to_string(request.minor_version * 4 + request.keep_alive * 2 + request.has_body) + '\n';
    for (const Field& field : request.fields) text.append(field.name).append(":").append(field.value).append("\n");
    return text;
}

struct Reader {
    RequestParser parser{1024};
    std::string outcome;
    bool refused = false;

    void read(std::span<const std::byte> bytes) {
        while (!bytes.empty() && !refused) {
            const auto result = parser.next(bytes);
            if (const auto* request = std::get_if<Request>(&result)) {
                check(*request);
                outcome += told(*request);
            } else if (const auto* refusal = std::get_if<Refusal>(&result)) {
                const int status = refusal->reply.status;
                require(status == 400 || status == 431 || status == 501 || status == 505);
                outcome += format(refusal->reply, {});
                refused = true;
            }
        }
    }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    const auto bytes = std::as_bytes(std::span(data + 2, size - 2));
    const std::size_t cut = bytes.empty() ? 0 : (data[0] * 256u + data[1]) % bytes.size();
    Reader whole;
    whole.read(bytes);
    Reader split;
    split.read(bytes.first(cut));
    split.read(bytes.subspan(cut));
    require(whole.outcome == split.outcome);
    Reader single;
    for (const std::byte& byte : bytes) single.read({&byte, 1});
    require(whole.outcome == single.outcome);
    return 0;
}
