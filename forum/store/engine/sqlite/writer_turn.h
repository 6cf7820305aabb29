// Turns by the turnstile of the file beside the database; the log is written back while no other program can write.
//
// Threads: the writer's. Errors: see engine/writer_turn.h; std::runtime_error when the lock file itself is gone.
#pragma once

#include <memory>
#include <string>

#include "forum/store/engine/side_file.h"
#include "forum/store/engine/sqlite/log_keeper.h"
#include "forum/store/engine/writer_turn.h"

namespace forum {

class SqliteWriterTurn final : public WriterTurn {
  public:
    SqliteWriterTurn(const std::string& file, SideFile& side) : side_(side), log_keeper_(file) {}

    void begin(DatabaseSession& session) override;
    void commit(DatabaseSession& session, const Touched& touched) override;
    bool was_committed(DatabaseSession&) override { return false; }
    void end(DatabaseSession& session) noexcept override;

  private:
    SideFile& side_;
    LogKeeper log_keeper_;
    bool prepared_ = false;
    bool entered_ = false;
};

}  // namespace forum
