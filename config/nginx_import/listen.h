// `listen` → listeners.
//
// Threads: pure but for the notes.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/model/address.h"
#include "config/model/forward.h"
#include "config/nginx_import/notes.h"
#include "config/nginx_import/settings.h"

namespace switchyard::config::nginx {

struct Listen {
    Address address;
    bool is_default = false;
    bool tls = false;     // which is not carried over: it has to be terminated in front
    bool secure = false;  // with certificates that are
    bool proxy_protocol = false;
    bool http2 = false;  // in clear, by its own word
    const Directive* origin = nullptr;
    std::string listener = {};  // its name
};

// The listens of a server; nginx's *:80 when there is none. `carried`: its certificates are carried over.
std::vector<Listen> read_listens(const Directive& server, bool carried, Notes& notes);
// Adds the listener unless the model has one at that address, and gives its name; keepalive and head timeouts come from
// `settings`.
std::string add_listener(Model& model, const Listen& listen, const Settings& settings,
                         const std::vector<const Directive*>& real_ip, Notes& notes);

}  // namespace switchyard::config::nginx
