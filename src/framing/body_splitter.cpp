#include "framing/body_splitter.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>

namespace wsinetd::framing {
namespace {

constexpr std::string_view content_length = "content-length:";
constexpr std::string_view content = "content-";

/// Of a line that is held. What is longer is no field; it is given as a stray in parts, each but for a rest in which
/// the beginning of a Content-Length may lie.
constexpr std::size_t max_line = 2048;
/// Of a field with its line end.
constexpr std::size_t longest_begun = 64;

constexpr std::string_view not_framed = "output is not framed by Content-Length";
constexpr std::string_view no_length = "output has a header without Content-Length";
constexpr std::string_view bad_length = "output has a Content-Length that is not a number";
constexpr std::string_view two_lengths = "output has a header with two different Content-Lengths";
constexpr std::string_view bad_field = "output has a header line that is not \"Name: value\"";
constexpr std::string_view ends_in_header = "output ends within a header";
constexpr std::string_view ends_in_body = "output ends within a body, short of its Content-Length";

std::string_view text_of(std::span<const std::byte> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// In ASCII.
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }
bool same(char a, char b) { return lower(a) == b; }

/// Where `what`, in lower case, stands in `text`, in any.
std::size_t find(std::string_view text, std::string_view what) {
    const auto* const found = std::search(text.begin(), text.end(), what.begin(), what.end(), same);
    return found == text.end() ? std::string_view::npos : static_cast<std::size_t>(found - text.begin());
}

/// RFC 9110, 5.6.2.
bool is_token(std::string_view text) {
    constexpr std::string_view others = "!#$%&'*+-.^_`|~";
    return !text.empty() && std::ranges::all_of(text, [&](char c) {
        return (lower(c) >= 'a' && lower(c) <= 'z') || (c >= '0' && c <= '9') ||
               others.find(c) != std::string_view::npos;
    });
}

/// Whether something stands right before a Content-Length: `trueContent-Length`, not `X-Content-Length`.
bool is_glued(std::string_view field_name) {
    const std::string_view wanted = content_length.substr(0, content_length.size() - 1);
    if (field_name.size() <= wanted.size()) return false;
    const std::size_t begin = field_name.size() - wanted.size();
    return find(field_name.substr(begin), wanted) == 0 && field_name[begin - 1] != '-';
}

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view blanks = " \t";
    text.remove_prefix(std::min(text.find_first_not_of(blanks), text.size()));
    const std::size_t last = text.find_last_not_of(blanks);
    return text.substr(0, last == std::string_view::npos ? 0 : last + 1);
}

/// Digits and nothing else, and no more than fits a signed number of 64 bits.
std::optional<std::uint64_t> parse_length(std::string_view text) {
    std::int64_t length = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), length);
    const bool whole = error == std::errc{} && end == text.data() + text.size() && text.front() != '-';
    if (!whole) return {};
    return static_cast<std::uint64_t>(length);
}

std::span<const std::byte> take_front(std::span<const std::byte>& bytes, std::size_t count) {
    const auto front = bytes.first(count);
    bytes = bytes.subspan(count);
    return front;
}

}  // namespace

std::optional<Piece> BodySplitter::take(std::span<const std::byte>& chunk) {
    for (;;) {
        forget_delivered();
        if (state_ == State::body && (remaining_ == 0 || !chunk.empty())) return take_body(chunk);
        if (chunk.empty()) return {};
        take_line(chunk);
        if (pending()) return {};
    }
}

/// One that is short, and not in the chunk as a whole, is held until it is.
std::optional<Piece> BodySplitter::take_body(std::span<const std::byte>& chunk) {
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>({remaining_, chunk.size(), limit_}));
    std::span<const std::byte> part = take_front(chunk, size);
    remaining_ -= size;
    const bool last = remaining_ == 0;
    if (*length_ <= limit_ && (!last || !held_.empty())) {
        if (held_.empty()) held_.reserve(static_cast<std::size_t>(*length_));
        hold(part);
        if (!last) return {};
        part = held_;
        delivered_ = held_.size();
    }
    const Piece piece{part, first_, last};
    first_ = last;
    if (last) {
        state_ = State::between;
        length_.reset();
    }
    return piece;
}

