#include "control/names/srv_answer.h"

#include <arpa/nameser.h>
#include <sys/types.h>

#include <resolv.h>
#include <algorithm>
#include <array>

namespace switchyard::control {

SrvAnswer read_srv(const unsigned char* bytes, int size) {
    constexpr const char* kMalformed = "the name server's answer is malformed";
    constexpr int kFixed = 6;  // octets of priority, weight and port
    SrvAnswer out;
    ns_msg message{};
    if (ns_initparse(bytes, size, &message) != 0) {
        out.why = kMalformed;
        return out;
    }
    bool first = true;
    for (int i = 0; i < ns_msg_count(message, ns_s_an); ++i) {
        ns_rr record{};
        if (ns_parserr(&message, ns_s_an, i, &record) != 0) {
            out.why = kMalformed;
            return out;
        }
        const auto ttl = std::chrono::seconds(ns_rr_ttl(record));
        out.ttl = first ? ttl : std::min(out.ttl, ttl);  // of aliases on the way, too
        first = false;
        if (ns_rr_type(record) != ns_t_srv) continue;
        std::array<char, NS_MAXDNAME> target{};
        if (ns_rr_rdlen(record) <= kFixed ||
            dn_expand(bytes, bytes + size, ns_rr_rdata(record) + kFixed, target.data(), target.size()) < 0) {
            out.why = kMalformed;
            return out;
        }
        const auto* data = ns_rr_rdata(record);
        SrvRecord srv{static_cast<std::uint16_t>(ns_get16(data)), static_cast<std::uint16_t>(ns_get16(data + 2)),
                      static_cast<std::uint16_t>(ns_get16(data + 4)), target.data()};
        if (!srv.target.empty() && srv.target != ".") out.records.push_back(std::move(srv));
    }
    out.complete = true;
    return out;
}

}  // namespace switchyard::control
