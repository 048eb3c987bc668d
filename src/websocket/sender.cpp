#include "websocket/sender.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>

#include "utf8/validator.hpp"
#include "websocket/close.hpp"

namespace wsinetd::websocket {

struct Sender::Payload {
    std::array<std::byte, max_control> bytes;
    std::size_t size = 0;

    [[nodiscard]] std::span<const std::byte> payload() const { return std::span(bytes).first(size); }
};

void Sender::Discard::operator()(Payload* payload) const { delete payload; }

namespace {

/// 16 bytes: one SSE2 or NEON register; where there is none the compiler makes words of it.
using Block [[gnu::vector_size(16)]] = std::uint64_t;

/// Copies one T, and gives it back.
template <typename T>
T copy_one(std::byte* to, const std::byte* from) {
    T word;
    std::memcpy(&word, from, sizeof word);
    std::memcpy(to, &word, sizeof word);
    return word;
}

/// The same for less than 16 bytes; words may overlap. Gives back all their bits, one over the other.
std::uint64_t copy_few(std::byte* to, const std::byte* from, std::size_t size) {
    if (size >= 8) return copy_one<std::uint64_t>(to, from) | copy_one<std::uint64_t>(to + size - 8, from + size - 8);
    if (size >= 4) return copy_one<std::uint32_t>(to, from) | copy_one<std::uint32_t>(to + size - 4, from + size - 4);
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < size; ++i) seen |= copy_one<std::uint8_t>(to + i, from + i);
    return seen;
}

std::uint64_t copy_many(std::byte* to, const std::byte* from, std::size_t size) {
    constexpr std::size_t step = sizeof(Block);
    Block a{}, b{}, c{}, d{};
    std::size_t i = 0;
    for (; i + 4 * step <= size; i += 4 * step) {
        a |= copy_one<Block>(to + i, from + i);
        b |= copy_one<Block>(to + i + step, from + i + step);
        c |= copy_one<Block>(to + i + 2 * step, from + i + 2 * step);
        d |= copy_one<Block>(to + i + 3 * step, from + i + 3 * step);
    }
    for (; i + step <= size; i += step) a |= copy_one<Block>(to + i, from + i);
    b |= copy_one<Block>(to + size - step, from + size - step);
    a |= b | c | d;
    return a[0] | a[1];
}

/// Copies, and says whether all of it is ASCII: one pass, and no call of memcpy, for what most lines are.
bool copy_ascii(std::byte* to, std::span<const std::byte> from) {
    const std::uint64_t seen =
        from.size() < sizeof(Block) ? copy_few(to, from.data(), from.size()) : copy_many(to, from.data(), from.size());
    return (seen & 0x8080808080808080) == 0;
}

void append(bool fin, Opcode opcode, std::span<const std::byte> payload, Frames& out) {
    out.size += write_header(out.space.data() + out.size, fin, opcode, payload.size());
    std::ranges::copy(payload, out.space.begin() + static_cast<std::ptrdiff_t>(out.size));
    out.size += payload.size();
}

bool fits(std::size_t payload, const Frames& out) { return header_size(payload) + payload <= out.room(); }

}  // namespace

/// Begins the message's next frame; `size` bytes of payload are to be written where the result points.
inline std::byte* Sender::open_frame(bool fin, std::size_t size, Frames& out) {
    messages_ += fin;
    const Opcode opcode = under_way_ == Message::none ? type_ : Opcode::continuation;
    std::byte* const payload =
        out.space.data() + out.size + write_header(out.space.data() + out.size, fin, opcode, size);
    under_way_ = fin ? Message::none : Message::plain;
    out.size = static_cast<std::size_t>(payload - out.space.data()) + size;
    return payload;
}

bool Sender::add(framing::Piece& piece, Frames& out) {
    if (closed_ || (piece.bytes.empty() && !piece.last)) return true;
    if (deflater_ && wants_deflate(piece)) return add_deflated(piece, out);
    const bool text = type_ == Opcode::text;
    if (text && replacer_.pending()) return add_repaired(piece, out);
    if (!fits(piece.bytes.size(), out)) return out.size == 0 && add_part(piece, out);

    std::byte* const payload = out.space.data() + out.size + header_size(piece.bytes.size());
    if (!text) {
        if (!piece.bytes.empty()) std::memcpy(payload, piece.bytes.data(), piece.bytes.size());
    } else if (!copy_ascii(payload, piece.bytes) && utf8::valid_prefix(piece.bytes) != piece.bytes.size()) {
        return add_repaired(piece, out);
    }
    open_frame(piece.last, piece.bytes.size(), out);
    return true;
}

bool Sender::needs_repair(std::span<const std::byte> bytes) const {
    return type_ == Opcode::text && (replacer_.pending() || utf8::valid_prefix(bytes) != bytes.size());
}

bool Sender::add_repaired(framing::Piece& piece, Frames& out) {
    const std::size_t size = replacer_.size(piece.bytes, piece.last);
    if (!fits(size, out)) return out.size == 0 && add_part(piece, out);
    if (size == 0 && !piece.last) {
        replacer_.write(piece.bytes, false, {});
        return true;
    }
    std::byte* const payload = open_frame(piece.last, size, out);
    replacer_.write(piece.bytes, piece.last, {payload, size});
    return true;
}