/// As much of a line as there is.
void BodySplitter::take_line(std::span<const std::byte>& chunk) {
    const std::size_t arrived = std::min(chunk.size(), max_line - held_.size());
    const void* const found = std::memchr(chunk.data(), '\n', arrived);
    const std::size_t size =
        found ? static_cast<std::size_t>(static_cast<const std::byte*>(found) - chunk.data()) + 1 : arrived;
    between_ += size;
    if (between_ > max_between) return fail(not_framed);
    std::span<const std::byte> line = take_front(chunk, size);
    if (!found || !held_.empty()) {
        hold(line);
        line = held_;
    }
    if (!found) return held_.size() == max_line ? take_long_line() : void();
    delivered_ = held_.size();
    line = line.first(line.size() - 1);
    const bool carriage_return = !line.empty() && line.back() == std::byte{'\r'};
    judge_line(carriage_return ? line.first(line.size() - 1) : line, carriage_return);
    cut_ = false;
}

/// The line goes on; what is held of it is a stray, but for the part in which a Content-Length may have begun.
void BodySplitter::take_long_line() {
    if (length_) return fail(bad_field);
    state_ = State::between;
    cut_ = true;
    delivered_ = max_line - longest_begun;
    stray(std::span(held_).first(delivered_));
}

void BodySplitter::judge_line(std::span<const std::byte> line, bool carriage_return) {
    const std::string_view text = text_of(line);
    if (text.empty()) return state_ == State::header ? end_header() : void();
    const std::size_t colon = text.find(':');
    const std::string_view name = text.substr(0, colon);
    const bool is_field = !cut_ && colon != std::string_view::npos && is_token(name) && !is_glued(name);
    if (is_field && (state_ == State::header || carriage_return || find(name, content) == 0)) {
        state_ = State::header;
        judge_field(name, text.substr(colon + 1));
    } else if (length_) {
        fail(bad_field);
    } else {
        begin_or_stray(line);
    }
}

/// Of what is no field: what stands before a Content-Length, if there is one, or all of it.
void BodySplitter::begin_or_stray(std::span<const std::byte> line) {
    const std::string_view text = text_of(line);
    const std::size_t begin = find(text, content_length);
    state_ = begin == std::string_view::npos ? State::between : State::header;
    if (state_ == State::between) return stray(line);
    stray(line.first(begin));
    judge_field(text.substr(begin, content_length.size() - 1), text.substr(begin + content_length.size()));
}

void BodySplitter::judge_field(std::string_view name, std::string_view value) {
    if (name.size() != content_length.size() - 1 || find(name, content_length.substr(0, name.size())) != 0) return;
    const std::optional<std::uint64_t> length = parse_length(trimmed(value));
    if (!length) return fail(bad_length);
    if (length_ && length_ != length) return fail(two_lengths);
    length_ = length;
}

void BodySplitter::end_header() {
    if (!length_) return fail(no_length);
    state_ = State::body;
    remaining_ = *length_;
    between_ = 0;
}

std::optional<Piece> BodySplitter::finish() {
    forget_delivered();
    if (!failure().empty()) return {};
    switch (state_) {
        case State::between:
            if (find(text_of(held_), content_length) != std::string_view::npos) fail(ends_in_header);
            delivered_ = held_.size();
            stray(held_);
            break;
        case State::header: fail(ends_in_header); break;
        case State::body: fail(ends_in_body); break;
    }
    return {};
}

void BodySplitter::hold(std::span<const std::byte> bytes) { held_.insert(held_.end(), bytes.begin(), bytes.end()); }

/// Frees the memory too: a session that waits owns none. (Assigning {} would keep it.)
void BodySplitter::forget_delivered() {
    if (delivered_ == held_.size())
        held_ = std::vector<std::byte>();
    else
        held_.erase(held_.begin(), held_.begin() + static_cast<std::ptrdiff_t>(delivered_));
    delivered_ = 0;
}

}  // namespace wsinetd::framing
