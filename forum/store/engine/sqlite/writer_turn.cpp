#include "forum/store/engine/sqlite/writer_turn.h"

#include <exception>

namespace forum {

namespace {

// A batch changes more pages than the two megabytes that SQLite holds by itself; what does not fit is written twice.
constexpr const char* kCache = "PRAGMA cache_size = -16384";

SqliteSession& sqlite(DatabaseSession& session) {
    return static_cast<SqliteSession&>(session);
}

}  // namespace

void SqliteWriterTurn::begin(DatabaseSession& session) {
    if (!prepared_) {
        session.execute(kCache);
        sqlite(session).watch_log();
        prepared_ = true;
    }
    side_.enter_turnstile();
    entered_ = true;
    session.begin(Purpose::writing);
}

void SqliteWriterTurn::commit(DatabaseSession& session, const Touched& touched) {
    session.commit();
    side_.raise(touched);
}

void SqliteWriterTurn::end(DatabaseSession& session) noexcept {
    if (!entered_) return;
    entered_ = false;
    log_keeper_.log_grew(sqlite(session));
    try {
        side_.leave_turnstile();
    } catch (const std::exception&) {
        // The operating system does not know the lock any more; the next one that enters is told.
    }
}

}  // namespace forum
