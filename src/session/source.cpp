#include "session/source.hpp"

namespace wsinetd::session {

void Unframed::drop() {
    piece.reset();
    rest = {};
    own_ = std::vector<std::byte>();
}

void Unframed::keep(std::span<const std::byte> chunk) {
    const auto lies_in = [](std::span<const std::byte> bytes, std::span<const std::byte> memory) {
        return !bytes.empty() && bytes.data() >= memory.data() && bytes.data() < memory.data() + memory.size();
    };
    // A piece that lies in neither is held by the splitter, and stays.
    const bool moves = piece && (lies_in(piece->bytes, chunk) || lies_in(piece->bytes, own_));
    const std::size_t piece_size = moves ? piece->bytes.size() : 0;
    std::vector<std::byte> own;
    own.reserve(piece_size + rest.size());
    if (moves) own.insert(own.end(), piece->bytes.begin(), piece->bytes.end());
    own.insert(own.end(), rest.begin(), rest.end());
    own_ = std::move(own);
    if (moves) piece->bytes = std::span(own_).first(piece_size);
    rest = std::span(own_).subspan(piece_size);
}

}  // namespace wsinetd::session
