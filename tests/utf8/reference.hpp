#pragma once  // UTF-8 as slowly and plainly as can be written down: what the tests compare with.
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace wsinetd::utf8 {

inline bool is_surrogate(std::uint32_t code_point) { return code_point >= 0xd800 && code_point <= 0xdfff; }

/// RFC 3629, section 3: the character's bits in as many bytes as asked for, also where that is not allowed.
inline std::string encode_in(std::size_t bytes, std::uint32_t code_point) {
    if (bytes == 1) return {static_cast<char>(code_point)};
    constexpr unsigned leads[] = {0, 0, 0xc0, 0xe0, 0xf0, 0xf8, 0xfc};
    std::string text(bytes, '\0');
    for (std::size_t i = bytes; i-- > 1; code_point >>= 6) text[i] = static_cast<char>(0x80 | (code_point & 0x3f));
    text[0] = static_cast<char>(leads[bytes] | code_point);
    return text;
}

inline std::string encode(std::uint32_t code_point) {
    return encode_in(code_point < 0x80 ? 1 : code_point < 0x800 ? 2 : code_point < 0x10000 ? 3 : 4, code_point);
}

/// WHATWG Encoding, 8.1.1, UTF-8 decoder's handler, word for word: what each byte does to the decoder's variables. An
/// error is written as U+FFFD ("replacement"), as "UTF-8 decode without BOM" does.
class WhatwgDecoder {
public:
    std::string out;
    std::size_t errors = 0;
    std::size_t valid = 0;  ///< length of the longest prefix of whole characters

    void add(std::string_view bytes) {
        for (const char c : bytes) {
            ++seen_;
            while (!take(static_cast<unsigned char>(c))) continue;  // "prepend byte to stream"
        }
    }
    /// End of stream.
    void finish() {
        if (needed_ != 0) error();
        needed_ = 0;
    }
    [[nodiscard]] bool complete() const { return needed_ == 0; }

private:
    bool take(unsigned byte) {
        if (needed_ == 0) {
            if (byte <= 0x7f) {
                emit(byte);
            } else if (byte >= 0xc2 && byte <= 0xdf) {
                needed_ = 1;
                code_point_ = byte & 0x1f;
            } else if (byte >= 0xe0 && byte <= 0xef) {
                if (byte == 0xe0) lower_ = 0xa0;
                if (byte == 0xed) upper_ = 0x9f;
                needed_ = 2;
                code_point_ = byte & 0xf;
            } else if (byte >= 0xf0 && byte <= 0xf4) {
                if (byte == 0xf0) lower_ = 0x90;
                if (byte == 0xf4) upper_ = 0x8f;
                needed_ = 3;
                code_point_ = byte & 0x7;
            } else {
                error();
            }
            return true;
        }
        const bool in_range = byte >= lower_ && byte <= upper_;
        lower_ = 0x80;
        upper_ = 0xbf;
        if (!in_range) {
            needed_ = 0;
            error();
            return false;
        }
        code_point_ = (code_point_ << 6) | (byte & 0x3f);
        if (--needed_ == 0) emit(code_point_);
        return true;
    }
    void emit(std::uint32_t code_point) {
        out += encode(code_point);
        if (errors == 0) valid = seen_;
    }
    void error() {
        ++errors;
        out += "\xef\xbf\xbd";
    }

    std::uint32_t code_point_ = 0;
    unsigned needed_ = 0;
    unsigned lower_ = 0x80;
    unsigned upper_ = 0xbf;
    std::size_t seen_ = 0;
};

inline std::string repaired_plainly(std::string_view bytes) {
    WhatwgDecoder decoder;
    decoder.add(bytes);
    decoder.finish();
    return decoder.out;
}

}  // namespace wsinetd::utf8
