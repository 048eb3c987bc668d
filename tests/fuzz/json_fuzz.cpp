// Any text, whole, cut in two and byte by byte: JsonValidator says what a plain recursive reader says (RFC 8259).
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "framing/json.hpp"

namespace {

using wsinetd::framing::JsonValidator;
using Bytes = std::span<const std::byte>;

void require(bool holds) {
    if (!holds) std::abort();
}

/// The grammar, production by production.
class Reader {
public:
    explicit Reader(std::string_view text) : text_(text) {}
    bool text() {
        blanks();
        return value(0) && (blanks(), text_.empty());
    }

private:
    bool value(std::size_t depth) {
        if (text_.empty()) return false;
        switch (text_.front()) {
            case '{': return depth < JsonValidator::max_depth && list('{', '}', true, depth + 1);
            case '[': return depth < JsonValidator::max_depth && list('[', ']', false, depth + 1);
            case '"': return string();
            case 't': return word("true");
            case 'f': return word("false");
            case 'n': return word("null");
            default: return number();
        }
    }
    bool list(char open, char close, bool named, std::size_t depth) {
        take(open);
        blanks();
        if (take(close)) return true;
        do {
            blanks();
            if (named && !(string() && (blanks(), take(':')) && (blanks(), true))) return false;
            if (!value(depth)) return false;
            blanks();
        } while (take(','));
        return take(close);
    }
    bool string() {
        if (!take('"')) return false;
        while (!text_.empty()) {
            const char c = text_.front();
            text_.remove_prefix(1);
            if (c == '"') return true;
            if (static_cast<unsigned char>(c) < 0x20) return false;
            if (c != '\\') continue;
            if (take('u')) {
                for (int i = 0; i < 4; ++i)
                    if (!take_of("0123456789abcdefABCDEF")) return false;
            } else if (!take_of("\"\\/bfnrt")) {
                return false;
            }
        }
        return false;
    }
    bool number() {
        take('-');
        if (!take('0') && !digits()) return false;
        if (take('.') && !digits()) return false;
        if (!take_of("eE")) return true;
        take_of("+-");
        return digits();
    }
    bool digits() {
        if (!take_of("0123456789")) return false;
        while (take_of("0123456789")) {
        }
        return true;
    }
    bool word(std::string_view word) {
        if (!text_.starts_with(word)) return false;
        text_.remove_prefix(word.size());
        return true;
    }
    void blanks() {
        while (take_of(" \t\n\r")) {
        }
    }
    bool take_of(std::string_view set) {
        if (text_.empty() || set.find(text_.front()) == std::string_view::npos) return false;
        text_.remove_prefix(1);
        return true;
    }
    bool take(char c) { return take_of({&c, 1}); }

    std::string_view text_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    const Bytes bytes = std::as_bytes(std::span(data + 2, size - 2));
    const bool good = Reader({reinterpret_cast<const char*>(bytes.data()), bytes.size()}).text();
    const std::size_t cut = (data[0] * 256u + data[1]) % (bytes.size() + 1);
    JsonValidator whole;
    require((whole.add(bytes) && whole.complete()) == good);
    JsonValidator halves;
    halves.add(bytes.first(cut));
    require((halves.add(bytes.subspan(cut)) && halves.complete()) == good);
    JsonValidator single;
    bool goes_on = true;
    for (const std::byte& byte : bytes) {
        const bool before = goes_on;
        goes_on = single.add({&byte, 1});
        require(before || !goes_on);
    }
    require((goes_on && single.complete()) == good);
    return 0;
}
