#include "proxy/serve/access_log_ring.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace switchyard::serve {

AccessLogRing::AccessLogRing(int wake, std::size_t bytes) : size_(bytes), wake_(wake) {
    const auto fail = [](const char* what) { throw std::system_error(errno, std::generic_category(), what); };
    const int memory = ::memfd_create("access-log", MFD_CLOEXEC);
    if (memory < 0) fail("memfd_create for the access log");
    void* both = MAP_FAILED;
    if (::ftruncate(memory, static_cast<off_t>(size_)) == 0)
        both = ::mmap(nullptr, 2 * size_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (both != MAP_FAILED) {
        memory_ = static_cast<char*>(both);
        for (char* half : {memory_, memory_ + size_})
            if (::mmap(half, size_, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, memory, 0) == MAP_FAILED)
                both = MAP_FAILED;
    }
    const int error = errno;
    ::close(memory);
    if (both != MAP_FAILED) return;
    if (memory_ != nullptr) ::munmap(memory_, 2 * size_);
    errno = error;
    fail("memory for the access log");
}

AccessLogRing::~AccessLogRing() {
    ::munmap(memory_, 2 * size_);
}

std::span<char> AccessLogRing::room(std::size_t bytes) {
    const std::uint64_t end = end_.load(std::memory_order_relaxed);
    if (end - known_begin_ + bytes > size_ / 2) {
        known_begin_ = begin_.load(std::memory_order_acquire);
        const std::uint64_t used = end - known_begin_;
        if (used + bytes > size_ / 2) call_writer();
        if (used + bytes > size_) return {};
    }
    return {memory_ + (end & (size_ - 1)), bytes};
}

void AccessLogRing::filled(std::size_t bytes) {
    end_.store(end_.load(std::memory_order_relaxed) + bytes, std::memory_order_release);
}

std::string_view AccessLogRing::pending() const {
    const std::uint64_t begin = begin_.load(std::memory_order_relaxed);
    return {memory_ + (begin & (size_ - 1)), static_cast<std::size_t>(end_.load(std::memory_order_acquire) - begin)};
}

void AccessLogRing::written(std::size_t bytes) {
    begin_.store(begin_.load(std::memory_order_relaxed) + bytes, std::memory_order_release);
    called_.store(false, std::memory_order_relaxed);
}

// Once per half ring, not once per line: the writer looks by itself every now and then.
void AccessLogRing::call_writer() {
    if (called_.exchange(true, std::memory_order_relaxed)) return;
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto told = ::write(wake_, &one, sizeof one);
}

}  // namespace switchyard::serve
