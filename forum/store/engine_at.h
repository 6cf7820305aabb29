// The engine of an address: "forum.db" and "sqlite:forum.db" are a SQLite file, "mariadb://…" is a database on a server
// (engine/mariadb/address.h) where the program was built with it.
//
// Threads: any. Errors: StoreError that names what the address lacks.
#pragma once

#include <memory>
#include <string>

#include "forum/store/engine/engine.h"

namespace forum {

std::unique_ptr<Engine> engine_at(const std::string& address);

EngineKind kind_of(const std::string& address);
// The SQLite file of an address that is one.
std::string file_of(const std::string& address);
// The engines that this program was built with, for `forum version`.
std::string engines_built_in();

}  // namespace forum
