#include "process/clone.hpp"

#include <linux/sched.h>
#include <sched.h>
#include <sys/syscall.h>

#include <cerrno>
#include <csignal>
#include <cstdint>

namespace wsinetd::process {
namespace {

// clang's ThreadSanitizer and valgrind cannot follow a child in the same memory: there a plain copy is made. CMake's
// WSINETD_FORK asks for it too.
#if defined(__clang__) && defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define WSINETD_FORK 1
#endif
#endif
#ifdef WSINETD_FORK
constexpr int clone_flags = CLONE_PIDFD;
#else
constexpr int clone_flags = CLONE_VM | CLONE_VFORK | CLONE_FILES | CLONE_PIDFD;
#endif

// g++'s ThreadSanitizer wraps clone(): the child unlocks the sanitizer's own mutexes as after a fork, and, the memory
// being the same, so does the parent; reports and crashes without cause follow.
#ifdef __SANITIZE_THREAD__
constexpr bool wrapper_breaks_tsan = true;
#else
constexpr bool wrapper_breaks_tsan = false;
#endif

/// The system call itself, for the child starts on a stack where no caller of a wrapper could be returned to.
long clone3(const clone_args& arguments, int (*child)(void*), void* argument) {
    long result = -ENOSYS;
#if defined(__x86_64__)
    result = SYS_clone3;
    asm volatile(
        "syscall\n\t"
        "test %%rax, %%rax\n\t"
        "jnz 1f\n\t"
        "mov %[argument], %%rdi\n\t"
        "call *%[child]\n\t"
        "hlt\n"
        "1:"
        : "+a"(result)
        : "D"(&arguments), "S"(sizeof arguments), [child] "r"(child), [argument] "r"(argument)
        : "rcx", "r11", "memory", "cc");
#elif defined(__aarch64__)
    register long number asm("x8") = SYS_clone3;
    register long first asm("x0") = reinterpret_cast<long>(&arguments);
    register long second asm("x1") = sizeof arguments;
    asm volatile(
        "svc #0\n\t"
        "cbnz x0, 1f\n\t"
        "mov x0, %[argument]\n\t"
        "blr %[child]\n\t"
        "brk #0\n"
        "1:"
        : "+r"(first)
        : "r"(number), "r"(second), [child] "r"(child), [argument] "r"(argument)
        : "x30", "memory", "cc");
    result = first;
#else
    static_cast<void>(arguments);
    static_cast<void>(child);
    static_cast<void>(argument);
#endif
    return result;
}

}  // namespace

pid_t clone_child(int (*child)(void*), void* argument, std::span<std::byte> stack, int* pidfd, int cgroup) {
    if (cgroup < 0 && !wrapper_breaks_tsan)
        return ::clone(child, stack.data() + stack.size(), clone_flags | SIGCHLD, argument, pidfd);
    clone_args arguments{};
    arguments.flags = clone_flags | (cgroup < 0 ? 0U : CLONE_INTO_CGROUP);
    arguments.pidfd = reinterpret_cast<std::uintptr_t>(pidfd);
    arguments.exit_signal = SIGCHLD;
    arguments.stack = reinterpret_cast<std::uintptr_t>(stack.data());
    arguments.stack_size = stack.size();
    if (cgroup >= 0) arguments.cgroup = static_cast<std::uint64_t>(cgroup);
    const long result = clone3(arguments, child, argument);
    if (result >= 0) return static_cast<pid_t>(result);
    errno = static_cast<int>(-result);
    return -1;
}

}  // namespace wsinetd::process
