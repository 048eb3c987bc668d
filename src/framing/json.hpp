#pragma once  // Judges JSON texts as they arrive (RFC 8259). Bytes in, a judgement out.
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace wsinetd::framing {

/// Judges one JSON text in pieces, and fails at the first byte that cannot be part of it. Any value is a text, not only
/// an object (section 2). Bytes above 0x7f in a string are left to who judges UTF-8. Never allocates.
class JsonValidator {
public:
    /// Of arrays and objects within each other; deeper ones are refused (section 9 leaves that to us).
    static constexpr std::size_t max_depth = 512;

    /// False at the first impossible byte, and from then on.
    bool add(std::span<const std::byte> bytes);
    /// Whether what came so far is a whole text.
    [[nodiscard]] bool complete() const;
    void reset() { *this = JsonValidator(); }

private:
    enum class State : std::uint8_t {
        value,         ///< one must come
        first_value,   ///< or the end of the array
        first_name,    ///< or the end of the object
        name,          ///< of a member; one must come
        colon,         ///< must come, behind a name
        behind_value,  ///< a comma, the end of what it lies in, or nothing more
        string,
        escape,   ///< behind a backslash
        hex,      ///< of the digits of \u
        literal,  ///< the rest of true, false, null
        minus,    ///< a digit must come
        zero,
        integer,
        point,  ///< a digit must come
        fraction,
        exponent,         ///< a sign or a digit must come
        exponent_sign,    ///< a digit must come
        exponent_digits,  ///< more may come
        failed,
    };

    void step(char c);
    void begin_value(char c);
    void begin_name(char c);
    void expect(std::string_view rest);
    void open(bool object);
    void close(bool object);
    void behind_value(char c);
    void string(char c);
    void escape(char c);
    void hex(char c);
    void literal(char c);
    void number(char c);
    [[nodiscard]] bool in_object() const { return (objects_[(depth_ - 1) / 64] >> ((depth_ - 1) % 64) & 1U) != 0; }

    std::array<std::uint64_t, max_depth / 64> objects_{};  ///< by depth: an object, or an array
    std::string_view rest_{};                              ///< of a literal
    std::uint16_t depth_ = 0;
    std::uint8_t digits_ = 0;  ///< of \u that are still to come
    bool naming_ = false;      ///< the string is a member's name
    State state_ = State::value;
};

}  // namespace wsinetd::framing
