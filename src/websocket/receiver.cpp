#include "websocket/receiver.hpp"

#include <algorithm>

namespace wsinetd::websocket {
namespace {

Failure violation(std::string_view what) { return {1002, what}; }

constexpr Failure invalid_text{1007, ""};

}  // namespace

std::optional<Event> Receiver::next(std::span<std::byte>& bytes) {
    switch (state_) {
        case State::between_frames:
            return next_frame(bytes);
        case State::in_long_frame:
            return next_part(bytes);
        case State::over:
            bytes = {};
            return {};
    }
    return {};
}

/// What is wrong with a frame's first byte, seen from where the connection stands.
inline std::optional<Failure> Receiver::judge_first_byte(std::byte first) const {
    const auto bits = std::to_integer<unsigned>(first);
    if ((bits & 0x70) != 0) return violation("reserved bit set");  // 5.2: no extension is negotiated
    const auto opcode = static_cast<Opcode>(bits & 0x0f);
    switch (opcode) {
        case Opcode::continuation:
            if (message_ == Opcode::continuation) return violation("continuation without a message");  // 5.4
            return {};
        case Opcode::text:
        case Opcode::binary:
            if (message_ != Opcode::continuation) return violation("new message inside a message");  // 5.4
            if (opcode == Opcode::binary && binary_ == BinaryPolicy::refuse) return Failure{1003, ""};
            return {};
        case Opcode::close:
        case Opcode::ping:
        case Opcode::pong:
            if ((bits & 0x80) == 0) return violation("fragmented control frame");  // 5.5
            return {};
    }
    return violation("reserved opcode");
}

/// What is wrong with a header from its second byte up to its length, as far as it is there.
inline std::optional<Failure> Receiver::judge_length(std::span<const std::byte> bytes) const {
    const auto at = [bytes](std::size_t i) { return std::to_integer<unsigned>(bytes[i]); };
    if ((at(1) & 0x80) == 0) return violation("frame without a mask");  // 5.1
    const bool control = (at(0) & 8) != 0;
    const unsigned form = at(1) & 0x7f;
    if (control && form > max_control) return violation("control frame too long");  // 5.5
    if (form == 127 && bytes.size() > 2) {                                          // 5.2
        if ((at(2) & 0x80) != 0) return violation("length with its top bit set");
        const auto upper = bytes.subspan(2, std::min<std::size_t>(6, bytes.size() - 2));
        if (upper.size() == 6 && std::ranges::all_of(upper, [](std::byte byte) { return byte == std::byte{0}; }))
            return violation("length not in its shortest form");
    }
    const std::optional<std::uint64_t> length = read_length(bytes);
    if (!length) return {};
    if (form == 126 && *length < 126) return violation("length not in its shortest form");
    if (!control && max_message_ != 0 && *length > max_message_ - message_size_)
        return Failure{1009, "message too big"};
    return {};
}

std::optional<Event> Receiver::next_frame(std::span<std::byte>& bytes) {
    if (bytes.empty()) return {};
    if (const auto failure = judge_first_byte(bytes[0])) return end(*failure);
    if (bytes.size() < 2) return {};
    if (const auto failure = judge_length(bytes)) return end(*failure);
    const std::optional<Header> header = read_header(bytes);
    if (!header) return {};
    if (is_control(header->opcode)) return control_frame(*header, bytes);
    if (header->length <= framing::max_piece) return small_frame(*header, bytes);

    bytes = bytes.subspan(header->size);
    state_ = State::in_long_frame;
    first_ = header->opcode != Opcode::continuation;
    fin_ = header->fin;
    mask_ = header->mask;
    remaining_ = header->length;
    if (first_) message_ = header->opcode;
    if (max_message_ != 0) message_size_ += header->length;
    return next_part(bytes);
}

std::optional<Event> Receiver::control_frame(const Header& header, std::span<std::byte>& bytes) {
    const auto rest = bytes.subspan(header.size);
    if (rest.size() < header.length) return {};
    const auto payload = rest.first(header.length);
    unmask(payload, header.mask, 0);
    bytes = rest.subspan(header.length);
    if (header.opcode == Opcode::ping) return Ping{payload};
    if (header.opcode == Opcode::pong) return Pong{payload};
    const auto close = parse_close(payload);
    if (const auto* failure = std::get_if<Failure>(&close)) return end(*failure);
    return end(std::get<Close>(close));
}

/// False: this is no UTF-8, and should be.
inline bool Receiver::unmask_and_judge(Opcode type, std::span<std::byte> bytes, MaskKey key, std::uint64_t offset) {
    const bool ascii = unmask(bytes, key, offset);
    return !is_text(type) || (ascii && text_.complete()) || text_.add(bytes);
}

std::optional<Event> Receiver::small_frame(const Header& header, std::span<std::byte>& bytes) {
    const bool first = header.opcode != Opcode::continuation;
    const Opcode type = first ? header.opcode : message_;
    const auto rest = bytes.subspan(header.size);
    const auto payload = rest.first(std::min<std::size_t>(header.length, rest.size()));
    if (!unmask_and_judge(type, payload.subspan(judged_), header.mask, judged_)) return end(invalid_text);
    if (payload.size() < header.length) {
        judged_ = static_cast<std::uint32_t>(payload.size());
        return {};
    }
    if (header.fin && is_text(type) && !text_.complete()) return end(invalid_text);
    judged_ = 0;
    message_ = header.fin ? Opcode::continuation : type;
    message_size_ = header.fin || max_message_ == 0 ? 0 : message_size_ + header.length;
    bytes = rest.subspan(payload.size());
    return Data{type, {payload, first, header.fin}};
}

/// What there is of a long frame's payload.
std::optional<Event> Receiver::next_part(std::span<std::byte>& bytes) {
    if (bytes.empty()) return {};
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>({bytes.size(), remaining_, framing::max_piece}));
    const auto part = bytes.first(size);
    if (!unmask_and_judge(message_, part, mask_, 0)) return end(invalid_text);
    mask_ = rotated(mask_, size);
    remaining_ -= size;
    const bool last = remaining_ == 0 && fin_;
    if (last && is_text(message_) && !text_.complete()) return end(invalid_text);
    const Data data{message_, {part, first_, last}};
    first_ = false;
    if (remaining_ == 0) state_ = State::between_frames;
    if (last) {
        message_ = Opcode::continuation;
        message_size_ = 0;
    }
    bytes = bytes.subspan(size);
    return data;
}

std::optional<Event> Receiver::end(const Event& event) {
    state_ = State::over;
    return event;
}

}  // namespace wsinetd::websocket
