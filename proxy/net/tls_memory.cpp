#include "proxy/net/tls_memory.h"

#include <malloc.h>
#include <openssl/crypto.h>

#include <array>
#include <cstdlib>

namespace switchyard::net {
namespace {

// Without a destructor: OpenSSL gives back what a thread had when that is over already.
struct KeptRecords {
    std::array<void*, TlsMemory::kKept> blocks;
    std::size_t count;
    const char* where;
    bool begun, over;
};
constinit thread_local KeptRecords kept_records{};

struct EndOfThread {
    ~EndOfThread() {
        kept_records.over = true;
        while (kept_records.count != 0) std::free(kept_records.blocks[--kept_records.count]);
    }
};

void begin_to_keep() {
    thread_local EndOfThread end;
    static_cast<void>(end);
    kept_records.begun = true;
}

}  // namespace

void* TlsMemory::take(std::size_t size, const char* where) noexcept {
    if (size == 0) return nullptr;
    if (size < kLeast || size > kMost) return std::malloc(size);
    KeptRecords& kept = kept_records;
    kept.where = where;
    return kept.count != 0 ? kept.blocks[--kept.count] : std::malloc(kMost);
}

void* TlsMemory::resize(void* memory, std::size_t size, const char* where) noexcept {
    if (memory == nullptr) return take(size, where);
    if (size != 0) return std::realloc(memory, size);
    give(memory, where);
    return nullptr;
}

void TlsMemory::give(void* memory, const char* where) noexcept {
    KeptRecords& kept = kept_records;
    if (where == kept.where && memory != nullptr && kept.count < kKept && !kept.over) {
        // What is a little larger than it was asked to be is such a one too.
        const std::size_t size = ::malloc_usable_size(memory);
        if (size >= kMost && size < kMost + kMost / 8) {
            if (!kept.begun) begin_to_keep();
            kept.blocks[kept.count++] = memory;
            return;
        }
    }
    std::free(memory);
}

namespace {

void* openssl_takes(std::size_t size, const char* where, int) {
    return TlsMemory::take(size, where);
}

void* openssl_resizes(void* memory, std::size_t size, const char* where, int) {
    return TlsMemory::resize(memory, size, where);
}

void openssl_gives(void* memory, const char* where, int) {
    TlsMemory::give(memory, where);
}

// Before the constructors of any library, those of the sanitizers too: nothing here may be theirs.
[[gnu::no_sanitize_address, gnu::no_sanitize_thread]] void before_all() {
    ::CRYPTO_set_mem_functions(openssl_takes, openssl_resizes, openssl_gives);
}

[[gnu::section(".preinit_array"), gnu::used]] void (*const kBeforeAll)() = before_all;

}  // namespace

bool TlsMemory::serves() {
    ::CRYPTO_malloc_fn taken = nullptr;
    ::CRYPTO_get_mem_functions(&taken, nullptr, nullptr);
    return taken == openssl_takes;
}

}  // namespace switchyard::net
