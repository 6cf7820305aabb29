#include "forum/store/engine/mariadb/steps.h"

#include <chrono>
#include <string>
#include <thread>

#include "forum/store/engine/mariadb/session.h"
#include "forum/store/engine/step_text.h"

namespace forum {

namespace {

// Other programs that start at the same moment wait for the one that migrates.
constexpr const char* kTakeLock = "SELECT get_lock(concat('forum.migrate.', database()), 600)";
constexpr const char* kGiveLock = "SELECT release_lock(concat('forum.migrate.', database()))";
// While a statement waits for a table that a long reading holds, all later readings wait behind it: two seconds at
// most, then they go first and it tries again.
constexpr const char* kWaitShortly = "SET SESSION lock_wait_timeout = 2";
constexpr int kAttempts = 60;
constexpr auto kPause = std::chrono::seconds(1);

class Lock {
  public:
    explicit Lock(DatabaseSession& session) : session_(session) {
        if (number_from(session_, kTakeLock) != 1) {
            throw StoreError("another program has been migrating the database for ten minutes; see its log");
        }
    }
    ~Lock() {
        try {
            session_.execute(kGiveLock);
        } catch (const StoreError&) {
            // It went with the connection.
        }
    }
    Lock(const Lock&) = delete;
    Lock& operator=(const Lock&) = delete;

  private:
    DatabaseSession& session_;
};

void run_patiently(DatabaseSession& session, const std::string& statement) {
    for (int attempt = 1;; ++attempt) {
        try {
            session.execute(statement);
            return;
        } catch (const StoreError& e) {
            if (e.failure() != StoreFailure::retry || attempt == kAttempts) throw;
        }
        std::this_thread::sleep_for(kPause);
    }
}

void record(DatabaseSession& session, const SchemaStep& step) {
    const auto applied = session.prepare(
        "INSERT INTO schema_migrations (version, name, oldest_program, applied_at) VALUES (?, ?, ?, ?)");
    applied->bind(1, std::int64_t{step.version});
    applied->bind(2, step.name);
    applied->bind(3, std::int64_t{step.oldest_program});
    applied->bind(4, step.at);
    applied->step();
    session.execute("DELETE FROM schema_progress WHERE version = " + std::to_string(step.version));
}

}  // namespace

bool apply_mariadb_step(DatabaseSession& session, const SchemaStep& step) {
    const std::string version = std::to_string(step.version);
    const Lock lock(session);
    if (number_from(session, "SELECT ifnull(max(version), 0) FROM schema_migrations") >= step.version) return false;
    session.execute(kWaitShortly);
    session.execute("CREATE TABLE IF NOT EXISTS schema_progress (version INT PRIMARY KEY, finished INT NOT NULL)");
    const std::vector<std::string> statements = statements_of_step(step.sql);
    auto finished = static_cast<std::size_t>(
        number_from(session, "SELECT ifnull(max(finished), 0) FROM schema_progress WHERE version = " + version));
    for (; finished < statements.size(); ++finished) {
        try {
            run_patiently(session, statements[finished]);
            session.execute("REPLACE INTO schema_progress (version, finished) VALUES (" + version + ", " +
                            std::to_string(finished + 1) + ')');
        } catch (const StoreError& e) {
            throw StoreError("migration " + std::string(step.name) + " stopped at statement " +
                                 std::to_string(finished + 1) + " of " + std::to_string(statements.size()) +
                                 ", and goes on there with `forum migrate up`: " + e.what(),
                             e.failure());
        }
    }
    record(session, step);
    return true;
}

}  // namespace forum
