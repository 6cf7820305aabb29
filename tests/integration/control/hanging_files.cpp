// Preloaded into a Switchyard under test: while the file $HANGS_WHILE exists, nothing below $HANGS_BELOW becomes
// durable, and what waits for that waits: a disk that does not answer. And nothing below $LOST_BELOW can be looked
// at, as on a mount whose server has gone.
//
// Threads: any. Otherwise reading and writing (the kernel's cache) are left alone, and so are files elsewhere.
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>

namespace {

bool below(int fd) {
    const char* folder = ::getenv("HANGS_BELOW");
    if (folder == nullptr) return false;
    char link[32], path[4096];
    std::snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    const auto size = ::readlink(link, path, sizeof path - 1);
    if (size <= 0) return false;
    path[size] = '\0';
    return std::strncmp(path, folder, std::strlen(folder)) == 0;
}

void wait_for_disk(int fd) {
    const char* flag = ::getenv("HANGS_WHILE");
    while (flag != nullptr && ::access(flag, F_OK) == 0 && below(fd)) ::usleep(2000);
}

template <class Function>
Function next(Function, const char* name) {
    return reinterpret_cast<Function>(::dlsym(RTLD_NEXT, name));
}

}  // namespace

extern "C" int stat(const char* __restrict path, struct stat* __restrict out) noexcept {
    const char* folder = ::getenv("LOST_BELOW");
    const char* flag = ::getenv("HANGS_WHILE");
    if (folder != nullptr && flag != nullptr && std::strncmp(path, folder, std::strlen(folder)) == 0)
        while (::access(flag, F_OK) == 0) ::usleep(2000);
    static auto* const real = next(static_cast<int (*)(const char*, struct stat*)>(&::stat), "stat");
    return real(path, out);
}

extern "C" int fsync(int fd) {
    wait_for_disk(fd);
    static auto* const real = next(&fsync, "fsync");
    return real(fd);
}

extern "C" int fdatasync(int fd) {
    wait_for_disk(fd);
    static auto* const real = next(&fdatasync, "fdatasync");
    return real(fd);
}
