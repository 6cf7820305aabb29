// The law of forwarding (forwarding.h) before an endpoint of HTTP/2, and none of the fields of the connection that the
// requests came by reaches it.
#include "forwarding.h"

using namespace switchyard::test;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static World world(Speaks::http2);
    check_forwarding(world, data, size);
    return 0;
}
