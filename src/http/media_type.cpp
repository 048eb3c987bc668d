#include "http/media_type.hpp"

#include <algorithm>
#include <vector>

#include "http/message.hpp"

namespace wsinetd::http {
namespace {

// As browsers expect them; those that are refused when they are wrong (modules, wasm, fonts), and those a page shows.
constexpr std::string_view own_rows[] = {
    "text/html html htm",
    "text/css css",
    "text/javascript js mjs",  // RFC 9239
    "application/json json map",
    "application/manifest+json webmanifest",
    "application/wasm wasm",
    "text/plain txt",
    "text/markdown md",
    "text/csv csv",
    "application/xml xml",  // not text/xml: the document itself says how it is encoded
    "application/pdf pdf",
    "image/svg+xml svg",
    "image/png png",
    "image/jpeg jpg jpeg",
    "image/gif gif",
    "image/webp webp",
    "image/avif avif",
    "image/vnd.microsoft.icon ico",
    "font/woff woff",
    "font/woff2 woff2",
    "audio/mpeg mp3",
    "video/mp4 mp4",
    "video/webm webm",
    "audio/ogg ogg",
    "application/gzip gz",
    "application/zip zip",
};

std::string in_small_letters(std::string_view text) {
    std::string small(text);
    for (char& c : small)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    return small;
}

bool is_token(std::string_view text) { return !text.empty() && std::ranges::all_of(text, is_token_char); }

/// RFC 9110, 8.3.1, without parameters.
bool is_media_type(std::string_view text) {
    const auto slash = text.find('/');
    return slash != std::string_view::npos && is_token(text.substr(0, slash)) && is_token(text.substr(slash + 1));
}

/// The words of a line up to a comment.
std::vector<std::string_view> words_of(std::string_view line) {
    constexpr std::string_view blanks = " \t\r\v\f";
    line = line.substr(0, line.find('#'));
    std::vector<std::string_view> words;
    while (true) {
        line.remove_prefix(std::min(line.find_first_not_of(blanks), line.size()));
        if (line.empty()) return words;
        words.push_back(line.substr(0, line.find_first_of(blanks)));
        line.remove_prefix(words.back().size());
    }
}

/// What follows the last dot of the last segment; empty if nothing precedes that dot.
std::string_view extension_of(std::string_view file_name) {
    const auto slash = file_name.rfind('/');
    if (slash != std::string_view::npos) file_name.remove_prefix(slash + 1);
    const auto dot = file_name.rfind('.');
    return dot == std::string_view::npos || dot == 0 ? std::string_view{} : file_name.substr(dot + 1);
}

}  // namespace

MediaTypes::MediaTypes(std::string_view table) {
    while (!table.empty()) {
        const std::string_view line = table.substr(0, table.find('\n'));
        add(line);
        table.remove_prefix(std::min(line.size() + 1, table.size()));
    }
    for (std::string_view row : own_rows) add(row);
}

void MediaTypes::add(std::string_view line) {
    const auto words = words_of(line);
    if (words.empty() || !is_media_type(words.front()) ||
        !std::ranges::all_of(words.begin() + 1, words.end(), is_token))
        return;
    const std::string type = in_small_letters(words.front());
    for (auto extension = words.begin() + 1; extension != words.end(); ++extension)
        types_.insert_or_assign(in_small_letters(*extension), type);
}

std::string MediaTypes::of(std::string_view file_name) const {
    const auto row = types_.find(in_small_letters(extension_of(file_name)));
    if (row == types_.end()) return "application/octet-stream";
    return row->second.starts_with("text/") ? row->second + "; charset=utf-8" : row->second;
}

}  // namespace wsinetd::http
