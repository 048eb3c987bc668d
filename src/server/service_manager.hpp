#pragma once  // What started the server: systemd, or who speaks its protocols (sd_notify(3), sd_listen_fds(3)), or
              // inetd(8). The one door to libsystemd.
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace wsinetd::server {

/// Without a service manager there are no sockets, and what is told is heard by nobody.
class ServiceManager {
public:
    /// A socket that was handed over.
    struct Socket {
        int fd;
        std::string name;  ///< FileDescriptorName= of its unit; `unknown` where none is told
    };

    /// Takes what concerns the server out of the environment. To be made once, before there are threads.
    ServiceManager();

    [[nodiscard]] const std::vector<Socket>& sockets() const { return sockets_; }

    /// For --accept-fd: the one socket that was handed over, or what stdin is, as inetd(8) does it; below 0 where that
    /// is none. From then on stdin, stdout and stderr are something else, for nothing of ours may go to the client.
    [[nodiscard]] int take_connection();

    /// Within which `alive` is wanted; nothing: it is not.
    [[nodiscard]] std::optional<std::chrono::microseconds> watchdog() const { return watchdog_; }

    // `status` is a sentence for `systemctl status`.
    void ready(std::string_view status) const;
    /// Ended by the next `ready`.
    void reloading() const;
    /// `patience`: how long it may take, whatever the unit says.
    void stopping(std::string_view status, std::chrono::microseconds patience) const;
    void alive() const;

private:
    std::vector<Socket> sockets_;
    std::optional<std::chrono::microseconds> watchdog_;
};

}  // namespace wsinetd::server
