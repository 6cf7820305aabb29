#include "tests/support/fault_vfs.h"

#include <sqlite3.h>

#include <unistd.h>
#include <csignal>

namespace fault_vfs {
namespace {

struct File {
    sqlite3_file base;
    sqlite3_file* real;  // lives right behind this struct
};

sqlite3_vfs* real_vfs = nullptr;
sqlite3_vfs own_vfs{};
sqlite3_io_methods own_methods{};
Mode mode = Mode::off;
std::uint64_t count = 0, nth = 0;

// True: this operation must fail.
bool strikes() {
    ++count;
    if (mode == Mode::off || count < nth) return false;
    if (mode == Mode::die) ::kill(::getpid(), SIGKILL);
    return mode == Mode::fail_for_ever || count == nth;
}

sqlite3_file* real(sqlite3_file* file) {
    return reinterpret_cast<File*>(file)->real;
}

int close(sqlite3_file* f) {
    return real(f)->pMethods->xClose(real(f));
}
int read(sqlite3_file* f, void* to, int n, sqlite3_int64 at) {
    return real(f)->pMethods->xRead(real(f), to, n, at);
}
int write(sqlite3_file* f, const void* from, int n, sqlite3_int64 at) {
    return strikes() ? SQLITE_FULL : real(f)->pMethods->xWrite(real(f), from, n, at);
}
int truncate(sqlite3_file* f, sqlite3_int64 size) {
    return strikes() ? SQLITE_IOERR_TRUNCATE : real(f)->pMethods->xTruncate(real(f), size);
}
int sync(sqlite3_file* f, int flags) {
    return strikes() ? SQLITE_IOERR_FSYNC : real(f)->pMethods->xSync(real(f), flags);
}
int size(sqlite3_file* f, sqlite3_int64* out) {
    return real(f)->pMethods->xFileSize(real(f), out);
}
int lock(sqlite3_file* f, int level) {
    return real(f)->pMethods->xLock(real(f), level);
}
int unlock(sqlite3_file* f, int level) {
    return real(f)->pMethods->xUnlock(real(f), level);
}
int reserved(sqlite3_file* f, int* out) {
    return real(f)->pMethods->xCheckReservedLock(real(f), out);
}
int control(sqlite3_file* f, int op, void* arg) {
    return real(f)->pMethods->xFileControl(real(f), op, arg);
}
int sector(sqlite3_file* f) {
    return real(f)->pMethods->xSectorSize(real(f));
}
int characteristics(sqlite3_file* f) {
    return real(f)->pMethods->xDeviceCharacteristics(real(f));
}
int shm_map(sqlite3_file* f, int page, int bytes, int extend, void volatile** out) {
    return real(f)->pMethods->xShmMap(real(f), page, bytes, extend, out);
}
int shm_lock(sqlite3_file* f, int offset, int n, int flags) {
    return real(f)->pMethods->xShmLock(real(f), offset, n, flags);
}
void shm_barrier(sqlite3_file* f) {
    real(f)->pMethods->xShmBarrier(real(f));
}
int shm_unmap(sqlite3_file* f, int remove) {
    return real(f)->pMethods->xShmUnmap(real(f), remove);
}

int open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out) {
    auto* own = reinterpret_cast<File*>(file);
    own->real = reinterpret_cast<sqlite3_file*>(own + 1);
    const int rc = real_vfs->xOpen(real_vfs, name, own->real, flags, out);
    own->base.pMethods = own->real->pMethods == nullptr ? nullptr : &own_methods;
    return rc;
}
int remove(sqlite3_vfs*, const char* name, int sync_dir) {
    return strikes() ? SQLITE_IOERR_DELETE : real_vfs->xDelete(real_vfs, name, sync_dir);
}

}  // namespace

void install() {
    if (real_vfs != nullptr) return;
    real_vfs = sqlite3_vfs_find(nullptr);
    own_methods = {2,         close,    read,    write,  truncate,        sync,    size,     lock,
                   unlock,    reserved, control, sector, characteristics, shm_map, shm_lock, shm_barrier,
                   shm_unmap, nullptr,  nullptr};
    own_vfs = *real_vfs;
    own_vfs.zName = kName;
    own_vfs.szOsFile = static_cast<int>(sizeof(File)) + real_vfs->szOsFile;
    own_vfs.xOpen = open;
    own_vfs.xDelete = remove;
    sqlite3_vfs_register(&own_vfs, 0);
}

void arm(Mode wanted, std::uint64_t at) {
    mode = wanted;
    nth = at;
    count = 0;
}

std::uint64_t operations() {
    return count;
}

}  // namespace fault_vfs
