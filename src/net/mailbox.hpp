#pragma once  // Work that other threads have for a loop: the only way into one from outside.
#include <mutex>

#include "net/descriptor.hpp"

namespace wsinetd::net {

/// Calls that any thread hands to one loop, which makes them in order. With this the loop's `io_context` needs no
/// locks, which would cost every event of every connection a dozen locked instructions.
class Mailbox {
public:
    /// Throws std::system_error.
    explicit Mailbox(Executor executor);
    ~Mailbox();
    Mailbox(const Mailbox&) = delete;
    Mailbox& operator=(const Mailbox&) = delete;

    /// From any thread. What comes after `close` is never called.
    void post(std::function<void()> call);

    /// Makes the calls until `close`.
    awaitable<void> run();
    void close() { watch_.close(); }

private:
    using Calls = std::vector<std::function<void()>>;
    Calls take();

    int bell_;  ///< eventfd
    Descriptor watch_;
    std::mutex mutex_;
    Calls calls_;
};

}  // namespace wsinetd::net
