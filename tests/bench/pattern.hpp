#pragma once  // The byte streams a benchmark sends and expects: client and commands make the same ones, and compare.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace wsinetd::bench {

/// `block`, over and over. Its messages differ from one another, so that a lost, doubled or misplaced one shows; what
/// is lost by whole blocks shows in the count.
struct Pattern {
    std::string block;          // with the delimiters, if it has them
    std::size_t messages;       // in a block
    std::size_t message_bytes;  // of each, without the delimiter; 0 where they differ
    bool lines;                 // '\n' after each message; without, the boundaries mean nothing
};

/// Lines of printable ASCII, `size` bytes each without the newline (8 or more).
Pattern ascii_lines(std::size_t size);

/// Lines of words in several scripts, characters of one to four bytes; `size` bytes each without the newline.
Pattern utf8_lines(std::size_t size);

/// Any bytes, in messages of `size`.
Pattern random_bytes(std::size_t size);

/// What `seq count` prints, and so the beginning of what it prints for any larger count.
Pattern seq_lines(std::uint64_t count);

/// One line, once.
Pattern one_line(std::string_view text);

/// `ascii`, `utf8` or `bytes`, as the commands get it in their arguments; throws std::invalid_argument.
Pattern pattern_named(std::string_view name, std::size_t size);

}  // namespace wsinetd::bench
