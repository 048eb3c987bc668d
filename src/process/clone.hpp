#pragma once  // A child that runs in the server's memory until it executes its program: clone(2).
#include <sys/types.h>

#include <cstddef>
#include <span>

namespace wsinetd::process {

/// Runs `child(argument)` in a new process and returns its number when it has executed a program or ended; below 0
/// with errno set when there is none. It runs on `stack`, in this memory and with this table of descriptors, so it may
/// neither return nor allocate. `pidfd` is set to a descriptor of it.
///
/// `cgroup` is the directory of the cgroup to start it in, or below 0. Only clone3(2) takes one, which glibc does not
/// wrap: ENOSYS on processors that are not known here, and where a filter of system calls refuses what it cannot look
/// into, as that of systemd's RestrictNamespaces= does.
pid_t clone_child(int (*child)(void*), void* argument, std::span<std::byte> stack, int* pidfd, int cgroup);

}  // namespace wsinetd::process
