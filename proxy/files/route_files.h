// What a route answers with: its files, and who reads them.
//
// Immutable; shared by all workers.
#pragma once

#include <memory>
#include <string>

#include "config/model/static_files.h"
#include "proxy/files/file_pool.h"

namespace switchyard::files {

struct RouteFiles {
    config::StaticFiles where;
    std::string prefix;  // that is taken off a path first (`alias`)
    std::shared_ptr<FilePool> pool;
};

}  // namespace switchyard::files
