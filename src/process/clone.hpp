#pragma once  // A child that runs in the server's memory until it executes its program: clone(2).
#include <sys/types.h>

#include <cstddef>
#include <span>

namespace wsinetd::process {

/// Runs `child(argument)` in a new process and returns its number when it has executed a program or ended; below 0
/// with errno set when there is none. It runs on `stack`, in this memory and with this table of descriptors, so it may
/// neither return nor allocate. `pidfd` is set to a descriptor of it.
///
/// `cgroup` is the directory of the cgroup to start it in, or below 0. (Joining one later by `cgroup.procs` would stop
/// this thread for the milliseconds of an RCU grace period.)
pid_t clone_child(int (*child)(void*), void* argument, std::span<std::byte> stack, int* pidfd, int cgroup);

/// Whether `cgroup` can be given: only clone3(2) takes one, which glibc does not wrap.
#if defined(__x86_64__) || defined(__aarch64__)
inline constexpr bool can_clone_into_cgroup = true;
#else
inline constexpr bool can_clone_into_cgroup = false;
#endif

}  // namespace wsinetd::process
