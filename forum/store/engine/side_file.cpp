#include "forum/store/engine/side_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>

namespace forum {

namespace {

constexpr std::size_t kLifeSlot = 0;
constexpr std::size_t kListsSlot = 8;     // a cache line of its own
constexpr std::size_t kSearchesSlot = 9;  // raised seldom
constexpr std::size_t kFirstPostSlot = 16;
constexpr std::size_t kFileSize = (kFirstPostSlot + kPostCounters) * sizeof(std::uint64_t);

// Byte ranges behind the counters, used only as names of locks.
constexpr int kNextRange = 0;
constexpr int kTurnRange = 1;

static_assert(std::atomic<std::uint64_t>::is_always_lock_free, "counters are shared between processes");

}  // namespace

SideFile::SideFile(const std::string& database_file) {
    const std::string path = database_file + "-forum";
    const auto fail = [&](const char* what) -> std::runtime_error {
        return std::runtime_error(std::string(what) + " " + path + ": " + std::strerror(errno) +
                                  " (the directory of the database must be writable)");
    };
    descriptor_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
    if (descriptor_ < 0) throw fail("cannot open");
    // With room on the disk for all of it: a mapped page for which there is none ends the process.
    struct stat found {};
    if (::fstat(descriptor_, &found) != 0) throw fail("cannot look at");
    if (found.st_size < static_cast<off_t>(kFileSize)) {
        errno = ::posix_fallocate(descriptor_, 0, static_cast<off_t>(kFileSize));
        if (errno != 0) throw fail("cannot make room for");
    }
    mapping_ = ::mmap(nullptr, kFileSize, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor_, 0);
    if (mapping_ == MAP_FAILED) throw fail("cannot map");
    std::uint64_t fresh = 0;
    if (::getrandom(&fresh, sizeof fresh, 0) != sizeof fresh) throw fail("no random bytes for");
    std::uint64_t unset = 0;
    slot(kLifeSlot).compare_exchange_strong(unset, fresh | 1U);
}

SideFile::~SideFile() {
    ::munmap(mapping_, kFileSize);
    ::close(descriptor_);
}

std::atomic<std::uint64_t>& SideFile::slot(std::size_t index) const {
    return static_cast<std::atomic<std::uint64_t>*>(mapping_)[index];
}

std::uint64_t SideFile::life() const {
    return slot(kLifeSlot).load(std::memory_order_relaxed);
}
std::uint64_t SideFile::lists() const {
    return slot(kListsSlot).load(std::memory_order_acquire);
}
// Both only grow, so their sum is the same only while neither was raised.
std::uint64_t SideFile::searches() const {
    return lists() + slot(kSearchesSlot).load(std::memory_order_acquire);
}
std::uint64_t SideFile::post(std::string_view public_id) const {
    return slot(kFirstPostSlot + post_counter(public_id)).load(std::memory_order_acquire);
}

void SideFile::raise(const Touched& touched) {
    for (const std::string& post : touched.posts) {
        slot(kFirstPostSlot + post_counter(post)).fetch_add(1, std::memory_order_release);
    }
    if (touched.lists) slot(kListsSlot).fetch_add(1, std::memory_order_release);
    if (touched.searches) slot(kSearchesSlot).fetch_add(1, std::memory_order_release);
}

void SideFile::lock(int range, short type) const {
    struct flock request {};
    request.l_type = type;
    request.l_whence = SEEK_SET;
    request.l_start = static_cast<off_t>(kFileSize) + range;
    request.l_len = 1;
    while (::fcntl(descriptor_, F_OFD_SETLKW, &request) != 0) {
        if (errno != EINTR) throw std::runtime_error(std::string("writers' turnstile: ") + std::strerror(errno));
    }
}

// The holder of "next" is the only one that waits for "turn", so one that has just left "turn" cannot take it again
// before the one that waited.
void SideFile::enter_turnstile() {
    lock(kNextRange, F_WRLCK);
    lock(kTurnRange, F_WRLCK);
    lock(kNextRange, F_UNLCK);
}

void SideFile::leave_turnstile() {
    lock(kTurnRange, F_UNLCK);
}

}  // namespace forum
