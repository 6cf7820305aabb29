// One SQLite file: any number of readers, and writers of all processes that take turns by the file beside it.
//
// Threads: any. Errors: StoreError, std::runtime_error when the file beside it cannot be made.
#pragma once

#include <mutex>
#include <string>

#include "forum/store/engine/engine.h"
#include "forum/store/engine/side_file.h"

namespace forum {

class SqliteEngine final : public Engine {
  public:
    explicit SqliteEngine(std::string file);

    EngineKind kind() const override { return EngineKind::sqlite; }
    std::unique_ptr<DatabaseSession> open(Purpose purpose) override;
    std::unique_ptr<WriterTurn> writer_turn() override;
    ChangeSignals& signals() override { return side(); }

  private:
    SideFile& side();

    std::string file_;
    std::mutex mutex_;
    std::unique_ptr<SideFile> side_;  // made when it is first asked for: a look at the schema leaves no file behind
};

}  // namespace forum
