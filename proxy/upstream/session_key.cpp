#include "proxy/upstream/session_key.h"

#include <xxhash.h>

#include "proxy/upstream/upstream.h"

namespace switchyard::upstream {

std::uint64_t session_key(std::string_view upstream, std::string_view address) {
    return XXH3_64bits_withSeed(address.data(), address.size(), XXH3_64bits(upstream.data(), upstream.size()));
}

void write_session_key(std::uint64_t key, char* out) {
    static constexpr char kDigits[] = "0123456789abcdef";
    for (std::size_t i = kSessionKeySize; i-- > 0; key >>= 4) out[i] = kDigits[key & 15];
}

std::int32_t endpoint_of_session(const Upstream& upstream, std::string_view cookie) {
    if (cookie.size() != kSessionKeySize) return -1;
    std::uint64_t key = 0;
    for (char c : cookie) {
        unsigned digit;
        if (c >= '0' && c <= '9')
            digit = static_cast<unsigned>(c - '0');
        else if (c >= 'a' && c <= 'f')
            digit = static_cast<unsigned>(c - 'a') + 10;
        else
            return -1;
        key = key << 4 | digit;
    }
    for (std::size_t i = 0; i < upstream.endpoints.size(); ++i)
        if (upstream.endpoints[i].session_key == key) return static_cast<std::int32_t>(i);
    return -1;
}

}  // namespace switchyard::upstream
