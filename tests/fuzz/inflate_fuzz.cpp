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

/// The reference: zlib over all of it at once, a new stream behind each block that says it is the last one.
class Reference {
public:
    Reference() { begin(); }
    ~Reference() { inflateEnd(&stream_); }
    Reference(const Reference&) = delete;
    Reference& operator=(const Reference&) = delete;

    /// False: this is no DEFLATE.
    bool add(std::string_view bytes) {
        if (bytes.empty()) return true;  // strictly a message is no less than 00, but everybody takes nothing for one
        stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
        stream_.avail_in = static_cast<uInt>(bytes.size());
        while (text.size() <= most_text) {
            std::string chunk(65536, '\0');
            stream_.next_out = reinterpret_cast<Bytef*>(chunk.data());
            stream_.avail_out = static_cast<uInt>(chunk.size());
            const int result = inflate(&stream_, Z_NO_FLUSH);
            text.append(chunk, 0, chunk.size() - stream_.avail_out);
            if (result == Z_STREAM_END) {
                begin_again();
            } else if (result != Z_OK && result != Z_BUF_ERROR) {
                return false;
            } else {  // zlib.h, inflate: 128 is right behind a block, 64 in the last, the rest are bits that are left
                whole_blocks = (stream_.data_type & 0xff) == 128;
            }
            if (stream_.avail_in == 0 && stream_.avail_out > 0) break;
        }
        return true;
    }

    std::string text;
    bool whole_blocks = true;

private:
    void begin() {
        stream_ = {};
        inflateInit2(&stream_, -15);
    }
    void begin_again() {
        const z_stream before = stream_;
        inflateEnd(&stream_);
        begin();
        stream_.next_in = before.next_in;
        stream_.avail_in = before.avail_in;
        stream_.avail_out = before.avail_out;
        const std::size_t window = std::min<std::size_t>(text.size(), 32768);
        inflateSetDictionary(&stream_, reinterpret_cast<const Bytef*>(text.data() + text.size() - window),
                             static_cast<uInt>(window));
        whole_blocks = true;
    }

    z_stream stream_{};
};

/// A message is whole blocks, or it is when it gets back the end that was left out. Nothing: it is neither.
std::optional<std::string> reference(std::string_view payload) {
    Reference reference;
    if (!reference.add(payload)) return {};
    if (reference.whole_blocks || reference.text.size() > most_text) return reference.text;
    const std::size_t size = reference.text.size();
    if (!reference.add({"\x00\x00\xff\xff", 4})) return {};
    if (!reference.whole_blocks || reference.text.size() != size) return {};
    return reference.text;
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
    const auto expected = reference(payload);
    if (expected && expected->size() > most_text) return;
    require(whole == expected);
    // A message that is whole leaves nothing behind for the next.
    if (whole) require(read(inflation, payload, cut, most) == whole);
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

/// Messages of `size` bytes that may refer to those before them, in parts of `cut`, each way.
void takes_over(std::string_view text, std::size_t size, std::size_t cut) {
    static Compressors shared;
    const int window = 9 + static_cast<int>(cut % 4);
    const auto deflater = shared.own_deflater(window);
    Inflation inflation(shared, Takeover::yes);
    Inflation from_peer(shared, Takeover::yes);
    wsinetd::fixtures::TakeoverPeer peer(window, window);
    for (std::size_t message = 0; message < text.size() && message < 20 * size; message += size) {
        const std::string_view expected = text.substr(message, size);
        std::string payload;
        for (std::size_t at = 0;;) {
            const std::size_t part = std::min({cut, expected.size() - at, deflater->most_part()});
            std::vector<std::byte> out(Deflater::most(part));
            const bool last = at + part == expected.size();
            const std::size_t made = deflater->deflate(bytes_of(expected.substr(at, part)), last, out);
            payload.append(reinterpret_cast<const char*>(out.data()), made);
            at += part;
            if (last) break;
        }
        require(peer.inflated(payload) == expected);
        require(read(inflation, payload, cut, most_inflated) == std::string(expected));
        require(read(from_peer, peer.deflated(expected), cut, most_inflated) == std::string(expected));
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 3) return 0;
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 3, size - 3);
    const std::size_t cut = data[0] + 1U;
    inflates(bytes, cut, data[1] + 1U);
    deflates(bytes, data[2] + 1U);
    takes_over(bytes, data[1] + 1U, data[2] + 1U);
    return 0;
}
