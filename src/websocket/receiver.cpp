#include "websocket/receiver.hpp"

#include <algorithm>

namespace wsinetd::websocket {
namespace {

constexpr Failure reserved_bit{1002, "reserved bit set"};
constexpr Failure reserved_opcode{1002, "reserved opcode"};
constexpr Failure lone_continuation{1002, "continuation without a message"};
constexpr Failure nested_message{1002, "new message inside a message"};
constexpr Failure fragmented_control{1002, "fragmented control frame"};
constexpr Failure long_control{1002, "control frame too long"};
constexpr Failure no_mask{1002, "frame without a mask"};
constexpr Failure wasteful_length{1002, "length not in its shortest form"};
constexpr Failure negative_length{1002, "length with its top bit set"};
constexpr Failure binary_message{1003, ""};
constexpr Failure invalid_text{1007, ""};
constexpr Failure corrupt{1007, "corrupt compressed data"};
constexpr Failure too_big{1009, ""};

constexpr unsigned rsv1 = 0x40;

}  // namespace

std::optional<Event> Receiver::next(std::span<std::byte>& bytes) {
    switch (state_) {
        case State::between_frames: return next_frame(bytes);
        case State::in_long_frame: return next_part(bytes);
        case State::in_deflated_frame: return next_inflated(bytes);
        case State::over: bytes = {}; return {};
    }
    return {};
}

/// RFC 7692, 6: RSV1 stands in the first frame of a message that is compressed, and in no other.
const Failure* Receiver::judge_reserved_bits(unsigned bits) const {
    const auto opcode = static_cast<Opcode>(bits & 0x0f);
    const bool begins_data = opcode == Opcode::text || opcode == Opcode::binary;
    return inflation_ && begins_data && (bits & 0x70) == rsv1 ? nullptr : &reserved_bit;
}

/// Whether the frame that begins with this byte, which is in order, is part of a compressed message.
inline bool Receiver::is_deflated(std::byte first) const {
    if (!inflation_) return false;
    const auto bits = std::to_integer<unsigned>(first);
    return (bits & rsv1) != 0 || (deflated_ && static_cast<Opcode>(bits & 0x0f) == Opcode::continuation);
}

/// What is wrong with a frame's first byte, seen from where the connection stands; null: nothing.
inline const Failure* Receiver::judge_first_byte(std::byte first) const {
    const auto bits = std::to_integer<unsigned>(first);
    if ((bits & 0x70) != 0)  // 5.2: without an extension all of them must be 0
        if (const Failure* failure = judge_reserved_bits(bits)) return failure;
    const auto opcode = static_cast<Opcode>(bits & 0x0f);
    switch (opcode) {
        case Opcode::continuation: return message_ == Opcode::continuation ? &lone_continuation : nullptr;  // 5.4
        case Opcode::text:
        case Opcode::binary:
            if (message_ != Opcode::continuation) return &nested_message;  // 5.4
            return opcode == Opcode::binary && binary_ == BinaryPolicy::refuse ? &binary_message : nullptr;
        case Opcode::close:
        case Opcode::ping:
        case Opcode::pong: return (bits & 0x80) == 0 ? &fragmented_control : nullptr;  // 5.5
    }
    return &reserved_opcode;
}

/// What is wrong with a header from its second byte up to its length, as far as it is there; null: nothing.
inline const Failure* Receiver::judge_length(std::span<const std::byte> bytes) const {
    const auto second = std::to_integer<unsigned>(bytes[1]);
    if ((second & 0x80) == 0) return &no_mask;  // 5.1
    const unsigned form = second & 0x7f;
    const bool control = (std::to_integer<unsigned>(bytes[0]) & 8) != 0;
    if (form > max_control) {
        if (control) return &long_control;  // 5.5
        if (const Failure* failure = judge_extended_length(bytes)) return failure;
    }
    const std::optional<std::uint64_t> length = read_length(bytes);
    if (!length || control || max_message_ == 0 || is_deflated(bytes[0])) return nullptr;
    return *length > max_message_ - message_size_ ? &too_big : nullptr;
}

/// 5.2: the length must be in its shortest form, and its top bit 0.
const Failure* Receiver::judge_extended_length(std::span<const std::byte> bytes) {
    if ((std::to_integer<unsigned>(bytes[1]) & 0x7f) == 126) {
        const std::optional<std::uint64_t> length = read_length(bytes);
        return length && *length < 126 ? &wasteful_length : nullptr;
    }
    const auto upper = bytes.subspan(2, std::min<std::size_t>(6, bytes.size() - 2));
    if (upper.empty()) return nullptr;
    if ((upper[0] & std::byte{0x80}) != std::byte{0}) return &negative_length;
    const bool zero = std::ranges::all_of(upper, [](std::byte byte) { return byte == std::byte{0}; });
    return zero && upper.size() == 6 ? &wasteful_length : nullptr;
}

/// False: this is no UTF-8, and should be.
inline bool Receiver::unmask_and_judge(bool text, std::span<std::byte> bytes, MaskKey key, std::uint64_t offset) {
    const bool ascii = unmask(bytes, key, offset);
    return !text || (ascii && text_.complete()) || text_.add(bytes);
}

inline std::optional<Event> Receiver::small_frame(const Header& header, std::span<std::byte>& bytes) {
    const bool first = header.opcode != Opcode::continuation;
    const Opcode type = first ? header.opcode : message_;
    const bool text = is_text(type);
    const auto rest = bytes.subspan(header.size);
    const auto payload = rest.first(std::min<std::size_t>(header.length, rest.size()));
    if (!unmask_and_judge(text, payload.subspan(judged_), header.mask, judged_)) return end(invalid_text);
    if (payload.size() < header.length) {
        judged_ = static_cast<std::uint32_t>(payload.size());
        return {};
    }
    if (text && header.fin && !text_.complete()) return end(invalid_text);
    judged_ = 0;
    messages_ += header.fin;
    message_ = header.fin ? Opcode::continuation : type;
    message_size_ = header.fin || max_message_ == 0 ? 0 : message_size_ + header.length;
    bytes = rest.subspan(payload.size());
    return Data{type, false, {payload, first, header.fin}};
}

std::optional<Event> Receiver::next_frame(std::span<std::byte>& bytes) {
    if (bytes.empty()) return {};
    if (const Failure* failure = judge_first_byte(bytes[0])) return end(*failure);
    if (bytes.size() < 2) return {};
    if (const Failure* failure = judge_length(bytes)) return end(*failure);
    if (bytes.size() < masked_header_size(bytes[1])) return {};
    const Header header = read_header(bytes);
    if (is_control(header.opcode)) return control_frame(header, bytes);
    if (is_deflated(bytes[0])) return deflated_frame(header, bytes);
    if (header.length <= framing::max_piece) return small_frame(header, bytes);
    begin_long_frame(header);
    bytes = bytes.subspan(header.size);
    return next_part(bytes);
}

void Receiver::begin_long_frame(const Header& header) {
    state_ = State::in_long_frame;
    first_ = header.opcode != Opcode::continuation;
    fin_ = header.fin;
    mask_ = header.mask;
    remaining_ = header.length;
    if (first_) message_ = header.opcode;
    if (max_message_ != 0) message_size_ += header.length;
}

/// A small one is inflated when it is whole.
std::optional<Event> Receiver::deflated_frame(const Header& header, std::span<std::byte>& bytes) {
    const auto payload = bytes.subspan(header.size);
    mask_ = header.mask;
    if (header.length <= framing::max_piece) {
        const std::size_t there = std::min<std::size_t>(header.length, payload.size());
        unmask(payload.first(there).subspan(judged_), header.mask, judged_);
        judged_ = static_cast<std::uint32_t>(there);
        if (there < header.length) return {};
    }
    state_ = State::in_deflated_frame;
    first_ = header.opcode != Opcode::continuation;
    fin_ = header.fin;
    remaining_ = header.length;
    if (first_) message_ = header.opcode;
    deflated_ = true;
    bytes = payload;
    return next_inflated(bytes);
}

/// What the next step makes of a compressed frame; a piece without bytes where it is the frame's last.
std::optional<Event> Receiver::next_inflated(std::span<std::byte>& bytes) {
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>({bytes.size(), remaining_, framing::max_piece}));
    unmask(bytes.first(size).subspan(judged_), mask_, 0);
    mask_ = rotated(mask_, size - judged_);
    std::uint64_t most = most_inflated;
    if (max_message_ != 0) most = std::min(most - 1, max_message_ - message_size_) + 1;  // a byte more tells that it is
    const Inflation::Step step =
        inflation_->step(bytes.first(size), fin_ && size == remaining_, static_cast<std::size_t>(most));
    bytes = bytes.subspan(step.taken);
    remaining_ -= step.taken;
    judged_ = static_cast<std::uint32_t>(size - step.taken);

