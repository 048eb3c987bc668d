#pragma once  // Frames on their way to a WebSocket's client.
#include "session/outlet.hpp"
#include "websocket/frames.hpp"
#include "websocket/sender.hpp"

namespace wsinetd::session {

/// An outlet that takes the control frames which wait along as soon as there is room for them.
class Outgoing : public Outlet {
public:
    Outgoing(net::Stream& stream, net::Nursery& nursery, websocket::Opcode type, std::function<void()> eased,
             websocket::Deflater* deflater = nullptr)
        : Outlet(stream, nursery, std::move(eased), [this] { return controls(); }), sender_(type, deflater) {}
    Outgoing(const Outgoing&) = delete;
    Outgoing& operator=(const Outgoing&) = delete;

    /// Where pieces become frames.
    websocket::Sender& sender() { return sender_; }

    /// Whole ones framed so far.
    [[nodiscard]] std::uint64_t messages() const { return sender_.messages(); }

    void ping();
    void close(std::optional<std::uint16_t> code, std::string_view reason);

    /// Whether the Close frame, once asked for, has left for the kernel.
    [[nodiscard]] bool close_written() const { return close_asked_ && !blocked(); }

private:
    std::vector<std::byte> controls();
    void write_controls();

    websocket::Sender sender_;
    bool close_asked_ = false;
};

}  // namespace wsinetd::session
