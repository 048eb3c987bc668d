#pragma once  // The message by which a client closes a command's stdin (--eof-message). Pieces in, a judgement out.
#include <string>
#include <string_view>

#include "framing/framing.hpp"

namespace wsinetd::framing {

/// Compares messages with a text as they come, so that of one that is only like it at the beginning nothing is lost,
/// and none has to be kept: what was held back is the text's own beginning.
class EofMessage {
public:
    explicit EofMessage(std::string text) : text_(std::move(text)) {}

    struct Judgement {
        enum class Verdict {
            other,  ///< the piece goes on its way, behind `before`
            held,   ///< it may become the text: keep it back
            is_it,  ///< the message was the text
        };
        Verdict verdict;
        std::string_view before = {};  ///< what was held back of this message; a view of the text
    };
    /// Of the next piece of a text message.
    [[nodiscard]] Judgement next(const Piece& piece);

private:
    std::string text_;
    std::size_t matched_ = 0;  ///< bytes of the message under way that were held back
    bool other_ = false;       ///< it is known to be another message
};

}  // namespace wsinetd::framing
