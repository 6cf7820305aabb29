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

}  // namespace switchyard
