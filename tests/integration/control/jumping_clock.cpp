// Preloaded into a Switchyard under test: the wall's clock is off by as many seconds as the file $CLOCK_IS_OFF_BY says,
// eight octets that the test writes as it likes. What passes by itself (CLOCK_MONOTONIC) is left alone, and so is every
// wait: as when the clock of the machine is set.
//
// Threads: any. The file is mapped once, by the first that asks.
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <cstdint>

namespace {

std::int64_t off_by() {
    static const volatile std::int64_t* const kShift = [] {
        static const std::int64_t kNone = 0;
        const char* path = ::getenv("CLOCK_IS_OFF_BY");
        const int fd = path == nullptr ? -1 : ::open(path, O_RDONLY | O_CLOEXEC);
        void* const map = fd < 0 ? MAP_FAILED : ::mmap(nullptr, sizeof(std::int64_t), PROT_READ, MAP_SHARED, fd, 0);
        if (fd >= 0) ::close(fd);
        return map == MAP_FAILED ? &kNone : static_cast<const std::int64_t*>(map);
    }();
    return *kShift;
}

template <class Function>
Function next(Function, const char* name) {
    return reinterpret_cast<Function>(::dlsym(RTLD_NEXT, name));
}

}  // namespace

extern "C" int clock_gettime(clockid_t which, struct timespec* out) noexcept {
    static auto* const real = next(&clock_gettime, "clock_gettime");
    const int done = real(which, out);
    if (done == 0 && (which == CLOCK_REALTIME || which == CLOCK_REALTIME_COARSE)) out->tv_sec += off_by();
    return done;
}

extern "C" int gettimeofday(struct timeval* __restrict out, void* __restrict zone) noexcept {
    static auto* const real = next(&gettimeofday, "gettimeofday");
    const int done = real(out, zone);
    if (done == 0) out->tv_sec += off_by();
    return done;
}

extern "C" time_t time(time_t* out) noexcept {
    static auto* const real = next(&time, "time");
    const time_t now = real(nullptr) + off_by();
    if (out != nullptr) *out = now;
    return now;
}
