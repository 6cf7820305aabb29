// What a server may do to a batch, by a script: undo it, lose the answer to its commit, be gone. The rows lie in
// SQLite.
#include <doctest/doctest.h>

#include <atomic>
#include <deque>
#include <string>

#include "forum/store/engine/sqlite/engine.h"
#include "forum/store/writer.h"
#include "store_fixture.h"

using namespace forum;

namespace {

enum class Fault {
    none,
    undone_at_begin,
    undone_at_commit,
    lost_behind_commit,
    lost_before_commit,
    gone_at_begin,
    full
};

struct Script {
    std::deque<Fault> faults;
    bool committed = false;

    Fault next() {
        if (faults.empty()) return Fault::none;
        const Fault fault = faults.front();
        faults.pop_front();
        return fault;
    }
};

class ScriptedTurn final : public WriterTurn {
  public:
    explicit ScriptedTurn(Script& script) : script_(script) {}

    void begin(DatabaseSession& session) override {
        fault_ = script_.next();
        if (fault_ == Fault::gone_at_begin) throw StoreError("no server", StoreFailure::gone);
        session.begin(Purpose::writing);
        if (fault_ == Fault::undone_at_begin) throw StoreError("the lock came too late", StoreFailure::retry);
    }
    void commit(DatabaseSession& session, const Touched&) override {
        if (fault_ == Fault::undone_at_commit) throw StoreError("deadlock", StoreFailure::retry);
        if (fault_ == Fault::full) throw StoreError("the table is full", StoreFailure::full);
        script_.committed = fault_ == Fault::lost_behind_commit;
        if (fault_ == Fault::lost_before_commit) throw OutcomeUnknown("lost", StoreFailure::gone);
        session.commit();
        if (fault_ == Fault::lost_behind_commit) throw OutcomeUnknown("lost", StoreFailure::gone);
    }
    bool was_committed(DatabaseSession&) override { return script_.committed; }
    void end(DatabaseSession&) noexcept override {}

  private:
    Script& script_;
    Fault fault_ = Fault::none;
};

class ScriptedEngine final : public Engine {
  public:
    explicit ScriptedEngine(const std::string& file) : sqlite_(file) {}
    EngineKind kind() const override { return EngineKind::sqlite; }
    std::unique_ptr<DatabaseSession> open(Purpose purpose) override {
        ++opened;
        return sqlite_.open(purpose);
    }
    std::unique_ptr<WriterTurn> writer_turn() override { return std::make_unique<ScriptedTurn>(script); }
    ChangeSignals& signals() override { return sqlite_.signals(); }

    Script script;
    int opened = 0;

  private:
    SqliteEngine sqlite_;
};

struct Rows {
    Directory directory;
    std::string file = directory.file("rows.db");
    ScriptedEngine engine{file};
    std::atomic<int> runs = 0;

    Rows() { Connection(file, Connection::Mode::read_write).execute("CREATE TABLE numbers (value INTEGER)"); }

    // Says how it ended: "stored", "unavailable" or "unknown".
    std::string store(std::deque<Fault> faults) {
        engine.script.faults = std::move(faults);
        Writer writer(engine, kMinute);
        try {
            writer.run([&](Connection& c) {
                ++runs;
                c.query_text("INSERT INTO numbers (value) VALUES (1)").run();
            });
        } catch (const OutcomeUnknown&) {
            return "unknown";
        } catch (const StoreUnavailable&) {
            counts = writer.counts();
            return "unavailable";
        }
        counts = writer.counts();
        return "stored";
    }
    std::int64_t there() {
        Connection connection(file, Connection::Mode::read_only);
        Query query = connection.query_text("SELECT count(*) FROM numbers");
        query.step();
        return query.integer(0);
    }

    WriterCounts counts;
};

}  // namespace

TEST_CASE("a batch that the server undid is run again as a whole, and stored once") {
    for (const Fault fault : {Fault::undone_at_begin, Fault::undone_at_commit}) {
        Rows rows;
        CHECK(rows.store({fault, fault, fault, fault}) == "stored");
        CHECK(rows.there() == 1);
        CHECK(rows.counts.retries == 4);
        CHECK(rows.runs == (fault == Fault::undone_at_commit ? 5 : 1));
        CHECK(rows.engine.opened == 1);
    }
}

TEST_CASE("a batch that is undone again and again is given up, and nothing was changed") {
    Rows rows;
    CHECK(rows.store(std::deque<Fault>(9, Fault::undone_at_commit)) == "unavailable");
    CHECK(rows.there() == 0);
    CHECK(rows.runs == 5);
    CHECK(rows.counts.failed_commits == 1);
    CHECK(rows.counts.failure.find("deadlock") != std::string::npos);
}

TEST_CASE("a commit whose answer was lost is looked up on a new connection, and answered by what is there") {
    Rows kept;
    CHECK(kept.store({Fault::lost_behind_commit}) == "stored");
    CHECK(kept.there() == 1);
    CHECK(kept.runs == 1);
    CHECK(kept.counts.unknown_resolved == 1);
    CHECK(kept.engine.opened == 2);
    Rows lost;
    CHECK(lost.store({Fault::lost_before_commit}) == "unavailable");
    CHECK(lost.there() == 0);
    CHECK(lost.counts.unknown_resolved == 1);
}

TEST_CASE("without a server those who wait are told at once, and the next ones are served by a new connection") {
    Rows rows;
    CHECK(rows.store({Fault::gone_at_begin, Fault::gone_at_begin}) == "unavailable");
    CHECK(rows.runs == 0);
    CHECK(rows.store({}) == "stored");
    CHECK(rows.there() == 1);
    // One that was only closed meanwhile is made anew without a word.
    CHECK(rows.store({Fault::gone_at_begin}) == "stored");
    CHECK(rows.there() == 2);
}

TEST_CASE("what has no room is told with its reason, and forgotten when something is stored again") {
    Rows rows;
    CHECK(rows.store({Fault::full}) == "unavailable");
    CHECK(rows.counts.failure.find("full") != std::string::npos);
    CHECK(rows.there() == 0);
    CHECK(rows.store({}) == "stored");
    CHECK(rows.counts.failure.empty());
}
