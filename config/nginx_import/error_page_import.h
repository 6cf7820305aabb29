// error_page of a location whose page is a file → error_pages of its route.
#pragma once

#include "config/model/route.h"
#include "config/nginx_import/notes.h"
#include "config/nginx_import/settings.h"

namespace switchyard::config::nginx {

// What cannot be carried over is lost, with its note.
void apply_error_pages(Route& route, const Settings& settings, Notes& notes);

}  // namespace switchyard::config::nginx
