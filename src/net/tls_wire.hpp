#pragma once  // What OpenSSL reads from and writes to: a socket, with the records of one write sent at once.
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

struct bio_st;

namespace wsinetd::net {

/// A record of TLS at its largest: what it carries, its header, its tag and more.
inline constexpr std::size_t largest_payload = 16 * 1024;
inline constexpr std::size_t largest_record = largest_payload + 64;
/// Records that leave together: as much as a session's frames are in one write.
inline constexpr std::size_t records_at_once = 5;

/// The two ends of a socket as OpenSSL uses them. Outside `gather` and `send` a write goes straight to the socket, as
/// far as that takes it.
class TlsWire {
public:
    enum class Sent { all, in_part, failed };

    /// `fd` is a connected, non-blocking socket, and outlives this.
    explicit TlsWire(int fd) : fd_(fd) {}
    TlsWire(const TlsWire&) = delete;
    TlsWire& operator=(const TlsWire&) = delete;

    /// Whether the client's first record has come, before anything is read. False: it is waited for like any other
    /// read, and the kernel wakes nobody before all of it is there. True as well where OpenSSL should see what came
    /// instead: something that is no handshake, or the end.
    bool first_record_is_here();

    /// One for SSL_set_bio; nullptr where there is no memory. It must not outlive this.
    [[nodiscard]] bio_st* make_bio();

    /// What is kept, as far as the socket takes it.
    Sent flush();

    /// Records are held back from here to `send`; nothing else may use the thread's buffer meanwhile. Not while
    /// something is kept.
    void gather();
    /// Whether another record fits.
    [[nodiscard]] bool has_room() const;
    /// Sends what was gathered. What the socket does not take is kept, and nothing may be written before it.
    Sent send();

    /// errno of the last attempt.
    [[nodiscard]] int error() const { return error_; }
    /// Bytes the socket has taken so far, and those with what is kept.
    [[nodiscard]] std::uint64_t sent() const { return sent_; }
    [[nodiscard]] std::uint64_t made() const { return sent_ + kept_.size() - kept_from_; }

private:
    static int on_write(bio_st* bio, const char* bytes, int size);
    static int on_read(bio_st* bio, char* space, int size);
    static long on_control(bio_st* bio, int what, long number, void* pointer);
    int write(std::span<const std::byte> bytes);
    std::size_t send_some(std::span<const std::byte> bytes);

    int fd_;
    int error_ = 0;
    int awaited_ = 0;  ///< so many bytes must come before the first record is looked at again; 0: any
    bool gathering_ = false;
    bool at_end_ = false;
    std::uint64_t sent_ = 0;
    std::size_t kept_from_ = 0;
    std::vector<std::byte> kept_;  ///< whole records but the first, which may have gone in part
};

}  // namespace wsinetd::net
