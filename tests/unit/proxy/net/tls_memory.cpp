#include "proxy/net/tls_memory.h"

#include <doctest/doctest.h>

#include <cstring>
#include <thread>
#include <vector>

using switchyard::net::TlsMemory;

namespace {

constexpr const char* kHere = "here";

}  // namespace

TEST_CASE("the buffer of a record is the one that was given back last, on the same thread") {
    std::thread([] {
        void* const first = TlsMemory::take(TlsMemory::kLeast + 300, kHere);
        std::memset(first, 'x', TlsMemory::kMost);  // all are as large as the largest
        void* const second = TlsMemory::take(TlsMemory::kLeast, kHere);
        CHECK(second != first);
        TlsMemory::give(first, kHere);
        TlsMemory::give(second, kHere);
        CHECK(TlsMemory::take(TlsMemory::kMost, kHere) == second);
        std::thread([&] {
            void* const elsewhere = TlsMemory::take(TlsMemory::kMost, kHere);
            CHECK(elsewhere != first);
            TlsMemory::give(elsewhere, kHere);
        }).join();
        CHECK(TlsMemory::take(TlsMemory::kLeast, kHere) == first);
        TlsMemory::give(first, kHere);
        TlsMemory::give(second, kHere);
    }).join();  // what it kept is the heap's again: the sanitizer of leaks looks
}

TEST_CASE("a thread keeps so many buffers, and nothing of another size") {
    std::thread([] {
        std::vector<void*> all;
        for (std::size_t i = 0; i < 3 * TlsMemory::kKept; ++i) all.push_back(TlsMemory::take(TlsMemory::kMost, kHere));
        for (const std::size_t size :
             {std::size_t{1}, TlsMemory::kLeast - 1, TlsMemory::kMost + 1, 10 * TlsMemory::kMost})
            all.push_back(TlsMemory::take(size, kHere));
        for (void* one : all) TlsMemory::give(one, kHere);
        CHECK(TlsMemory::take(0, kHere) == nullptr);
        TlsMemory::give(nullptr, kHere);
    }).join();
}

TEST_CASE("what is resized keeps its octets") {
    void* memory = TlsMemory::resize(nullptr, 100, kHere);
    std::memcpy(memory, "octets", 6);
    for (const std::size_t size : {TlsMemory::kMost, std::size_t{200'000}, std::size_t{6}}) {
        memory = TlsMemory::resize(memory, size, kHere);
        REQUIRE(memory != nullptr);
        CHECK(std::memcmp(memory, "octets", 6) == 0);
    }
    CHECK(TlsMemory::resize(memory, 0, kHere) == nullptr);
}
