#include "control/store/audit_chain.h"

#include <nlohmann/json.hpp>

#include "control/base/digest.h"

namespace switchyard::control {

std::string audit_hash(const AuditEntry& entry) {
    // A JSON array: unambiguous borders between fields, whatever they hold.
    const nlohmann::json fields = {entry.previous_hash, entry.number, entry.at,         entry.who,    entry.from,
                                   entry.verb,          entry.reason, entry.generation, entry.changes};
    return sha256_hex(fields.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace));
}

}  // namespace switchyard::control
