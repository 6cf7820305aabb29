#include "failing_calls.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <new>

namespace switchyard::test {
namespace {

Failing failing = Failing::nothing;
bool working = false;
std::size_t first_call = 0, last_call = 0, calls_seen = 0;

bool fails(Failing what) {
    if (!working || failing != what) return false;
    ++calls_seen;
    return calls_seen >= first_call && calls_seen <= last_call;
}

void* memory_of(std::size_t size, std::size_t alignment) {
    if (fails(Failing::memory)) return nullptr;
    return alignment <= alignof(std::max_align_t)
               ? std::malloc(size)
               : std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
}

}  // namespace

FailuresFrom::FailuresFrom(Failing what, std::size_t at, std::size_t count) {
    failing = what;
    first_call = at;
    last_call = at + count - 1;
    calls_seen = 0;
}
FailuresFrom::~FailuresFrom() {
    failing = Failing::nothing;
}
std::size_t FailuresFrom::calls() const {
    return calls_seen;
}

Working::Working() {
    working = true;
}
Working::~Working() {
    working = false;
}

}  // namespace switchyard::test

using switchyard::test::Failing;
using switchyard::test::fails;

// Not inlined: the compiler would see malloc behind one and free behind the other and complain of a mismatch.
[[gnu::noinline]] void* operator new(std::size_t size) {
    if (void* const memory = switchyard::test::memory_of(size, 1)) return memory;
    throw std::bad_alloc();
}
[[gnu::noinline]] void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
    return switchyard::test::memory_of(size, 1);
}
[[gnu::noinline]] void* operator new(std::size_t size, std::align_val_t alignment) {
    if (void* const memory = switchyard::test::memory_of(size, static_cast<std::size_t>(alignment))) return memory;
    throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
    std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, const std::nothrow_t&) noexcept {
    std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::align_val_t) noexcept {
    std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
    std::free(memory);
}

// In place of the C library's.
extern "C" {
int socket(int domain, int type, int protocol) {
    if (fails(Failing::sockets)) return errno = EMFILE, -1;
    return static_cast<int>(::syscall(SYS_socket, domain, type, protocol));
}
int accept4(int fd, sockaddr* address, socklen_t* length, int flags) {
    if (fails(Failing::accepts)) return errno = EMFILE, -1;
    return static_cast<int>(::syscall(SYS_accept4, fd, address, length, flags));
}
int epoll_ctl(int poller, int what, int fd, epoll_event* event) noexcept {
    if (what == EPOLL_CTL_ADD && fails(Failing::watches)) return errno = ENOSPC, -1;
    return static_cast<int>(::syscall(SYS_epoll_ctl, poller, what, fd, event));
}
}
