#pragma once  // RFC 3629's grammar as an automaton: what the next byte may be.
#include <array>
#include <cstddef>
#include <cstdint>

namespace wsinetd::utf8 {

/// `start` is between two characters; the others name what must follow.
enum State : std::uint8_t {
    start,
    one_more,  ///< one continuation byte
    two_more,
    three_more,
    after_e0,  ///< A0..BF: no overlong form
    after_ed,  ///< 80..9F: no surrogate
    after_f0,  ///< 90..BF: no overlong form
    after_f4,  ///< 80..8F: nothing above U+10FFFF
    impossible,
};

constexpr State lead(unsigned byte) {
    if (byte < 0x80) return start;
    if (byte < 0xc2) return impossible;
    if (byte < 0xe0) return one_more;
    if (byte == 0xe0) return after_e0;
    if (byte == 0xed) return after_ed;
    if (byte < 0xf0) return two_more;
    if (byte == 0xf0) return after_f0;
    if (byte < 0xf4) return three_more;
    return byte == 0xf4 ? after_f4 : impossible;
}

constexpr State step(State state, unsigned byte) {
    const auto within = [byte](unsigned low, unsigned high, State next) {
        return byte >= low && byte <= high ? next : impossible;
    };
    switch (state) {
        case start: return lead(byte);
        case one_more: return within(0x80, 0xbf, start);
        case two_more: return within(0x80, 0xbf, one_more);
        case three_more: return within(0x80, 0xbf, two_more);
        case after_e0: return within(0xa0, 0xbf, one_more);
        case after_ed: return within(0x80, 0x9f, one_more);
        case after_f0: return within(0x90, 0xbf, two_more);
        case after_f4: return within(0x80, 0x8f, two_more);
        case impossible: return impossible;
    }
    return impossible;
}

}  // namespace wsinetd::utf8
