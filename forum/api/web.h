// The plain web page: static files compiled into the program.
//
// Threads: any. Errors: a file that is not there is a 404 Refusal.
#pragma once

#include "forum/api/service.h"

namespace forum {

Answer show_web_page(Service& service, const Call& call);
Answer show_web_file(Service& service, const Call& call);

}  // namespace forum
