// Any bytes, whole, cut in two and byte by byte: the same events, each of them keeping its promises, and those that a
// plain reading of RFC 6455 finds.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "utf8/reference.hpp"
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

/// RFC 6455, section 5, with all the bytes at hand: what comes of them up to the first frame that is compressed.
class Plainly {
public:
    Plainly(std::span<const std::byte> bytes, std::uint64_t limit, BinaryPolicy binary, bool deflate)
        : text_(reinterpret_cast<const char*>(bytes.data()), bytes.size()),
          limit_(limit),
          binary_(binary),
          deflate_(deflate) {
        while (frame()) continue;
    }

    std::string events;
    std::string failure;
    bool compressed = false;  ///< such a frame stands next, and is not looked at

private:
    using Text = std::string_view;

    bool fail(const char* why) {
        failure = why;
        return false;
    }
    [[nodiscard]] unsigned byte(std::size_t at) const { return static_cast<unsigned char>(text_[at]); }

    /// Whether there may be another.
    bool frame() {
        if (text_.empty()) return false;
        const unsigned reserved = byte(0) >> 4 & 7;
        const unsigned opcode = byte(0) & 15;
        const bool fin = byte(0) >= 128;
        const bool control = opcode >= 8;
        if (reserved != 0 && !(deflate_ && reserved == 4 && (opcode == 1 || opcode == 2)))
            return fail("1002 reserved bit set");
        if ((opcode > 2 && !control) || opcode > 10) return fail("1002 reserved opcode");
        if (control && !fin) return fail("1002 fragmented control frame");
        if (opcode == 0 && !inside_) return fail("1002 continuation without a message");
        if ((opcode == 1 || opcode == 2) && inside_) return fail("1002 new message inside a message");
        if (opcode == 2 && binary_ == BinaryPolicy::refuse) return fail("1003 ");
        if (text_.size() < 2) return false;
        if (byte(1) < 128) return fail("1002 frame without a mask");
        if (reserved != 0) {
            compressed = true;
            return false;
        }
        const unsigned form = byte(1) - 128;
        if (control && form > 125) return fail("1002 control frame too long");
        return control ? control_frame(opcode, form) : length(opcode, fin, form);
    }

    bool length(unsigned opcode, bool fin, unsigned form) {
        const std::size_t extra = form == 126 ? 2 : form == 127 ? 8 : 0;
        const Text digits = text_.substr(2, extra);
        if (extra == 8 && !digits.empty() && byte(2) >= 128) return fail("1002 length with its top bit set");
        if (extra == 8 && digits.size() >= 6 && digits.substr(0, 6) == Text("\0\0\0\0\0\0", 6))
            return fail("1002 length not in its shortest form");
        if (digits.size() < extra) return false;
        std::uint64_t size = extra == 0 ? form : 0;
        for (const char digit : digits) size = size * 256 + static_cast<unsigned char>(digit);
        if (extra == 2 && size < 126) return fail("1002 length not in its shortest form");
        if (limit_ > 0 && (size > limit_ || size_ > limit_ - size)) return fail("1009 ");
        if (text_.size() < 2 + extra + 4) return false;
        return data_frame(opcode, fin, 2 + extra + 4, size);
    }

    /// The next `size` bytes, or as many as there are, unmasked.
    std::string take(std::size_t header, std::uint64_t size) {
        std::string payload(
            text_.substr(header, static_cast<std::size_t>(std::min<std::uint64_t>(size, text_.size()))));
        for (std::size_t i = 0; i < payload.size(); ++i) payload[i] ^= text_[header - 4 + i % 4];
        text_.remove_prefix(header + payload.size());
        return payload;
    }

    bool data_frame(unsigned opcode, bool fin, std::size_t header, std::uint64_t size) {
        const unsigned type = opcode == 0 ? type_ : opcode;
        const std::string payload = take(header, size);
        const bool whole = payload.size() == size;
        const bool text = type == 1 || binary_ == BinaryPolicy::as_text;
        if (text) {
            judge_.add(payload);
            if (judge_.errors > 0 || (whole && fin && !judge_.complete())) return fail("1007 ");
        }
        if (!whole && size <= wsinetd::framing::max_piece) return false;
        if (payload.empty() && !whole) return false;
        if (opcode != 0) events += type == 1 ? "\ntext " : "\nbinary ";
        events += payload;
        if (!whole) return false;
        inside_ = !fin;
        type_ = type;
        size_ = fin ? 0 : size_ + size;
        if (fin) {
            events += " end";
            judge_ = {};
        }
        return true;
    }

    bool control_frame(unsigned opcode, std::size_t size) {
        if (text_.size() < 6 + size) return false;
        const std::string payload = take(6, size);
        if (opcode != 8) {
            events += (opcode == 9 ? "\nping " : "\npong ") + payload;
            return true;
        }
        if (payload.size() == 1) return fail("1002 close frame with half a code");
        if (payload.empty()) {
            events += "\nclose 0 ";
            return false;
        }
        const unsigned code = static_cast<unsigned char>(payload[0]) * 256u + static_cast<unsigned char>(payload[1]);
        const bool registered = code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006;
        if (!registered && (code < 3000 || code > 4999)) return fail("1002 close code that must not be sent");
        wsinetd::utf8::WhatwgDecoder reason;
        reason.add(Text(payload).substr(2));
        if (reason.errors > 0 || !reason.complete()) return fail("1007 ");
        events += "\nclose " + std::to_string(code) + ' ' + payload.substr(2);
        return false;
    }

    Text text_;
    std::uint64_t limit_;
    BinaryPolicy binary_;
    bool deflate_;
    bool inside_ = false;
    unsigned type_ = 0;
    std::uint64_t size_ = 0;
    wsinetd::utf8::WhatwgDecoder judge_;
};

void require_as_plainly(const Reader& reader, const Plainly& plainly) {
    if (plainly.compressed) return require(reader.events.starts_with(plainly.events));
    require(reader.failure == plainly.failure);
    if (reader.failure.starts_with("1007"))
        require(reader.events.starts_with(plainly.events));
    else
        require(reader.events == plainly.events);
}

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
    require_as_plainly(whole, Plainly(bytes, limit, policy, deflate));
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