/// As much of a piece as surely fits an empty `out`, as a fragment that is not the message's last. False, as the rest
/// is still to come.
bool Sender::add_part(framing::Piece& piece, Frames& out) {
    assert(out.size == 0 && out.space.size() >= min_space);
    const std::size_t room = out.room() - max_header;
    const std::size_t size = type_ == Opcode::text ? room / 3 - 1 : room;  // n bytes may become 3n + 3
    framing::Piece part{piece.bytes.first(std::min(size, piece.bytes.size())), piece.first, false};
    piece.bytes = piece.bytes.subspan(part.bytes.size());
    [[maybe_unused]] const bool whole = add(part, out);
    assert(whole);
    return false;
}

/// It is decided at the message's beginning, which says whether the message is short.
bool Sender::wants_deflate(const framing::Piece& piece) const {
    if (under_way_ != Message::none) return under_way_ == Message::deflated;
    return !piece.last || piece.bytes.size() >= deflater_->least_message();
}

/// As `add`. A part is not begun before there is room for whatever comes of it, for nothing is kept in between.
bool Sender::add_deflated(framing::Piece& piece, Frames& out) {
    assert(out.space.size() >= space_for(*deflater_));
    do {
        const bool repair = needs_repair(piece.bytes);
        const std::size_t most_part = deflater_->most_part();
        const std::size_t most = repair ? most_part / 3 - 1 : most_part;  // n bytes may become 3n + 3
        std::span<const std::byte> part = piece.bytes.first(std::min(most, piece.bytes.size()));
        const bool last = piece.last && part.size() == piece.bytes.size();
        const std::size_t size = repair ? replacer_.size(part, last) : part.size();
        if (max_header + Deflater::most(size) > out.room()) return false;
        piece.bytes = piece.bytes.subspan(part.size());
        if (repair) {
            replacer_.write(part, last, deflater_->space());
            part = deflater_->space().first(size);
        }
        if (size > 0 || last) append_deflated(part, last, out);
    } while (!piece.bytes.empty());
    return true;
}

/// RFC 7692, 7.2.1: RSV1 in the first frame of the message.
void Sender::append_deflated(std::span<const std::byte> part, bool last, Frames& out) {
    const bool first = under_way_ == Message::none;
    std::byte* const frame = out.space.data() + out.size;
    constexpr std::size_t usual_header = 4;
    const auto space = out.space.subspan(out.size + usual_header);
    const std::size_t size = deflater_->deflate(part, last, space);
    // 6: a message may as well be sent as it is, unless others will refer to it.
    if (first && last && size >= part.size() && !deflater_->takes_over()) {
        std::ranges::copy(part, open_frame(true, part.size(), out));
        return;
    }
    if (header_size(size) != usual_header) std::memmove(frame + header_size(size), space.data(), size);
    open_frame(last, size, out);
    if (first) *frame |= std::byte{0x40};
    if (!last) under_way_ = Message::deflated;
}

std::span<const std::byte> Sender::frame_in_place(const framing::Piece& piece) {
    if (closed_ || deflater_ || piece.bytes.empty() || needs_repair(piece.bytes)) return {};
    const std::size_t header = header_size(piece.bytes.size());
    auto* const frame = const_cast<std::byte*>(piece.bytes.data()) - header;
    write_header(frame, piece.last, under_way_ == Message::none ? type_ : Opcode::continuation, piece.bytes.size());
    under_way_ = piece.last ? Message::none : Message::plain;
    messages_ += piece.last;
    return {frame, header + piece.bytes.size()};
}

void Sender::pong(std::span<const std::byte> payload, Frames& out) {
    assert(payload.size() <= max_control);
    if (closed_) return;
    const std::size_t kept = pong_ ? header_size(pong_->size) + pong_->size : 0;
    if (kept + header_size(payload.size()) + payload.size() > out.room()) return keep_pong(payload);
    if (pong_) append(true, Opcode::pong, pong_->payload(), out);
    pong_.reset();
    append(true, Opcode::pong, payload, out);
}

void Sender::keep_pong(std::span<const std::byte> payload) {
    assert(payload.size() <= max_control);
    if (closed_) return;
    if (!pong_) pong_.reset(new Payload);
    std::ranges::copy(payload, pong_->bytes.begin());
    pong_->size = payload.size();
}

void Sender::close(std::optional<std::uint16_t> code, std::string_view reason) {
    if (close_ || closed_) return;
    close_.reset(new Payload);
    close_->size = format_close({code, reason}, close_->bytes);
}

bool Sender::take_control(Frames& out) {
    if (pong_ && fits(pong_->size, out)) {
        append(true, Opcode::pong, pong_->payload(), out);
        pong_.reset();
    }
    if (!pong_ && ping_ && fits(0, out)) {
        append(true, Opcode::ping, {}, out);
        ping_ = false;
    }
    if (!pong_ && !ping_ && close_ && fits(close_->size, out)) {
        append(true, Opcode::close, close_->payload(), out);
        close_.reset();
        closed_ = true;
    }
    return !control_waiting();
}

}  // namespace wsinetd::websocket
