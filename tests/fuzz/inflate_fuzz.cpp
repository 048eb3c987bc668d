// Any bytes as a compressed message: the same as zlib makes of all of it at once, however it is cut and however little
// is inflated in a step. And any bytes as messages to compress: what is made of them is what they were.
#include <zlib.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>

#include "fixtures/deflated.hpp"
#include "websocket/deflate.hpp"

namespace {

using namespace wsinetd::websocket;

constexpr std::size_t most_text = 1024 * 1024;

void require(bool holds) {
    if (!holds) std::abort();
}

std::span<const std::byte> bytes_of(std::string_view text) {
    return std::as_bytes(std::span(text.data(), text.size()));
}

/// Nothing: it is no message. Of what is longer than `most_text` the rest is left.
std::optional<std::string> read(Inflation& inflation, std::string_view payload, std::size_t cut, std::size_t most) {
    std::string text;
    for (std::size_t at = 0;;) {
        const std::size_t size = std::min(cut, payload.size() - at);
        const bool ends = at + size == payload.size();
        const Inflation::Step step = inflation.step(bytes_of(payload.substr(at, size)), ends, most);
        require(step.made.size() <= most && step.taken <= size);
        if (!step.sound) return {};
        require(!step.done || step.taken == size);
        require(step.done || step.taken > 0 || !step.made.empty());  // or it would never end
        text.append(reinterpret_cast<const char*>(step.made.data()), step.made.size());
        at += step.taken;
        if (step.done && ends) return text;
        if (text.size() > most_text) return text;
    }
}

/// The reference: one buffer, one call for each run of blocks. Only for what has no BFINAL.
std::optional<std::string> reference(std::string payload) {
    payload.append("\x00\x00\xff\xff", 4);
    z_stream stream{};
    inflateInit2(&stream, -15);
    std::string text(most_text + 1, '\0');
    stream.next_in = reinterpret_cast<Bytef*>(payload.data());
    stream.avail_in = static_cast<uInt>(payload.size());
    stream.next_out = reinterpret_cast<Bytef*>(text.data());
    stream.avail_out = static_cast<uInt>(text.size());
    const int result = inflate(&stream, Z_SYNC_FLUSH);
    text.resize(text.size() - stream.avail_out);
    const bool known = result == Z_OK && stream.avail_in == 0 && stream.avail_out > 0;
    inflateEnd(&stream);
    if (!known) return {};
    return text;
}

void inflates(std::string_view payload, std::size_t cut, std::size_t most) {
    static Compressors shared;
    Inflation inflation(shared);
    const auto whole = read(inflation, payload, payload.size(), most_inflated);
    if (whole && whole->size() > most_text) return;
    Inflation other(shared);
    const auto in_steps = read(other, payload, cut, most);
    require(whole.has_value() == in_steps.has_value());
    require(!whole || *whole == *in_steps);
    if (!whole) return;
    // A message that is whole leaves nothing behind for the next.
    require(read(inflation, payload, cut, most) == whole);
    const auto expected = reference(std::string(payload));
    // The reference would take the end for bytes of a message that has its end already.
    require(!expected || expected->starts_with(*whole));
}

void deflates(std::string_view text, std::size_t cut) {
    static Compressors shared;
    Deflater& deflater = shared.deflater(9 + static_cast<int>(cut % 7));
    std::string payload;
    for (std::size_t at = 0;;) {
        const std::size_t size = std::min({cut, text.size() - at, most_deflated});
        std::vector<std::byte> out(Deflater::most(size));
        const bool last = at + size == text.size();
        const std::size_t made = deflater.deflate(bytes_of(text.substr(at, size)), last, out);
        payload.append(reinterpret_cast<const char*>(out.data()), made);
        at += size;
        if (last) break;
    }
    require(wsinetd::fixtures::inflated(payload, 9 + static_cast<int>(cut % 7)) == text);
    Inflation inflation(shared);
    require(read(inflation, payload, cut, most_inflated) == std::string(text));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 3) return 0;
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 3, size - 3);
    const std::size_t cut = data[0] + 1U;
    inflates(bytes, cut, data[1] + 1U);
    deflates(bytes, data[2] + 1U);
    return 0;
}
