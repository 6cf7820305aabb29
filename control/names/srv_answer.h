// What a name server says of a service: SRV records (RFC 2782), with their TTL, which c-ares does not tell.
//
// Pure. Threads: any.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace switchyard::control {

struct SrvRecord {
    std::uint16_t priority = 0, weight = 0, port = 0;
    std::string target;
    bool operator==(const SrvRecord&) const = default;
};

struct SrvAnswer {
    bool complete = false;  // all there is, be it nothing
    std::vector<SrvRecord> records;
    std::chrono::seconds ttl{0};
    std::string why;  // it is not complete
};

// Of the octets of a reply. One record whose target is "." says that the service is decidedly not there: nothing.
SrvAnswer read_srv(const unsigned char* bytes, int size);

}  // namespace switchyard::control
