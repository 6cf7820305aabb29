// The full-text index of comments, and how it catches up with what is not in it yet.
//
// Programs of schema version 1 may run on the same database: they write, edit and delete comments and leave the index
// alone. So does the first start after the migration find every old comment outside. All of them are brought in by the
// same steps: comments by their id (ids only grow, and one writer at a time hands them out), edits by their time.
// Rows of the index are made at the commit, so two changes of one batch never add the same comment twice.
//
// Threads: one at a time per connection. Errors: StoreError.
#pragma once

#include <cstdint>
#include <string_view>

#include "forum/domain/instant.h"
#include "forum/store/connection.h"

namespace forum {

// To be called with each change of a comment's text. Does nothing when this version is in the index already.
void index_comment(Connection& connection, std::int64_t row, std::int64_t edit_version, std::string_view body);

// True when there are comments that no program has looked at yet.
bool index_lags(Connection& reader);
// Brings in up to `limit` of them.
void index_next(Connection& connection, int limit);

// True when a comment was edited since then without the index.
bool index_missed_edits(Connection& reader, Instant since);
// Brings up to `limit` such comments up to date.
void index_edits(Connection& connection, Instant since, int limit);

}  // namespace forum
