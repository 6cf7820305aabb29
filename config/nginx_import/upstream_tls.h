// `proxy_pass https://…` with `proxy_ssl_…` → the tls of an upstream.
//
// nginx verifies no endpoint unless it is told to, and so does what is made of it: that is said.
// Threads: pure but for the model's certificates and the notes.
#pragma once

#include <filesystem>
#include <string>

#include "config/model.h"
#include "config/nginx_import/notes.h"
#include "config/nginx_import/settings.h"

namespace switchyard::config::nginx {

// `host`: that of the URL; `folder`: where nginx looks for names without a slash.
UpstreamTls upstream_tls(const Settings& settings, const std::string& host, const std::filesystem::path& folder,
                         Model& model, Notes& notes, const Directive& where);

}  // namespace switchyard::config::nginx
