// Preloaded into a Switchyard under test: while the file $READ_ONLY_WHILE exists, whatever would change a file below
// $READ_ONLY_BELOW fails as on a file system that the kernel has made read-only under a running process (EROFS). A real
// one cannot be had from outside: the kernel refuses to remount what is open for writing.
//
// Threads: any. Reading, and files elsewhere, are left alone.
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstring>

namespace {

bool below(const char* path) {
    const char* folder = ::getenv("READ_ONLY_BELOW");
    return folder != nullptr && std::strncmp(path, folder, std::strlen(folder)) == 0;
}

bool refused() {
    const char* flag = ::getenv("READ_ONLY_WHILE");
    return flag != nullptr && ::access(flag, F_OK) == 0;
}

bool refused(const char* path) {
    if (!below(path) || !refused()) return false;
    errno = EROFS;
    return true;
}

bool refused(int fd) {
    char link[32], path[4096];
    std::snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    const auto size = ::readlink(link, path, sizeof path - 1);
    if (size <= 0) return false;
    path[size] = '\0';
    return refused(path);
}

template <class Function>
Function next(Function, const char* name) {
    return reinterpret_cast<Function>(::dlsym(RTLD_NEXT, name));
}

bool writes(int flags) {
    return (flags & (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC)) != 0;
}

}  // namespace

#define OPEN_LIKE(name)                                     \
    extern "C" int name(const char* path, int flags, ...) { \
        va_list rest;                                       \
        va_start(rest, flags);                              \
        const unsigned mode = va_arg(rest, unsigned);       \
        va_end(rest);                                       \
        if (writes(flags) && refused(path)) return -1;      \
        static auto* const real = next(&name, #name);       \
        return real(path, flags, mode);                     \
    }
OPEN_LIKE(open)
OPEN_LIKE(open64)

#define WRITE_LIKE(name, offset)                                                \
    extern "C" ssize_t name(int fd, const void* from, size_t size, offset at) { \
        if (refused(fd)) return -1;                                             \
        static auto* const real = next(&name, #name);                           \
        return real(fd, from, size, at);                                        \
    }
WRITE_LIKE(pwrite, off_t)
WRITE_LIKE(pwrite64, off64_t)

extern "C" ssize_t write(int fd, const void* from, size_t size) {
    if (refused(fd)) return -1;
    static auto* const real = next(&write, "write");
    return real(fd, from, size);
}

extern "C" int rename(const char* from, const char* to) noexcept {
    if (refused(to)) return -1;
    static auto* const real = next(&rename, "rename");
    return real(from, to);
}

extern "C" int ftruncate64(int fd, off64_t size) noexcept {
    if (refused(fd)) return -1;
    static auto* const real = next(&ftruncate64, "ftruncate64");
    return real(fd, size);
}
