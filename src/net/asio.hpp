#pragma once  // The one door to Asio: our coroutine and timer types. The precompiled header of all I/O code.
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace wsinetd::net {

namespace asio = boost::asio;

/// Of one thread's `io_context{1}`: no strands, no type erasure.
using Executor = asio::io_context::executor_type;

template <typename T = void>
using awaitable = asio::awaitable<T, Executor>;

/// Completion token of every wait: errors come back as values.
inline constexpr asio::as_tuple_t<asio::use_awaitable_t<Executor>> as_outcome{};

using Clock = std::chrono::steady_clock;
using TimePoint = Clock::time_point;
using Milliseconds = std::chrono::milliseconds;

}  // namespace wsinetd::net
