// What surrounds each batch of a process's one writer: no other program writes between its beginning and its end, and
// the counters of what it touched are raised before anything of it is acknowledged.
//
// Threads: the writer's. Errors: StoreError and its kinds; OutcomeUnknown from commit() only.
#pragma once

#include "forum/store/engine/change_signals.h"
#include "forum/store/engine/database_session.h"

namespace forum {

class WriterTurn {
  public:
    virtual ~WriterTurn() = default;

    // Waits for the turn and begins a transaction.
    virtual void begin(DatabaseSession& session) = 0;
    // Makes the batch durable and the counters raised.
    virtual void commit(DatabaseSession& session, const Touched& touched) = 0;
    // After OutcomeUnknown, asked of another session: whether the batch is in the database. Waits until that is
    // decided.
    virtual bool was_committed(DatabaseSession& fresh) = 0;
    // Gives the turn to the next program, whether begin() came to its end or not.
    virtual void end(DatabaseSession& session) noexcept = 0;
};

}  // namespace forum