    // In the order in which they come if it is inflated byte by byte.
    const bool text = is_text(message_);
    if (text && !text_.add(step.made)) return end(invalid_text);
    if (max_message_ != 0) message_size_ += step.made.size();
    if (message_size_ > max_message_) return end(too_big);
    if (!step.sound) return end(corrupt);
    const bool over = step.done && remaining_ == 0;
    const bool last = over && fin_;
    if (last && text && !text_.complete()) return end(invalid_text);
    if (!over && step.made.empty()) return {};

    const Data data{message_, true, {step.made, first_, last}};
    first_ = false;
    if (over) state_ = State::between_frames;
    if (last) {
        ++messages_;
        message_ = Opcode::continuation;
        message_size_ = 0;
        deflated_ = false;
    }
    return data;
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

/// What there is of a long frame's payload.
std::optional<Event> Receiver::next_part(std::span<std::byte>& bytes) {
    if (bytes.empty()) return {};
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>({bytes.size(), remaining_, framing::max_piece}));
    const auto part = bytes.first(size);
    const bool text = is_text(message_);
    if (!unmask_and_judge(text, part, mask_, 0)) return end(invalid_text);
    mask_ = rotated(mask_, size);
    remaining_ -= size;
    const bool last = remaining_ == 0 && fin_;
    if (last && text && !text_.complete()) return end(invalid_text);
    const Data data{message_, false, {part, first_, last}};
    first_ = false;
    if (remaining_ == 0) state_ = State::between_frames;
    if (last) {
        ++messages_;
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
