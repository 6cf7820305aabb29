// Connections for reading where a server has few to give, and what becomes of a reading whose connection is lost.
#include <doctest/doctest.h>

#include <latch>
#include <thread>

#include "forum/store/engine/sqlite/engine.h"
#include "forum/store/readers.h"
#include "store_fixture.h"

using namespace forum;

namespace {

class FewReaders final : public Engine {
  public:
    explicit FewReaders(const std::string& file) : sqlite_(file) {}
    EngineKind kind() const override { return EngineKind::sqlite; }
    std::unique_ptr<DatabaseSession> open(Purpose purpose) override {
        ++opened;
        if (refuses) throw StoreError("no server", StoreFailure::gone);
        return sqlite_.open(purpose);
    }
    std::unique_ptr<WriterTurn> writer_turn() override { return sqlite_.writer_turn(); }
    ChangeSignals& signals() override { return sqlite_.signals(); }
    std::size_t readers_most() const override { return 1; }

    int opened = 0;
    bool refuses = false;

  private:
    SqliteEngine sqlite_;
};

struct Pool {
    Directory directory;
    std::string file = migrated(directory);
    FewReaders engine{file};
    Readers readers{engine};
};

}  // namespace

TEST_CASE("who finds no connection free waits for one, and probes have their own") {
    Pool pool;
    std::latch lent(1);
    std::latch enough(1);
    std::thread holder([&] {
        pool.readers.with([&](Connection&) {
            lent.count_down();
            enough.wait();
        });
    });
    lent.wait();
    CHECK(pool.readers.counts().in_use == 1);
    int probed = 0;
    pool.readers.probe([&](Connection&) { ++probed; });
    CHECK(probed == 1);
    std::thread waiting([&] { pool.readers.with([&](Connection&) { ++probed; }); });
    enough.count_down();
    holder.join();
    waiting.join();
    CHECK(probed == 2);
    CHECK(pool.engine.opened == 2);  // the pool's one and the probes'
    CHECK(pool.readers.counts().in_use == 0);
    CHECK(pool.readers.counts().refused == 0);
}

TEST_CASE("a reading whose connection is lost is made once more on a new one") {
    Pool pool;
    int runs = 0;
    const int answer = pool.readers.with([&](Connection&) {
        if (++runs == 1) throw StoreError("lost", StoreFailure::gone);
        return 7;
    });
    CHECK(answer == 7);
    CHECK(runs == 2);
    CHECK(pool.readers.counts().reconnects == 1);
    CHECK_THROWS_AS(pool.readers.with([&](Connection&) { throw StoreError("lost", StoreFailure::gone); }),
                    StoreUnavailable);
    CHECK_THROWS_AS(pool.readers.with([&](Connection&) { throw StoreError("late", StoreFailure::overdue); }),
                    StoreUnavailable);
    CHECK_THROWS_AS(pool.readers.with([&](Connection&) { throw ConstraintError("no"); }), ConstraintError);
    CHECK(pool.readers.counts().in_use == 0);
}

TEST_CASE("without a server a reading is refused, and goes on when there is one") {
    Pool pool;
    pool.engine.refuses = true;
    CHECK_THROWS_AS(pool.readers.with_statement([](Connection&) { return 1; }), StoreUnavailable);
    CHECK_THROWS_AS(pool.readers.probe([](Connection&) {}), StoreError);
    pool.engine.refuses = false;
    CHECK(pool.readers.with_statement([](Connection&) { return 1; }) == 1);
    pool.readers.probe([](Connection&) {});
    CHECK(pool.readers.counts().in_use == 0);
}
