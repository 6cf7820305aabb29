#include "forum/store/engine/mariadb/engine.h"

#include "forum/store/engine/mariadb/server_check.h"
#include "forum/store/engine/mariadb/session.h"
#include "forum/store/engine/mariadb/table_signals.h"
#include "forum/store/engine/mariadb/writer_turn.h"

namespace forum {

namespace {
// The writer's, the probes', and one to look at the schema or to ask for the life of the counters.
constexpr unsigned kConnectionsNotReading = TableSignals::kSessionsMost + 3;
}  // namespace

MariadbEngine::MariadbEngine(std::string_view address) : address_(mariadb_address(address)) {
    if (!address_.signals_file.empty()) side_ = std::make_unique<SideFile>(address_.signals_file);
}

std::unique_ptr<DatabaseSession> MariadbEngine::open(Purpose purpose) {
    return std::make_unique<MariadbSession>(address_, purpose);
}

std::unique_ptr<WriterTurn> MariadbEngine::writer_turn() {
    return std::make_unique<MariadbWriterTurn>(side_.get());
}

ChangeSignals& MariadbEngine::signals() {
    if (side_ != nullptr) return *side_;
    const std::lock_guard guard(mutex_);
    if (table_ == nullptr) table_ = std::make_unique<TableSignals>(address_);
    return *table_;
}

std::size_t MariadbEngine::readers_most() const {
    return address_.connections - kConnectionsNotReading;
}

void MariadbEngine::require_fit() {
    MariadbSession session(address_, Purpose::reading);
    require_fit_server(session, address_);
}

void MariadbEngine::require_rights() {
    MariadbSession session(address_, Purpose::reading);
    forum::require_rights(session, address_);
}

}  // namespace forum
