// Any output, whole, cut in two and byte by byte: the lines that a plain search finds, in pieces that keep their
// promises; each wrapped by Tagged, and packed by Writer, as plainly as can be.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "framing/splitter.hpp"
#include "framing/tagged.hpp"
#include "framing/writer.hpp"

namespace {

using namespace wsinetd::framing;
using Bytes = std::span<const std::byte>;
using Messages = std::vector<std::string>;

void require(bool holds) {
    if (!holds) std::abort();
}

std::string_view text_of(Bytes bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

/// Spec section 3, as plainly as can be.
Messages lines_of(std::string_view output) {
    Messages lines;
    while (!output.empty()) {
        const auto end = output.find('\n');
        std::string_view line = output.substr(0, end);
        if (end != std::string_view::npos && line.ends_with('\r')) line.remove_suffix(1);
        lines.emplace_back(line);
        output.remove_prefix(end == std::string_view::npos ? output.size() : end + 1);
    }
    return lines;
}

std::string tagged_plainly(std::string_view line) {
    std::string text = R"({"stream":"stderr","data":")";
    for (const char c : line) {
        constexpr std::string_view controls = "\b\t\n\f\r\"\\";
        constexpr std::string_view letters = "btnfr\"\\";
        const auto control = controls.find(c);
        if (control != std::string_view::npos)
            (text += '\\') += letters[control];
        else if (static_cast<unsigned char>(c) < 0x20)
            ((text += R"(\u00)") += "0123456789abcdef"[c >> 4]) += "0123456789abcdef"[c & 15];
        else
            text += c;
    }
    return text + "\"}";
}

/// A command's output as one way of reading it has it.
class Output {
public:
    Output(Kind kind, std::size_t limit) : kind_(kind), limit_(limit), splitter_(kind, limit), writer_(kind) {}

    void read(Bytes bytes) {
        const std::vector<std::byte> memory(bytes.begin(), bytes.end());  // gone afterwards
        Bytes chunk(memory);
        while (const auto piece = splitter_.next(chunk)) {
            require(chunk.data() + chunk.size() == memory.data() + memory.size());
            take(*piece);
            require(splitter_.mid_message() == in_message_);
        }
        require(chunk.empty());
        require(splitter_.held() <= limit_ + 1);  // a '\r' more
    }
    void finish() {
        if (const auto piece = splitter_.finish()) take(*piece);
        require(!splitter_.finish() && !in_message_ && splitter_.held() == 0);
    }

    Messages messages;
    std::string tagged;
    std::string packed;

private:
    void take(const Piece& piece) {
        require(piece.first != in_message_ && piece.bytes.size() <= limit_ + 1);
        require(kind_ == Kind::lines || (piece.first && piece.last && !piece.bytes.empty()));
        require(kind_ == Kind::raw || text_of(piece.bytes).find('\n') == std::string_view::npos);
        if (piece.first) messages.emplace_back();
        messages.back() += text_of(piece.bytes);
        in_message_ = !piece.last;
        wrap(piece);
        pack(piece);
    }
    void wrap(Piece piece) {
        do {
            static std::vector<std::byte> space(max_tagged);
            const Piece part = Tagged(Stream::stderr_).next(piece, space);
            require(part.bytes.size() <= space.size());
            tagged += text_of(part.bytes);
        } while (!piece.bytes.empty());
    }
    void pack(const Piece& piece) {
        std::string memory(6, 'h');
        memory += text_of(piece.bytes);
        const auto bytes = std::as_writable_bytes(std::span(memory));
        std::byte* const end = writer_.pack(bytes.data(), {bytes.subspan(6), piece.first, piece.last});
        packed += text_of({bytes.data(), end});
    }

    Kind kind_;
    std::size_t limit_;
    Splitter splitter_;
    Writer writer_;
    bool in_message_ = false;
};

void require_lines(const Output& output, const Messages& lines) {
    require(output.messages == lines);
    std::string tagged;
    std::string packed;
    for (const std::string& line : lines) {
        tagged += tagged_plainly(line);
        packed += line + "\n";
    }
    require(output.tagged == tagged);
    require(output.packed == packed);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 3) return 0;
    constexpr std::size_t limits[] = {max_piece, 2, 3, 8, 100, max_piece / 2};
    const std::size_t limit = limits[data[0] % 6];
    if (size > 8192 && limit < max_piece / 2) return 0;  // tells no more than a short output does, and takes long
    const Bytes bytes = std::as_bytes(std::span(data + 3, size - 3));
    const std::size_t cut = (data[1] * 256u + data[2]) % (bytes.size() + 1);
    const Messages lines = lines_of(text_of(bytes));
    Output whole(Kind::lines, limit);
    whole.read(bytes);
    whole.finish();
    require_lines(whole, lines);
    Output split(Kind::lines, limit);
    split.read(bytes.first(cut));
    split.read(bytes.subspan(cut));
    split.finish();
    require_lines(split, lines);
    Output raw(Kind::raw, limit);
    raw.read(bytes.first(cut));
    raw.read(bytes.subspan(cut));
    raw.finish();
    require(raw.packed == text_of(bytes));
    if (bytes.size() > 4096) return 0;
    Output single(Kind::lines, limit);
    for (const std::byte& byte : bytes) single.read({&byte, 1});
    single.finish();
    require_lines(single, lines);
    return 0;
}
