#include "forum/store/readers.h"

#include <utility>

namespace forum {

namespace {
// More than this are closed again after a burst.
constexpr std::size_t kIdleMax = 32;
}  // namespace

Readers::Readers(std::string file) : file_(std::move(file)) {}

Readers::Lease::Lease(Readers& readers, bool transaction) : readers_(readers), transaction_(transaction) {
    {
        const std::lock_guard guard(readers_.mutex_);
        if (!readers_.idle_.empty()) {
            connection_ = std::move(readers_.idle_.back());
            readers_.idle_.pop_back();
        }
    }
    if (!connection_) connection_ = std::make_unique<Connection>(readers_.file_, Connection::Mode::read_only);
    if (transaction_) connection_->query("BEGIN"_sql).run();
}

Readers::Lease::~Lease() {
    try {
        if (transaction_) connection_->query("COMMIT"_sql).run();
    } catch (const StoreError&) {
        return;  // a connection that cannot even end reading is not lent again
    }
    const std::lock_guard guard(readers_.mutex_);
    if (readers_.idle_.size() < kIdleMax) readers_.idle_.push_back(std::move(connection_));
}

}  // namespace forum
