#include "log/record.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "utf8/replacer.hpp"

namespace wsinetd::log {
namespace {

constexpr std::string_view ellipsis = "…";

/// Of a record, in bytes, and a little more.
constexpr std::size_t usual_length = 256;

/// Well-formed, and not longer than it may be.
std::string repaired(std::string_view value) {
    const std::string_view kept = value.substr(0, max_value);
    const auto bytes = std::as_bytes(std::span(kept));
    utf8::Replacer replacer;
    std::string text(replacer.size(bytes, true), '\0');
    replacer.write(bytes, true, std::as_writable_bytes(std::span(text)));
    if (kept.size() < value.size()) text += ellipsis;
    return text;
}

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

std::string number(const std::variant<std::string_view, std::int64_t, std::uint64_t, double>& value) {
    if (const auto* integer = std::get_if<std::int64_t>(&value)) return std::to_string(*integer);
    if (const auto* natural = std::get_if<std::uint64_t>(&value)) return std::to_string(*natural);
    const double real = std::get<double>(value);
    if (!std::isfinite(real)) return "0";
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), "%.3f", real);
    return text.data();
}

/// C1 controls (U+0080 to U+009F) drive terminals too; in UTF-8 they are C2 80 to C2 9F.
bool is_c1(std::string_view text, std::size_t at) {
    return at + 1 < text.size() && text[at] == '\xc2' && static_cast<unsigned char>(text[at + 1]) < 0xa0;
}

std::string hexadecimal(std::string_view prefix, unsigned value, int digits) {
    std::string text(prefix);
    for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4)
        text += "0123456789abcdef"[value >> static_cast<unsigned>(shift) & 15U];
    return text;
}

/// Escapes as `style` wants the characters that have no short form.
template <typename Escape>
std::string escaped(std::string_view text, Escape escape) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '"' || c == '\\')
            (out += '\\') += c;
        else if (c == '\n')
            out += "\\n";
        else if (c == '\r')
            out += "\\r";
        else if (c == '\t')
            out += "\\t";
        else if (is_control(c))
            out += escape(static_cast<unsigned char>(c));
        else if (is_c1(text, i))
            out += escape(static_cast<unsigned char>(text[++i]));
        else
            out += c;
    }
    return out;
}

std::string text_escape(unsigned char c) { return hexadecimal("\\x", c, 2); }
std::string json_escape(unsigned char c) { return hexadecimal("\\u", c, 4); }

/// Nothing in it that would have to be repaired or escaped, as in most of what is logged.
bool is_plain(std::string_view text) {
    return text.size() <= max_value &&
           std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~' && c != '"' && c != '\\'; });
}

template <typename Escape>
void append(std::string& line, std::string_view text, Escape escape) {
    if (is_plain(text))
        line += text;
    else
        line += escaped(repaired(text), escape);
}

void append_text_value(std::string& line, std::string_view value) {
    if (!value.empty() && is_plain(value) && value.find(' ') == value.npos) {
        line += value;
        return;
    }
    const std::string text = repaired(value);
    const std::string shown = escaped(text, text_escape);
    const bool quotes = text.empty() || shown != text || text.find(' ') != text.npos;
    line += quotes ? '"' + shown + '"' : shown;
}

}  // namespace

void append_json_string(std::string& line, std::string_view text) {
    line += '"';
    append(line, text, json_escape);
    line += '"';
}

std::string format_text(std::string_view time, Level level, std::string_view event, std::span<const Field> fields) {
    std::string line(time);
    line.reserve(usual_length);
    line.append(" ").append(name_of(level)).append(" ");
    append(line, event, text_escape);
    for (const Field& field : fields) {
        line.append(" ").append(field.name).append("=");
        if (const auto* text = std::get_if<std::string_view>(&field.value))
            append_text_value(line, *text);
        else
            line += number(field.value);
    }
    return line;
}

std::string format_json(std::string_view time, Level level, std::string_view event, std::span<const Field> fields) {
    std::string line = "{\"time\":";
    line.reserve(usual_length);
    append_json_string(line, time);
    line += ",\"level\":";
    append_json_string(line, name_of(level));
    line += ",\"event\":";
    append_json_string(line, event);
    for (const Field& field : fields) {
        line += ',';
        append_json_string(line, field.name);
        line += ':';
        if (const auto* text = std::get_if<std::string_view>(&field.value))
            append_json_string(line, *text);
        else
            line += number(field.value);
    }
    return line += '}';
}

}  // namespace wsinetd::log
