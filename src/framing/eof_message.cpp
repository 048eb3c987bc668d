#include "framing/eof_message.hpp"

namespace wsinetd::framing {

EofMessage::Judgement EofMessage::next(const Piece& piece) {
    using Verdict = Judgement::Verdict;
    if (piece.first) {
        matched_ = 0;
        other_ = false;
    }
    if (other_) return {Verdict::other};
    const std::string_view bytes(reinterpret_cast<const char*>(piece.bytes.data()), piece.bytes.size());
    const std::string_view before = std::string_view(text_).substr(0, matched_);
    const std::string_view rest = std::string_view(text_).substr(matched_);
    if (piece.last ? bytes == rest : rest.starts_with(bytes)) {
        matched_ += bytes.size();
        return {piece.last ? Verdict::is_it : Verdict::held};
    }
    other_ = true;
    return {Verdict::other, before};
}

}  // namespace wsinetd::framing
