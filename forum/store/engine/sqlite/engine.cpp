#include "forum/store/engine/sqlite/engine.h"

#include <utility>

#include "forum/store/engine/sqlite/session.h"
#include "forum/store/engine/sqlite/writer_turn.h"

namespace forum {

SqliteEngine::SqliteEngine(std::string file) : file_(std::move(file)) {}

std::unique_ptr<DatabaseSession> SqliteEngine::open(Purpose purpose) {
    return std::make_unique<SqliteSession>(file_, purpose);
}

std::unique_ptr<WriterTurn> SqliteEngine::writer_turn() {
    return std::make_unique<SqliteWriterTurn>(file_, side());
}

SideFile& SqliteEngine::side() {
    const std::lock_guard guard(mutex_);
    if (side_ == nullptr) side_ = std::make_unique<SideFile>(file_);
    return *side_;
}

}  // namespace forum
