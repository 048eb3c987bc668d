#include "framing/json.hpp"

#include <algorithm>

namespace wsinetd::framing {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_plain(char c) { return static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\'; }

}  // namespace

bool JsonValidator::add(std::span<const std::byte> bytes) {
    std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    while (!text.empty() && state_ != State::failed) {
        if (state_ == State::string) {
            const auto* const end = std::ranges::find_if_not(text, is_plain);
            text.remove_prefix(static_cast<std::size_t>(end - text.begin()));
            if (text.empty()) break;
        }
        step(text.front());
        text.remove_prefix(1);
    }
    return state_ != State::failed;
}

bool JsonValidator::complete() const {
    switch (state_) {
        case State::behind_value:
        case State::zero:
        case State::integer:
        case State::fraction:
        case State::exponent_digits: return depth_ == 0;
        case State::value:
        case State::first_value:
        case State::first_name:
        case State::name:
        case State::colon:
        case State::string:
        case State::escape:
        case State::hex:
        case State::literal:
        case State::minus:
        case State::point:
        case State::exponent:
        case State::exponent_sign:
        case State::failed: return false;
    }
    return false;
}

void JsonValidator::step(char c) {
    switch (state_) {
        case State::value:
            if (!is_blank(c)) begin_value(c);
            return;
        case State::first_value:
            if (c == ']') return close(false);
            if (!is_blank(c)) begin_value(c);
            return;
        case State::first_name:
            if (c == '}') return close(true);
            [[fallthrough]];
        case State::name:
            if (!is_blank(c)) begin_name(c);
            return;
        case State::colon:
            if (!is_blank(c)) state_ = c == ':' ? State::value : State::failed;
            return;
        case State::behind_value: return behind_value(c);
        case State::string: return string(c);
        case State::escape: return escape(c);
        case State::hex: return hex(c);
        case State::literal: return literal(c);
        case State::minus:
        case State::zero:
        case State::integer:
        case State::point:
        case State::fraction:
        case State::exponent:
        case State::exponent_sign:
        case State::exponent_digits: return number(c);
        case State::failed: return;
    }
}

void JsonValidator::begin_value(char c) {
    switch (c) {
        case '{': return open(true);
        case '[': return open(false);
        case '"':
            naming_ = false;
            state_ = State::string;
            return;
        case 't': return expect("rue");
        case 'f': return expect("alse");
        case 'n': return expect("ull");
        case '-': state_ = State::minus; return;
        case '0': state_ = State::zero; return;
        default: state_ = is_digit(c) ? State::integer : State::failed;
    }
}

void JsonValidator::begin_name(char c) {
    naming_ = true;
    state_ = c == '"' ? State::string : State::failed;
}

void JsonValidator::expect(std::string_view rest) {
    rest_ = rest;
    state_ = State::literal;
}

void JsonValidator::open(bool object) {
    if (depth_ == max_depth) {
        state_ = State::failed;
        return;
    }
    const std::uint64_t bit = std::uint64_t{1} << (depth_ % 64);
    std::uint64_t& word = objects_[depth_ / 64];
    word = object ? word | bit : word & ~bit;
    ++depth_;
    state_ = object ? State::first_name : State::first_value;
}

void JsonValidator::close(bool object) {
    const bool matches = depth_ > 0 && in_object() == object;
    if (matches) --depth_;
    state_ = matches ? State::behind_value : State::failed;
}

void JsonValidator::behind_value(char c) {
    if (is_blank(c)) return;
    if (c == '}' || c == ']') return close(c == '}');
    if (c != ',' || depth_ == 0)
        state_ = State::failed;
    else
        state_ = in_object() ? State::name : State::value;
}

void JsonValidator::string(char c) {
    if (c == '"')
        state_ = naming_ ? State::colon : State::behind_value;
    else if (c == '\\')
        state_ = State::escape;
    else if (!is_plain(c))  // section 7: control characters are escaped
        state_ = State::failed;
}

void JsonValidator::escape(char c) {
    constexpr std::string_view letters = R"("\/bfnrt)";
    digits_ = 4;
    if (c == 'u')
        state_ = State::hex;
    else
        state_ = letters.find(c) != std::string_view::npos ? State::string : State::failed;
}

void JsonValidator::hex(char c) {
    if (!is_digit(c) && !(c >= 'a' && c <= 'f') && !(c >= 'A' && c <= 'F'))
        state_ = State::failed;
    else if (--digits_ == 0)
        state_ = State::string;
}

void JsonValidator::literal(char c) {
    if (c != rest_.front()) {
        state_ = State::failed;
        return;
    }
    rest_.remove_prefix(1);
    if (rest_.empty()) state_ = State::behind_value;
}

/// Section 6.
void JsonValidator::number(char c) {
    const bool digit = is_digit(c);
    const bool e = c == 'e' || c == 'E';
    const auto end = [&] {
        state_ = State::behind_value;
        behind_value(c);
    };
    switch (state_) {
        case State::minus:
            if (c == '0')
                state_ = State::zero;
            else
                state_ = digit ? State::integer : State::failed;
            return;
        case State::integer:
            if (digit) return;
            [[fallthrough]];
        case State::zero:
            if (c == '.')
                state_ = State::point;
            else if (e)
                state_ = State::exponent;
            else
                end();
            return;
        case State::point: state_ = digit ? State::fraction : State::failed; return;
        case State::fraction:
            if (digit) return;
            if (e)
                state_ = State::exponent;
            else
                end();
            return;
        case State::exponent:
            if (c == '+' || c == '-') {
                state_ = State::exponent_sign;
                return;
            }
            [[fallthrough]];
        case State::exponent_sign: state_ = digit ? State::exponent_digits : State::failed; return;
        case State::exponent_digits:
            if (!digit) end();
            return;
        default: state_ = State::failed;
    }
}

}  // namespace wsinetd::framing
