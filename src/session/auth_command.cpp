#include "session/auth_command.hpp"

#include <algorithm>
#include <array>

namespace wsinetd::session {
namespace {

using namespace std::chrono_literals;

/// For an answer.
constexpr auto patience = 10s;
constexpr std::size_t most_output = 4096;
constexpr std::size_t longest_user = 256;
/// For a stdout that something still holds open after the command is reaped.
constexpr auto rest_patience = 100ms;

}  // namespace

AuthCommand::AuthCommand(LoopResources& loop, RunningCommand command, net::Milliseconds grace)
    : loop_(loop),
      id_(std::move(command.id)),
      nursery_(loop.executor,
               [this](const std::exception& bug) {
                   loop_.server.log.write(log::Level::error, "internal error", {{"id", id_}, {"what", bug.what()}});
                   give_up("internal error");
               }),
      command_(loop, nursery_, std::move(command.child), std::move(command.slot), grace,
               [this] {
                   overdue_.after(rest_patience);
                   settle();
               }),
      stderr_log_(loop, nursery_, command_.stderr_pipe(), id_),
      output_(loop.executor, nursery_, [this] { return output(); }),
      finished_(loop.executor),
      patience_(loop.timers, [this] { give_up("it has not answered within 10 s"); }),
      overdue_(loop.timers, [this] {
          command_.stdout_pipe().close();
          command_.stderr_pipe().close();
      }) {}

net::awaitable<AuthCommand::Verdict> AuthCommand::run() {
    StopScope stop_scope(loop_, *this);
    if (loop_.stopping) give_up("the server stops");
    command_.stdin_pipe().close();
    patience_.after(patience);
    command_.watch();
    stderr_log_.start();
    output_.start();
    co_await finished_.wait();
    patience_.off();
    co_await nursery_.join();
    ++loop_.counters.exits[std::string(exit_label(*command_.exit()))];
    co_return verdict();
}

net::Pump::Next AuthCommand::output() {
    using Wait = net::Pump::Next::Wait;
    net::Descriptor& pipe = command_.stdout_pipe();
    std::array<std::byte, most_output> space{};
    const net::Transfer transfer = pipe.is_open() ? pipe.read(space) : net::Transfer{net::Transfer::State::end};
    if (transfer.state == net::Transfer::State::would_block) return {Wait::readable, &pipe};
    if (transfer.state == net::Transfer::State::moved) {
        if (printed_.size() <= most_output)
            printed_.append(reinterpret_cast<const char*>(space.data()), transfer.bytes);
        if (printed_.size() > most_output) give_up("it has printed more than 4096 bytes");
        return {Wait::others};
    }
    output_ended_ = true;
    settle();
    return {Wait::over};
}

void AuthCommand::give_up(std::string_view why) {
    if (given_up_.empty()) given_up_ = why;
    command_.dismiss();
}

void AuthCommand::settle() {
    if (command_.exit() && output_ended_) finished_.set();
}

AuthCommand::Verdict AuthCommand::verdict() const {
    Verdict verdict;
    if (!given_up_.empty()) {
        verdict.why = given_up_;
        return verdict;
    }
    if (command_.exit()->by_signal || command_.exit()->number != 0) {
        verdict.why = process::describe(*command_.exit());
        return verdict;
    }
    constexpr std::string_view name = "REMOTE_USER=";
    for (std::string_view rest = printed_; !rest.empty();) {
        const auto end = std::min(rest.find('\n'), rest.size());
        std::string_view line = rest.substr(0, end);
        rest.remove_prefix(std::min(end + 1, rest.size()));
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (line.starts_with(name)) verdict.user = line.substr(name.size());
    }
    if (verdict.user.size() > longest_user || !std::ranges::all_of(verdict.user, http::is_text_char)) {
        verdict.why = "its REMOTE_USER is longer than 256 bytes, or has control characters";
        return verdict;
    }
    verdict.lets_in = true;
    return verdict;
}

}  // namespace wsinetd::session
