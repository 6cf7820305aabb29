#include <doctest/doctest.h>
#include <openssl/crypto.h>

#include "proxy/net/tls_memory.h"

using switchyard::net::TlsMemory;

TEST_CASE("OpenSSL's memory is ours, though a library that is linked here has used it before main()") {
    CHECK(TlsMemory::serves());
    void* const first = OPENSSL_malloc(TlsMemory::kLeast);
    OPENSSL_free(first);
    void* const second = OPENSSL_malloc(TlsMemory::kMost);
    CHECK(second == first);
    OPENSSL_free(second);
}
