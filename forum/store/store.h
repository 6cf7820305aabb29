// The database as the rest of the forum sees it: many readers, one writer, counters of change.
//
// Threads: any. Errors: StoreError and its kinds; see engine/store_error.h and writer.h.
#pragma once

#include <memory>
#include <string>

#include "forum/store/engine_at.h"
#include "forum/store/readers.h"
#include "forum/store/writer.h"

namespace forum {

struct Store {
    std::unique_ptr<Engine> engine;
    const ChangeSignals& signals;
    Writer writer;  // before the readers: SQLite's last connection to close writes the log back into the database file
    Readers readers;

    Store(const std::string& address, Instant write_patience) : Store(engine_at(address), write_patience) {}
    Store(std::unique_ptr<Engine> of_address, Instant write_patience)
        : engine(std::move(of_address)),
          signals(engine->signals()),
          writer(*engine, write_patience),
          readers(*engine) {}
};

}  // namespace forum
