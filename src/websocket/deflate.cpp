#include "websocket/deflate.hpp"

#include <zlib.h>

#include <algorithm>
#include <cassert>
#include <new>
#include <utility>

namespace wsinetd::websocket {
namespace {

/// The end of an empty block without compression: what a flush leaves behind, and permessage-deflate leaves out at the
/// end of a message (RFC 7692, 7.2.1).
constexpr std::array<std::byte, 4> tail{std::byte{0x00}, std::byte{0x00}, std::byte{0xff}, std::byte{0xff}};

/// Three times as fast as zlib's own level, 6, for output a sixth larger.
constexpr int level = 1;
constexpr int memory_level = 7;
constexpr int memory_level_with_takeover = 4;

/// zlib takes no const, and changes nothing.
Bytef* in(std::span<const std::byte> bytes) { return reinterpret_cast<Bytef*>(const_cast<std::byte*>(bytes.data())); }
Bytef* out(std::span<std::byte> bytes) { return reinterpret_cast<Bytef*>(bytes.data()); }

}  // namespace

void Deflater::End::operator()(z_stream* stream) const {
    deflateEnd(stream);
    delete stream;
}

/// Windows are negative for zlib: without its header and checksum.
Deflater::Deflater(int window_bits, std::span<std::byte> space, Takeover takeover)
    : stream_(new z_stream{}), space_(space), takeover_(takeover) {
    assert(space.size() >= most_part());
    assert(!takes_over() || window_bits <= takeover_window_bits);
    const int memory = takes_over() ? memory_level_with_takeover : memory_level;
    if (deflateInit2(stream_.get(), level, Z_DEFLATED, -window_bits, memory, Z_DEFAULT_STRATEGY) != Z_OK)
        throw std::bad_alloc();
}

std::size_t Deflater::deflate(std::span<const std::byte> part, bool last, std::span<std::byte> space) {
    assert(part.size() <= most_part() && space.size() >= most(part.size()));
    z_stream& stream = *stream_;
    if (!takes_over()) {
        deflateReset(&stream);
    } else if (part.empty()) {  // which zlib does not flush
        space[0] = std::byte{0};
        return last ? 1 : 0;  // 7.2.3.6: the beginning of an empty block
    }
    stream.next_in = in(part);
    stream.avail_in = static_cast<uInt>(part.size());
    stream.next_out = out(space);
    stream.avail_out = static_cast<uInt>(space.size());
    [[maybe_unused]] const int result = ::deflate(&stream, Z_SYNC_FLUSH);
    assert(result == Z_OK && stream.avail_in == 0 && stream.avail_out > 0);
    const std::size_t size = space.size() - stream.avail_out;
    return last ? size - tail.size() : size;
}

void Inflater::End::operator()(z_stream* stream) const {
    inflateEnd(stream);
    delete stream;
}

Inflater::Inflater(int window_bits) : stream_(new z_stream{}) {
    if (inflateInit2(stream_.get(), -window_bits) != Z_OK) throw std::bad_alloc();
}

void Inflater::reset() {
    inflateReset(stream_.get());
    full_ = false;
    boundary_ = true;
}

Inflater::Step Inflater::inflate(std::span<const std::byte> bytes, std::span<std::byte> space) {
    assert(!space.empty());
    if (bytes.empty() && !full_) return {0, 0, true};
    z_stream& stream = *stream_;
    stream.next_in = in(bytes);
    stream.avail_in = static_cast<uInt>(bytes.size());
    stream.next_out = out(space);
    stream.avail_out = static_cast<uInt>(space.size());
    int result = Z_OK;
    bool ended = false;
    do {
        result = ::inflate(&stream, Z_NO_FLUSH);
        // 7.2.1: a block that says it is the last one ends with a byte, and others may follow it. They see the same
        // window, which inflateReset would forget.
        ended = result == Z_STREAM_END;
        if (ended) inflateResetKeep(&stream);
    } while (ended && stream.avail_in > 0);
    if (result == Z_MEM_ERROR) throw std::bad_alloc();
    const bool sound = result == Z_OK || result == Z_STREAM_END || result == Z_BUF_ERROR;
    const Step step{bytes.size() - stream.avail_in, space.size() - stream.avail_out, sound};
    full_ = stream.avail_out == 0;
    // zlib.h, inflate: 128 is after the end of a block, 64 in one that says it is the last, the rest are unused bits.
    if (step.taken > 0 || step.made > 0) boundary_ = ended || (stream.data_type & 0xff) == 128;
    return step;
}

Deflater& Compressors::deflater(int window_bits) {
    auto& deflater = deflaters_.at(static_cast<std::size_t>(window_bits));
    if (!deflater) deflater = std::make_unique<Deflater>(window_bits, part_);
    return *deflater;
}

std::unique_ptr<Inflater> Compressors::lend() {
    if (!spare_) return std::make_unique<Inflater>();
    spare_->reset();
    return std::move(spare_);
}

void Compressors::give_back(std::unique_ptr<Inflater> inflater) {
    if (!spare_) spare_ = std::move(inflater);
}

Inflation::Step Inflation::step(std::span<const std::byte> bytes, bool ends, std::size_t most) {
    const bool keeps = takeover_ == Takeover::yes;
    if (!inflater_) inflater_ = keeps ? std::make_unique<Inflater>(takeover_window_bits) : shared_.lend();
    const auto space = shared_.space().first(std::min(most, most_inflated));
    const Inflater::Step step = inflater_->inflate(bytes, space);
    const auto made = space.first(step.made);
    const bool done = step.taken == bytes.size() && step.made < space.size();
    if (!step.sound || !done || !ends) return {made, step.taken, step.sound, done};
    const bool whole = ends_whole(space.subspan(step.made));
    if (!keeps) shared_.give_back(std::move(inflater_));
    return {made, step.taken, whole, whole};
}

/// Gives the message the end that was left out. Where that makes bytes, it was taken for something else.
bool Inflation::ends_whole(std::span<std::byte> space) {
    // Some clients leave nothing out, and some end with a frame that is empty, for they have flushed before.
    if (inflater_->at_boundary()) return true;
    const Inflater::Step step = inflater_->inflate(tail, space);
    return step.sound && step.taken == tail.size() && step.made == 0 && inflater_->at_boundary();
}

}  // namespace wsinetd::websocket
