// Which protocols a listener speaks where the configuration leaves it open.
// Pure.
#pragma once

#include <algorithm>
#include <string_view>

#include "config/model/listener.h"

namespace switchyard {

inline bool speaks(const config::Listener& listener, std::string_view protocol) {
    if (listener.protocols.empty()) return protocol == config::kHttp1 || listener.tls.has_value();
    return std::find(listener.protocols.begin(), listener.protocols.end(), protocol) != listener.protocols.end();
}

// What a handshake may agree on.
struct Spoken {
    bool http1 = true, http2 = false;
};

inline Spoken spoken_by(const config::Listener& listener) {
    return {speaks(listener, config::kHttp1), speaks(listener, config::kHttp2)};
}

}  // namespace switchyard
