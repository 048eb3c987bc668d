#include "session/outlet.hpp"

namespace wsinetd::session {

/// As much as the kernel takes now.
std::size_t Outlet::try_write(std::span<const std::byte> bytes) {
    std::size_t done = 0;
    while (done < bytes.size() && !failed_) {
        const net::Transfer transfer = stream_.write(bytes.subspan(done));
        if (transfer.state == net::Transfer::State::would_block) break;
        failed_ = transfer.state != net::Transfer::State::moved;
        done += transfer.bytes;
    }
    written_ += done;
    return done;
}

bool Outlet::write(std::span<const std::byte> bytes) {
    if (!stream_.is_open() || failed_) return true;  // nobody is there to be kept waiting
    const std::size_t done = try_write(bytes);
    if (done == bytes.size()) return true;
    if (failed_) {
        eased_();
        return true;
    }
    kept_.assign(bytes.begin() + static_cast<std::ptrdiff_t>(done), bytes.end());
    kept_from_ = 0;
    flushing_ = true;
    nursery_.spawn(flush());
    return false;
}

net::awaitable<void> Outlet::flush() {
    while (stream_.is_open() && !flush_some()) co_await stream_.writable();
    kept_ = std::vector<std::byte>();
    kept_from_ = 0;
    flushing_ = false;
    eased_();
}

/// Writes what is kept, then what else waits. True when nothing is left to write.
bool Outlet::flush_some() {
    kept_from_ += try_write(std::span(kept_).subspan(kept_from_));
    if (failed_) return true;
    if (kept_from_ < kept_.size()) return false;
    kept_ = more_ ? more_() : std::vector<std::byte>();
    kept_from_ = 0;
    return kept_.empty() || flush_some();
}

}  // namespace wsinetd::session
