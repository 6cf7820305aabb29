// The database as the rest of the forum sees it: many readers, one writer, counters of change.
//
// Threads: any. Errors: StoreError and its kinds; see connection.h and writer.h.
#pragma once

#include <string>

#include "forum/store/readers.h"
#include "forum/store/side_file.h"
#include "forum/store/writer.h"

namespace forum {

struct Store {
    SideFile side;
    Writer writer;  // before the readers: the last connection to close writes the log back into the database file
    Readers readers;

    Store(const std::string& file, Instant write_patience)
        : side(file), writer(file, side, write_patience), readers(file) {}
};

}  // namespace forum
