#pragma once  // UNIQUE_ID: names for sessions that never repeat.
#include <cstdint>
#include <string>

namespace wsinetd::session {

/// One for each loop. 128 bits: 64 of the server's run, drawn at random, then the loop's number and a count.
class UniqueIds {
public:
    UniqueIds(std::uint64_t run, std::size_t loop)
        : run_(run), count_(static_cast<std::uint64_t>(loop) << loop_shift) {}

    /// 32 hexadecimal digits.
    [[nodiscard]] std::string next() {
        std::string text(32, '0');
        write(run_, text.data());
        write(++count_, text.data() + 16);
        return text;
    }

private:
    static constexpr int loop_shift = 48;

    static void write(std::uint64_t number, char* digits) {
        for (int i = 15; i >= 0; --i, number >>= 4U) digits[i] = "0123456789abcdef"[number & 15U];
    }

    std::uint64_t run_;
    std::uint64_t count_;
};

}  // namespace wsinetd::session
