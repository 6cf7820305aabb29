// A kind of database at one address: opens sessions, and knows how its writers take turns and how its changes are
// signalled.
//
// Threads: any. Errors: StoreError.
#pragma once

#include <cstddef>
#include <memory>

#include "forum/store/engine/change_signals.h"
#include "forum/store/engine/database_session.h"
#include "forum/store/engine/writer_turn.h"

namespace forum {

class Engine {
  public:
    virtual ~Engine() = default;

    virtual EngineKind kind() const = 0;
    virtual std::unique_ptr<DatabaseSession> open(Purpose purpose) = 0;
    // One for each writer. Must not outlive the engine; nor must the signals.
    virtual std::unique_ptr<WriterTurn> writer_turn() = 0;
    virtual ChangeSignals& signals() = 0;
    // Sessions that may read at a time; 0: any number.
    virtual std::size_t readers_most() const { return 0; }

    // Throw StoreError, with place and cure of all that is wrong, when what is at the address cannot keep what the
    // forum promises; and, once the schema is there, when this program may not do there what it has to.
    virtual void require_fit() {}
    virtual void require_rights() {}
};

}  // namespace forum
