#include "config/nginx_import/notes.h"

#include <algorithm>

namespace switchyard::config::nginx {

void Notes::add(Note note) {
    if (std::ranges::find(notes_, note) == notes_.end()) notes_.push_back(std::move(note));
}

}  // namespace switchyard::config::nginx
