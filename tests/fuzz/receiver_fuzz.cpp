// Any bytes, whole, cut in two and byte by byte: the same events, each of them keeping its promises.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "utf8/validator.hpp"
#include "websocket/receiver.hpp"

namespace {

using namespace wsinetd::websocket;

void require(bool holds) {
    if (!holds) std::abort();
}

/// What one way of cutting the bytes leads to. Pieces of a message are joined, for a long frame comes as it is cut.
class Reader {
public:
    Reader(std::uint64_t max_message, BinaryPolicy binary, bool deflate)
        : inflation_(shared()),
          receiver_(max_message, binary, deflate ? &inflation_ : nullptr),
          max_message_(max_message),
          binary_(binary) {}

    void read(std::span<const std::byte> bytes) {
        std::vector<std::byte> all(left_.size() + bytes.size());
        std::copy(left_.begin(), left_.end(), all.begin());
        std::copy(bytes.begin(), bytes.end(), all.begin() + static_cast<std::ptrdiff_t>(left_.size()));
        std::span<std::byte> rest(all);
        while (const auto event = receiver_.next(rest)) {
            require(!over_);
            std::visit([this](const auto& what) { take(what); }, *event);
        }
        require(!over_ || rest.empty());
        left_.assign(rest.begin(), rest.end());
    }

    std::string events;
    std::string failure;

private:
    void take(const Data& data) {
        const bool text = data.type == Opcode::text;
        require(text || (data.type == Opcode::binary && binary_ != BinaryPolicy::refuse));
        require(data.piece.first != in_message_ && data.piece.bytes.size() <= wsinetd::framing::max_piece);
        if (data.piece.first) {
            message_.clear();
            type_ = data.type;
            events += text ? "\ntext " : "\nbinary ";
        }
        require(data.type == type_);
        in_message_ = !data.piece.last;
        message_.insert(message_.end(), data.piece.bytes.begin(), data.piece.bytes.end());
        require(max_message_ == 0 || message_.size() <= max_message_);
        say(data.piece.bytes);
        if (!data.piece.last) return;
        events += " end";
        if (text || binary_ == BinaryPolicy::as_text) require(wsinetd::utf8::valid_prefix(message_) == message_.size());
    }
    void take(const Ping& ping) { control("\nping ", ping.payload); }
    void take(const Pong& pong) { control("\npong ", pong.payload); }
    void take(const CloseReceived& close) {
        require(!close.code || may_be_sent(*close.code));
        events += "\nclose " + std::to_string(close.code.value_or(0)) + ' ' + std::string(close.reason);
        over_ = true;
    }
    void take(const Failure& what) {
        require(what.code == 1002 || what.code == 1003 || what.code == 1007 || what.code == 1009);
        failure = std::to_string(what.code) + ' ' + std::string(what.reason);
        over_ = true;
    }
    void control(const char* name, std::span<const std::byte> payload) {
        require(payload.size() <= max_control);
        events += name;
        say(payload);
    }
    void say(std::span<const std::byte> bytes) {
        events.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    }

    static Compressors& shared() {
        static Compressors compressors;
        return compressors;
    }

    Inflation inflation_;
    Receiver receiver_;
    std::uint64_t max_message_;
    BinaryPolicy binary_;
    std::vector<std::byte> left_;
    std::vector<std::byte> message_;
    Opcode type_{};
    bool in_message_ = false;
    bool over_ = false;
};

void require_same(const Reader& a, const Reader& b) {
    require(a.failure == b.failure);
    // Of a long frame, what is delivered before an impossible byte, or a byte too many, depends on the cut.
    if (a.failure.starts_with("1007") || a.failure.starts_with("1009"))
        require(a.events.starts_with(b.events) || b.events.starts_with(a.events));
    else
        require(a.events == b.events);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 3) return 0;
    constexpr BinaryPolicy policies[] = {BinaryPolicy::accept, BinaryPolicy::refuse, BinaryPolicy::as_text};
    constexpr std::uint64_t limits[] = {0, 10, 1000, 70000};
    const auto limit = limits[data[0] / 3 % 4];
    const auto policy = policies[data[0] % 3];
    const bool deflate = data[0] / 12 % 2 != 0;
    const auto bytes = std::as_bytes(std::span(data + 3, size - 3));
    const std::size_t cut = (data[1] * 256u + data[2]) % (bytes.size() + 1);
    Reader whole(limit, policy, deflate);
    whole.read(bytes);
    Reader split(limit, policy, deflate);
    split.read(bytes.first(cut));
    split.read(bytes.subspan(cut));
    require_same(whole, split);
    if (bytes.size() > 4096) return 0;
    Reader single(limit, policy, deflate);
    for (const std::byte& byte : bytes) single.read({&byte, 1});
    require_same(whole, single);
    return 0;
}
