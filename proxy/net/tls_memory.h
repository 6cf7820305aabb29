// OpenSSL's memory: what it takes for the record that it reads or writes stays with the thread when it is given back.
//
// An idle connection holds no such buffer (SSL_MODE_RELEASE_BUFFERS), so each record takes one, of some 17 KiB: on the
//   heap a piece that is cut off, and joined again, each time.
// It is so in every program that asks serves(): from before main(), because a library that is linked may use OpenSSL in
//   its constructors (cpp-httplib does), and OpenSSL changes its memory no more once it has taken any.
// Invariants: a thread keeps so many at most, and gives them back when it ends.
// Threads: any; nothing is shared.
#pragma once

#include <cstddef>

namespace switchyard::net {

class TlsMemory {
  public:
    // Of such a buffer; all others are the heap's as they come.
    static constexpr std::size_t kLeast = 16 * 1024, kMost = 18 * 1024;
    static constexpr std::size_t kKept = 4;

    // OpenSSL's memory is this. False: the heap's as it comes; OpenSSL had begun already, or was made without.
    static bool serves();

    // As malloc, realloc and free; `where` is the place in OpenSSL's source that asks. What is given back where such
    // buffers are taken is looked at; all else goes by: a handshake gives back hundreds.
    static void* take(std::size_t size, const char* where) noexcept;
    static void* resize(void* memory, std::size_t size, const char* where) noexcept;
    static void give(void* memory, const char* where) noexcept;
};

}  // namespace switchyard::net
