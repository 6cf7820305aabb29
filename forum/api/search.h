// Full-text search over posts.
#pragma once

#include "forum/api/service.h"

namespace forum {

Answer search_posts(Service& service, const Call& call);

}  // namespace forum
