// The audit as rows of the database: appended within whatever transaction runs, read in pages, verified from end to
// end.
//
// Invariants: each row carries the hash of the one before it; the head and the number of rows are kept beside them, so
//   that missing last rows show as well.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "control/store/database.h"
#include "control/store/records.h"

namespace switchyard::control::audit_rows {

// Numbers and chains `entry` by itself.
void append(Database& database, AuditEntry entry);
// Newest first; only those with number < before when before > 0.
std::vector<AuditEntry> page(Database& database, std::uint64_t before, unsigned limit);
// The next lines of a verification; also whether the anchor's line is still the one that was noted. A slice is a few
// milliseconds, unless a single line is longer than that.
void verify(Database& database, AuditVerification& so_far);

}  // namespace switchyard::control::audit_rows
