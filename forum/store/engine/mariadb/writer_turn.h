// Turns by a row of the database that each batch locks first: the server gives it to the next one when a program dies,
// and holds it until a transaction has ended one way or the other.
//
// A batch's last statements write its random number and commit. So when the answer to a commit is lost, the database
// can be asked whether it happened. Threads: the writer's. Errors: see engine/writer_turn.h.
#pragma once

#include <cstdint>

#include "forum/store/engine/side_file.h"
#include "forum/store/engine/writer_turn.h"

namespace forum {

class MariadbWriterTurn final : public WriterTurn {
  public:
    // `side` holds the change counters of one machine; nullptr: they are a table.
    explicit MariadbWriterTurn(SideFile* side) : side_(side) {}

    void begin(DatabaseSession& session) override;
    void commit(DatabaseSession& session, const Touched& touched) override;
    bool was_committed(DatabaseSession& fresh) override;
    void end(DatabaseSession&) noexcept override {}

  private:
    SideFile* side_;
    std::uint64_t batch_ = 0;
    std::uint64_t batches_ = 0;
    Touched touched_;
};

}  // namespace forum
