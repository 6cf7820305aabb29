// What a Store holds: for the two files that implement it.
#pragma once

#include <string>

#include "control/store/database.h"
#include "control/store/generation_ledger.h"
#include "control/store/store.h"

namespace switchyard::control {

struct Store::Members : Database {
    Members(const std::string& path, const std::string& vfs) : Database(path, vfs), ledger(path + ".ledger") {}

    GenerationLedger ledger;
};

}  // namespace switchyard::control
