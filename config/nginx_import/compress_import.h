// gzip…, brotli… and zstd… of a location → compress of its route.
#pragma once

#include <string_view>

#include "config/model/route.h"
#include "config/nginx_import/notes.h"
#include "config/nginx_import/settings.h"

namespace switchyard::config::nginx {

// Of those that are inherited from the block around.
bool is_compress_directive(std::string_view name);
void apply_compression(Route& route, const Settings& settings, Notes& notes);

}  // namespace switchyard::config::nginx
