// Any output, whole, cut in two and byte by byte: the same messages, strays and failure, in pieces that keep their
// promises. And what BodyWriter writes, whatever garbage lines stand between, is what BodySplitter reads.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "framing/body_splitter.hpp"
#include "framing/body_writer.hpp"

namespace {

using namespace wsinetd::framing;
using Bytes = std::span<const std::byte>;

void require(bool holds) {
    if (!holds) std::abort();
}

std::string_view text_of(Bytes bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }
Bytes bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

/// A command's output as one way of reading it has it.
class Output {
public:
    explicit Output(std::size_t limit) : limit_(limit), splitter_(limit) {}

    void read(Bytes bytes) {
        const std::vector<std::byte> memory(bytes.begin(), bytes.end());  // gone afterwards
        Bytes chunk(memory);
        do {
            while (const auto piece = splitter_.next(chunk)) take(*piece);
        } while (take_stray());
        require(chunk.empty());
        require(splitter_.held() <= std::max<std::size_t>(limit_, 2048));
    }
    void finish() {
        require(!splitter_.finish());
        take_stray();
        require(!splitter_.finish() && !take_stray());
        failure = splitter_.failure();
        require(failure.size() <= 123);
    }

    std::vector<std::string> messages;
    std::string strays;
    std::string failure;
    bool in_message = false;

private:
    void take(const Piece& piece) {
        require(piece.first != in_message && piece.bytes.size() <= limit_);
        if (piece.first) message_.clear();
        message_ += text_of(piece.bytes);
        in_message = !piece.last;
        if (piece.last) messages.push_back(message_);
        require(splitter_.mid_message() == in_message);
    }
    bool take_stray() {
        const auto stray = splitter_.take_stray();
        if (!stray) return false;
        require(!stray->empty() && stray->size() <= 2048);
        strays += *stray;
        return true;
    }

    std::size_t limit_;
    BodySplitter splitter_;
    std::string message_;
};

void require_same(const Output& a, const Output& b) {
    require(a.messages == b.messages && a.strays == b.strays && a.failure == b.failure && a.in_message == b.in_message);
}

void check_any(Bytes bytes, std::size_t cut, std::size_t limit) {
    Output whole(limit);
    whole.read(bytes);
    whole.finish();
    Output halves(limit);
    halves.read(bytes.first(cut));
    halves.read(bytes.subspan(cut));
    halves.finish();
    require_same(whole, halves);
    if (bytes.size() > 4096) return;
    Output single(limit);
    for (const std::byte& byte : bytes) single.read({&byte, 1});
    single.finish();
    // Of a long body that is cut short, a part goes out only if there is one.
    require_same(whole, single);
}

/// The lines of the input as messages; those that begin with '#' as garbage, others with '+' as two fragments.
void check_written(std::string_view text, std::size_t cut, std::size_t limit) {
    BodyWriter writer;
    std::string output;
    std::vector<std::string> messages;
    const auto write = [&](std::string_view part, bool first, bool last, std::optional<std::uint64_t> to_come) {
        std::string memory = std::string(BodyWriter::max_header, 'h') + std::string(part);
        const auto piece = bytes_of(memory).subspan(BodyWriter::max_header);
        const auto written = writer.add({piece, first, last}, to_come);
        require(written.has_value());
        output += text_of(*written);
    };
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        const std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (line.starts_with('#')) {
            output += "# not a field\n";
            continue;
        }
        const std::size_t half = line.size() / 2;
        if (line.starts_with('+')) {
            write(line.substr(0, half), true, false, {});
            write(line.substr(half), false, true, 0);
        } else if (line.starts_with('-')) {
            write(line.substr(0, half), true, false, line.size() - half);
            write(line.substr(half), false, true, 0);
        } else {
            write(line, true, true, 0);
        }
        messages.emplace_back(line);
    }
    cut = std::min(cut, output.size());
    Output read(limit);
    read.read(bytes_of(output).first(cut));
    read.read(bytes_of(output).subspan(cut));
    read.finish();
    require(read.messages == messages && read.failure.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 3 || size > 100'000) return 0;
    constexpr std::size_t limits[] = {max_piece, 1, 2, 8, 100, 4096};
    const std::size_t limit = limits[data[0] % 6];
    const Bytes bytes = std::as_bytes(std::span(data + 3, size - 3));
    const std::size_t cut = (data[1] * 256u + data[2]) % (bytes.size() + 1);
    check_any(bytes, cut, limit);
    if (bytes.size() < 50'000) check_written(text_of(bytes), cut, limit);
    return 0;
}
