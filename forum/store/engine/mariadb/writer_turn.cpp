#include "forum/store/engine/mariadb/writer_turn.h"

#include <random>
#include <string>

#include "forum/store/engine/mariadb/session.h"
#include "forum/store/engine/mariadb/table_signals.h"

namespace forum {

namespace {

// A lost answer is asked about within seconds.
constexpr const char* kForget = "DELETE FROM writer_batches WHERE at < unix_timestamp() - 3600 ORDER BY at LIMIT 2000";
constexpr std::uint64_t kForgetEvery = 1'000;

std::uint64_t random_batch() {
    static thread_local std::mt19937_64 random([] {
        std::random_device device;
        std::seed_seq seed{device(), device(), device(), device()};
        return std::mt19937_64(seed);
    }());
    return random() >> 1;  // a BIGINT has a sign
}

}  // namespace

void MariadbWriterTurn::begin(DatabaseSession& session) {
    session.begin(Purpose::writing);
    batch_ = random_batch();
    if (batches_++ % kForgetEvery == 0) session.execute(kForget);
}

void MariadbWriterTurn::commit(DatabaseSession& session, const Touched& touched) {
    touched_ = touched;
    std::string sql = side_ == nullptr ? TableSignals::counting(touched) : std::string();
    sql += "INSERT INTO writer_batches (id, at) VALUES (" + std::to_string(batch_) + ", unix_timestamp()); COMMIT";
    try {
        session.execute(sql);
    } catch (const StoreError& e) {
        if (e.failure() != StoreFailure::gone) throw;
        throw OutcomeUnknown(e.what(), e.failure());
    }
    if (side_ != nullptr) side_->raise(touched_);
}

bool MariadbWriterTurn::was_committed(DatabaseSession& fresh) {
    fresh.begin(Purpose::writing);
    const bool there =
        number_from(fresh, "SELECT count(*) FROM writer_batches WHERE id = " + std::to_string(batch_)) > 0;
    fresh.roll_back();
    if (there && side_ != nullptr) side_->raise(touched_);
    return there;
}

}  // namespace forum
