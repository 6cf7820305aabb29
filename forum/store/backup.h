// Copies a whole database while it is in use.
//
// Threads: any. Errors: StoreError.
#pragma once

#include <string>

namespace forum {

// `from` is the address of a SQLite file, `to` a new file.
void back_up(const std::string& from, const std::string& to);

}  // namespace forum
